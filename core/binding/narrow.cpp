// SPDX-License-Identifier: Apache-2.0
#include "core/binding/narrow.h"

#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/elementwise.h"

namespace st {
namespace {

bool is_costly(const Program& program, const Kernel& kernel) {
  if (kernel.kind != "map" && find_elementwise(kernel.kind) == nullptr) return false;
  const Datapath datapath = datapath_of(program, kernel);
  return std::any_of(datapath.uses.begin(), datapath.uses.end(), [](const OperatorUse& use) {
    return use.op == Operator::FloatExp || use.op == Operator::FloatDivide;
  });
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
  for (Kernel& kernel : program.kernels) {
    if (!is_costly(program, kernel)) continue;
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
