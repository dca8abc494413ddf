// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/rewriter.h"

#include <algorithm>

#include "core/ops/cast.h"
#include "core/ops/element.h"
#include "core/ops/record.h"

namespace st {
namespace {

constexpr int NoNode = -1;

/// A type of as many dimensions as are known; the operand's, where a node maps elements to
/// elements.
const std::vector<std::string_view> ElementMaps = {
    "Neg", "Sqrt", "Reciprocal", "Exp",     "Erf",     "Abs",     "Log",
    "Sin", "Cos",  "Tanh",       "Sigmoid", "Softmax", "Identity"};

}  // namespace

Rewriter::Rewriter(Graph& graph) : graph_(graph), makers_(graph.values.size(), NoNode) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) note(static_cast<int>(n));
}

void Rewriter::infer(size_t n) { infer_node(graph_.nodes[n]); }

void Rewriter::note(int node) {
  makers_.resize(graph_.values.size(), NoNode);
  for (const ValueId id : graph_.nodes[static_cast<size_t>(node)].outputs) {
    if (id != NoValue) makers_[static_cast<size_t>(id)] = node;
  }
}

int Rewriter::maker(ValueId id) const {
  return id == NoValue ? NoNode : makers_[static_cast<size_t>(id)];
}

const Node* Rewriter::made_by(ValueId id, std::string_view op) const {
  const int n = maker(id);
  if (n < 0) return nullptr;
  const Node& node = graph_.nodes[static_cast<size_t>(n)];
  return node.op == op && node.domain.empty() ? &node : nullptr;
}

const TensorType* Rewriter::type(ValueId id) const {
  if (id == NoValue) return nullptr;
  const auto& type = graph_.values[static_cast<size_t>(id)].type;
  return type ? &*type : nullptr;
}

std::optional<int64_t> Rewriter::width(ValueId id) const { return width(id, 0); }

std::optional<int64_t> Rewriter::width(ValueId id, int depth) const {
  constexpr int MostSteps = 10;  // a sum has two operands: this is 2^10 steps at most
  if (const TensorType* known = type(id)) {
    return known->shape.empty() ? std::nullopt : known->shape.back().constant();
  }
  const int n = maker(id);
  if (n < 0 || depth > MostSteps) return std::nullopt;
  const Node& node = graph_.nodes[static_cast<size_t>(n)];
  const auto is = [&](std::initializer_list<std::string_view> ops) {
    return node.domain.empty() && std::find(ops.begin(), ops.end(), node.op) != ops.end();
  };
  if (is({"MatMul"})) {
    const TensorType* right = type(node.input(1));
    return right != nullptr && right->shape.size() > 1 ? right->shape.back().constant()
                                                       : std::nullopt;
  }
  if (is({"Add", "Sub", "Mul", "Div"})) {
    // What is wider than 1 is not broadcast.
    for (const ValueId operand : node.inputs) {
      const auto own = width(operand, depth + 1);
      if (own && *own > 1) return own;
    }
    return std::nullopt;
  }
  const bool maps = is({"Gelu", "Swish", "Relu", "LayerNormalization", "RMSNormalization"}) ||
                    (node.domain.empty() && std::find(ElementMaps.begin(), ElementMaps.end(),
                                                      node.op) != ElementMaps.end());
  return maps ? width(node.input(0), depth + 1) : std::nullopt;
}

const Tensor* Rewriter::constant(ValueId id) {
  if (id == NoValue) return nullptr;
  if (depth_ >= MostDepth) return nullptr;
  const auto [entry, fresh] = constants_.try_emplace(id);
  std::optional<Tensor>& made = entry->second;
  if (!fresh) return made ? &*made : nullptr;
  const auto source = graph_.values[static_cast<size_t>(id)].constant;
  if (source) {
    const TensorType* known = type(id);
    if (known == nullptr) return nullptr;
    std::vector<int64_t> shape;
    for (const Extent& extent : known->shape) shape.push_back(extent.offset());
    if (element_count(shape) > MostElements) return nullptr;
    auto loaded = source->load();
    // A bool of a model is in memory as an int32.
    if (loaded.ok()) made = converted_to(known->dtype, *loaded);
    return made ? &*made : nullptr;
  }
  const int n = maker(id);
  if (n < 0) return nullptr;
  const Node node = graph_.nodes[static_cast<size_t>(n)];
  const OpRecord* record = find_op(node.op, node.domain);
  if (record == nullptr || !record->reference || node.outputs.size() != 1) return nullptr;
  Operands operands;
  bool known = true;
  ++depth_;
  for (const ValueId input : node.inputs) {
    operands.push_back(known ? constant(input) : nullptr);
    known = known && (operands.back() != nullptr || input == NoValue);
  }
  --depth_;
  if (!known) return nullptr;
  const int given = static_cast<int>(operands.size());
  if (given < record->min_inputs || given > record->max_inputs) return nullptr;
  for (int i = 0; i < record->min_inputs; ++i) {
    if (operands[static_cast<size_t>(i)] == nullptr) return nullptr;
  }
  auto result = record->reference(node, operands);
  if (!result.ok() || result->empty() || result->front().size() > MostElements) return nullptr;
  // Operands that were looked at meanwhile do not move entries of the map.
  made = std::move(result->front());
  return &*made;
}

std::optional<double> Rewriter::scalar(ValueId id) {
  // Biases and scales of every layer are asked for: they need not be loaded to be seen as none.
  if (const TensorType* known = type(id)) {
    const bool single = std::all_of(known->shape.begin(), known->shape.end(),
                                    [](const Extent& extent) { return extent == Extent(1); });
    if (!single) return std::nullopt;
  }
  const Tensor* tensor = constant(id);
  if (tensor == nullptr || tensor->size() != 1) return std::nullopt;
  return doubles_of(*tensor)[0];
}

std::optional<std::vector<int64_t>> Rewriter::integers(ValueId id) {
  const Tensor* tensor = constant(id);
  if (tensor == nullptr || (tensor->dtype() != DType::I64 && tensor->dtype() != DType::I32))
    return std::nullopt;
  std::vector<int64_t> values;
  for (int64_t i = 0; i < tensor->size(); ++i) values.push_back(tensor->integer(i));
  return values;
}

std::optional<std::pair<ValueId, double>> Rewriter::with_scalar(const Node& node) {
  if (node.inputs.size() != 2) return std::nullopt;
  for (size_t i : {1, 0}) {
    if (const auto value = scalar(node.inputs[i])) return std::pair(node.inputs[1 - i], *value);
  }
  return std::nullopt;
}

ValueId Rewriter::add(const Node& root, const std::string& suffix, std::string op,
                      std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes) {
  return add_several(root, suffix, 1, std::move(op), std::move(inputs), std::move(attributes))[0];
}

std::vector<ValueId> Rewriter::add_several(const Node& root, const std::string& suffix,
                                           size_t count, std::string op,
                                           std::vector<ValueId> inputs,
                                           std::map<std::string, Attribute> attributes) {
  Node node;
  node.name = root.name + "." + suffix;
  node.where = root.where;
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (size_t i = 0; i < count; ++i) {
    const std::string name = i == 0 ? node.name : node.name + "." + std::to_string(i);
    node.outputs.push_back(graph_.add_value(name));
    graph_.values.back().where = root.where;
  }
  graph_.nodes.push_back(node);
  note(static_cast<int>(graph_.nodes.size()) - 1);
  made_ops_.insert(node.op);
  infer_node(graph_.nodes.back());
  return node.outputs;
}

ValueId Rewriter::add_constant(const Node& root, const std::string& suffix, TensorType type,
                               std::shared_ptr<const ConstantSource> source) {
  const ValueId made = graph_.add_value(root.name + "." + suffix, std::move(type));
  graph_.values.back().where = root.where;
  graph_.values.back().constant = std::move(source);
  makers_.resize(graph_.values.size(), NoNode);
  return made;
}

void Rewriter::replace(size_t n, std::string op, std::vector<ValueId> inputs,
                       std::map<std::string, Attribute> attributes, std::string domain) {
  Node& node = graph_.nodes[n];
  node.op = std::move(op);
  node.domain = std::move(domain);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  made_ops_.insert(node.op);
  infer_node(node);
}

void Rewriter::move_output(ValueId made, ValueId id) {
  const int n = maker(made);
  graph_.nodes[static_cast<size_t>(n)].outputs = {id};
  note(n);
}

void Rewriter::take_output(size_t n, ValueId id) {
  Node& before = graph_.nodes[static_cast<size_t>(maker(id))];
  const std::string name = before.name + ".replaced";
  const ValueId unread = graph_.add_value(name);
  std::replace(before.outputs.begin(), before.outputs.end(), id, unread);
  makers_.resize(graph_.values.size(), NoNode);
  makers_[static_cast<size_t>(unread)] = maker(id);
  graph_.nodes[n].outputs.push_back(id);
  makers_[static_cast<size_t>(id)] = static_cast<int>(n);
}

bool Rewriter::is_typed(ValueId id) const {
  const TensorType* known = type(id);
  // Rules for shapes do not think of sizes of 0.
  return known != nullptr && std::all_of(known->shape.begin(), known->shape.end(), [](auto& e) {
           return !e.is_constant() || e.offset() > 0;
         });
}

void Rewriter::infer_node(const Node& node) {
  const bool typed = std::all_of(node.inputs.begin(), node.inputs.end(),
                                 [&](ValueId id) { return id == NoValue || is_typed(id); });
  if (!typed || node.outputs.empty() || node.inputs.empty()) return;
  const OpRecord* record = find_op(node.op, node.domain);
  const bool maps = node.domain.empty() &&
                    std::find(ElementMaps.begin(), ElementMaps.end(), node.op) != ElementMaps.end();
  std::vector<TensorType> types;
  if (maps && node.inputs[0] != NoValue) {
    types = {*type(node.inputs[0])};
  } else if (node.op == "Cast" && node.domain.empty() && node.inputs[0] != NoValue) {
    if (const auto to = dtype_of_onnx(node.integer("to", 0)))
      types = {{*to, type(node.inputs[0])->shape}};
  } else if (record != nullptr && record->compiled() &&
             static_cast<int>(node.inputs.size()) >= record->min_inputs &&
             static_cast<int>(node.inputs.size()) <= record->max_inputs &&
             std::find(node.inputs.begin(), node.inputs.begin() + record->min_inputs, NoValue) ==
                 node.inputs.begin() + record->min_inputs) {
    auto made = record->shape(graph_, node);
    if (made.ok()) types = std::move(*made);
  }
  for (size_t i = 0; i < std::min(types.size(), node.outputs.size()); ++i) {
    if (node.outputs[i] == NoValue) continue;
    auto& own = graph_.values[static_cast<size_t>(node.outputs[i])].type;
    if (!own) own = types[i];
  }
}

Status Rewriter::finish() {
  if (made_ops_.empty()) return {};
  graph_.remove_dead();
  for (const std::string& op : made_ops_) {
    const OpRecord* record = find_op(op, "");
    if (record != nullptr) graph_.opset = std::max<int64_t>(graph_.opset, record->since_opset);
  }
  return graph_.check_and_sort();
}

}  // namespace st
