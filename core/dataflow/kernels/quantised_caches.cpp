// SPDX-License-Identifier: Apache-2.0
// What goes into caches of int8 keys and values, and to queries that meet them: heads as integers,
// and the cache of their scales.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/stream_values.h"
#include "core/graph/half.h"
#include "core/graph/quantised_value.h"

namespace st {
namespace {

/// A head is sent while the next one comes into its place, each beat before the one that takes its
/// place.
Nest quantize_heads(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const int64_t all = beats * kernel.sizes.at("Heads");
  const bool cached = kernel.outputs[1].type.itensor.dtype == DType::BF16;
  const auto head = local<float>(lanes * beats), peak = local<float>(1), inverse = local<float>(1);
  std::vector<int64_t> scaled, sent, read_at;
  for (int64_t i = 0; i < all + beats; ++i) {
    scaled.push_back(i >= beats && i % beats == 0 ? 1 : 0);
    sent.push_back(i >= beats ? 1 : 0);
    read_at.push_back(i < all ? 1 : 0);
  }
  const auto keep = [=](Firing& f) {
    const int64_t place = f.counter(1) % beats;
    if (place == 0) peak->front() = 0.0f;
    const float* x = f.in<float>(0);
    std::copy_n(x, lanes, head->begin() + place * lanes);
    for (int64_t i = 0; i < lanes; ++i) peak->front() = std::max(peak->front(), std::fabs(x[i]));
  };
  const auto scale = [=](Firing& f) {
    const float exact = peak->front() / Int8Peak;
    if (!cached) {
      *f.out<float>(1) = exact;
      inverse->front() = peak->front() == 0.0f ? 0.0f : Int8Peak / peak->front();
      return;
    }
    const uint16_t bits = bfloat16_bits(exact);
    *f.out<uint16_t>(1) = bits;
    inverse->front() = bfloat16_value(bits) == 0.0f ? 0.0f : 1.0f / bfloat16_value(bits);
  };
  const auto emit = [=](Firing& f) {
    const float* x = head->data() + f.counter(1) % beats * lanes;
    for (int64_t i = 0; i < lanes; ++i) f.out<int8_t>(0)[i] = rounded(x[i], inverse->front());
  };
  return {loop(rows_of(program),
               {pipelined(all + beats, 1,
                          {sometimes(scaled, write(1, scale)), sometimes(sent, write(0, emit)),
                           sometimes(read_at, read(0, keep))})})};
}

/// The cache is [heads, positions].
Nest cache_scales(const Program& program, const Kernel& kernel) {
  const int64_t heads = kernel.sizes.at("Heads"), positions = kernel.sizes.at("MaxPositions");
  const auto at = [=](const Firing& f, int64_t head, int64_t position) {
    return bytes_of(*f.memories[0]) +
           static_cast<size_t>(head * positions + position) * sizeof(uint16_t);
  };
  const auto append = [=](Firing& f) {
    std::memcpy(at(f, f.counter(1), f.past + f.counter(0)), f.in<uint8_t>(0), sizeof(uint16_t));
  };
  const auto recall = [=](Firing& f) {
    std::memcpy(f.out<uint8_t>(0), at(f, f.counter(1), f.counter(3)), sizeof(uint16_t));
  };
  return {loop(rows_of(program),
               {pipelined(heads, 1, {read(0, append)}),
                loop(heads, {loop(kernel.sizes.at("Repeat"),
                                  {pipelined(positions_of(program), 1, {write(0, recall)})})})})};
}

/// As of quantize_rows.
Datapath quantize_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(FloatCompare, 2 * lanes);  // the magnitude, and the larger of two
  made.add(FloatDivide, 2);
  made.add(FloatMultiply, lanes);
  made.add(FloatCompare, 3 * lanes);  // both ends of the range, and the sign
  made.add(FloatAdd, lanes);
  made.add(FloatToInt, lanes);
  made.then(FloatMultiply);
  made.then(FloatCompare, 2);
  made.then(FloatAdd);
  made.then(FloatToInt);
  return made;
}

/// A scale is put into a word, and another one is taken out of one.
Datapath scales_datapath(const Program&, const Kernel&) {
  Datapath made;
  made.add(Operator::Select, WordBits + selects_of(16, WordBits / 16));
  made.add(Operator::IntAdd, 2);
  return made;
}

}  // namespace

void add_quantised_cache_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "quantize_heads",
                     .header = "streamtensor/quantize_heads.h",
                     .summary = "each head of an f32 row to i8 and one scale, f32 or bf16",
                     .template_arguments = {"type of out1", "L", "HeadBeats", "Heads"},
                     .arguments = {"in0", "out0", "out1", "tokens"},
                     .nest = quantize_heads,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       return {{.name = "head",
                                .width_bits = k.sizes.at("L") * 32,
                                .words = k.sizes.at("HeadBeats")}};
                     },
                     .datapath = quantize_datapath});
  records.push_back(
      {.kind = "cache_scales",
       .header = "streamtensor/cache_scales.h",
       .summary = "appends the scales of a row to their cache, then streams the cache",
       .template_arguments = {"Heads", "Repeat", "MaxPositions"},
       .arguments = {"in0", "memory0", "out0", "tokens", "past"},
       .nest = cache_scales,
       .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
         return {{.name = "last", .width_bits = WordBits, .words = k.sizes.at("Heads")}};
       },
       .datapath = scales_datapath,
       .row_barrier = true});
}

}  // namespace st
