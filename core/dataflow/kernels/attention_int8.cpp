// SPDX-License-Identifier: Apache-2.0
// Causal attention over int8 keys and values: scores, weights, context, in sums of integers. Keys
// and values come from cache_rows, their scales from cache_scales.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/graph/attention.h"
#include "core/graph/half.h"

namespace st {
namespace {

/// Which of the beats of a head is the first, or the last.
std::vector<int64_t> only(int64_t beats, int64_t beat) {
  std::vector<int64_t> when(static_cast<size_t>(beats), 0);
  when[static_cast<size_t>(beat)] = 1;
  return when;
}

Nest attention_scores_int8(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const float scale = kernel.reals.at("scale");
  const auto query = local<int8_t>(lanes * beats);
  const auto factor = local<float>(1);
  const auto sum = local<int32_t>(1);
  const auto multiply = [=](Firing& f) { factor->front() = *f.in<float>(1) * scale; };
  const auto keep = [=](Firing& f) {
    std::copy_n(f.in<int8_t>(0), lanes, query->begin() + f.counter(2) * lanes);
  };
  const auto dot = [=](Firing& f) {
    if (f.counter(3) == 0) sum->front() = 0;
    const int8_t *q = query->data() + f.counter(3) * lanes, *k = f.in<int8_t>(2);
    for (int64_t i = 0; i < lanes; ++i) sum->front() += int32_t{q[i]} * k[i];
  };
  const auto score = [=](Firing& f) {
    const float key_scale = bfloat16_value(*f.in<uint16_t>(3));
    *f.out<float>(0) = static_cast<float>(sum->front()) * (factor->front() * key_scale);
  };
  return {loop(
      rows_of(program, kernel),
      {loop(kernel.sizes.at("Heads"),
            {pipelined(beats, 1, {sometimes(only(beats, 0), read(1, multiply)), read(0, keep)}),
             loop(positions_of(program),
                  {pipelined(beats, 1,
                             {read(2, dot),
                              sometimes(only(beats, beats - 1), step({3}, score, {0}))})})})})};
}

Nest attention_weights_int8(const Program& program, const Kernel& kernel) {
  struct State {
    float peak = 0, largest = 0, inverse = 0;
    int64_t total = 0;
  };
  const auto values = local<float>(program.max_positions), scales = local<float>(values->size());
  const auto state = std::make_shared<State>();
  const Trip positions = positions_of(program);
  const int64_t window = kernel.sizes.at("Window");
  const auto gather = [=](Firing& f) {
    const int64_t j = f.counter(2), seen = f.past + f.counter(0) + 1;
    const bool hidden = window > 0 && j < seen - window;
    const float score = hidden ? -std::numeric_limits<float>::infinity() : *f.in<float>(0);
    const float scale = hidden ? 0.0f : bfloat16_value(*f.in<uint16_t>(1));
    (*values)[j] = score;
    (*scales)[j] = scale;
    state->peak = j == 0 ? score : std::max(state->peak, score);
    state->largest = j == 0 ? scale : std::max(state->largest, scale);
  };
  const auto invert = [=](Firing&) {
    state->inverse = state->largest == 0.0f ? 0.0f : AttentionTwicePeak / state->largest;
    state->total = 0;
  };
  const auto weigh = [=](Firing& f) {
    const int64_t j = f.counter(2);
    const float power = std::exp((*values)[j] - state->peak);
    state->total += attention_weight(power * AttentionTwicePeak);
    const float share = (*scales)[j] * state->inverse;
    *f.out<int16_t>(0) = static_cast<int16_t>(attention_weight(power * share));
  };
  const auto divide = [=](Firing& f) {
    *f.out<float>(1) = state->largest / static_cast<float>(state->total);
  };
  return {loop(rows_of(program, kernel),
               {loop(kernel.sizes.at("Heads"),
                     {pipelined(positions, 1, {step({0, 1}, gather, {})}), step({}, invert, {}),
                      pipelined(positions, 1, {write(0, weigh)}), write(1, divide)})})};
}

Nest attention_context_int8(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const auto sums = local<int64_t>(beats * lanes);
  const auto add = [=](Firing& f) {
    const int64_t weight = *f.in<int16_t>(0);
    int64_t* sum = sums->data() + f.counter(3) * lanes;
    for (int64_t i = 0; i < lanes; ++i)
      sum[i] = (f.counter(2) == 0 ? 0 : sum[i]) + weight * f.in<int8_t>(1)[i];
  };
  const auto emit = [=](Firing& f) {
    const int64_t* sum = sums->data() + f.counter(2) * lanes;
    for (int64_t i = 0; i < lanes; ++i)
      f.out<float>(0)[i] = static_cast<float>(sum[i]) * *f.in<float>(2);
  };
  return {
      loop(rows_of(program, kernel),
           {loop(kernel.sizes.at("Heads"),
                 {loop(positions_of(program),
                       {pipelined(beats, 1, {sometimes(only(beats, 0), read(0)), read(1, add)})}),
                  pipelined(beats, 1, {sometimes(only(beats, 0), read(2)), write(0, emit)})})})};
}

Datapath int8_scores_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(ByteMultiply, lanes);
  made.add(IntAdd, lanes);
  made.add(IntToFloat, 1);
  made.add(FloatMultiply, 3);
  made.then(ByteMultiply);
  made.then(IntAdd, tree_levels(lanes) + 1);
  made.then(IntToFloat);
  made.then(FloatMultiply);
  return made;
}

Datapath weights_datapath(const Program&, const Kernel&) {
  using enum Operator;
  Datapath made;
  made.add(FloatCompare, 1);
  made.add(IntAdd, 1);    // compares scales
  made.add(FloatAdd, 1);  // the score's distance
  made.add(FloatExp, 1);
  made.add(FloatMultiply, 3);
  made.add(FloatToShort, 2);
  made.add(IntAdd, 2);  // a sum of 64 bits
  made.add(FloatDivide, 2);
  made.add(IntToFloat, 1);
  made.then(FloatAdd);
  made.then(FloatExp);
  made.then(FloatMultiply);
  made.then(FloatToShort);
  return made;
}

Datapath int8_context_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(ShortMultiply, lanes);
  made.add(IntAdd, 2 * lanes);  // sums of 48 bits
  made.add(IntToFloat, lanes);
  made.add(FloatMultiply, lanes);
  made.then(IntToFloat);
  made.then(FloatMultiply);
  return made;
}

}  // namespace

void add_int8_attention_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "attention_scores_int8",
       .header = "streamtensor/attention_int8.h",
       .summary = "query times each visible key in integers, scaled",
       .template_arguments = {"L", "HeadBeats", "Heads"},
       .arguments = {"in0", "in1", "in2", "in3", "out0", "real:scale", "tokens", "past"},
       .nest = attention_scores_int8,
       .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
         return {{.name = "query",
                  .width_bits = k.sizes.at("L") * 8,
                  .words = k.sizes.at("HeadBeats")}};
       },
       .datapath = int8_scores_datapath});
  records.push_back({.kind = "attention_weights_int8",
                     .header = "streamtensor/attention_int8.h",
                     .summary = "integer weights of the visible positions, or the last of them",
                     .template_arguments = {"MaxPositions", "Heads"},
                     .arguments = {"in0", "in1", "out0", "out1", "size:Window", "tokens", "past"},
                     .nest = attention_weights_int8,
                     .buffers = [](const Program& p, const Kernel&) -> std::vector<Buffer> {
                       return {{.name = "values", .width_bits = 32, .words = p.max_positions},
                               {.name = "scales", .width_bits = 16, .words = p.max_positions}};
                     },
                     .datapath = weights_datapath,
                     .row_barrier = true});
  records.push_back(
      {.kind = "attention_context_int8",
       .header = "streamtensor/attention_int8.h",
       .summary = "weights times each visible value in integers, scaled",
       .template_arguments = {"L", "HeadBeats", "Heads"},
       .arguments = {"in0", "in1", "in2", "out0", "tokens", "past"},
       .nest = attention_context_int8,
       .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
         const int64_t beats = k.sizes.at("HeadBeats");
         return {
             {.name = "sums", .width_bits = k.sizes.at("L") * 48, .words = beats, .banks = beats}};
       },
       .datapath = int8_context_datapath,
       .row_barrier = true});
}

}  // namespace st
