// SPDX-License-Identifier: Apache-2.0
/// Decoders of one transformer block at the shapes of published models, with weights that are
/// noise.
#pragma once

#include <utility>

#include "tests/cli/tiny_model.h"

namespace st::test {

/// Widths of a block; small vocabulary, 64 positions, launches of up to 16 rows.
struct BlockShape {
  int width = 0, heads = 0, kv_heads = 0, head_dim = 0, hidden = 0, vocabulary = 512;
};

/// A model file, and the shapes of its datasets.
struct BlockModel {
  Json json;
  std::vector<std::pair<std::string, Extents>> weights;

  /// Writes model.json and weights.h5 into `folder`; the path of model.json. Memory: about 1 MiB.
  [[nodiscard]] std::filesystem::path write(const std::filesystem::path& folder) const;
};

/// GPT-2 small (Radford et al. 2019, its config.json): 12 heads of 64, hidden 3072.
inline constexpr BlockShape Gpt2Small = {768, 12, 12, 64, 3072};
/// TinyLlama-1.1B (its config.json): 32 heads of 64 on 4 of keys and values, hidden 5632.
inline constexpr BlockShape TinyLlama = {2048, 32, 4, 64, 5632};

/// Learned positions, LayerNormalization, one product for query, key and value, Gelu, biases.
BlockModel gpt2_block(const BlockShape& shape);
/// RMSNormalization, rotary positions (half rotation), a gated feed-forward part, no biases.
/// `first_norm`: whether attention reads a norm of the embeddings, or the embeddings.
BlockModel llama_block(const BlockShape& shape, bool first_norm = true);

}  // namespace st::test
