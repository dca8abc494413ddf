// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/streams/streams.h"

namespace st {
namespace {

Status vectorise_port(const Kernel& kernel, Port& port) {
  ItensorType& type = port.type.itensor;
  // Lanes are the last elements of a tile, row-major: a row, or several.
  std::vector<int64_t> vector(type.elem.size(), 1);
  int64_t lanes = port.type.lanes;
  for (size_t d = vector.size(); d-- > 0 && lanes > 1; lanes /= vector[d])
    vector[d] = std::min(lanes, type.elem[d]);
  auto pieces = vectorised(type, vector);
  if (!pieces.ok()) {
    Diagnostics problems = pieces.errors();
    for (Diagnostic& problem : problems) problem.where = kernel.name;
    return problems;
  }
  type = std::move(*pieces);
  if (port.type.lanes == 1) type.form = ElementForm::Scalar;
  return {};
}

}  // namespace

Status vectorise(Program& program) {
  for (Kernel& kernel : program.kernels) {
    for (Port& port : kernel.inputs) ST_CHECK(vectorise_port(kernel, port));
    for (Port& port : kernel.outputs) ST_CHECK(vectorise_port(kernel, port));
  }
  return {};
}

}  // namespace st
