// SPDX-License-Identifier: Apache-2.0
#include "core/passes/quantise.h"

#include <algorithm>

#include "core/ops/tiling.h"
#include "core/passes/infer.h"
#include "core/support/near_names.h"

namespace st {
namespace {

Node own_node(const Node& origin, const std::string& op, const std::string& suffix,
              std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
  Node node;
  node.name = origin.name + suffix;
  node.op = op;
  node.domain = OwnDomain;
  node.where = origin.where;
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return node;
}

class Quantiser {
 public:
  Quantiser(Graph& graph, const RoundedWeights& rounded) : graph_(graph), rounded_(rounded) {}

  /// The nodes that stand for the linear layer of that key, in their order.
  void add(const Node& node, const std::string& key, const LayerPrecision& precision) {
    const ValueId weights = node.inputs[1];
    const std::vector<Extent> shape = graph_.type(weights).shape;
    const Extent& depth = shape[0];
    const Extent& width = shape[1];
    const auto [x, row_scale] = rows_of(node);
    const bool four = precision.name == "w4a8";
    const int64_t group = four ? group_for(depth.offset(), precision.group) : 0;
    const std::string type = four ? ".i4" : ".i8";
    const ValueId w = constant(weights, type, {four ? DType::I4 : DType::I8, {width, depth}});
    const TensorType scale_type =
        group > 0 ? TensorType{DType::BF16, {width, Extent(depth.offset() / group)}}
                  : TensorType{DType::F32, {width}};
    const ValueId scales =
        constant(weights, group > 0 ? ".group_scale" : ".channel_scale", scale_type);
    const bool rounded = four && take(w, rounded_weights_name(key), node) &&
                         take(scales, rounded_scales_name(key), node);
    if (!rounded) {
      const std::vector<int64_t> groups = group > 0 ? std::vector{group} : std::vector<int64_t>();
      derive(w, weights,
             group > 0 ? "quantised_groups4"
             : four    ? "quantised_rows4"
                       : "quantised_rows",
             groups);
      derive(scales, weights,
             group > 0 ? "group_scales4"
             : four    ? "row_scales4"
                       : "row_scales",
             groups);
    }
    if (group > 0) {
      const ValueId sums = graph_.add_value(graph_.values[node.outputs[0]].name + ".sums");
      nodes_.push_back(own_node(node, "MatMulGroups", "", {x, w, scales}, {sums}));
      nodes_.push_back(own_node(node, "ScaleRows", ".scale", {sums, row_scale}, node.outputs));
      return;
    }
    const ValueId sums = graph_.add_value(graph_.values[node.outputs[0]].name + ".i32");
    nodes_.push_back(own_node(node, "MatMulInt8", "", {x, w}, {sums}));
    nodes_.push_back(
        own_node(node, "DequantizeRows", ".dequantize", {sums, row_scale, scales}, node.outputs));
  }

  void keep(Node node) { nodes_.push_back(std::move(node)); }
  std::vector<Node> take_nodes() { return std::move(nodes_); }
  [[nodiscard]] Status result() const { return problems_; }

 private:
  /// The int8 rows of a layer's input, and their scales.
  std::pair<ValueId, ValueId> rows_of(const Node& node) {
    const ValueId x = node.inputs[0];
    auto [entry, fresh] = quantised_.try_emplace(x);
    if (fresh) {
      entry->second = {graph_.add_value(graph_.values[x].name + ".i8"),
                       graph_.add_value(graph_.values[x].name + ".scale")};
      nodes_.push_back(own_node(node, "QuantizeRows", ".quantize", {x},
                                {entry->second.first, entry->second.second}));
    }
    return entry->second;
  }

  ValueId constant(ValueId base, const std::string& suffix, TensorType type) {
    const ValueId id = graph_.add_value(graph_.values[base].name + suffix, std::move(type));
    graph_.values[id].where = graph_.values[base].where;
    return id;
  }

  /// Makes a constant of the transpose of another one.
  void derive(ValueId id, ValueId base, const std::string& transform,
              std::vector<int64_t> parameters) {
    graph_.values[id].constant =
        derived_constant(derived_constant(graph_.values[base].constant, "transpose"), transform,
                         std::move(parameters));
  }

  /// Makes a constant of rounded weights or scales of that name, if there are any.
  bool take(ValueId id, const std::string& name, const Node& node) {
    const auto found = rounded_.find(name);
    if (found == rounded_.end()) return false;
    const Tensor& tensor = found->second;
    const TensorType is{tensor.dtype(), {tensor.shape.begin(), tensor.shape.end()}};
    if (is != graph_.type(id)) {
      problems_.push_back({"E0318",
                           "'" + printable(name) + "' is " + text_of(is) + ", the layer takes " +
                               text_of(graph_.type(id)),
                           printable(node.name),
                           {},
                           "round the weights again, for this model and these groups"});
    }
    graph_.values[id].constant = named_constant(name, constant_of(tensor));
    return true;
  }

  Graph& graph_;
  const RoundedWeights& rounded_;
  Diagnostics problems_;
  std::vector<Node> nodes_;
  std::map<ValueId, std::pair<ValueId, ValueId>> quantised_;
};

/// Names and patterns that mean no linear layer.
Status check_names(const Graph& graph, const Quantisation& quantisation) {
  std::vector<std::string> known;
  for (const Node& node : graph.nodes) {
    if (is_linear_layer(graph, node)) known.push_back(node.name);
  }
  Diagnostics problems;
  for (const auto& [pattern, precision] : quantisation.layers) {
    const bool found = std::any_of(known.begin(), known.end(),
                                   [&p = pattern](const auto& name) { return matches(p, name); });
    if (found) continue;
    const std::string near = did_you_mean(pattern, known);
    problems.push_back({"E0315",
                        "no linear layer is called '" + printable(pattern) + "'",
                        "layers",
                        {},
                        near.empty() ? "names are those of the model's MatMul nodes; * stands for "
                                       "any characters"
                                     : near});
  }
  return problems;
}

}  // namespace

const std::vector<std::string>& precisions() {
  static const std::vector<std::string> all = {"f32", "w8a8", "w4a8"};
  return all;
}

const std::vector<int64_t>& weight_groups() {
  static const std::vector<int64_t> all = {0, 32, 64, 128};
  return all;
}

bool matches(const std::string& pattern, const std::string& name) {
  // Where characters differ, the last * takes one more of them.
  size_t p = 0, n = 0, star = std::string::npos, behind = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      behind = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p, ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++behind;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

const LayerPrecision& Quantisation::of(const std::string& node) const {
  if (const auto named = layers.find(node); named != layers.end()) return named->second;
  const LayerPrecision* best = &otherwise;
  size_t longest = 0;
  for (const auto& [pattern, precision] : layers) {
    if (pattern.size() <= longest || !matches(pattern, node)) continue;
    longest = pattern.size();
    best = &precision;
  }
  return *best;
}

int64_t group_for(int64_t depth, int64_t wanted) {
  int64_t best = 0;
  for (const int64_t group : weight_groups()) {
    if (group > 0 && group <= wanted && depth % group == 0) best = group;
  }
  return best;
}

std::string rounded_weights_name(const std::string& key) { return "rounded " + key; }
std::string rounded_scales_name(const std::string& key) { return "rounded " + key + " scales"; }

Status quantise(Graph& graph, const Quantisation& quantisation, const RoundedWeights& rounded) {
  ST_CHECK(check_names(graph, quantisation));
  Quantiser quantiser(graph, rounded);
  const std::vector<std::string> keys = node_keys(graph);
  for (size_t n = 0; n < keys.size(); ++n) {
    Node& node = graph.nodes[n];
    const LayerPrecision& precision = quantisation.of(node.name);
    if (is_linear_layer(graph, node) && precision.name != "f32") {
      quantiser.add(node, keys[n], precision);
    } else {
      quantiser.keep(std::move(node));
    }
  }
  graph.nodes = quantiser.take_nodes();
  ST_CHECK(quantiser.result());
  ST_CHECK(graph.check_and_sort());
  return infer_types(graph);
}

}  // namespace st
