// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/probe.h"

#include <algorithm>
#include <numeric>

#include "core/ops/element.h"
#include "core/ops/record.h"

namespace st {
namespace {

using Sizes = std::vector<int64_t>;

/// The one symbol of dimension `d`, or "".
std::string symbol_of(const Value& value, size_t d) {
  if (!value.type || value.type->shape.size() <= d) return "";
  const Extent& extent = value.type->shape[d];
  if (extent.terms().size() != 1 || extent.offset() != 0) return "";
  return extent.terms().begin()->first;
}

std::optional<Sizes> broadcast(const Sizes& a, const Sizes& b) {
  Sizes wide(std::max(a.size(), b.size()), 1);
  for (size_t i = 1; i <= wide.size(); ++i) {
    const int64_t x = i <= a.size() ? a[a.size() - i] : 1, y = i <= b.size() ? b[b.size() - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    wide[wide.size() - i] = x == 1 ? y : x;
  }
  return wide;
}

/// As Reshape does: 0 takes the extent at its place, -1 what is left.
std::optional<Sizes> reshaped(const Sizes& from, Sizes to) {
  int64_t open = -1, rest = element_count(from);
  for (size_t d = 0; d < to.size(); ++d) {
    if (to[d] == 0 && d < from.size()) to[d] = from[d];
    if (to[d] == -1 && open < 0) {
      open = static_cast<int64_t>(d);
    } else if (to[d] < 1 || rest % to[d] != 0) {
      return std::nullopt;
    } else {
      rest /= to[d];
    }
  }
  if (open >= 0) {
    to[static_cast<size_t>(open)] = rest;
  } else if (rest != 1) {
    return std::nullopt;
  }
  return to;
}

bool is_one_of(const Node& node, std::initializer_list<std::string_view> ops) {
  return node.domain.empty() && std::find(ops.begin(), ops.end(), node.op) != ops.end();
}

}  // namespace

Probe::Probe(Rewriter& rewriter, int64_t rows, int64_t past)
    : rewriter_(rewriter), rows_(rows), past_(past) {
  const Graph& graph = rewriter.graph();
  for (const auto& [symbol, range] : graph.symbols) bindings_[symbol] = 1;  // a batch
  for (const ValueId id : graph.inputs) {
    const Value& input = graph.values[static_cast<size_t>(id)];
    if (const std::string all = symbol_of(input, 1); input.name == "attention_mask" && !all.empty())
      bindings_[all] = rows + past;
    if (const std::string own = symbol_of(input, 2);
        input.name.starts_with("past_key_values.") && !own.empty())
      bindings_[own] = past;
  }
  for (const ValueId id : graph.inputs) {
    const Value& input = graph.values[static_cast<size_t>(id)];
    if (const std::string own = symbol_of(input, 1); input.name == "input_ids" && !own.empty())
      bindings_[own] = rows;
  }
}

std::optional<Sizes> Probe::shape(ValueId id) {
  if (id == NoValue || depth_ > MostDepth) return std::nullopt;
  const auto [entry, fresh] = shapes_.try_emplace(id);
  if (!fresh) return entry->second;
  if (const TensorType* type = rewriter_.type(id)) {
    Sizes sizes;
    for (const Extent& extent : type->shape) {
      const auto size = extent.evaluate(bindings_);
      if (!size) return std::nullopt;
      sizes.push_back(*size);
    }
    return entry->second = sizes;
  }
  const int n = rewriter_.maker(id);
  if (n < 0) return std::nullopt;
  const Node node = rewriter_.graph().nodes[static_cast<size_t>(n)];
  if (node.outputs.size() != 1) return std::nullopt;
  ++depth_;
  auto made = shape_of_node(node);
  if (!made) {
    if (const Tensor* known = value(id)) made = known->shape;
  }
  --depth_;
  return entry->second = made;
}

std::optional<Sizes> Probe::shape_of_node(const Node& node) {
  auto first = shape(node.input(0));
  if (!first) return std::nullopt;
  const auto rank = static_cast<int64_t>(first->size());
  if (is_one_of(node, {"Add", "Sub", "Mul", "Div", "Pow"})) {
    const auto second = shape(node.input(1));
    return second ? broadcast(*first, *second) : std::nullopt;
  }
  if (is_one_of(node, {"Where"})) {
    const auto second = shape(node.input(1)), third = shape(node.input(2));
    const auto both = second && third ? broadcast(*second, *third) : std::nullopt;
    return both ? broadcast(*first, *both) : std::nullopt;
  }
  if (is_one_of(node, {"Unsqueeze"})) {
    const std::vector<int64_t> axes = axes_of(node);
    const auto wider = static_cast<int64_t>(first->size() + axes.size());
    Sizes sizes(static_cast<size_t>(wider), 0);
    for (const int64_t axis : axes) {
      if (axis < -wider || axis >= wider) return std::nullopt;
      sizes[static_cast<size_t>(axis < 0 ? axis + wider : axis)] = 1;
    }
    // What the axes leave is the operand's, in order.
    auto next = first->begin();
    for (int64_t& size : sizes) {
      if (size == 1) continue;
      if (next == first->end()) return std::nullopt;
      size = *next++;
    }
    return next == first->end() && !axes.empty() ? std::optional(sizes) : std::nullopt;
  }
  if (is_one_of(node, {"Neg", "Softmax", "Cast", "Sqrt", "Identity", "RotaryEmbedding"}))
    return first;
  if (is_one_of(node, {"Transpose"})) {
    std::vector<int64_t> order = node.integers("perm");
    if (order.empty()) {
      order.resize(first->size());
      std::iota(order.rbegin(), order.rend(), 0);
    }
    Sizes turned;
    for (const int64_t d : order) {
      if (d < 0 || d >= rank || order.size() != first->size()) return std::nullopt;
      turned.push_back((*first)[static_cast<size_t>(d)]);
    }
    return turned;
  }
  if (is_one_of(node, {"Reshape", "Expand"})) {
    const Tensor* sizes = value(node.input(1));
    if (sizes == nullptr || sizes->dtype() != DType::I64 || node.integer("allowzero", 0) != 0)
      return std::nullopt;
    const Sizes& wanted = sizes->as<int64_t>();
    return node.op == "Expand" ? broadcast(*first, wanted) : reshaped(*first, wanted);
  }
  if (is_one_of(node, {"MatMul"})) {
    const auto second = shape(node.input(1));
    if (!second || rank < 2 || second->size() < 2) return std::nullopt;
    auto batch =
        broadcast({first->begin(), first->end() - 2}, {second->begin(), second->end() - 2});
    if (!batch || first->back() != (*second)[second->size() - 2]) return std::nullopt;
    batch->push_back((*first)[first->size() - 2]);
    batch->push_back(second->back());
    return batch;
  }
  if (is_one_of(node, {"Concat"})) {
    int64_t axis = node.integer("axis", rank);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) return std::nullopt;
    Sizes joined = *first;
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      const auto next = shape(node.inputs[i]);
      if (!next || next->size() != first->size()) return std::nullopt;
      joined[static_cast<size_t>(axis)] += (*next)[static_cast<size_t>(axis)];
    }
    return joined;
  }
  return std::nullopt;
}

std::vector<int64_t> Probe::axes_of(const Node& node) {
  if (node.input(1) == NoValue) return node.integers("axes");
  return rewriter_.integers(node.input(1)).value_or(std::vector<int64_t>{});
}

const Tensor* Probe::value(ValueId id) {
  if (id == NoValue || depth_ > MostDepth) return nullptr;
  const auto [entry, fresh] = values_.try_emplace(id);
  if (fresh) {
    ++depth_;
    entry->second = value_of(id);
    --depth_;
  }
  return entry->second ? &*entry->second : nullptr;
}

std::optional<Tensor> Probe::input_value(const Value& input) {
  const auto filled = [&](const std::vector<int64_t>& sizes, int64_t first, int64_t step) {
    Tensor tensor = Tensor::zeros(DType::I64, sizes);
    for (int64_t i = 0; i < tensor.size(); ++i) tensor.as<int64_t>()[i] = first + i * step;
    return tensor;
  };
  if (!input.type || input.type->dtype != DType::I64) return std::nullopt;
  if (input.name == "attention_mask") return filled({1, rows_ + past_}, 1, 0);
  if (input.name == "position_ids") return filled({1, rows_}, past_, 1);
  return std::nullopt;
}

std::optional<Tensor> Probe::value_of(ValueId id) {
  const Value& value = rewriter_.graph().values[static_cast<size_t>(id)];
  if (value.constant) {
    const auto sizes = shape(id);
    if (!sizes || !value.type || element_count(*sizes) > MostElements) return std::nullopt;
    auto loaded = value.constant->load();
    // A bool of a model is in memory as an int32.
    return loaded.ok() ? std::optional(converted_to(value.type->dtype, *loaded)) : std::nullopt;
  }
  const int n = rewriter_.maker(id);
  if (n < 0) return input_value(value);
  const Node node = rewriter_.graph().nodes[static_cast<size_t>(n)];
  const OpRecord* record = find_op(node.op, node.domain);
  if (record == nullptr || !record->reference || node.outputs.size() != 1) return std::nullopt;
  const auto given = static_cast<int>(node.inputs.size());
  if (given < record->min_inputs || given > record->max_inputs) return std::nullopt;
  Operands operands;
  Tensor shaped;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* operand = nullptr;
    // Only the shape of what Shape reads matters; its values may be anything.
    const auto sizes = is_one_of(node, {"Shape"}) ? shape(node.inputs[i]) : std::nullopt;
    if (sizes && element_count(*sizes) <= MostElements) {
      shaped = Tensor::zeros(DType::I8, *sizes);
      operand = &shaped;
    } else {
      operand = this->value(node.inputs[i]);
    }
    const bool needed = static_cast<int>(i) < record->min_inputs || node.inputs[i] != NoValue;
    if (operand == nullptr && needed) return std::nullopt;
    operands.push_back(operand);
  }
  auto result = record->reference(node, operands);
  if (!result.ok() || result->empty() || result->front().size() > MostElements) return std::nullopt;
  return std::move(result->front());
}

std::optional<double> Probe::scalar(ValueId id) {
  const Tensor* tensor = value(id);
  if (tensor == nullptr || tensor->size() != 1) return std::nullopt;
  return doubles_of(*tensor)[0];
}

}  // namespace st
