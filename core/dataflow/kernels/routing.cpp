// SPDX-License-Identifier: Apache-2.0
// Kernels that move a stream without changing its values: forks and joins, parts and wholes.
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

/// Copies the beat of an input to outputs.
Body copying(const Kernel& kernel, int from, const std::vector<int>& to) {
  const auto bytes =
      static_cast<size_t>(kernel.inputs[static_cast<size_t>(from)].type.beat_bytes());
  return [=](Firing& f) {
    for (int port : to) std::memcpy(f.out<uint8_t>(port), f.in<uint8_t>(from), bytes);
  };
}

NestItem moving(const Kernel& kernel, int64_t beats, int from, const std::vector<int>& to) {
  return pipelined(beats, 1, {step({from}, copying(kernel, from, to), to)});
}

Nest fork(const Program& program, const Kernel& kernel) {
  std::vector<int> outputs;
  for (int o = 0; o < static_cast<int>(kernel.outputs.size()); ++o) outputs.push_back(o);
  return {loop(rows_of(program, kernel), {moving(kernel, kernel.sizes.at("Beats"), 0, outputs)})};
}

Nest split(const Program& program, const Kernel& kernel) {
  Nest parts;
  for (int64_t beats : kernel.sizes_named("Part"))
    parts.push_back(moving(kernel, beats, 0, {static_cast<int>(parts.size())}));
  return {loop(rows_of(program, kernel), std::move(parts))};
}

Nest concat(const Program& program, const Kernel& kernel) {
  Nest parts;
  for (int64_t beats : kernel.sizes_named("Part"))
    parts.push_back(moving(kernel, beats, static_cast<int>(parts.size()), {0}));
  return {loop(rows_of(program, kernel), std::move(parts))};
}

Nest join(const Program& program, const Kernel& kernel) {
  Nest turns;
  for (int i = 0; i < static_cast<int>(kernel.inputs.size()); ++i)
    turns.push_back(moving(kernel, kernel.sizes.at("Beats"), i, {0}));
  return {loop(rows_of(program, kernel), std::move(turns))};
}

Nest reassociate(const Program& program, const Kernel& kernel) {
  return {loop(rows_of(program, kernel), {moving(kernel, kernel.sizes.at("Beats"), 0, {0})})};
}

}  // namespace

void add_routing_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "fork",
                     .header = "streamtensor/fork.h",
                     .summary = "each beat to every output",
                     .template_arguments = {"type of in0", "L", "Beats"},
                     .arguments = {"in0", "tokens", "out*"},
                     .nest = fork});
  records.push_back({.kind = "join",
                     .header = "streamtensor/join.h",
                     .summary = "inputs in turn into one stream",
                     .template_arguments = {"type of in0", "L", "Beats"},
                     .arguments = {"out0", "tokens", "in*"},
                     .nest = join});
  records.push_back({.kind = "split",
                     .header = "streamtensor/fork.h",
                     .summary = "each row in parts, one after another (itensor_chunk)",
                     .template_arguments = {"type of in0", "L", "sizes Part*"},
                     .arguments = {"in0", "tokens", "out*"},
                     .nest = split});
  records.push_back({.kind = "concat",
                     .header = "streamtensor/join.h",
                     .summary = "rows of the inputs side by side",
                     .template_arguments = {"type of in0", "L", "sizes Part*"},
                     .arguments = {"out0", "tokens", "in*"},
                     .nest = concat});
  records.push_back({.kind = "reassociate",
                     .header = "streamtensor/move.h",
                     .summary = "the same elements in the same order, under another shape",
                     .template_arguments = {"type of in0", "L", "Beats"},
                     .arguments = {"in0", "out0", "tokens"},
                     .nest = reassociate});
}

}  // namespace st
