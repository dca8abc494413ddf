// SPDX-License-Identifier: Apache-2.0
#include "core/ops/tiling.h"

#include <algorithm>
#include <numeric>

#include "core/graph/layers.h"
#include "core/ops/lowering.h"
#include "core/ops/record.h"
#include "core/support/near_names.h"

namespace st {
namespace {

/// Lanes of a beat of results: whole steps, and whole beats of a tile; as many as the kernels
/// behind a linear layer take, where that is possible.
int64_t out_lanes_of(const MatmulShape& shape, int row_lanes) {
  int64_t best = shape.lanes();
  for (int64_t steps = 1; steps <= shape.steps; ++steps) {
    const int64_t lanes = steps * shape.lanes();
    if (lanes <= row_lanes && shape.tile() % lanes == 0) best = lanes;
  }
  return best;
}

/// The shape that a linear layer has by itself; nullopt for other nodes.
std::optional<LinearLayer> linear_layer(const Graph& graph, const Node& node,
                                        const PaddedWidths& padded) {
  const bool floats = is_linear_layer(graph, node);
  const bool own = node.domain == OwnDomain;
  const bool integers = own && node.op == "MatMulInt8", grouped = own && node.op == "MatMulGroups";
  const bool scaled = own && node.op == "MatMulScaledGroups";
  if (!floats && !integers && !grouped && !scaled) return std::nullopt;
  if (!graph.values[node.inputs[1]].constant) return std::nullopt;
  const TensorType& weights = graph.type(node.inputs[1]);
  const int64_t depth = weights.shape[floats ? 0 : 1].offset();
  const int64_t width = weights.shape[floats ? 1 : 0].offset();
  const int64_t group = grouped  ? depth / graph.type(node.inputs[2]).shape[1].offset()
                        : scaled ? std::min(padded(depth), node.integer("group", 0))
                                 : 0;
  return LinearLayer{-1, "", padded(depth), padded(width), weights.dtype, group, scaled};
}

Diagnostic illegal(const LinearLayer& layer, const std::string& what, const std::string& help) {
  return {"E0314", what, printable(layer.key), {}, help};
}

}  // namespace

std::vector<std::string> node_keys(const Graph& graph) {
  std::map<std::string, int> seen;
  std::vector<std::string> keys;
  for (const Node& node : graph.nodes) {
    const int times = ++seen[node.name];
    keys.push_back(times == 1 ? node.name : node.name + "#" + std::to_string(times));
  }
  return keys;
}

bool is_linear_layer(const Graph& graph, const Node& node) {
  return node.op == "MatMul" && node.domain.empty() &&
         graph.values[node.inputs[1]].constant != nullptr;
}

std::vector<LinearLayer> linear_layers(const Graph& graph) {
  const std::vector<std::string> keys = node_keys(graph);
  const PaddedWidths padded = padded_widths(graph);
  const int64_t folded = layers_of(graph).count;
  std::vector<LinearLayer> layers;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    auto layer = linear_layer(graph, graph.nodes[n], padded);
    if (!layer) continue;
    layer->node = static_cast<int>(n);
    layer->key = keys[n];
    if (graph.nodes[n].layered) layer->runs = folded;
    layers.push_back(std::move(*layer));
  }
  return layers;
}

MatmulShape default_matmul(int64_t depth, int64_t width, int row_lanes, int64_t group) {
  // Groups are whole beats, the last one too.
  const int lanes = lanes_for(group > 0 ? std::gcd(depth, group) : depth, WidestRow);
  const int steps = lanes_for(width, WidestRow);
  MatmulShape shape = {.depth_lanes = lanes,
                       .depth_beats = depth / lanes,
                       .out_lanes = 1,
                       .rows = 1,
                       .streams = 1,
                       .steps = steps,
                       .tiles = width / steps,
                       .group_beats = group / lanes};
  shape.out_lanes = out_lanes_of(shape, row_lanes);
  return shape;
}

Result<MatmulShape> tiled_matmul(const LinearLayer& layer, const LinearTiling& tiling,
                                 int row_lanes) {
  MatmulShape shape = default_matmul(layer.depth, layer.width, row_lanes, layer.group);
  shape.x_scales = layer.x_scales;
  if (tiling == LinearTiling()) return shape;
  if (tiling.depth_lanes > 0) shape.depth_lanes = tiling.depth_lanes;
  if (tiling.rows > 0) shape.rows = tiling.rows;
  if (tiling.streams > 0) shape.streams = tiling.streams;
  shape.steps = tiling.steps > 0 ? tiling.steps : 1;
  Diagnostics problems;
  if (layer.depth % shape.depth_lanes != 0) {
    problems.push_back(
        illegal(layer,
                "depth_lanes " + std::to_string(shape.depth_lanes) + " does not divide the depth " +
                    std::to_string(layer.depth),
                "choose a divisor, such as " + std::to_string(lanes_for(layer.depth, WidestRow))));
  }
  if (layer.group % shape.depth_lanes != 0) {
    problems.push_back(illegal(
        layer,
        "depth_lanes " + std::to_string(shape.depth_lanes) + " does not divide the group of " +
            std::to_string(layer.group) + " weights that share a scale",
        "choose a divisor, such as " +
            std::to_string(lanes_for(std::gcd(layer.depth, layer.group), WidestRow))));
  }
  if (layer.width % shape.tile() != 0) {
    problems.push_back(illegal(layer,
                               "rows * streams * steps = " + std::to_string(shape.tile()) +
                                   " does not divide the width " + std::to_string(layer.width),
                               "choose factors of " + std::to_string(layer.width)));
  }
  const int64_t beat = shape.depth_lanes * shape.rows * bits_of(layer.dtype);
  if (beat > WordBits) {
    problems.push_back(illegal(layer,
                               "depth_lanes * rows are " + std::to_string(beat) +
                                   " bits of weights at once, a memory word has " +
                                   std::to_string(WordBits),
                               "choose fewer rows, and more streams"));
  }
  const int64_t scales = layer.group > 0 ? shape.lanes() * bits_of(GroupScaleType) : 0;
  if (scales > WordBits) {
    problems.push_back(illegal(layer,
                               "rows * streams are " + std::to_string(scales) +
                                   " bits of scales at once, a memory word has " +
                                   std::to_string(WordBits),
                               "choose fewer rows or streams, and more depth_lanes"));
  }
  if (!problems.empty()) return problems;
  shape.group_beats = layer.group / shape.depth_lanes;
  shape.depth_beats = layer.depth / shape.depth_lanes;
  shape.tiles = layer.width / shape.tile();
  shape.out_lanes = out_lanes_of(shape, row_lanes);
  return shape;
}

Status check_keys(const Tiling& tiling, const std::vector<LinearLayer>& layers) {
  Diagnostics problems;
  std::vector<std::string> known;
  for (const LinearLayer& layer : layers) known.push_back(layer.key);
  for (const auto& [key, choice] : tiling.linear) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems.push_back({"E0314",
                        "the model has no linear layer '" + printable(key) + "'",
                        "",
                        {},
                        did_you_mean(key, known)});
  }
  return problems;
}

}  // namespace st
