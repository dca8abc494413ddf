// SPDX-License-Identifier: Apache-2.0
// Where streams enter the folded layers, and where they leave them, in designs whose kernels walk
// the layers themselves.
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

/// Rows from one input to one output.
Nest pass(const Trip& rows, const Kernel& kernel, int from, int to) {
  const auto bytes = static_cast<size_t>(kernel.inputs[0].type.beat_bytes());
  const auto copy = [=](Firing& f) { std::memcpy(f.out<uint8_t>(to), f.in<uint8_t>(from), bytes); };
  return {loop(rows, {pipelined(kernel.sizes.at("Beats"), 1, {step({from}, copy, {to})})})};
}

Nest enter_layers(const Program& program, const Kernel& kernel) {
  return pass(rows_of(program, kernel), kernel, kernel.sizes.at("Entry") != 0 ? 0 : 1, 0);
}

/// Rows that nobody asked for end here.
Nest leave_layers(const Program& program, const Kernel& kernel) {
  constexpr int Next = 0, Outside = 1;
  const Trip rows = rows_of(program, kernel);
  if (kernel.sizes.at("Exit") == 0) return pass(rows, kernel, 0, Next);
  const Trip wanted = {Extent::symbol(Results), 1};
  const Trip unwanted = {rows.count + -1 * wanted.count, rows.bound};
  Nest nest = {loop(unwanted, {pipelined(kernel.sizes.at("Beats"), 1, {read(0)})})};
  for (NestItem& item : pass(wanted, kernel, 0, Outside)) nest.push_back(std::move(item));
  return nest;
}

Nest count_positions(const Program& program, const Kernel& kernel) {
  const auto count = [](Firing& f) {
    *f.out<int32_t>(0) = static_cast<int32_t>(f.past + f.counter(0));
  };
  return {pipelined(rows_of(program, kernel), 1, {write(0, count)})};
}

Datapath switch_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  made.add(Operator::Select, selects_of(kernel.inputs[0].type.beat_bits(), 2));
  made.add(Operator::IntAdd, 1);
  return made;
}

}  // namespace

void add_layer_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "enter_layers",
                     .header = "streamtensor/layers.h",
                     .summary = "the first layer's rows from outside, the others' from the layer "
                                "before",
                     .template_arguments = {"L", "Beats"},
                     .arguments = {"in0", "in1", "out0", "size:Entry", "tokens"},
                     .nest = enter_layers,
                     .datapath = switch_datapath,
                     .by_layer = true});
  records.push_back({.kind = "leave_layers",
                     .header = "streamtensor/layers.h",
                     .summary = "the last layer's rows to the outside if results are wanted, the "
                                "others' to the next one",
                     .template_arguments = {"L", "Beats"},
                     .arguments = {"in0", "out0", "out1", "size:Exit", "tokens", "results"},
                     .nest = leave_layers,
                     .datapath = switch_datapath,
                     .by_layer = true});
  records.push_back({.kind = "count_positions",
                     .header = "streamtensor/layers.h",
                     .summary = "the positions of a launch's rows",
                     .template_arguments = {},
                     .arguments = {"out0", "tokens", "past"},
                     .nest = count_positions});
}

}  // namespace st
