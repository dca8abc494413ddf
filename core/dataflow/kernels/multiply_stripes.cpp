// SPDX-License-Identifier: Apache-2.0
// The slices of the shared matrix engine.
#include <bit>
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/stripe_products.h"
#include "core/dataflow/kernels/stripes.h"
#include "core/graph/half.h"

namespace st {
namespace {

/// What a slice holds between its iterations. Token lanes are outermost.
struct Lanes {
  std::vector<int> sums;                      ///< [lane][word rows][ports], of the group so far
  std::vector<float> totals;                  ///< [pair][lane][word row][port]
  std::vector<float> results;                 ///< [lane][word row][port], of the last word
  std::vector<std::vector<uint16_t>> scales;  ///< [port], of a block
  std::vector<int8_t> columns;                ///< [lane], of the group at hand
  std::vector<float> x_scales;                ///< [lane]
  std::vector<int8_t> words;                  ///< of a step, in their order, for a further tile
  size_t at = 0;                              ///< word at hand of those of each port
  int64_t scale_word = 0;                     ///< of the block
  int64_t n = 0;                              ///< iterations of the block so far that multiply
};

class Slice {
 public:
  explicit Slice(const Kernel& kernel)
      : layout_(stripe_layout_of(kernel)), tiles_(kernel), lanes_(std::make_shared<Lanes>()) {
    lanes_->sums.resize(static_cast<size_t>(tiles_.lanes * layout_.word_rows * layout_.ports));
    lanes_->totals.resize(static_cast<size_t>(tiles_.lanes * layout_.rows * layout_.ports));
    lanes_->results.resize(lanes_->sums.size());
    lanes_->scales.assign(
        static_cast<size_t>(layout_.ports),
        std::vector<uint16_t>(static_cast<size_t>(layout_.scale_words() * StripeScales)));
    lanes_->columns.resize(static_cast<size_t>(tiles_.lanes * layout_.group_words * StripeColumns));
    lanes_->x_scales.resize(static_cast<size_t>(tiles_.lanes));
  }

  void take_scales(Firing& f, int64_t tile) const {
    lanes_->n = 0;
    const int8_t* words = words_at_hand(f, tile);
    for (int64_t p = 0; p < layout_.ports; ++p)
      std::memcpy(lanes_->scales[static_cast<size_t>(p)].data() + lanes_->scale_word * StripeScales,
                  words + p * StripeColumns, StripeColumns);
    lanes_->scale_word = (lanes_->scale_word + 1) % layout_.scale_words();
  }

  /// An iteration that takes a word of each port, and before that what `reads` says of x.
  void multiply(Firing& f, int64_t tile, bool takes_x, bool takes_scale) const {
    const int64_t w = lanes_->n % layout_.group_words;
    const int64_t pair = lanes_->n / layout_.group_words % layout_.pairs();
    const int64_t group = lanes_->n / (layout_.group_words * layout_.pairs());
    ++lanes_->n;
    if (takes_scale) std::copy_n(f.in<float>(1), tiles_.lanes, lanes_->x_scales.begin());
    const int8_t* words = words_at_hand(f, tile);
    const int64_t used = tiles_.rows(f.tokens, tile);
    if (w == layout_.group_words - 1)
      std::fill(lanes_->results.begin(), lanes_->results.end(), 0.0f);
    for (int64_t lane = 0; lane < used; ++lane) {
      int8_t* x = lanes_->columns.data() + (lane * layout_.group_words + w) * StripeColumns;
      if (takes_x) std::memcpy(x, f.in<int8_t>(0) + lane * StripeColumns, StripeColumns);
      for (int64_t p = 0; p < layout_.ports; ++p) {
        const int8_t* word = words + p * StripeColumns;
        for (int64_t r = 0; r < layout_.word_rows; ++r) {
          int& sum =
              lanes_->sums[static_cast<size_t>((lane * layout_.word_rows + r) * layout_.ports + p)];
          sum = (w == 0 ? 0 : sum) + dot(word, x, r);
        }
      }
      if (w == layout_.group_words - 1) end_group(lane, group, pair);
    }
  }

  /// Results of the last word: those of its first rows, or of the rows behind these.
  void send(Firing& f, bool first) const {
    const int64_t beat = layout_.beat_rows() * layout_.ports;
    const int64_t of_lane = layout_.word_rows * layout_.ports;
    for (int64_t lane = 0; lane < tiles_.lanes; ++lane)
      std::copy_n(lanes_->results.begin() + lane * of_lane + (first ? 0 : beat), beat,
                  f.out<float>(0) + lane * beat);
  }

  static constexpr int FirstWord = 2;  ///< input of the first port

 private:
  /// A word of each port: the first tile reads them, and they are kept for a further one.
  const int8_t* words_at_hand(Firing& f, int64_t tile) const {
    const auto size = static_cast<size_t>(layout_.ports * StripeColumns);
    std::vector<int8_t>& kept = lanes_->words;
    const size_t at = lanes_->at * size;
    if (tiles_.rows(f.tokens, 1) > 0)
      lanes_->at = (lanes_->at + 1) % static_cast<size_t>(layout_.words());
    if (tile > 0) return kept.data() + at;
    kept.resize(std::max(kept.size(), at + size));
    for (int p = 0; p < static_cast<int>(layout_.ports); ++p)
      std::memcpy(kept.data() + at + static_cast<size_t>(p * StripeColumns),
                  f.in<int8_t>(FirstWord + p), StripeColumns);
    return kept.data() + at;
  }

  /// Of a row of a word with 64 columns of x.
  [[nodiscard]] int dot(const int8_t* word, const int8_t* x, int64_t row) const {
    int sum = 0;
    if (layout_.word_rows == 1) {
      for (int64_t j = 0; j < StripeColumns; ++j) sum += int{word[j]} * int{x[j]};
      return sum;
    }
    for (int64_t j = 0; j < StripeColumns; ++j) {
      const int nibble = (static_cast<uint8_t>(word[j]) >> 4 * row) & 15;
      sum += ((nibble ^ 8) - 8) * int{x[j]};
    }
    return sum;
  }

  void end_group(int64_t token_lane, int64_t group, int64_t pair) const {
    const int64_t results = layout_.word_rows * layout_.ports;
    for (int64_t r = 0; r < layout_.word_rows; ++r) {
      for (int64_t p = 0; p < layout_.ports; ++p) {
        const int64_t lane = token_lane * results + r * layout_.ports + p;
        const int64_t at = group * layout_.rows + pair * layout_.word_rows + r;
        const float scale =
            bfloat16_value(lanes_->scales[static_cast<size_t>(p)][static_cast<size_t>(at)]);
        float& total = lanes_->totals[static_cast<size_t>(pair * tiles_.lanes * results + lane)];
        const auto sum = static_cast<float>(lanes_->sums[static_cast<size_t>(lane)]);
        const float x_scale = lanes_->x_scales[static_cast<size_t>(token_lane)];
        total = (group == 0 ? 0.0f : total) + sum * (x_scale * scale);
        lanes_->results[static_cast<size_t>(lane)] = total;
      }
    }
  }

  StripeLayout layout_;
  TokenTiles tiles_;
  std::shared_ptr<Lanes> lanes_;
};

/// Whether rows of a word are scaled one after another.
bool in_turns(const StripeLayout& layout) { return layout.beat_rows() < layout.word_rows; }

/// The iterations of a tile. All of them are one pipelined loop, so that results leave with the
/// last word of their rows, and, where rows of a word are scaled one after another, with whatever
/// word is next.
class TileNest {
 public:
  TileNest(const Kernel& kernel, const Slice& slice, int64_t tile)
      : layout_(stripe_layout_of(kernel)), slice_(slice), tile_(tile), later_(in_turns(layout_)) {
    // Words of the first tile are kept for others.
    for (int p = 0; p < static_cast<int>(tile == 0 ? layout_.ports : 0); ++p)
      words_.push_back(Slice::FirstWord + p);
  }

  [[nodiscard]] Nest items() const {
    Nest items = block(tile_ > 0);
    items.push_back(loop(layout_.blocks - 1, block(true)));
    return items;
  }

 private:
  [[nodiscard]] std::vector<int> with(std::vector<int> reads) const {
    reads.insert(reads.end(), words_.begin(), words_.end());
    return reads;
  }

  /// Columns of x come with the first pair of rows, results leave with the last group.
  [[nodiscard]] Nest group(bool last) const {
    Nest first, others;
    for (int64_t w = 0; w < layout_.group_words; ++w) {
      const bool begins = w == 0, ends = w == layout_.group_words - 1;
      // Rows of the word before are behind its first ones.
      const auto multiply = [=, slice = slice_, tile = tile_](bool takes_x, bool behind) -> Body {
        return [=](Firing& f) {
          if (behind) slice.send(f, false);
          slice.multiply(f, tile, takes_x, takes_x && begins);
          if (last && ends) slice.send(f, true);
        };
      };
      const auto writes = [&](bool behind) {
        return last && (behind || ends) ? std::vector<int>{0} : std::vector<int>();
      };
      const bool behind = last && later_ && begins;
      first.push_back(step(with(begins ? std::vector<int>{1, 0} : std::vector<int>{0}),
                           multiply(true, false), writes(false)));
      others.push_back(step(words_, multiply(false, behind), writes(behind)));
    }
    first.push_back(loop(layout_.pairs() - 1, std::move(others)));
    return first;
  }

  [[nodiscard]] Nest block(bool behind_another) const {
    const auto scales = [slice = slice_, tile = tile_](Firing& f) { slice.take_scales(f, tile); };
    Nest items;
    const int64_t first = later_ && behind_another ? 1 : 0;
    if (first > 0) {
      const auto send_and_take = [=, slice = slice_](Firing& f) {
        slice.send(f, false);
        scales(f);
      };
      items.push_back(step(words_, send_and_take, {0}));
    }
    items.push_back(loop(layout_.scale_words() - first, {step(words_, scales, {})}));
    items.push_back(loop(layout_.groups - 1, group(false)));
    for (NestItem& item : group(true)) items.push_back(std::move(item));
    return items;
  }

  StripeLayout layout_;
  Slice slice_;
  int64_t tile_;
  bool later_;
  std::vector<int> words_;
};

Nest multiply_stripes(const Program&, const Kernel& kernel) {
  const TokenTiles tiles(kernel);
  const Slice slice(kernel);
  Nest iterations = TileNest(kernel, slice, 0).items();
  for (int64_t tile = 1; tile < tiles.most; ++tile) {
    if (tiles.has(tile).bound > 0)
      iterations.push_back(loop(tiles.has(tile), TileNest(kernel, slice, tile).items()));
  }
  if (in_turns(stripe_layout_of(kernel)))
    iterations.push_back(write(0, [=](Firing& f) { slice.send(f, false); }));
  return {flattened(1, 1, std::move(iterations))};
}

std::vector<Buffer> slice_buffers(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const TokenTiles tiles(kernel);
  const int64_t turns = layout.word_rows / layout.beat_rows();
  std::vector<Buffer> buffers = {
      {.name = "totals",
       .width_bits = 32 * tiles.lanes * layout.word_rows / turns * layout.ports,
       .words = turns * kernel.sizes.at("MaxRows") / layout.word_rows,
       .banks = turns},
      {.name = "scales",
       .width_bits = 8 * StripeColumns * layout.ports,
       .words = kernel.sizes.at("MaxScaleWords")}};
  if (tiles.most > 1)
    buffers.push_back({.name = "kept",
                       .width_bits = 8 * StripeColumns * layout.ports,
                       .words = kernel.sizes.at("MaxWords")});
  return buffers;
}

/// Bits of the sum of a group, without its sign (stripes.h).
int64_t group_sum_bits(const StripeLayout& layout) {
  const int64_t largest =
      layout.group_words * StripeColumns * 127 * (layout.word_rows == 2 ? 8 : 128);
  return std::bit_width(static_cast<uint64_t>(largest));
}

/// Products of both rows of a word of i4 share a DSP, and those of two token lanes. Rows of a word
/// are scaled one after another, with operators for one on each port and token lane. Multipliers of
/// the first lanes are those of the slice.
Datapath slice_datapath(const Program& program, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const TokenTiles tiles(kernel);
  const int64_t scales = layout.word_rows * layout.ports, lanes = tiles.lanes * scales;
  const PortBlocks blocks(layout.ports);
  const int64_t arrays = product_arrays(tiles.lanes);
  const bool quads = layout.word_rows == 2 && tiles.lanes > 1;
  Datapath made;
  const int64_t own = arrays - (owns_products(program, kernel) ? 0 : 1);
  made.add(Operator::MultiplyAdd, own * blocks.multipliers());
  // All arrays take the same words, and all ports of an array the same columns.
  if (own > 0) made.add(Operator::ChainWait, blocks.waits(8) + own * PortBlocks(1).waits(16));
  if (quads) {
    // Chains of arrays that attention does not share are along the words of ports.
    made.add(Operator::QuadChain, blocks.chains() + (arrays - 1) * blocks.multipliers() / DspChain);
    made.add(Operator::ShortAdd, arrays * StripeColumns + lanes);  // joined columns; sums of groups
  } else {
    // Pairs of rows are parted once they are summed up.
    made.add(Operator::IntAdd, tiles.lanes * blocks.chains() + (layout.word_rows - 1) * lanes);
  }
  made.add(Operator::Select, selects_of(16 * scales, StripeScales / layout.word_rows));
  const int64_t turns = layout.word_rows / layout.beat_rows();
  made.add(Operator::Select, selects_of(36 * lanes / turns, turns));  // a sum and its scale
  if (tiles.most > 1)  // words that come, or those that are kept
    made.add(Operator::Select, selects_of(8 * StripeColumns * layout.ports, 2));
  const bool narrow_sums = group_sum_bits(layout) <= 24;
  if (narrow_sums) {
    made.add(Operator::ScaleInt, lanes / turns);
    if (group_sum_bits(layout) > 17)
      made.add(Operator::ShortMultiply, lanes / turns);  // a second DSP
  } else {
    made.add(Operator::IntToFloat, lanes / turns);
    made.add(Operator::FloatMultiply, lanes / turns);
  }
  made.add(Operator::ScaleMultiply, lanes / turns);
  made.add(Operator::FloatAdd, lanes / turns);
  made.then(Operator::ShortMultiply);
  made.then(Operator::MultiplyAdd, blocks.longest_chain() - 1);
  if (quads) made.then(Operator::QuadChain);
  made.then(Operator::IntAdd,
            tree_levels(StripeColumns / blocks.longest_chain()) + layout.word_rows);
  if (narrow_sums) {
    made.then(Operator::ScaleInt);
  } else {
    made.then(Operator::IntToFloat);
    made.then(Operator::FloatMultiply);
  }
  made.then(Operator::FloatAdd);
  return made;
}

}  // namespace

void add_multiply_stripes_kernel(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "multiply_stripes",
       .header = "streamtensor/stripes.h",
       .summary = "a slice of the engine: a word of weights of each port in a cycle",
       .template_arguments = {"Ports", "GroupWords", "WordRows", "TokenLanes", "TokenTiles",
                              "MaxRows", "MaxScaleWords", "MaxWords", "products"},
       .arguments = {"in0", "in1", "out0", "size:Rows", "size:Groups", "size:Blocks", "tokens",
                     "in2*"},
       .nest = multiply_stripes,
       .buffers = slice_buffers,
       .datapath = slice_datapath});
}

}  // namespace st
