// SPDX-License-Identifier: Apache-2.0
/// The linear layers of a program as steps of the shared engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/binding/engine.h"
#include "core/dataflow/program.h"
#include "core/graph/graph.h"

namespace st {

struct EngineLayer {
  KernelId kernel = -1;
  TensorId y = -1;
  int64_t width = 0;  ///< as it is carried
};

/// Layers that read one row, in their order: their results are one row.
struct EngineStep {
  std::string name;  ///< of the first layer's node, untrusted
  TensorId x = -1, x_scale = -1;
  std::vector<EngineLayer> layers;
  int64_t lanes = 1;  ///< of a beat of results: a divisor of all widths
};

/// In the order of kernels.
std::vector<EngineStep> engine_steps(const Graph& graph, const Program& program);

/// The problem of these steps; ports and slices are left to the caller.
EngineProblem engine_problem(const Graph& graph, const Program& program,
                             const std::vector<EngineStep>& steps);

/// The words of a step for all ports.
std::shared_ptr<const ConstantSource> stripes_constant(const Graph& graph, const Program& program,
                                                       const EngineStep& step,
                                                       const StripeLayout& layout);

}  // namespace st
