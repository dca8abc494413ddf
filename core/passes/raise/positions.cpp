// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/positions.h"

#include <algorithm>
#include <charconv>

namespace st {
namespace {

/// The largest extent of dimension `d` of the inputs whose names begin so.
int64_t most_of(const Graph& graph, std::string_view prefix, size_t d) {
  int64_t most = 0;
  for (const ValueId id : graph.inputs) {
    const Value& input = graph.values[static_cast<size_t>(id)];
    if (!input.name.starts_with(prefix) || !input.type || input.type->shape.size() <= d) continue;
    Bindings highest;
    for (const auto& [symbol, range] : graph.symbols) highest[symbol] = range.high;
    most = std::max(most, input.type->shape[d].evaluate(highest).value_or(0));
  }
  return most;
}

}  // namespace

std::optional<ValueId> decoder_positions(Rewriter& rewriter, const Node& root) {
  Graph& graph = rewriter.graph();
  ValueId ids = NoValue;
  for (const ValueId id : graph.inputs) {
    if (graph.values[static_cast<size_t>(id)].name == "position_ids") return id;
    if (graph.values[static_cast<size_t>(id)].name == "input_ids") ids = id;
  }
  if (ids == NoValue || !rewriter.type(ids)) return std::nullopt;
  const TensorType type{DType::I64, rewriter.type(ids)->shape};
  const ValueId made = rewriter.add_constant(root, "positions", type, nullptr);
  graph.values[static_cast<size_t>(made)].name = "position_ids";
  graph.inputs.push_back(made);
  return made;
}

bool has_caches(const Graph& graph) {
  return std::any_of(graph.inputs.begin(), graph.inputs.end(), [&](ValueId id) {
    return graph.values[static_cast<size_t>(id)].name.starts_with("past_key_values.");
  });
}

int64_t most_positions(const Graph& graph) {
  const int64_t most = most_of(graph, "input_ids", 1) + most_of(graph, "past_key_values.", 2);
  const auto context = graph.metadata.find("streamtensor.context");
  if (context == graph.metadata.end()) return most;
  int64_t own = 0;
  const std::string& text = context->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), own);
  return error == std::errc() && own > 0 ? std::min(own, most) : most;
}

}  // namespace st
