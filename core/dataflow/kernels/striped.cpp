// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/striped.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/graph/half.h"

namespace st {
namespace {

constexpr int64_t ScalesPerWord = WordBits / 16;

int64_t quotient_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

StripedShape::StripedShape(const Kernel& kernel)
    : lanes(size_of(kernel, "L", 1)),
      heads(size_of(kernel, "Heads", 1)),
      kv_heads(size_of(kernel, "KVHeads", 1)),
      head(size_of(kernel, "Head", 1)),
      stripes(size_of(kernel, "Stripes", 1)),
      ports(size_of(kernel, "Ports", 1)),
      first(size_of(kernel, "First", 0)),
      ways(size_of(kernel, "Ways", 1)),
      tokens(size_of(kernel, "MaxTokens", 1)),
      max_rounds(size_of(kernel, "MaxRounds", 1)),
      sum_parts(size_of(kernel, "SumParts", 1)),
      group(heads / kv_heads),
      head_words(quotient_up(head, WordBytes)),
      scale_words(quotient_up(2 * kv_heads, ScalesPerWord)),
      key_words(scale_words + kv_heads * head_words),
      value_words(kv_heads * head_words) {}

bool sum_fits(int64_t positions, int64_t parts) {
  constexpr int64_t OfAPosition = 32767 * 127;
  return positions <= ((int64_t{1} << (sum_bits(parts) - 1)) - 1) / OfAPosition;
}

Trip StripedShape::rounds() const { return words_of_rounds(1); }

Trip StripedShape::words_of_rounds(int64_t words) const {
  return {words * ways * Extent::symbol(rounds_of(stripes * ways)), words * max_rounds};
}

int64_t StripedShape::piece(int64_t width) const { return std::gcd(std::gcd(lanes, head), width); }

uint16_t scale_bits(float scale) {
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(scale) >> 16);
}

float scale_in(const Firing& firing, int port, DType type) {
  return type == DType::BF16 ? bfloat16_value(*firing.in<uint16_t>(port)) : *firing.in<float>(port);
}

NestItem packed_row(const StripedShape& shape, const PackedRow& row) {
  const int64_t piece = shape.piece(WordBytes), steps = row.heads * shape.head / piece;
  const int64_t head = shape.head, lanes = shape.lanes, words = shape.head_words;
  const auto values = local<int8_t>(row.heads * head), word = local<int8_t>(WordBytes);
  std::vector<int64_t> heads, beats, ends;  // in which steps something begins, or ends
  for (int64_t n = 0; n < steps; ++n) {
    const int64_t begin = n * piece, end = (begin + piece) % head;
    heads.push_back(begin % head == 0);
    beats.push_back(begin % lanes == 0);
    ends.push_back(end == 0 || end % WordBytes == 0);
  }
  const Body scale = [=, take = row.take_scale](Firing& f) {
    take(f, f.counter(1) * piece / head);
  };
  const auto keep = [=, port = row.row](Firing& f) {
    std::copy_n(f.in<int8_t>(port), lanes, values->begin() + f.counter(1) * piece);
  };
  const auto complete = [=, take = row.take_word](Firing& f) {
    const int64_t at = f.counter(1) * piece, in_head = at % head / WordBytes;
    const int64_t begin = at / head * head + in_head * WordBytes;
    std::fill(word->begin(), word->end(), int8_t{0});
    std::copy_n(values->begin() + begin, std::min(WordBytes, head - in_head * WordBytes),
                word->begin());
    take(f, at / head * words + in_head, word->data());
  };
  // All is read before anything is sent.
  Nest items = {sometimes(heads, read(row.scales, row.scale_outputs.empty() ? scale : Body())),
                sometimes(beats, read(row.row, keep))};
  if (!row.scale_outputs.empty())
    items.push_back(sometimes(heads, step({}, scale, row.scale_outputs)));
  items.push_back(sometimes(ends, step({}, complete, row.word_outputs)));
  return pipelined(steps, 1, std::move(items));
}

}  // namespace st
