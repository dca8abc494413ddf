// SPDX-License-Identifier: Apache-2.0
#include "core/graph/stripes.h"

#include <algorithm>
#include <cstring>

#include "core/graph/half.h"
#include "core/graph/int4.h"

namespace st {
namespace {

/// Writes the rows of matrices to the words of ports.
class Striper {
 public:
  Striper(const StripeLayout& layout, int64_t depth)
      : layout_(layout),
        depth_(depth),
        words_(Tensor::zeros(DType::I8, {layout.ports * layout.words(), StripeColumns})) {}

  /// Row `r` of all: its weights, one a byte, and its scales.
  void add(int64_t r, const int8_t* weights, const BFloat16* scales) {
    const int64_t in_block = layout_.ports * layout_.rows;
    const int64_t block = r / in_block, port = r % layout_.ports;
    const int64_t row = r % in_block / layout_.ports;
    const int64_t first = port * layout_.words() + block * layout_.block_words();
    for (int64_t g = 0; g < layout_.groups; ++g) {
      const int64_t at = g * layout_.rows + row;
      std::memcpy(word(first + at / StripeScales) + at % StripeScales * 2, &scales[g].bits, 2);
    }
    const int64_t pair = row / layout_.word_rows, upper = row % layout_.word_rows;
    for (int64_t c = 0; c < layout_.columns(); ++c) {
      const int64_t group = c / layout_.group_words, w = c % layout_.group_words;
      uint8_t* to = word(first + layout_.scale_words() +
                         (group * layout_.pairs() + pair) * layout_.group_words + w);
      const int64_t count = std::min(StripeColumns, depth_ - c * StripeColumns);
      for (int64_t j = 0; j < count; ++j) put(to[j], weights[c * StripeColumns + j], upper);
    }
  }
  Tensor take() { return std::move(words_); }

 private:
  uint8_t* word(int64_t w) {
    return reinterpret_cast<uint8_t*>(words_.as<int8_t>().data()) + w * StripeColumns;
  }
  void put(uint8_t& byte, int8_t weight, int64_t upper) const {
    const auto bits = static_cast<uint8_t>(weight);
    if (layout_.word_rows == 1) {
      byte = bits;
    } else {
      byte = static_cast<uint8_t>(byte | (bits & 15) << 4 * upper);
    }
  }

  const StripeLayout& layout_;
  int64_t depth_;
  Tensor words_;
};

}  // namespace

Tensor striped(const std::vector<Tensor>& weights, const std::vector<Tensor>& scales,
               const StripeLayout& layout) {
  const int64_t depth = weights.at(0).shape[1];
  Striper striper(layout, depth);
  int64_t row = 0;
  for (size_t part = 0; part < weights.size(); ++part) {
    const bool nibbles = weights[part].dtype() == DType::I4;
    for (int64_t n = 0; n < weights[part].shape[0]; ++n, ++row) {
      const int8_t* values =
          nibbles ? reinterpret_cast<const int8_t*>(weights[part].as<Int4>().data()) + n * depth
                  : weights[part].as<int8_t>().data() + n * depth;
      striper.add(row, values, scales[part].as<BFloat16>().data() + n * layout.groups);
    }
  }
  return striper.take();
}

}  // namespace st
