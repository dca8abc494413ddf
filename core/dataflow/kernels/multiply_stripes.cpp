// SPDX-License-Identifier: Apache-2.0
// The slices of the shared matrix engine.
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/stripes.h"
#include "core/graph/half.h"

namespace st {
namespace {

/// What a slice holds between its iterations. Token lanes are outermost.
struct Lanes {
  std::vector<int> sums;                      ///< [lane][word rows][ports], of the group so far
  std::vector<float> totals;                  ///< [lane][pair][word row][port]
  std::vector<std::vector<uint16_t>> scales;  ///< [port], of a block
  std::vector<int8_t> columns;                ///< [lane], of the group at hand
  std::vector<float> x_scales;                ///< [lane]
  int64_t scale_word = 0;                     ///< of the block
  int64_t n = 0;                              ///< iterations of the block so far that multiply
};

class Slice {
 public:
  explicit Slice(const Kernel& kernel)
      : layout_(stripe_layout_of(kernel)),
        token_lanes_(token_lanes_of(kernel)),
        behind_(kernel.behind),
        lanes_(std::make_shared<Lanes>()) {
    lanes_->sums.resize(static_cast<size_t>(token_lanes_ * layout_.word_rows * layout_.ports));
    lanes_->totals.resize(static_cast<size_t>(token_lanes_ * layout_.rows * layout_.ports));
    lanes_->scales.assign(
        static_cast<size_t>(layout_.ports),
        std::vector<uint16_t>(static_cast<size_t>(layout_.scale_words() * StripeScales)));
    lanes_->columns.resize(
        static_cast<size_t>(token_lanes_ * layout_.group_words * StripeColumns));
    lanes_->x_scales.resize(static_cast<size_t>(token_lanes_));
  }

  void take_scales(Firing& f) const {
    lanes_->n = 0;
    for (int p = 0; p < static_cast<int>(layout_.ports); ++p)
      std::memcpy(lanes_->scales[static_cast<size_t>(p)].data() + lanes_->scale_word * StripeScales,
                  f.in<uint8_t>(FirstWord + p), StripeColumns);
    lanes_->scale_word = (lanes_->scale_word + 1) % layout_.scale_words();
  }

  /// An iteration that takes a word of each port, and before that what `reads` says of x.
  void multiply(Firing& f, bool takes_x, bool takes_scale) const {
    const int64_t w = lanes_->n % layout_.group_words;
    const int64_t pair = lanes_->n / layout_.group_words % layout_.pairs();
    const int64_t group = lanes_->n / (layout_.group_words * layout_.pairs());
    ++lanes_->n;
    if (takes_scale) std::copy_n(f.in<float>(1), token_lanes_, lanes_->x_scales.begin());
    // Lanes without a row make zeroes, which are there already.
    const int64_t used = behind_ ? 1 : f.tokens;
    for (int64_t lane = 0; lane < used; ++lane) {
      int8_t* x = lanes_->columns.data() + (lane * layout_.group_words + w) * StripeColumns;
      if (takes_x) std::memcpy(x, f.in<int8_t>(0) + lane * StripeColumns, StripeColumns);
      for (int64_t p = 0; p < layout_.ports; ++p) {
        const auto* word = f.in<int8_t>(FirstWord + static_cast<int>(p));
        for (int64_t r = 0; r < layout_.word_rows; ++r) {
          int& sum =
              lanes_->sums[static_cast<size_t>((lane * layout_.word_rows + r) * layout_.ports + p)];
          sum = (w == 0 ? 0 : sum) + dot(word, x, r);
        }
      }
      if (w == layout_.group_words - 1) end_group(f, lane, group, pair);
    }
  }

  static constexpr int FirstWord = 2;  ///< input of the first port

 private:
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

  void end_group(Firing& f, int64_t token_lane, int64_t group, int64_t pair) const {
    const int64_t results = layout_.word_rows * layout_.ports;
    for (int64_t r = 0; r < layout_.word_rows; ++r) {
      for (int64_t p = 0; p < layout_.ports; ++p) {
        const int64_t lane = token_lane * results + r * layout_.ports + p;
        const int64_t at = group * layout_.rows + pair * layout_.word_rows + r;
        const float scale =
            bfloat16_value(lanes_->scales[static_cast<size_t>(p)][static_cast<size_t>(at)]);
        float& total = lanes_->totals[static_cast<size_t>(pair * token_lanes_ * results + lane)];
        const auto sum = static_cast<float>(lanes_->sums[static_cast<size_t>(lane)]);
        const float x_scale = lanes_->x_scales[static_cast<size_t>(token_lane)];
        total = (group == 0 ? 0.0f : total) + sum * (x_scale * scale);
        f.out<float>(0)[lane] = total;
      }
    }
  }

  StripeLayout layout_;
  int64_t token_lanes_;
  bool behind_;  ///< the layers: there is one row
  std::shared_ptr<Lanes> lanes_;
};

/// Cycles that the rows of a word take to be scaled (ScalingTurns of stripes.h).
int64_t scaling_turns(const StripeLayout& layout) {
  return layout.group_words >= layout.word_rows ? layout.word_rows : 1;
}

Nest multiply_stripes(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const Slice slice(kernel);
  std::vector<int> words;
  for (int p = 0; p < static_cast<int>(layout.ports); ++p) words.push_back(Slice::FirstWord + p);
  const auto with = [&](std::vector<int> reads) {
    reads.insert(reads.end(), words.begin(), words.end());
    return reads;
  };
  // Results leave with the last word of their rows, or with whatever word is next, or behind all.
  const bool later = scaling_turns(layout) > 1;
  const std::vector<int> none, result = {0};
  // The iterations of a group: columns of x come with the first pair of rows, results leave with
  // the last group.
  const auto group = [&](bool last) {
    Nest first, others;
    for (int64_t w = 0; w < layout.group_words; ++w) {
      const bool scale = w == 0, ends = w == layout.group_words - 1;
      first.push_back(step(
          with(scale ? std::vector<int>{1, 0} : std::vector<int>{0}),
          [=](Firing& f) { slice.multiply(f, true, scale); },
          last && !later && ends ? result : none));
      others.push_back(step(
          words, [=](Firing& f) { slice.multiply(f, false, false); },
          last && (later ? scale : ends) ? result : none));
    }
    first.push_back(loop(layout.pairs() - 1, std::move(others)));
    return first;
  };
  const auto scales = [=](Firing& f) { slice.take_scales(f); };
  const auto block = [&](bool behind_another) {
    Nest items;
    const int64_t first = later && behind_another ? 1 : 0;
    if (first > 0) items.push_back(step(words, scales, result));
    items.push_back(loop(layout.scale_words() - first, {step(words, scales, none)}));
    items.push_back(loop(layout.groups - 1, group(false)));
    for (NestItem& item : group(true)) items.push_back(std::move(item));
    return items;
  };
  Nest iterations = block(false);
  iterations.push_back(loop(layout.blocks - 1, block(true)));
  if (later) iterations.push_back(write(0));
  return {flattened(1, 1, std::move(iterations))};
}

std::vector<Buffer> slice_buffers(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const int64_t turns = scaling_turns(layout);
  return {{.name = "totals",
           .width_bits = 32 * token_lanes_of(kernel) * layout.word_rows / turns * layout.ports,
           .words = turns * kernel.sizes.at("MaxRows") / layout.word_rows,
           .banks = turns},
          {.name = "scales",
           .width_bits = 8 * StripeColumns * layout.ports,
           .words = kernel.sizes.at("MaxScaleWords")}};
}

/// Two products of i4 share a DSP, as both rows of a word take the same column of x. Rows of a word
/// are scaled one after another, with operators for one on each port and token lane.
Datapath slice_datapath(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const int64_t token_lanes = token_lanes_of(kernel), ports = token_lanes * layout.ports;
  const int64_t chains = StripeColumns / DspChain, lanes = layout.word_rows * ports;
  Datapath made;
  made.add(Operator::MultiplyAdd, StripeColumns * ports);
  // Pairs of rows are parted once they are summed up.
  made.add(Operator::IntAdd, chains * ports + (layout.word_rows - 1) * lanes);
  made.add(Operator::Select,
           selects_of(16 * layout.word_rows * layout.ports, StripeScales / layout.word_rows));
  const int64_t turns = scaling_turns(layout);
  made.add(Operator::Select, selects_of(36 * lanes / turns, turns));  // a sum and its scale
  for (const Operator op :
       {Operator::IntToFloat, Operator::FloatMultiply, Operator::FloatMultiply, Operator::FloatAdd})
    made.add(op, lanes / turns);
  made.then(Operator::ShortMultiply);
  made.then(Operator::MultiplyAdd, DspChain - 1);
  made.then(Operator::IntAdd, tree_levels(chains) + layout.word_rows);
  made.then(Operator::IntToFloat);
  made.then(Operator::FloatMultiply);
  made.then(Operator::FloatAdd);
  return made;
}

}  // namespace

void add_multiply_stripes_kernel(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "multiply_stripes",
       .header = "streamtensor/stripes.h",
       .summary = "a slice of the engine: a word of weights of each port in a cycle",
       .template_arguments = {"Ports", "GroupWords", "WordRows", "TokenLanes", "MaxRows",
                              "MaxScaleWords"},
       .arguments = {"in0", "in1", "out0", "size:Rows", "size:Groups", "size:Blocks", "in2*"},
       .nest = multiply_stripes,
       .buffers = slice_buffers,
       .datapath = slice_datapath});
}

}  // namespace st
