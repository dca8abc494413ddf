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
  int size;  ///< of an element
};

Elements elements_of(const Tensor& tensor) {
  return std::visit(
      [](const auto& v) {
        return Elements{reinterpret_cast<const uint8_t*>(v.data()), static_cast<int>(sizeof(v[0]))};
      },
      tensor.data);
}

/// Writes beats into words: as many beats share a word as fit.
class WordWriter {
 public:
  explicit WordWriter(int64_t beat_bits) : per_word_(beats_per_word(beat_bits)) {}

  void element(const uint8_t* bytes, int size) { out_.insert(out_.end(), bytes, bytes + size); }
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
  }
  int64_t per_word_, beats_ = 0;
  std::vector<uint8_t> out_;
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
      writer.element(elements.bytes + index * elements.size, elements.size);
      if ((i + 1) % type.lanes == 0) writer.end_beat();
    }
  });
  writer.end_row();
  return writer.take();
}

std::vector<uint8_t> packed_rows(const Tensor& tensor, const Memory& memory) {
  const Elements elements = elements_of(tensor);
  const int64_t width = memory.beats * memory.lanes;
  WordWriter writer(int64_t{memory.lanes} * bits_of(memory.dtype));
  for (int64_t i = 0; i < tensor.size(); ++i) {
    writer.element(elements.bytes + i * elements.size, elements.size);
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
    ST_TRY(table, program.tensors[memory.tensor].constant->load());
    return sink(packed_rows(table, memory));
  }
  for (const Segment& segment : memory.segments) {
    ST_TRY(value, program.tensors[segment.tensor].constant->load());
    ST_CHECK(sink(packed_stream(value, segment.type)));
  }
  return {};
}

}  // namespace st
