// SPDX-License-Identifier: Apache-2.0
#include "core/packing/pack.h"

#include <bit>
#include <cstring>

namespace st {
namespace {

static_assert(std::endian::native == std::endian::little,
              "elements are copied as they lie in memory");

/// The bytes of a tensor's elements.
struct Elements {
  const uint8_t* bytes;
  int size;  ///< bytes of an element
  int bits;  ///< that it takes of a word: its lowest ones
};

Elements elements_of(const Tensor& tensor) {
  return std::visit(
      [&](const auto& v) {
        return Elements{reinterpret_cast<const uint8_t*>(v.data()), static_cast<int>(sizeof(v[0])),
                        bits_of(tensor.dtype())};
      },
      tensor.data);
}

/// Writes beats into words: as many beats share a word as fit.
class WordWriter {
 public:
  explicit WordWriter(int64_t beat_bits) : per_word_(beats_per_word(beat_bits)) {}

  /// The element's bits follow those before it; half a byte waits for its other half.
  void element(const Elements& elements, int64_t index) {
    const uint8_t* bytes = elements.bytes + index * elements.size;
    if (elements.bits % 8 == 0) {
      out_.insert(out_.end(), bytes, bytes + elements.size);
    } else if (half_) {
      out_.back() = static_cast<uint8_t>(out_.back() | (*bytes << 4));
      half_ = false;
    } else {
      out_.push_back(*bytes);
      half_ = true;
    }
  }
  void end_beat() {
    if (++beats_ % per_word_ == 0) end_word();
  }
  void end_row() {
    if (beats_ % per_word_ != 0) end_word();
    beats_ = 0;
  }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  void end_word() {
    out_.resize((out_.size() + WordBits / 8 - 1) / (WordBits / 8) * (WordBits / 8), 0);
    half_ = false;
  }
  int64_t per_word_, beats_ = 0;
  std::vector<uint8_t> out_;
  bool half_ = false;  ///< the last byte has room for four bits more
};

}  // namespace

void Checksum::add(const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) state_ = (state_ ^ bytes[i]) * 0x100000001b3ULL;
}

std::string Checksum::text() const {
  std::string digits(16, '0');
  for (int i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(state_ >> (60 - 4 * i)) & 15];
  return digits;
}

std::vector<uint8_t> packed_stream(const Tensor& tensor, const StreamType& type) {
  const Elements elements = elements_of(tensor);
  const auto& elem = type.itensor.elem;
  std::vector<int64_t> stride(elem.size(), 1);
  for (size_t d = elem.size() - 1; d-- > 0;) stride[d] = stride[d + 1] * tensor.shape[d + 1];
  WordWriter writer(type.beat_bits());
  const int64_t size = token_elements(type.itensor);
  for_each_token(type.itensor, {{Sequence, 1}, {Past, 0}}, [&](const std::vector<int64_t>& origin) {
    for (int64_t i = 0; i < size; ++i) {
      int64_t rest = i, index = 0;
      for (size_t d = elem.size(); d-- > 0;) {
        index += (origin[d] + rest % elem[d]) * stride[d];
        rest /= elem[d];
      }
      writer.element(elements, index);
      if ((i + 1) % type.lanes == 0) writer.end_beat();
    }
  });
  writer.end_row();
  return writer.take();
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
  const Elements elements = elements_of(tensor);
  const int64_t width = memory.beats * memory.lanes;
  WordWriter writer(int64_t{memory.lanes} * bits_of(memory.dtype));
  for (int64_t i = 0; i < tensor.size(); ++i) {
    writer.element(elements, i);
    if ((i + 1) % memory.lanes == 0) writer.end_beat();
    if ((i + 1) % width == 0) writer.end_row();
  }
  return writer.take();
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

Status pack_parameters(const Program& program, const Memory& memory,
                       const std::function<Status(const std::vector<uint8_t>&)>& sink) {
  if (memory.role == MemoryRole::Table) {
    for (int64_t copy = 0; copy < memory.copies; ++copy) {
      ST_TRY(table, program.tensors[memory.tensor].constant->load_layer(copy));
      ST_CHECK(sink(packed_rows(table, memory)));
    }
    return {};
  }
  const auto pack = [&](bool layered, int64_t layer) -> Status {
    for (const Segment& segment : memory.segments) {
      if (segment.layered != layered) continue;
      ST_TRY(value, program.tensors[segment.tensor].constant->load_layer(layer));
      ST_CHECK(sink(packed_stream(value, segment.type)));
    }
    return {};
  };
  ST_CHECK(pack(false, 0));
  for (int64_t layer = 0; layer < memory.copies; ++layer) ST_CHECK(pack(true, layer));
  return {};
}

}  // namespace st
