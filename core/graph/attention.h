// SPDX-License-Identifier: Apache-2.0
/// What our own Attention has that no operator of ONNX has: a window, and caches of integers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/graph/graph.h"

namespace st {

/// The operand that says how many positions a causal query sees, i64[]: the last of them its own;
/// 0: all. An operand, because folded layers may differ in it as they do in their weights.
inline constexpr size_t AttentionWindow = 7;

/// The attribute that says in what keys and values are kept: absent, as they are; "int8", with one
/// bf16 scale for each position and head. The node then computes in integers (ARCHITECTURE.md,
/// "Numerics"); its operands and results stay as they are.
inline constexpr const char* AttentionCache = "cache";
inline constexpr const char* Int8Cache = "int8";

/// Whether a node is an Attention over int8 keys and values.
inline bool has_int8_cache(const Node& node) {
  return node.op == "Attention" && node.domain == OwnDomain &&
         node.string(AttentionCache, "") == Int8Cache;
}

/// Over int8 keys and values: twice the weight of the largest position and value scale.
inline constexpr float AttentionTwicePeak = 65534.0f;
/// The integer nearest to half of what is not negative: rounding without an addition of floats.
inline int32_t attention_weight(float twice) { return (static_cast<int32_t>(twice) + 1) >> 1; }
/// Sums of weights times values, at most 32767 * 127 for each position, have 48 bits.
inline constexpr int64_t MostInt8Positions = int64_t{1} << 25;
/// Sums of queries times keys, at most 127 * 127 for each element of a head, have 32 bits.
inline constexpr int64_t MostInt8Head = int64_t{1} << 17;
static_assert(MostInt8Positions * 32767 * 127 < int64_t{1} << 47);
static_assert(MostInt8Head * 127 * 127 < int64_t{1} << 31);

}  // namespace st
