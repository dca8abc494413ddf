// SPDX-License-Identifier: Apache-2.0
// A slice of striped attention: scores of its positions, then its share of the context.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/dataflow/kernels/stripe_products.h"
#include "core/dataflow/kernels/striped.h"
#include "core/graph/attention.h"
#include "core/graph/half.h"

namespace st {
namespace {

constexpr int FirstWords = 3;  ///< the input with the words of the first port

/// All that a slice holds, and what it does with it. Row t of a launch is position past + t.
class AttentionSlice {
 public:
  AttentionSlice(const StripedShape& shape, int64_t window) : s_(shape), window_(window) {
    const auto resize = [](auto& values, int64_t size) {
      values.resize(static_cast<size_t>(size));
    };
    const int64_t rounds = s_.max_rounds * s_.ports, heads = s_.tokens * s_.heads;
    resize(rows_, s_.tokens * heads_of_row() * s_.head_words * WordBytes);
    resize(factors_, s_.tokens * heads_of_row());
    resize(held_, s_.ports * s_.scale_words * WordBytes);
    resize(dots_, s_.ports * s_.tokens * s_.group);
    resize(weights_, s_.ports * s_.tokens * s_.group);
    resize(scores_, rounds * heads);
    resize(scales_, rounds * s_.kv_heads);
    resize(peaks_, s_.tokens * peaks_of_row());
    resize(powers_, heads);
    resize(sums_, heads * s_.head_words * WordBytes);
  }

  [[nodiscard]] const StripedShape& shape() const { return s_; }

  // The new rows: of all queries, keys and values of a row the head or word at hand.
  void take_factor(Firing& f, int64_t head) {
    at(factors_, f.counter(0) * heads_of_row() + head) = *f.in<float>(1);
  }
  void take_word(Firing& f, int64_t word) {
    const int64_t first = f.counter(0) * heads_of_row() * s_.head_words;
    std::copy_n(f.in<int8_t>(0), WordBytes, rows_.begin() + (first + word) * WordBytes);
  }

  void begin() {
    for (int64_t t = 0; t < s_.tokens; ++t) {
      const auto row = peaks_.begin() + t * peaks_of_row();
      std::fill_n(row, s_.heads, -std::numeric_limits<float>::infinity());
      std::fill_n(row + s_.heads, s_.kv_heads, 0.0f);
    }
    std::fill(powers_.begin(), powers_.end(), 0);
    std::fill(sums_.begin(), sums_.end(), 0);
  }

  void take_scales(Firing& f) {
    for (int64_t p = 0; p < s_.ports; ++p)
      std::copy_n(f.in<int8_t>(port(p)), WordBytes,
                  held_.begin() + (p * s_.scale_words + f.counter(1)) * WordBytes);
  }

  /// Word `w` of the query that is number `member` of those that share the key: of all rows, those
  /// of the group of `g`.
  void score(Firing& f, int64_t g, int64_t w, int64_t member) {
    const int64_t round = f.counter(0), t = member / s_.group, j = member % s_.group;
    const int64_t h = g * s_.group + j;
    const int8_t* query = word_of(t, h, w);
    for (int64_t p = 0; p < s_.ports; ++p) {
      const int64_t row = new_row(f, round, p);
      const int8_t* key = row >= 0 ? word_of(row, s_.heads + g, w) : f.in<int8_t>(port(p));
      int32_t& dot = at(dots_, p * s_.tokens * s_.group + member);
      dot = (w == 0 ? 0 : dot) + std::inner_product(query, query + WordBytes, key, int32_t{0});
      const bool seen = visible(f, round, p, t);
      if (w == 0 && j == 0) keep_scale(seen, row, t, round, g, p);
      if (w == s_.head_words - 1) keep_score(seen, row, t, round, h, p, dot);
    }
  }

  void send_peak(Firing& f) { *f.out<float>(0) = at(peaks_, peak_at(f, f.counter(1))); }
  void take_peak(Firing& f, int64_t n) { at(peaks_, peak_at(f, n)) = *f.in<float>(2); }

  void add(Firing& f, int64_t g, int64_t w, int64_t member) {
    const int64_t round = f.counter(0), t = member / s_.group;
    const int64_t h = g * s_.group + member % s_.group;
    int64_t* sums = sums_.data() + ((t * s_.heads + h) * s_.head_words + w) * WordBytes;
    for (int64_t p = 0; p < s_.ports; ++p) {
      if (w == 0) weigh(round, t, g, h, p, member);
      const int64_t weight = at(weights_, p * s_.tokens * s_.group + member);
      const int64_t row = new_row(f, round, p), values = s_.heads + s_.kv_heads;
      const int8_t* value = row >= 0 ? word_of(row, values + g, w) : f.in<int8_t>(port(p));
      for (int64_t i = 0; i < WordBytes; ++i) sums[i] += weight * value[i];
    }
  }

  void send_powers(Firing& f) {
    const int64_t sum = at(powers_, f.counter(0) * s_.heads + f.counter(1));
    std::fill_n(f.out<int32_t>(1), ChunkLanes, 0);
    for (int part = 0; part < s_.sum_parts; ++part) f.out<int32_t>(1)[part] = part_of(sum, part);
  }
  void send_chunk(Firing& f, int part) {
    const int64_t head = f.counter(0) * s_.heads + f.counter(1);
    const int64_t chunk = head * s_.head_words * ChunksPerWord + f.counter(2);
    for (int64_t i = 0; i < ChunkLanes; ++i)
      f.out<int32_t>(1)[i] = part_of(at(sums_, chunk * ChunkLanes + i), part);
  }

 private:
  template <typename T>
  static T& at(std::vector<T>& values, int64_t i) {
    return values[static_cast<size_t>(i)];
  }
  [[nodiscard]] int32_t part_of(int64_t sum, int part) const {
    const int64_t lowest = s_.sum_parts == 1 ? sum : sum & 0xffff;
    return static_cast<int32_t>(part == 0 ? lowest : sum >> 16);
  }
  static int port(int64_t p) { return FirstWords + static_cast<int>(p); }
  [[nodiscard]] int64_t heads_of_row() const { return s_.heads + 2 * s_.kv_heads; }
  [[nodiscard]] int64_t peaks_of_row() const { return s_.heads + s_.kv_heads; }
  [[nodiscard]] int64_t peak_at(const Firing& f, int64_t n) const {
    return f.counter(0) * peaks_of_row() + n;
  }
  [[nodiscard]] const int8_t* word_of(int64_t t, int64_t head, int64_t w) const {
    return rows_.data() + ((t * heads_of_row() + head) * s_.head_words + w) * WordBytes;
  }
  [[nodiscard]] int64_t score_at(int64_t round, int64_t p, int64_t t, int64_t h) const {
    return ((round * s_.ports + p) * s_.tokens + t) * s_.heads + h;
  }

  [[nodiscard]] int64_t position(int64_t round, int64_t p) const {
    return round * s_.stripes + s_.first + p;
  }
  [[nodiscard]] bool visible(const Firing& f, int64_t round, int64_t p, int64_t t) const {
    const int64_t j = position(round, p), own = f.past + t;
    return j <= own && (window_ == 0 || j > own - window_);
  }
  /// The row whose position a port is at; -1 where it is in the cache, or behind all rows.
  [[nodiscard]] int64_t new_row(const Firing& f, int64_t round, int64_t p) const {
    const int64_t row = position(round, p) - f.past;
    return row < f.tokens ? std::max<int64_t>(row, -1) : -1;
  }

  /// Scale `i` of those of the position: of keys, then of values.
  [[nodiscard]] float scale(int64_t row, int64_t p, int64_t i) {
    if (row >= 0)
      return bfloat16_value(scale_bits(at(factors_, row * heads_of_row() + s_.heads + i)));
    const int64_t byte = p * s_.scale_words * WordBytes + 2 * i;
    const auto bits =
        static_cast<uint8_t>(at(held_, byte)) | static_cast<uint8_t>(at(held_, byte + 1)) << 8;
    return bfloat16_value(static_cast<uint16_t>(bits));
  }

  void keep_score(bool seen, int64_t row, int64_t t, int64_t round, int64_t h, int64_t p,
                  int32_t dot) {
    float& score = at(scores_, score_at(round, p, t, h));
    score = -std::numeric_limits<float>::infinity();
    if (!seen) return;
    const float factor = at(factors_, t * heads_of_row() + h);
    score = static_cast<float>(dot) * (factor * scale(row, p, h / s_.group));
    float& peak = at(peaks_, t * peaks_of_row() + h);
    peak = std::max(peak, score);
  }

  void keep_scale(bool seen, int64_t row, int64_t t, int64_t round, int64_t g, int64_t p) {
    float& kept = at(scales_, (round * s_.ports + p) * s_.kv_heads + g);
    kept = scale(row, p, s_.kv_heads + g);
    float& largest = at(peaks_, t * peaks_of_row() + s_.heads + g);
    if (seen) largest = std::max(largest, kept);
  }

  void weigh(int64_t round, int64_t t, int64_t g, int64_t h, int64_t p, int64_t member) {
    const float largest = at(peaks_, t * peaks_of_row() + s_.heads + g);
    const float inverse = largest == 0.0f ? 0.0f : AttentionTwicePeak / largest;
    const float peak = at(peaks_, t * peaks_of_row() + h);
    const float power = std::exp(at(scores_, score_at(round, p, t, h)) - peak);
    const float scale = at(scales_, (round * s_.ports + p) * s_.kv_heads + g) * inverse;
    at(powers_, t * s_.heads + h) += attention_weight(power * AttentionTwicePeak);
    at(weights_, p * s_.tokens * s_.group + member) = attention_weight(power * scale);
  }

  StripedShape s_;
  int64_t window_;
  std::vector<int8_t> rows_, held_;
  std::vector<float> factors_, scores_, scales_, peaks_;
  std::vector<int32_t> dots_, weights_;
  std::vector<int64_t> powers_, sums_;
};

using SharedSlice = std::shared_ptr<AttentionSlice>;
using Work = void (AttentionSlice::*)(Firing&, int64_t g, int64_t w, int64_t member);

/// Stages of loops that only move data, through a memory or a multiplexer.
constexpr int64_t Moves = 2;

/// Some heads of a new row, of each first its factor.
NestItem taken_row(const SharedSlice& slice, int64_t first, int64_t heads) {
  const int64_t words = slice->shape().head_words;
  const auto factor = [=](Firing& f) { slice->take_factor(f, first + f.counter(1) / words); };
  const auto word = [=](Firing& f) { slice->take_word(f, first * words + f.counter(1)); };
  std::vector<int64_t> begins;
  for (int64_t n = 0; n < heads * words; ++n) begins.push_back(n % words == 0);
  return with_stages(
      Moves, pipelined(heads * words, 1, {sometimes(begins, read(1, factor)), read(0, word)}));
}

/// A word of each port for each word of all key or value heads, used for all query heads of a
/// group of all rows, one after another.
NestItem head_walk(const SharedSlice& slice, const Trip& rows, Work work) {
  const StripedShape& shape = slice->shape();
  std::vector<int> words(static_cast<size_t>(shape.ports));
  std::iota(words.begin(), words.end(), FirstWords);
  const auto first = [=](Firing& f) { ((*slice).*work)(f, f.counter(1), f.counter(2), 0); };
  const auto next = [=](Firing& f) {
    ((*slice).*work)(f, f.counter(1), f.counter(2), f.counter(3) + 1);
  };
  Nest group = {step(words, first, {})};
  const Trip others = {shape.group * rows.count + Extent(-1), shape.group * rows.bound - 1};
  if (others.bound > 0) group.push_back(loop(others, {step({}, next, {})}));
  return loop(shape.kv_heads, {loop(shape.head_words, std::move(group))});
}

NestItem key_pass(const SharedSlice& slice, const Trip& rows) {
  const StripedShape& shape = slice->shape();
  std::vector<int> words(static_cast<size_t>(shape.ports));
  std::iota(words.begin(), words.end(), FirstWords);
  const auto scales = [=](Firing& f) { slice->take_scales(f); };
  return flattened(shape.rounds(), 1,
                   {loop(shape.scale_words, {step(words, scales, {})}),
                    head_walk(slice, rows, &AttentionSlice::score)});
}

NestItem sent_sums(const SharedSlice& slice, const Trip& rows) {
  const auto powers = [=](Firing& f) { slice->send_powers(f); };
  const StripedShape& shape = slice->shape();
  Nest parts;
  for (int part = 0; part < shape.sum_parts; ++part)
    parts.push_back(write(1, [=](Firing& f) { slice->send_chunk(f, part); }));
  return with_stages(
      Moves, flattened(rows, 1,
                       {loop(shape.heads, {write(1, powers), loop(shape.head_words * ChunksPerWord,
                                                                  std::move(parts))})}));
}

Nest attend(const Program& program, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const auto slice = std::make_shared<AttentionSlice>(shape, kernel.sizes.at("Window"));
  const Trip rows = rows_of(program, kernel);
  const auto send_peak = [=](Firing& f) { slice->send_peak(f); };
  const auto take_peaks = [=](int64_t count, int64_t first, int64_t stages) {
    return with_stages(stages, pipelined(count, 1, {read(2, [=](Firing& f) {
                                           slice->take_peak(f, first + f.counter(1));
                                         })}));
  };
  const int64_t inverse = cost_of(Operator::FloatDivide).stages;
  return {
      loop(rows, {taken_row(slice, 0, shape.heads), taken_row(slice, shape.heads, shape.kv_heads),
                  taken_row(slice, shape.heads + shape.kv_heads, shape.kv_heads)}),
      step({}, [=](Firing&) { slice->begin(); }, {}),
      key_pass(slice, rows),
      loop(rows,
           {with_stages(Moves, pipelined(shape.heads + shape.kv_heads, 1, {write(0, send_peak)}))}),
      loop(rows, {take_peaks(shape.heads, 0, Moves),
                  take_peaks(shape.kv_heads, shape.heads, Moves + inverse)}),
      flattened(shape.rounds(), 1, {head_walk(slice, rows, &AttentionSlice::add)}),
      sent_sums(slice, rows)};
}

/// Of sums of a key's and a query's products, about: 18 of a chain, 22 of a word.
constexpr int64_t KeySumBits = 20;

/// Of what each member keeps while the words of a head pass (slice_shape of striped_slice.h).
int64_t member_banks(const StripedShape& s) {
  return s.head_words == 1 || s.group >= 4 ? 1 : s.tokens * s.group;
}

std::vector<Buffer> attend_buffers(const Program&, const Kernel& kernel) {
  const StripedShape s(kernel);
  const int64_t rows = s.tokens, heads = rows * s.heads, kv_heads = rows * s.kv_heads;
  const int64_t members = s.ports * rows * s.group;
  const int64_t scales = s.ports * s.scale_words * WordBits / 16;
  // Of the new rows whose positions are on a port.
  const int64_t own_heads = s.ports * ((rows + s.stripes - 1) / s.stripes) * s.kv_heads;
  const int64_t own_words = own_heads * s.head_words;
  std::vector<Buffer> buffers = {
      {.name = "queries", .width_bits = WordBits, .words = heads * s.head_words},
      {.name = "keys", .width_bits = WordBits, .words = own_words, .banks = s.ports},
      {.name = "values", .width_bits = WordBits, .words = own_words, .banks = s.ports},
      {.name = "factors", .width_bits = 32, .words = heads},
      {.name = "key_scales", .width_bits = 32, .words = own_heads, .banks = s.ports},
      {.name = "value_scales", .width_bits = 32, .words = own_heads, .banks = s.ports},
      {.name = "held", .width_bits = WordBits, .words = s.ports, .banks = s.ports, .copies = 2},
      {.name = "held_scales", .width_bits = 16, .words = scales, .banks = scales},
      {.name = "scores",
       .width_bits = 32,
       .words = s.ports * s.max_rounds * heads,
       .banks = s.ports},
      {.name = "scales",
       .width_bits = 16,
       .words = s.ports * s.max_rounds * s.kv_heads,
       .banks = s.ports},
      {.name = "peaks", .width_bits = 32, .words = heads},
      {.name = "largest", .width_bits = 16, .words = kv_heads},
      {.name = "all_peaks", .width_bits = 32, .words = heads},
      {.name = "inverses", .width_bits = 32, .words = kv_heads},
      {.name = "contexts",
       .width_bits = WordBytes * sum_bits(s.sum_parts),
       .words = heads * s.head_words},
      {.name = "powers", .width_bits = sum_bits(s.sum_parts), .words = heads}};
  if (s.head_words > 1) {
    const int64_t banks = s.ports * member_banks(s);
    buffers.push_back({.name = "partials", .width_bits = 32, .words = members, .banks = banks});
    buffers.push_back({.name = "kept", .width_bits = 16, .words = members, .banks = banks});
  }
  return buffers;
}

Datapath attend_datapath(const Program& program, const Kernel& kernel) {
  const StripedShape s(kernel);
  const int64_t ports = s.ports;
  const PortBlocks blocks(ports);
  using enum Operator;
  Datapath made;
  // Keys and values take turns on one array of multipliers, and so do linear layers. Each brings
  // words and a column of its own; a multiplier chooses between two bytes, and between a byte and a
  // weight.
  if (owns_products(program, kernel)) made.add(MultiplyAdd, blocks.multipliers());
  made.add(ChainWait, blocks.waits(8 + 18));
  made.add(Select, selects_of(WordBits * (ports + 1), 3));
  made.add(Select, blocks.multipliers() * selects_of(8 + 18, 2));
  // Scores.
  made.add(ShortAdd, blocks.chains() * KeySumBits / 16);
  made.add(Select, ports * (2 * selects_of(16, s.kv_heads) + 2 * selects_of(WordBits + 16, 2) +
                            selects_of(32 + 16, member_banks(s))));
  made.add(ScaleMultiply, ports);
  made.add(ScaleInt, ports);
  made.add(ShortMultiply, ports);  // more than 17 bits: a second DSP
  made.add(FloatCompare, ports);
  // Weights.
  made.add(FloatDivide, 1);
  made.add(FloatAdd, ports);
  made.add(FloatExp, ports);
  made.add(ScaleMultiply, 2 * ports);
  made.add(FloatMultiply, ports);
  made.add(FloatToShort, 2 * ports);
  // Sums: chains of all blocks of ports for each byte of a word.
  const int64_t bits = sum_bits(s.sum_parts);
  made.add(IntAdd, WordBytes * (blocks.all() - 1) + WordBytes * bits / 32 + ports);
  made.add(Select, selects_of(bits * ChunkLanes, ChunksPerWord));
  made.then(FloatAdd);
  made.then(FloatExp);
  made.then(FloatMultiply);
  made.then(FloatToShort);
  made.then(IntAdd);
  made.then(ShortMultiply);
  made.then(MultiplyAdd, blocks.longest_chain() - 1);
  made.then(IntAdd, tree_levels(blocks.all()) + 2);
  return made;
}

}  // namespace

void add_striped_attention_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "attend",
       .header = "streamtensor/striped_attention.h",
       .summary = "attention of new rows over the positions of some memory ports",
       .template_arguments = {"Heads", "KVHeads", "Head", "MaxTokens", "Stripes", "Ports", "First",
                              "Ways", "MaxRounds", "SumParts", "products"},
       .arguments = {"in0", "in1", "in2", "out0", "out1", "size:Window", "tokens", "past", "in3*"},
       .nest = attend,
       .buffers = attend_buffers,
       .datapath = attend_datapath,
       .row_barrier = true});
}

}  // namespace st
