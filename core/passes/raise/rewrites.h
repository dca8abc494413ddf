// SPDX-License-Identifier: Apache-2.0
/// Subgraphs that compute what one operator does. One function per file.
#pragma once

#include "core/passes/raise/rewriter.h"

namespace st {

/// Replaces node `n` where it is the last of such a subgraph, and says whether it did. It does not
/// where results would differ by more than rounding.
using Rewrite = bool (*)(Rewriter&, size_t n);

/// Gather, RotaryEmbedding of indices behind a Cast between integers.
bool skip_index_casts(Rewriter& rewriter, size_t n);

/// LayerNormalization, without its bias, and with one that is added behind it.
bool raise_layer_norm(Rewriter& rewriter, size_t n);
bool raise_layer_norm_bias(Rewriter& rewriter, size_t n);
/// RMSNormalization.
bool raise_rms_norm(Rewriter& rewriter, size_t n);
/// Gelu, exact or by tanh.
bool raise_gelu(Rewriter& rewriter, size_t n);
/// Split whose sizes are an attribute.
bool raise_split_sizes(Rewriter& rewriter, size_t n);
/// RotaryEmbedding of [1, heads, rows, head].
bool raise_rotary(Rewriter& rewriter, size_t n);
/// Attention, from the Reshape that joins heads.
bool raise_attention(Rewriter& rewriter, size_t n);
/// Swish with alpha = 1.
bool raise_silu(Rewriter& rewriter, size_t n);

}  // namespace st
