// SPDX-License-Identifier: Apache-2.0
/// Linear layers in numbers of fewer bits (ARCHITECTURE.md, "Numerics").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st {

/// How the weights of a linear layer are held, and so how it computes.
struct LayerPrecision {
  std::string name = "f32";  ///< of precisions()
  /// w4a8: weights of a row that share a scale, one of weight_groups(); 0: the whole row does.
  /// Where it does not divide the depth of a layer, the layer takes the largest one that does.
  int64_t group = 64;
  friend bool operator==(const LayerPrecision&, const LayerPrecision&) = default;
};

/// "f32", "w8a8", "w4a8".
const std::vector<std::string>& precisions();
/// 0, 32, 64, 128.
const std::vector<int64_t>& weight_groups();

/// The precision of each linear layer.
struct Quantisation {
  LayerPrecision otherwise;
  /// By name of the node, or by a pattern of names in which each * stands for any characters. A
  /// name goes before patterns, a longer pattern before a shorter one.
  std::map<std::string, LayerPrecision> layers;

  [[nodiscard]] const LayerPrecision& of(const std::string& node) const;
  friend bool operator==(const Quantisation&, const Quantisation&) = default;
};

/// Whether a name is one that a pattern stands for.
bool matches(const std::string& pattern, const std::string& name);

/// The group that a row of `depth` weights gets where `wanted` was asked for: the largest one up to
/// it that divides the depth; 0 if none does.
int64_t group_for(int64_t depth, int64_t wanted);

/// Weights that were rounded before, and their scales, by name: constants of the design beside
/// those of the model.
using RoundedWeights = std::map<std::string, Tensor>;
/// The names of those of a linear layer, by its key (node_keys()).
std::string rounded_weights_name(const std::string& key);
std::string rounded_scales_name(const std::string& key);

/// Replaces each linear layer whose precision is not f32. Activations get int8 with one dynamic
/// scale per row; layers that read one value share its QuantizeRows. Then:
///   w8a8: int8 weights with a scale per output channel: MatMulInt8, DequantizeRows
///   w4a8: the same in int4; with groups MatMulGroups, ScaleRows
/// w4a8 takes the weights of `rounded` where it has the layer's, and rounds by itself where not.
/// Errors: E0315 for names and patterns in `layers` that no linear layer has, all at once, with the
/// nearest names; E0318 for rounded weights that are of another shape or group.
Status quantise(Graph& graph, const Quantisation& quantisation, const RoundedWeights& rounded = {});

}  // namespace st
