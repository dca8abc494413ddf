// SPDX-License-Identifier: Apache-2.0
// Striped caches: a stream for each port, and the rows of new positions.
#include <algorithm>
#include <cstring>

#include "core/dataflow/kernels/striped.h"
#include "core/dataflow/stream_values.h"

namespace st {
namespace {

/// Positions before this launch's are read; what is behind them is zeroes, so that no stream
/// depends on when the newest position is stored.
Nest load_cache(const Program& program, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int64_t parts = WordBits / port_bits(program, kernel);
  const auto from = [=](int64_t first_word, int64_t per_round) -> Body {
    return [=](Firing& f) {
      const int64_t round = f.counter(0) / per_round;
      const bool stored = round * shape.stripes + shape.first < f.past;
      if (stored) {
        std::memcpy(f.out<int8_t>(0),
                    bytes_of(*f.memories[0]) + (first_word + f.counter(0)) * WordBytes, WordBytes);
      } else {
        std::memset(f.out<int8_t>(0), 0, WordBytes);
      }
    };
  };
  const int64_t values_at = shape.max_rounds * shape.key_words;
  return {moved_by_parts(shape.words_of_rounds(shape.key_words), parts,
                         write(0, from(0, shape.key_words))),
          moved_by_parts(shape.words_of_rounds(shape.value_words), parts,
                         write(0, from(values_at, shape.value_words)))};
}

/// The words of a position, collected before they are stored.
struct Position {
  explicit Position(const StripedShape& shape)
      : keys(static_cast<size_t>(shape.key_words * WordBytes)),
        values(static_cast<size_t>(shape.value_words * WordBytes)) {}
  std::vector<int8_t> keys, values;

  void put_scale(int64_t i, float scale) {
    const uint16_t bits = scale_bits(scale);
    keys[static_cast<size_t>(2 * i)] = static_cast<int8_t>(bits & 0xff);
    keys[static_cast<size_t>(2 * i + 1)] = static_cast<int8_t>(bits >> 8);
  }
};

/// A row of keys or values to `words`, from word `first` on.
NestItem collected(const Kernel& kernel, const StripedShape& shape, int row,
                   const std::shared_ptr<Position>& position, std::vector<int8_t> Position::*words,
                   int64_t first_word, int64_t first_scale) {
  const DType type = kernel.inputs[static_cast<size_t>(row) + 1].type.itensor.dtype;
  const auto take_scale = [=](Firing& f, int64_t head) {
    position->put_scale(first_scale + head, scale_in(f, row + 1, type));
  };
  const auto take_word = [=](Firing&, int64_t word, const int8_t* bytes) {
    std::copy_n(bytes, WordBytes, ((*position).*words).begin() + (first_word + word) * WordBytes);
  };
  return packed_row(shape, {row, row + 1, shape.kv_heads, {}, {}, take_scale, take_word});
}

Nest store_position(const Program& program, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int64_t parts = WordBits / port_bits(program, kernel);
  const auto position = std::make_shared<Position>(shape);
  const auto store = [=](const std::vector<int8_t> Position::*words, int64_t area,
                         int64_t per_round) -> Body {
    return [=](Firing& f) {
      const int64_t own = f.past + f.counter(0);
      Tensor& cache = *f.memories[static_cast<size_t>(own % shape.stripes)];
      const int64_t at = area + own / shape.stripes * per_round + f.counter(1);
      std::copy_n(((*position).*words).begin() + f.counter(1) * WordBytes, WordBytes,
                  reinterpret_cast<int8_t*>(bytes_of(cache)) + at * WordBytes);
    };
  };
  const int64_t keys = shape.key_words, values = shape.value_words;
  return {loop(
      rows_of(program, kernel),
      {collected(kernel, shape, 0, position, &Position::keys, shape.scale_words, 0),
       collected(kernel, shape, 2, position, &Position::values, 0, shape.kv_heads),
       moved_by_parts(keys, parts, step({}, store(&Position::keys, 0, keys), {})),
       moved_by_parts(values, parts,
                      step({}, store(&Position::values, shape.max_rounds * keys, values), {}))})};
}

/// A word is complete when its pieces are.
Datapath packing_datapath(const Program&, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int64_t piece = shape.piece(WordBytes);
  Datapath made;
  made.add(Operator::Select, 2 * selects_of(piece * 8, shape.lanes / piece) + 2 * WordBits);
  made.add(Operator::IntAdd, 4);
  return made;
}

std::vector<Buffer> position_buffers(const Program&, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int64_t scales = shape.scale_words * WordBits / 16;
  return {{.name = "keys", .width_bits = WordBits, .words = shape.value_words},
          {.name = "values", .width_bits = WordBits, .words = shape.value_words},
          {.name = "scales", .width_bits = 16, .words = scales, .banks = scales}};
}

}  // namespace

void add_striped_cache_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "load_cache",
                     .header = "streamtensor/striped_cache.h",
                     .summary = "one port of a striped cache: keys of all rounds, then values",
                     .template_arguments = {"KVHeads", "Head", "Stripes", "MaxRounds"},
                     .arguments = {"memory0", "out0", "size:First", "tokens", "past"},
                     .nest = load_cache});
  records.push_back({.kind = "store_position",
                     .header = "streamtensor/striped_cache.h",
                     .summary = "keys and values of new positions to the ports that have them",
                     .template_arguments = {"L", "KVHeads", "Head", "Stripes", "MaxRounds"},
                     .arguments = {"in0", "in1", "in2", "in3", "tokens", "past", "memory*"},
                     .nest = store_position,
                     .buffers = position_buffers,
                     .datapath = packing_datapath,
                     .row_barrier = true});
}

}  // namespace st
