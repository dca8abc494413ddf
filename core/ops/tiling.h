// SPDX-License-Identifier: Apache-2.0
/// The knobs of lowering: how each linear layer is tiled and unrolled (StreamTensor §5.1).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/dataflow/kernels/matmul.h"
#include "core/graph/graph.h"

namespace st {

/// How one linear layer is cut; see MatmulShape. 0: as without a choice.
struct LinearTiling {
  int64_t depth_lanes = 0;  ///< values of x at once; divides the depth
  int64_t rows = 0;         ///< results of one weight stream at once
  int64_t streams = 0;      ///< of weights, each from a memory port of its own
  int64_t steps = 0;        ///< groups of results that take turns on a beat of x
  friend bool operator==(const LinearTiling&, const LinearTiling&) = default;
};

/// Lanes of a row of floats at most: 16 of them fill the word of a memory port.
inline constexpr int WidestRow = 16;

/// The knobs of a model.
struct Tiling {
  /// Values of an activation's row at once, in all kernels that are no linear layers; 0: as many as
  /// fit the target (core/compiler/row_lanes.h), or WidestRow where nobody asks.
  int row_lanes = 0;
  std::map<std::string, LinearTiling> linear;  ///< by key of the node (node_keys())
  friend bool operator==(const Tiling&, const Tiling&) = default;
  [[nodiscard]] int lanes() const { return row_lanes > 0 ? row_lanes : WidestRow; }
};

/// A name for each node that is unique in the graph: its own, or with "#2", "#3" behind it where
/// names repeat.
std::vector<std::string> node_keys(const Graph& graph);

/// Whether a node is a MatMul with a constant.
bool is_linear_layer(const Graph& graph, const Node& node);

/// A linear layer of a quantised graph: MatMul with a constant, MatMulInt8, MatMulGroups or
/// MatMulScaledGroups.
struct LinearLayer {
  int node = -1;  ///< index in the graph
  std::string key;
  int64_t depth = 0, width = 0;  ///< as they are carried (core/ops/padding.h)
  DType dtype = DType::F32;      ///< of weights
  int64_t group = 0;             ///< weights of a row that share a scale in the kernel; 0: none do
  bool x_scales = false;         ///< x has a scale for each group, too; the last may be smaller
  int64_t runs = 1;              ///< in a launch: once, or for each folded layer
};
std::vector<LinearLayer> linear_layers(const Graph& graph);

/// One result at a time, a beat of `depth` at once: what a linear layer is without any choice.
/// Its results come in beats of at most `row_lanes`.
MatmulShape default_matmul(int64_t depth, int64_t width, int row_lanes = WidestRow,
                           int64_t group = 0);

/// The shape that a choice means for a layer. Errors: E0314 if it does not divide depth, group or
/// width, or a beat of weights or of scales exceeds a memory word; `where` names the layer.
Result<MatmulShape> tiled_matmul(const LinearLayer& layer, const LinearTiling& tiling,
                                 int row_lanes = WidestRow);

/// The keys of a tiling that no layer has. Errors: E0314, all at once, with the nearest names.
Status check_keys(const Tiling& tiling, const std::vector<LinearLayer>& layers);

}  // namespace st
