// SPDX-License-Identifier: Apache-2.0
/// Finds the layers of a decoder: parts of its graph that follow each other and are the same but
/// for their constants and caches.
#pragma once

#include <map>
#include <vector>

#include "core/graph/decoder.h"
#include "core/graph/graph.h"

namespace st {

/// Layers that follow each other.
struct RepeatedLayers {
  /// What enters layer 0, 1, ..., and what leaves the last one: count + 1 values.
  std::vector<ValueId> bounds;
  /// Nodes of layer 0, in order. Those that all layers share are not among them; those that some
  /// share with it are.
  std::vector<int> nodes;
  /// By layer: what stands there for a value of layer 0, where that is another one.
  std::vector<std::map<ValueId, ValueId>> value_of;

  [[nodiscard]] int64_t count() const { return static_cast<int64_t>(bounds.size()) - 1; }
  /// What stands in `layer` for `id` of layer 0.
  [[nodiscard]] ValueId of_layer(int64_t layer, ValueId id) const;
};

/// The longest run of equal layers, in nodes; one of shorter layers where two are as long; no
/// bounds if there is none. The graph is canonical and typed. A layer begins and ends where all
/// that the logits know of the tokens is one value (each path from input_ids to the logits goes
/// through it), and nobody else reads what is inside it.
RepeatedLayers find_repeated_layers(const Graph& graph, const Decoder& decoder);

}  // namespace st
