// SPDX-License-Identifier: Apache-2.0
// What goes into caches of int8 keys and values, and to queries that meet them: heads as integers,
// and the cache of their scales.
#include <cstring>

#include "core/dataflow/kernels/quantize.h"
#include "core/dataflow/stream_values.h"
#include "core/graph/half.h"
#include "core/graph/quantised_value.h"

namespace st {
namespace {

/// What its values are multiplied with is the inverse of the scale that is kept.
float write_bfloat16_scale(Firing& firing, int port, float peak) {
  const uint16_t bits = bfloat16_bits(peak / Int8Peak);
  *firing.out<uint16_t>(port) = bits;
  const float kept = bfloat16_value(bits);
  return kept == 0.0f ? 0.0f : 1.0f / kept;
}

Nest quantize_heads(const Program& program, const Kernel& kernel) {
  constexpr int Scales = 1;
  const int64_t beats = kernel.sizes.at("HeadBeats");
  const bool cached = kernel.outputs[Scales].type.itensor.dtype == DType::BF16;
  HeldGroups heads = {.lanes = kernel.sizes.at("L"),
                      .beats = beats * kernel.sizes.at("Heads"),
                      .group = beats,
                      .scales = Scales};
  heads.write_scale = [=](Firing& f, float peak) {
    return cached ? write_bfloat16_scale(f, Scales, peak) : write_float_scale(f, Scales, peak);
  };
  return {loop(rows_of(program, kernel), {held_groups(heads)})};
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
  return {loop(rows_of(program, kernel),
               {pipelined(heads, 1, {read(0, append)}),
                loop(heads, {loop(kernel.sizes.at("Repeat"),
                                  {pipelined(positions_of(program), 1, {write(0, recall)})})})})};
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
                     .datapath = held_groups_datapath});
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
