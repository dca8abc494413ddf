// SPDX-License-Identifier: Apache-2.0
/// From an Attention to kernels: what all forms of it share, and the forms.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/attention.h"
#include "core/ops/lowering.h"
#include "core/ops/record.h"

namespace st {

/// Heads and sizes of an Attention node.
struct AttentionShape {
  int64_t heads = 0;     ///< of queries
  int64_t kv_heads = 0;  ///< of keys and values
  int64_t head = 0;      ///< elements of a head
  float scale = 0;       ///< of scores
};
AttentionShape attention_shape_of(const Node& node, int64_t query_width);

/// Positions that a query sees, itself included, in each layer that has a number of its own, or in
/// all; 0: all positions of the design. Errors: E0309.
Result<std::vector<int64_t>> attention_windows(Lowering& l, const Node& node);

/// A row [head], or a value where `head` is 0, of the cache per token, for each key head, each
/// query head that shares it, each visible position.
StreamType cached_stream(const Lowering& l, const AttentionShape& s, DType dtype, int64_t head,
                         int lanes);
/// A value per token, head and visible position: d0 is the row, d1 the head, d2 the position that
/// it looks at.
StreamType scored_stream(const Lowering& l, const AttentionShape& s, DType dtype);

/// The device memory of a cache, of operand `operand` (1: keys, 2: values), once for each folded
/// layer. Rows are still to be set.
Memory cache_memory(const Lowering& l, const Node& node, size_t operand, TensorId cache);

/// The kernel that keeps keys or values in device memory and streams all visible ones for each new
/// row. `rows` are those of all key heads, in the type of the cache; no port: the operand's own.
void lower_cache(Lowering& l, const Node& node, size_t operand, const AttentionShape& s,
                 TensorId cache, const StreamType& stream, const Port* rows = nullptr);

/// Kernels of a node that is like attention_shape() in core/ops/attention.cpp says, whose queries
/// are `width` wide. Errors: E0309.
Status lower_float_attention(Lowering& l, const Node& node, int64_t width);
/// The same of a node that has_int8_cache().
Status lower_int8_attention(Lowering& l, const Node& node, int64_t width);

}  // namespace st
