// SPDX-License-Identifier: Apache-2.0
// Around the slices of striped attention: the new rows to all of them, the largest of their scores,
// and the sum of their sums.
#include <algorithm>
#include <numeric>

#include "core/dataflow/kernels/striped.h"

namespace st {
namespace {

/// Ports from number `first` on.
std::vector<int> ports_from(int first, int64_t count) {
  std::vector<int> ports(static_cast<size_t>(count));
  std::iota(ports.begin(), ports.end(), first);
  return ports;
}

Nest feed_heads(const Program& program, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int slices = static_cast<int>(kernel.outputs.size() / 2);
  Nest rows;
  for (const int row : {0, 2, 4}) {
    const DType type = kernel.inputs[static_cast<size_t>(row) + 1].type.itensor.dtype;
    const float times = row == 0 ? kernel.reals.at("scale") : 1.0f;
    const auto scale = [=](Firing& f, int64_t) {
      const float value = scale_in(f, row + 1, type) * times;
      for (int s = 0; s < slices; ++s) *f.out<float>(slices + s) = value;
    };
    const auto word = [=](Firing& f, int64_t, const int8_t* bytes) {
      for (int s = 0; s < slices; ++s) std::copy_n(bytes, WordBytes, f.out<int8_t>(s));
    };
    rows.push_back(
        packed_row(shape, {row, row + 1, row == 0 ? shape.heads : shape.kv_heads,
                           ports_from(0, slices), ports_from(slices, slices), scale, word}));
  }
  return {loop(rows_of(program, kernel), std::move(rows))};
}

Nest share_peaks(const Program& program, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int slices = static_cast<int>(kernel.inputs.size());
  const auto share = [=](Firing& f) {
    float largest = *f.in<float>(0);
    for (int s = 1; s < slices; ++s) largest = std::max(largest, *f.in<float>(s));
    *f.out<float>(0) = *f.out<float>(1) = largest;
  };
  const std::vector<int> all = ports_from(0, slices);
  return {
      loop(rows_of(program, kernel), {pipelined(shape.heads, 1, {step(all, share, {0})}),
                                      pipelined(shape.kv_heads, 1, {step(all, share, {0, 1})})})};
}

/// The steps of merge_heads: of each head first the sum of its powers; of each chunk the parts of
/// its sums, and then as many more as it has pieces beyond one.
struct MergeSteps {
  explicit MergeSteps(const StripedShape& of)
      : shape(of),
        piece(of.piece(ChunkLanes)),
        before(of.sum_parts - 1),
        per_chunk(before + ChunkLanes / piece),
        per_head(1 + of.head_words * ChunksPerWord * per_chunk) {}

  StripedShape shape;
  int64_t piece;
  int64_t before;  ///< steps of a chunk until all of it is there
  int64_t per_chunk, per_head;

  [[nodiscard]] int64_t count() const { return shape.heads * per_head; }
  [[nodiscard]] int64_t head(int64_t n) const { return n / per_head; }
  [[nodiscard]] bool powers(int64_t n) const { return n % per_head == 0; }
  /// In a chunk; not where powers() holds.
  [[nodiscard]] int64_t phase(int64_t n) const { return (n % per_head - 1) % per_chunk; }
  [[nodiscard]] bool reads(int64_t n) const { return powers(n) || phase(n) <= before; }
  /// The first of the head's values that leave, if any do.
  [[nodiscard]] int64_t value(int64_t n) const {
    const int64_t chunk = (n % per_head - 1) / per_chunk;
    return chunk * ChunkLanes + (phase(n) - before) * piece;
  }
  [[nodiscard]] bool sends_piece(int64_t n) const {
    return !powers(n) && phase(n) >= before && value(n) < shape.head;
  }
  /// Where that piece ends in the row.
  [[nodiscard]] int64_t end(int64_t n) const { return head(n) * shape.head + value(n) + piece; }
};

/// What a merge knows of the head at hand.
struct MergeState {
  std::vector<float> largest, row;
  int64_t sums[ChunkLanes] = {};
  float factor = 0;
};

Nest merge_heads(const Program& program, const Kernel& kernel) {
  const MergeSteps steps{StripedShape(kernel)};
  const int slices = static_cast<int>(kernel.inputs.size()) - 1;
  const auto state = std::make_shared<MergeState>();
  state->largest.resize(static_cast<size_t>(steps.shape.kv_heads));
  state->row.resize(static_cast<size_t>(steps.shape.heads * steps.shape.head));
  const auto scale = [=](Firing& f) {
    state->largest[static_cast<size_t>(f.counter(1))] = *f.in<float>(0);
  };
  const auto add = [=](Firing& f) {
    const int64_t n = f.counter(1);
    const bool powers = steps.powers(n), first = powers || steps.phase(n) == 0;
    for (int64_t i = 0; i < ChunkLanes; ++i) {
      int64_t sum = 0;
      for (int s = 1; s <= slices; ++s) sum += f.in<int32_t>(s)[i];
      state->sums[i] = first ? sum : state->sums[i] + sum * 65536;
    }
    if (powers) {
      const auto group = static_cast<size_t>(steps.head(n) / steps.shape.group);
      state->factor =
          state->largest[group] / static_cast<float>(state->sums[0] + state->sums[1] * 65536);
    } else if (steps.phase(n) == steps.before) {
      const int64_t value = steps.value(n), left = steps.shape.head - value;
      for (int64_t i = 0; i < std::min(ChunkLanes, left); ++i)
        state->row[static_cast<size_t>(steps.head(n) * steps.shape.head + value + i)] =
            static_cast<float>(state->sums[i]) * state->factor;
    }
  };
  const auto emit = [=, lanes = steps.shape.lanes](Firing& f) {
    const int64_t begin = steps.end(f.counter(1)) - lanes;
    std::copy_n(state->row.begin() + begin, lanes, f.out<float>(0));
  };
  std::vector<int64_t> reads, writes;
  for (int64_t n = 0; n < steps.count(); ++n) {
    reads.push_back(steps.reads(n));
    writes.push_back(steps.sends_piece(n) && steps.end(n) % steps.shape.lanes == 0);
  }
  return {loop(rows_of(program, kernel),
               {pipelined(steps.shape.kv_heads, 1, {read(0, scale)}),
                pipelined(steps.count(), 1,
                          {sometimes(reads, step(ports_from(1, slices), add, {})),
                           sometimes(writes, write(0, emit))})})};
}

Datapath heads_datapath(const Program&, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const int64_t piece = shape.piece(WordBytes);
  Datapath made;
  made.add(Operator::Select, 3 * (selects_of(piece * 8, shape.lanes / piece) + WordBits));
  made.add(Operator::IntAdd, 6);
  return made;
}

Datapath share_datapath(const Program&, const Kernel& kernel) {
  const auto slices = static_cast<int64_t>(kernel.inputs.size());
  Datapath made;
  made.add(Operator::FloatCompare, 2 * (slices - 1));
  made.then(Operator::FloatCompare, slices - 1);
  return made;
}

Datapath merge_datapath(const Program&, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const auto slices = static_cast<int64_t>(kernel.inputs.size()) - 1;
  using enum Operator;
  Datapath made;
  // Sums of parts have 64 bits.
  made.add(IntAdd, 2 * ChunkLanes * (slices - 1) + 2 * (ChunkLanes + 1) * (shape.sum_parts - 1));
  made.add(IntToFloat, ChunkLanes + 1);
  made.add(FloatDivide, 1);
  made.add(FloatMultiply, ChunkLanes);
  made.add(Select, selects_of(32 * shape.piece(ChunkLanes), ChunkLanes / shape.piece(ChunkLanes)));
  made.then(IntAdd, slices);
  made.then(IntToFloat);
  made.then(FloatDivide);
  made.then(FloatMultiply);
  return made;
}

}  // namespace

void add_striped_heads_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "feed_heads",
       .header = "streamtensor/striped_heads.h",
       .summary = "new rows' queries, keys and values to all slices of attention",
       .template_arguments = {"L", "Heads", "KVHeads", "Head"},
       .arguments = {"in0", "in1", "in2", "in3", "in4", "in5", "real:scale", "tokens", "out*"},
       .nest = feed_heads,
       .datapath = heads_datapath});
  records.push_back({.kind = "share_peaks",
                     .header = "streamtensor/striped_heads.h",
                     .summary = "the largest scores and scales of all slices of attention",
                     .template_arguments = {"Heads", "KVHeads"},
                     .arguments = {"out0", "out1", "tokens", "in*"},
                     .nest = share_peaks,
                     .datapath = share_datapath});
  records.push_back(
      {.kind = "merge_heads",
       .header = "streamtensor/striped_heads.h",
       .summary = "sums of all slices of attention to its context",
       .template_arguments = {"L", "Heads", "KVHeads", "Head", "SumParts"},
       .arguments = {"in0", "out0", "tokens", "in1*"},
       .nest = merge_heads,
       .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
         return {{.name = "largest", .width_bits = 32, .words = StripedShape(k).kv_heads}};
       },
       .datapath = merge_datapath});
}

}  // namespace st
