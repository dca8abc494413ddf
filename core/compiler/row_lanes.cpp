// SPDX-License-Identifier: Apache-2.0
#include "core/compiler/row_lanes.h"

#include "core/ops/lowering.h"
#include "core/resources/kernel_resources.h"

namespace st {
namespace {

bool fits(const Program& program, const ResourceCounts& budget) {
  ResourceCounts used;
  for (const Kernel& kernel : program.kernels) used += resources_of(program, kernel);
  for (const ResourceKind& kind : ResourceKinds) {
    const double most = KernelShare * static_cast<double>(budget.*kind.count);
    if (static_cast<double>(used.*kind.count) > most) return false;
  }
  return true;
}

}  // namespace

Result<int> widest_row_lanes(const Graph& graph, const Tiling& tiling, const Target& target) {
  for (int lanes = WidestRow; lanes > 1; lanes /= 2) {
    Tiling tried = tiling;
    tried.row_lanes = lanes;
    ST_TRY(program, lower(graph, tried));
    if (fits(program, target.budget())) return lanes;
  }
  return 1;
}

}  // namespace st
