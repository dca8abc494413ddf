// SPDX-License-Identifier: Apache-2.0
/// Folded layers: nodes that run once for each layer of a decoder, one layer after another.
///
/// What a layer hands to the next one enters by the node `streamtensor.EnterLayers` and leaves by
/// `streamtensor.LeaveLayers`: a layer reads what Enter makes, which is Enter's operand in the
/// first layer and Leave's operand of the layer before in all others; Leave makes what the last
/// layer hands on. Nodes between them are Node::layered. Their constants are those of the layer at
/// hand (layered_constant), and so are caches (Value::layer_names).
#pragma once

#include <vector>

#include "core/graph/graph.h"

namespace st {

inline constexpr const char* EnterLayers = "EnterLayers";
inline constexpr const char* LeaveLayers = "LeaveLayers";

/// The folded layers of a graph.
struct Layers {
  int64_t count = 1;          ///< 1: nothing is folded
  ValueId entry = NoValue;    ///< what the first layer reads
  ValueId carried = NoValue;  ///< what a layer reads
  ValueId next = NoValue;     ///< what a layer makes
  ValueId exit = NoValue;     ///< what the last layer made
};

/// Finds the nodes that enter and leave. Precondition: check_layers().
Layers layers_of(const Graph& graph);

/// Where a node stands: before the layers, in them, or behind them.
enum class Section { Before, Layered, Behind };
/// The section of each node of a sorted graph. A node that is not layered stands behind the layers
/// if it needs what they made.
std::vector<Section> sections_of(const Graph& graph);

/// Whether the folded layers of a sorted graph make sense: one pair of Enter and Leave of equal
/// types and a count of 2 or more, layered nodes with names and constants for all layers, whose
/// values nobody else reads. Errors: E0306.
Status check_layers(const Graph& graph);

}  // namespace st
