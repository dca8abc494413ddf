// SPDX-License-Identifier: Apache-2.0
#include "core/binding/steps.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "core/binding/bind.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/streams/edges.h"

namespace st {
namespace {

constexpr const char* Layer = "matmul_scaled_groups";

/// Of a kernel of that kind: what comes in, in this order.
enum Input { X, XScale, WeightScales, Weights };

const Node& node_of(const Graph& graph, const Kernel& kernel) {
  return graph.nodes[static_cast<size_t>(kernel.node)];
}

const TensorType& weights_of(const Graph& graph, const Kernel& kernel) {
  return graph.type(node_of(graph, kernel).inputs[1]);
}

int64_t group_of(const Graph& graph, const Kernel& kernel) {
  return node_of(graph, kernel).integer("group", 0);
}

int64_t width_of(const Program& program, const Kernel& kernel) {
  return program.tensors[kernel.outputs[0].tensor].shape.back().constant().value_or(0);
}

/// A matrix of a layer with rows of zeroes up to the width in which the layer is carried.
std::shared_ptr<const ConstantSource> carried(const Graph& graph, ValueId value, int64_t width) {
  const Value& constant = graph.values[value];
  const auto& shape = constant.type->shape;
  if (shape[0].offset() == width) return constant.constant;
  return derived_constant(constant.constant, "padded_matrix", {width, shape[1].offset()});
}

/// The largest divisor of a width up to so many lanes.
int64_t widest_divisor(int64_t width, int64_t lanes) {
  while (width % lanes != 0) --lanes;
  return lanes;
}

/// Lanes of the widest reader of a step's layers; 0 where there is none, as of logits.
int64_t lanes_of_readers(const Program& program, const Edges& edges, const EngineStep& step) {
  int64_t lanes = 0;
  for (const EngineLayer& layer : step.layers) {
    for (const End& reader : edges.readers[layer.y])
      lanes =
          std::max<int64_t>(lanes, program.kernels[reader.kernel].inputs[reader.port].type.lanes);
  }
  return lanes;
}

/// Results leave in beats as wide as they are read; others would only be made narrower again.
void choose_lanes(const Program& program, std::vector<EngineStep>& steps) {
  const Edges edges(program);
  int64_t widest = 0;
  for (const EngineStep& step : steps)
    widest = std::max(widest, lanes_of_readers(program, edges, step));
  for (EngineStep& step : steps) {
    int64_t common = 0;
    for (const EngineLayer& layer : step.layers) common = std::gcd(common, layer.width);
    const int64_t lanes = lanes_of_readers(program, edges, step);
    step.lanes = widest_divisor(common, lanes > 0 ? lanes : std::max<int64_t>(widest, 1));
  }
}

/// Room for scales of the smallest block that there is, where rows have many groups.
int64_t least_scale_words(const EngineProblem& problem, int64_t groups) {
  const int64_t pairs = (problem.apart + problem.group_words - 1) / problem.group_words;
  return (pairs * problem.word_rows * groups + StripeScales - 1) / StripeScales;
}

/// One error for each reason, with the nodes that it holds for.
class Problems {
 public:
  void add(const std::string& what, const std::string& node, const std::string& help) {
    const std::string message = "the binding cannot be shared: " + what;
    auto same = std::find_if(all_.begin(), all_.end(),
                             [&](const Diagnostic& each) { return each.message == message; });
    if (same == all_.end()) same = all_.insert(same, Diagnostic{"E0338", message, "", {}, help});
    if (!node.empty()) same->details.push_back("node '" + printable(node) + "'");
  }
  [[nodiscard]] const Diagnostics& all() const { return all_; }

 private:
  Diagnostics all_;
};

}  // namespace

std::vector<EngineStep> engine_steps(const Graph& graph, const Program& program) {
  std::vector<EngineStep> steps;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    const Kernel& kernel = program.kernels[k];
    if (kernel.kind != Layer) continue;
    const TensorId x = kernel.inputs[X].tensor;
    const auto same = std::find_if(steps.begin(), steps.end(),
                                   [&](const EngineStep& step) { return step.x == x; });
    EngineStep& step = same == steps.end() ? steps.emplace_back() : *same;
    if (step.layers.empty()) {
      step.name = node_of(graph, kernel).name;
      step.x = x;
      step.x_scale = kernel.inputs[XScale].tensor;
    }
    step.layers.push_back({k, kernel.outputs[0].tensor, width_of(program, kernel)});
  }
  choose_lanes(program, steps);
  return steps;
}

EngineProblem engine_problem(const Graph& graph, const Program& program,
                             const std::vector<EngineStep>& steps) {
  EngineProblem problem;
  for (const EngineStep& step : steps) {
    const Kernel& first = program.kernels[step.layers[0].kernel];
    const int64_t group = group_of(graph, first);
    problem.word_rows = weights_of(graph, first).dtype == DType::I4 ? 2 : 1;
    problem.group_words = group / StripeColumns;
    EngineProblem::Step made;
    made.name = step.name;
    made.groups = (weights_of(graph, first).shape[1].offset() + group - 1) / group;
    made.times = first.layered ? program.layers.count : 1;
    for (const EngineLayer& layer : step.layers) made.rows += layer.width;
    problem.most_scale_words =
        std::max(problem.most_scale_words, least_scale_words(problem, made.groups));
    problem.steps.push_back(std::move(made));
  }
  return problem;
}

std::shared_ptr<const ConstantSource> stripes_constant(const Graph& graph, const Program& program,
                                                       const EngineStep& step,
                                                       const StripeLayout& layout) {
  std::vector<std::shared_ptr<const ConstantSource>> operands;
  for (const EngineLayer& layer : step.layers) {
    const Node& node = node_of(graph, program.kernels[layer.kernel]);
    for (const size_t operand : {1, 2})
      operands.push_back(carried(graph, node.inputs[operand], layer.width));
  }
  return combined_constant("stripes", std::move(operands),
                           {layout.ports, layout.rows, layout.blocks, layout.group_words});
}

Status check_bindable(const Graph& graph, const Program& program) {
  Problems problems;
  if (!program.layers.folded())
    problems.add("the model has no layers that are alike", "",
                 "choose --binding spatial, which has a kernel for each node");
  std::optional<DType> type;
  int64_t group = 0;
  bool other_layers = false;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != Layer) {
      other_layers = other_layers || is_matmul(kernel);
      if (is_matmul(kernel))
        problems.add("linear layers have no scales for groups of both operands", kernel.origin,
                     "choose --precision w4a8 or w8a8 with --activation-scales group");
      continue;
    }
    if (!type) {
      type = weights_of(graph, kernel).dtype;
      group = group_of(graph, kernel);
    }
    if (weights_of(graph, kernel).dtype != *type || group_of(graph, kernel) != group)
      problems.add("linear layers differ in precision or groups", kernel.origin,
                   "choose one precision and one --weight-group for all");
    if (group_of(graph, kernel) % StripeColumns != 0)
      problems.add("groups of " + std::to_string(group_of(graph, kernel)) + " weights",
                   kernel.origin, "choose --weight-group 64 or 128");
  }
  if (!type && !other_layers) problems.add("there are no linear layers", "", "");
  return problems.all();
}

}  // namespace st
