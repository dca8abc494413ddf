// SPDX-License-Identifier: Apache-2.0
#include "core/binding/narrow.h"

#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/elementwise.h"
#include "core/dataflow/kernels/stripes.h"
#include "core/streams/edges.h"

namespace st {
namespace {

bool is_costly(const Program& program, const Kernel& kernel) {
  if (kernel.kind != "map" && find_elementwise(kernel.kind) == nullptr) return false;
  const Datapath datapath = datapath_of(program, kernel);
  return std::any_of(datapath.uses.begin(), datapath.uses.end(), [](const OperatorUse& use) {
    return use.op == Operator::FloatExp || use.op == Operator::FloatDivide;
  });
}

/// Cycles from one row to the next in which the engine makes what a kernel reads; 0 if it is not
/// made there. Kernels between it and the engine only move or add.
int64_t pace_of(const Program& program, const Edges& edges, const Kernel& kernel) {
  for (const Port& port : kernel.inputs) {
    const KernelId from = edges.writer[static_cast<size_t>(port.tensor)].kernel;
    if (from < 0) continue;
    const Kernel& writer = program.kernels[static_cast<size_t>(from)];
    if (writer.kind == "multiply_stripes")
      return stripe_layout_of(writer).words() / TokenTiles(writer).lanes;
    const bool passes = writer.kind == "collect_rows" || writer.kind == "split" ||
                        writer.kind == "add" || writer.kind == "fork";
    if (!passes) continue;
    if (const int64_t pace = pace_of(program, edges, writer); pace > 0) return pace;
  }
  return 0;
}

/// Rows of vectors, a beat in each iteration of the innermost loop, with half of the lanes.
bool halve(StreamType& type) {
  ItensorType& rows = type.itensor;
  const size_t last = rows.trips.size() - 1;
  const bool plain = type.lanes % 2 == 0 && rows.elem.back() == type.lanes &&
                     rows.trips[last].count.is_constant() && rows.steps[last] == type.lanes;
  if (!plain) return false;
  type.lanes /= 2;
  rows.elem.back() = rows.steps[last] = type.lanes;
  rows.trips[last] = Trip(2 * rows.trips[last].bound);
  if (type.lanes == 1) rows.form = ElementForm::Scalar;
  return true;
}

}  // namespace

void narrow_costly_rows(Program& program) {
  if (!program.layers.streamed) return;
  const Edges edges(program);
  for (Kernel& kernel : program.kernels) {
    if (!is_costly(program, kernel)) continue;
    const int64_t pace = pace_of(program, edges, kernel);
    const int64_t beats = 2 * beats_per_row(program, kernel.outputs[0].type);
    if (pace > 0 && beats > pace) continue;
    Kernel narrow = kernel;
    bool all = true;
    for (Port& port : narrow.inputs) all = all && halve(port.type);
    for (Port& port : narrow.outputs) all = all && halve(port.type);
    if (!all) continue;
    narrow.sizes["L"] = narrow.outputs[0].type.lanes;
    narrow.sizes["Beats"] = beats_per_row(program, narrow.outputs[0].type);
    kernel = std::move(narrow);
  }
}

}  // namespace st
