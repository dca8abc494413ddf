// SPDX-License-Identifier: Apache-2.0
#include "core/packing/pack.h"

#include <cstring>

#include "core/packing/plan.h"

namespace st {

std::vector<uint8_t> packed_stream(const Tensor& tensor, const StreamType& type) {
  return PackingPlan::of_stream(type, tensor.shape).packed(tensor);
}

std::vector<uint8_t> unpacked_beats(const std::vector<uint8_t>& words, const StreamType& type,
                                    int64_t beats) {
  const int64_t bits = bits_of(type.itensor.dtype), bytes = bytes_of(type.itensor.dtype);
  const int64_t per_word = beats_per_word(type.beat_bits());
  std::vector<uint8_t> out(static_cast<size_t>(beats * type.beat_bytes()));
  for (int64_t i = 0; i < beats * type.lanes; ++i) {
    const int64_t beat = i / type.lanes;
    const int64_t at =
        beat / per_word * WordBits + beat % per_word * type.beat_bits() + i % type.lanes * bits;
    std::memcpy(&out[static_cast<size_t>(i * bytes)], &words[static_cast<size_t>(at / 8)],
                static_cast<size_t>(bytes));
    if (bits < 8) {
      uint8_t& value = out[static_cast<size_t>(i)];
      value = static_cast<uint8_t>((value >> (at % 8)) & ((1 << bits) - 1));
    }
  }
  return out;
}

std::vector<uint8_t> packed_rows(const Tensor& tensor, const Memory& memory) {
  return PackingPlan::of_row(memory).packed(tensor);
}

Tensor unpacked_rows(const std::vector<uint8_t>& bytes, const Memory& memory, int64_t rows) {
  const int64_t width = memory.beats * memory.lanes;
  Tensor tensor = Tensor::zeros(memory.dtype, {rows, width});
  const int64_t per_word = beats_per_word(int64_t{memory.lanes} * bits_of(memory.dtype));
  std::visit(
      [&](auto& v) {
        const int64_t size = sizeof(v[0]);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t b = 0; b < memory.beats; ++b) {
            const int64_t word = r * memory.words_per_row() + b / per_word;
            const int64_t at = word * (WordBits / 8) + (b % per_word) * memory.lanes * size;
            std::memcpy(&v[r * width + b * memory.lanes], bytes.data() + at, memory.lanes * size);
          }
        }
      },
      tensor.data);
  return tensor;
}

}  // namespace st
