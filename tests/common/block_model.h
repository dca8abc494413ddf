// SPDX-License-Identifier: Apache-2.0
/// Decoders of one transformer block at the shapes of published models, with weights that are
/// noise.
#pragma once

#include <utility>

#include "tests/common/tiny_model.h"

namespace st::test {

/// Widths of a block; small vocabulary; as many positions, and rows of a launch.
struct BlockShape {
  int width = 0, heads = 0, kv_heads = 0, head_dim = 0, hidden = 0, vocabulary = 512;
  int positions = 64, longest = 16;
  /// The same with other lengths.
  [[nodiscard]] BlockShape with_lengths(int most_positions, int most_rows) const {
    BlockShape shape = *this;
    shape.positions = most_positions;
    shape.longest = most_rows;
    return shape;
  }
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
/// GPT-2 medium: 16 heads of 64, hidden 4096.
inline constexpr BlockShape Gpt2Medium = {1024, 16, 16, 64, 4096};
/// Qwen2.5-0.5B (its config.json): 14 heads of 64 on 2 of keys and values, hidden 4864.
inline constexpr BlockShape Qwen = {896, 14, 2, 64, 4864};
/// TinyLlama-1.1B (its config.json): 32 heads of 64 on 4 of keys and values, hidden 5632.
inline constexpr BlockShape TinyLlama = {2048, 32, 4, 64, 5632};

/// Gemma-3-1B (its config.json): 4 heads of 256 on one of keys and values, hidden 6912.
inline constexpr BlockShape Gemma = {1152, 4, 1, 256, 6912};

/// Learned positions, LayerNormalization, one product for query, key and value, Gelu, biases.
BlockModel gpt2_block(const BlockShape& shape);
/// RMSNormalization, rotary positions (half rotation), a gated feed-forward part, no biases.
/// `first_norm`: whether attention reads a norm of the embeddings, or the embeddings; `biases`:
/// of query, key and value, as Qwen2 has them.
BlockModel llama_block(const BlockShape& shape, bool first_norm = true, bool biases = false);

/// Norms before and after attention and the feed-forward part, which is gated by Gelu, and of each
/// head of query and key.
BlockModel gemma_block(const BlockShape& shape);

}  // namespace st::test
