// SPDX-License-Identifier: Apache-2.0
#include "core/ops/padding.h"

#include <algorithm>
#include <set>

#include "core/ops/lowering.h"
#include "core/ops/record.h"

namespace st {
namespace {

/// Width of the rows of an activation; 0 if it has none.
int64_t width_of(const Graph& graph, ValueId id) {
  if (id == NoValue || graph.values[id].constant || !graph.values[id].type) return 0;
  const auto& shape = graph.type(id).shape;
  return shape.size() < 2 ? 0 : shape.back().constant().value_or(0);
}

}  // namespace

int64_t padded_width(int64_t width) {
  constexpr int64_t WidestTile = 64;
  if (width <= WidestRow || lanes_for(width) >= WidestRow / 2) return width;
  for (int64_t unit = WidestTile; unit > 1; unit /= 2) {
    const int64_t padded = (width + unit - 1) / unit * unit;
    if (16 * (padded - width) <= width) return padded;
  }
  return width;
}

PaddedWidths padded_widths(const Graph& graph) {
  std::map<int64_t, int64_t> padded;
  std::set<int64_t> kept;
  for (ValueId id : graph.inputs) kept.insert(width_of(graph, id));
  for (ValueId id : graph.outputs) {
    if (graph.values[id].name != "logits") kept.insert(width_of(graph, id));
  }
  for (const Node& node : graph.nodes) {
    const bool keeps_zeroes = find_op(node.op, node.domain)->keeps_zeroes;
    for (const auto* ids : {&node.inputs, &node.outputs}) {
      for (ValueId id : *ids) {
        const int64_t width = width_of(graph, id);
        if (!keeps_zeroes) kept.insert(width);
        if (width > 0 && padded_width(width) != width) padded[width] = padded_width(width);
      }
    }
  }
  for (int64_t width : kept) padded.erase(width);
  return PaddedWidths(std::move(padded));
}

}  // namespace st
