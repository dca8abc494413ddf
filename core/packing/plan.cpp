// SPDX-License-Identifier: Apache-2.0
#include "core/packing/plan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "core/dataflow/stream_values.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

static_assert(std::endian::native == std::endian::little,
              "elements are copied as they lie in memory");

constexpr int64_t WordBytes = WordBits / 8;

/// The loop over the tiles of a matrix's rows, if it is the outermost one of a pass: all that is
/// inside belongs to these rows.
bool takes_rows_in_order(const ItensorType& type) {
  if (type.elem.size() != 2 || type.trips.size() < 2 || type.map[0].is_zero()) return false;
  const auto symbolic = [](const Trip& trip) { return !trip.count.is_constant(); };
  return type.map[0].loops().front() == 1 &&
         std::none_of(type.trips.begin() + 1, type.trips.end(), symbolic);
}

}  // namespace

class PackingPlan::Builder {
 public:
  Builder(PackingPlan& plan, int64_t lanes)
      : plan_(plan), bits_(bits_of(plan.dtype_)), in_word_(lanes * beats_per_word(lanes * bits_)) {}

  void add(int64_t from, int64_t count) {
    while (count > 0) {
      const int64_t part = std::min(count, in_word_ - elements_ % in_word_);
      const int64_t bit = elements_ / in_word_ * WordBits + elements_ % in_word_ * bits_;
      Run* last = plan_.runs_.empty() ? nullptr : &plan_.runs_.back();
      if (last && last->from + last->count == from && last->to_bit + last->count * bits_ == bit) {
        last->count += part;
      } else {
        plan_.runs_.push_back({from, bit, part});
      }
      elements_ += part;
      from += part;
      count -= part;
    }
  }
  void finish() {
    plan_.unit_bytes_ = (elements_ + in_word_ - 1) / in_word_ * WordBytes;
    const int64_t length = plan_.runs_.empty() ? 0 : plan_.runs_.front().count;
    for (size_t i = 0; i < plan_.runs_.size(); ++i) {
      const Run& run = plan_.runs_[i];
      if (run.count != length || run.to_bit != static_cast<int64_t>(i) * length * bits_) return;
    }
    if (length * bits_ % 8 != 0) return;
    for (const Run& run : plan_.runs_) plan_.offsets_.push_back(run.from);
    plan_.length_ = length;
  }

 private:
  PackingPlan& plan_;
  int64_t bits_, in_word_, elements_ = 0;
};

PackingPlan PackingPlan::of_stream(const StreamType& type, const std::vector<int64_t>& shape) {
  PackingPlan plan;
  plan.dtype_ = type.itensor.dtype;
  ItensorType unit = type.itensor;
  plan.unit_rows_ = shape.empty() ? 1 : shape[0];
  if (takes_rows_in_order(unit)) {
    // As many tiles as end with a word.
    ItensorType tile = unit;
    tile.trips[1] = 1;
    const int64_t per_word = beats_per_word(type.beat_bits());
    const int64_t beats = token_count(tile, in_launch(1, 0)) * (token_elements(tile) / type.lanes);
    const int64_t tiles = unit.trips[1].bound;
    const int64_t together =
        std::max<int64_t>(1, per_word / std::max<int64_t>(1, std::gcd(beats, per_word)));
    if (tiles % together == 0) {
      plan.units_ = tiles / together;
      plan.unit_rows_ = together * unit.steps[1];
      unit.trips[1] = together;
    }
  }
  plan.unit_elements_ = element_count(shape) / plan.units_;
  const auto& elem = unit.elem;
  std::vector<int64_t> stride(elem.size(), 1);
  for (size_t d = elem.size() - 1; d-- > 0;) stride[d] = stride[d + 1] * shape[d + 1];
  const int64_t run = elem.back(), runs = token_elements(unit) / run;
  Builder builder(plan, type.lanes);
  for_each_token(unit, in_launch(1, 0), [&](const std::vector<int64_t>& origin) {
    for (int64_t r = 0; r < runs; ++r) {
      int64_t rest = r, from = origin.back();
      for (size_t d = elem.size() - 1; d-- > 0;) {
        from += (origin[d] + rest % elem[d]) * stride[d];
        rest /= elem[d];
      }
      builder.add(from, run);
    }
  });
  builder.finish();
  return plan;
}

PackingPlan PackingPlan::of_row(const Memory& memory) {
  PackingPlan plan;
  plan.dtype_ = memory.dtype;
  plan.unit_rows_ = 1;
  plan.unit_elements_ = memory.beats * memory.lanes;
  Builder builder(plan, memory.lanes);
  builder.add(0, plan.unit_elements_);
  builder.finish();
  return plan;
}

std::vector<uint8_t> PackingPlan::packed(const Tensor& tensor) const {
  const int64_t units = unit_elements_ == 0 ? 0 : tensor.size() / unit_elements_;
  std::vector<uint8_t> words(static_cast<size_t>(units * unit_bytes_), 0);
  const uint8_t* elements = bytes_of(tensor);
  const int64_t stride = unit_elements_ * bytes_of(tensor.dtype());
  for (int64_t unit = 0; unit < units; ++unit)
    pack_unit(elements + unit * stride, words.data() + unit * unit_bytes_);
  return words;
}

void PackingPlan::pack_unit(const uint8_t* elements, uint8_t* words) const {
  const int64_t bits = bits_of(dtype_);
  if (bits % 8 != 0) {
    if (length_ > 0) {
      wide::pack_nibble_runs(elements, offsets_.data(), static_cast<int64_t>(offsets_.size()),
                             length_, words);
      return;
    }
    for (const Run& run : runs_) {
      for (int64_t i = 0; i < run.count; ++i) {
        const int64_t bit = run.to_bit + i * bits;
        uint8_t& byte = words[bit / 8];
        byte = static_cast<uint8_t>(byte | elements[run.from + i] << bit % 8);
      }
    }
    return;
  }
  const int64_t size = bits / 8;
  for (const Run& run : runs_)
    std::memcpy(words + run.to_bit / 8, elements + run.from * size,
                static_cast<size_t>(run.count * size));
}

}  // namespace st
