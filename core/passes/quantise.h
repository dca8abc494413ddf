// SPDX-License-Identifier: Apache-2.0
/// Linear layers in numbers of fewer bits (ARCHITECTURE.md, "Numerics").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st {

/// How the weights of a linear layer are held, and so how it computes.
struct LayerPrecision {
  std::string name = "f32";  ///< of precisions()
  /// w4a8: weights of a row that share a scale, one of weight_groups(); 0: the whole row does.
  /// Where it does not divide the depth of a layer, the layer takes the largest one that does.
  /// With activation scales of groups it holds for w8a8 as well, must not be 0, and is that of all
  /// layers: the last group of a row has what is left.
  int64_t group = 64;
  friend bool operator==(const LayerPrecision&, const LayerPrecision&) = default;
};

/// What shares a scale among int8 activations.
enum class ActivationScales {
  Token,  ///< a row: a largest magnitude of all of it stands before each linear layer
  Group,  ///< a group of it, of as many values as groups of weights have
};
/// "token", "group", in the order of the enumeration.
const std::vector<std::string>& activation_scales();
std::string_view name_of(ActivationScales scales);
/// Of a name of activation_scales().
ActivationScales activation_scales_of(std::string_view name);

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
  ActivationScales scales = ActivationScales::Token;

  [[nodiscard]] const LayerPrecision& of(const std::string& node) const;
  /// Weights of a row of `depth` that share a scale in a layer of that precision; 0: all do.
  [[nodiscard]] int64_t group_of(const LayerPrecision& precision, int64_t depth) const;
  friend bool operator==(const Quantisation&, const Quantisation&) = default;
};

/// Whether a precision suits activations with scales of groups: f32, or with groups of weights.
bool suits_groups(const LayerPrecision& precision);
/// What of it does not suit its activation scales. Errors: E0801, as options say it; files are
/// checked when they are read (core/compiler/quantisation_file.h).
Status check_scales(const Quantisation& quantisation);

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
/// With activation scales of groups, of the layer's group of G values each:
///   QuantizeGroups, attribute group = G, shared by layers that read one value and have one G, then
///   MatMulScaledGroups, attribute group = G, whose result is that of the layer
/// w4a8 takes the weights of `rounded` where it has the layer's, and rounds by itself where not.
/// Errors: E0315 for names and patterns in `layers` that no linear layer has, all at once, with the
/// nearest names; those of check_scales(); E0318 for rounded weights that are of another shape or
/// group.
Status quantise(Graph& graph, const Quantisation& quantisation, const RoundedWeights& rounded = {});

}  // namespace st
