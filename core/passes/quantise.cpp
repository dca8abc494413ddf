// SPDX-License-Identifier: Apache-2.0
#include "core/passes/quantise.h"

#include <algorithm>

#include "core/graph/group_values.h"
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

/// The transforms that make a layer's weights and scales, and what to call these.
struct Recipe {
  const char *weights, *scales, *scales_suffix;
};
Recipe recipe_of(bool four, bool groups) {
  if (groups)
    return {four ? "quantised_groups4" : "quantised_groups",
            four ? "group_scales4" : "group_scales", ".group_scale"};
  return {four ? "quantised_rows4" : "quantised_rows", four ? "row_scales4" : "row_scales",
          ".channel_scale"};
}

class Quantiser {
 public:
  Quantiser(Graph& graph, const Quantisation& quantisation, const RoundedWeights& rounded)
      : graph_(graph), quantisation_(quantisation), rounded_(rounded) {}

  /// The nodes that stand for the linear layer of that key, in their order.
  void add(const Node& node, const std::string& key, const LayerPrecision& precision) {
    const int64_t depth = graph_.type(node.inputs[1]).shape[0].offset();
    const int64_t group = quantisation_.group_of(precision, depth);
    const bool scaled = quantisation_.scales == ActivationScales::Group;
    const auto [x, x_scale] = rows_of(node, scaled ? group : 0);
    const auto [w, scales] = weights_of(node, key, precision.name == "w4a8", group);
    const std::string& name = graph_.values[node.outputs[0]].name;
    if (scaled) {
      add_node(node, "MatMulScaledGroups", "", {x, w, scales, x_scale}, node.outputs, group);
    } else if (group > 0) {
      const ValueId sums = graph_.add_value(name + ".sums");
      add_node(node, "MatMulGroups", "", {x, w, scales}, {sums});
      add_node(node, "ScaleRows", ".scale", {sums, x_scale}, node.outputs);
    } else {
      const ValueId sums = graph_.add_value(name + ".i32");
      add_node(node, "MatMulInt8", "", {x, w}, {sums});
      add_node(node, "DequantizeRows", ".dequantize", {sums, x_scale, scales}, node.outputs);
    }
  }

  void keep(Node node) { nodes_.push_back(std::move(node)); }
  std::vector<Node> take_nodes() { return std::move(nodes_); }
  [[nodiscard]] Status result() const { return problems_; }

 private:
  /// `group`: the attribute of that name; 0: there is none.
  void add_node(const Node& origin, const std::string& op, const std::string& suffix,
                std::vector<ValueId> inputs, std::vector<ValueId> outputs, int64_t group = 0) {
    nodes_.push_back(own_node(origin, op, suffix, std::move(inputs), std::move(outputs)));
    if (group > 0) nodes_.back().attributes["group"] = group;
  }

  /// The int8 rows of a layer's input, and their scales: of groups, or of each row where `group` is
  /// 0.
  std::pair<ValueId, ValueId> rows_of(const Node& node, int64_t group) {
    const ValueId x = node.inputs[0];
    auto [entry, fresh] = quantised_.try_emplace({x, group});
    if (fresh) {
      // Layers may have different groups of one value.
      const std::string name =
          graph_.values[x].name + (group > 0 ? ".groups" + std::to_string(group) : "");
      entry->second = {graph_.add_value(name + ".i8"), graph_.add_value(name + ".scale")};
      add_node(node, group > 0 ? "QuantizeGroups" : "QuantizeRows", ".quantize", {x},
               {entry->second.first, entry->second.second}, group);
    }
    return entry->second;
  }

  /// The weights of a layer and their scales.
  std::pair<ValueId, ValueId> weights_of(const Node& node, const std::string& key, bool four,
                                         int64_t group) {
    const ValueId weights = node.inputs[1];
    const std::vector<Extent> shape = graph_.type(weights).shape;
    const Extent &depth = shape[0], &width = shape[1];
    const Recipe recipe = recipe_of(four, group > 0);
    const ValueId w =
        constant(weights, four ? ".i4" : ".i8", {four ? DType::I4 : DType::I8, {width, depth}});
    const TensorType scale_type =
        group > 0 ? TensorType{DType::BF16, {width, Extent(groups_of(depth.offset(), group))}}
                  : TensorType{DType::F32, {width}};
    const ValueId scales = constant(weights, recipe.scales_suffix, scale_type);
    if (four && take(w, rounded_weights_name(key), node) &&
        take(scales, rounded_scales_name(key), node))
      return {w, scales};
    const std::vector<int64_t> groups = group > 0 ? std::vector{group} : std::vector<int64_t>();
    derive(w, weights, recipe.weights, groups);
    derive(scales, weights, recipe.scales, groups);
    return {w, scales};
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
  const Quantisation& quantisation_;
  const RoundedWeights& rounded_;
  Diagnostics problems_;
  std::vector<Node> nodes_;
  std::map<std::pair<ValueId, int64_t>, std::pair<ValueId, ValueId>> quantised_;  ///< by group
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

const std::vector<std::string>& activation_scales() {
  static const std::vector<std::string> all = {"token", "group"};
  return all;
}

std::string_view name_of(ActivationScales scales) {
  return activation_scales()[static_cast<size_t>(scales)];
}

ActivationScales activation_scales_of(std::string_view name) {
  return name == name_of(ActivationScales::Group) ? ActivationScales::Group
                                                  : ActivationScales::Token;
}

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

int64_t Quantisation::group_of(const LayerPrecision& precision, int64_t depth) const {
  if (precision.name == "f32") return 0;
  if (scales == ActivationScales::Group) return precision.group;
  return precision.name == "w4a8" ? group_for(depth, precision.group) : 0;
}

bool suits_groups(const LayerPrecision& precision) {
  return precision.name == "f32" || precision.group > 0;
}

Status check_scales(const Quantisation& quantisation) {
  if (quantisation.scales == ActivationScales::Token) return {};
  const LayerPrecision& all = quantisation.otherwise;
  if (all.name == "f32" && quantisation.layers.empty())
    return Diagnostic{"E0801",
                      "--activation-scales group is for activations of int8, the precision is f32",
                      "",
                      {},
                      "choose --precision w8a8 or w4a8"};
  bool suits = suits_groups(all);
  for (const auto& [name, precision] : quantisation.layers)
    suits = suits && suits_groups(precision);
  if (suits) return {};
  return Diagnostic{"E0801",
                    "--activation-scales group takes groups of weights as well, the group is 0",
                    "",
                    {},
                    "choose --weight-group 32, 64 or 128"};
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
  ST_CHECK(check_scales(quantisation));
  ST_CHECK(check_names(graph, quantisation));
  Quantiser quantiser(graph, quantisation, rounded);
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
