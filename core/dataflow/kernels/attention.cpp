// SPDX-License-Identifier: Apache-2.0
// Causal attention of a new row over all earlier ones: scores, softmax, context. Keys and values
// come from cache_rows.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

Nest attention_scores(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const float scale = kernel.reals.at("scale");
  const auto query = local<float>(lanes * beats), products = local<float>(lanes);
  const auto dots = local<float>(beats);
  const auto keep = [=](Firing& f) {
    std::copy_n(f.in<float>(0), lanes, query->begin() + f.counter(2) * lanes);
  };
  const auto dot = [=](Firing& f) {
    const float *q = query->data() + f.counter(3) * lanes, *k = f.in<float>(1);
    for (int64_t i = 0; i < lanes; ++i) (*products)[i] = q[i] * k[i];
    (*dots)[f.counter(3)] = tree_sum(products->data(), lanes);
  };
  const auto score = [=](Firing& f) { *f.out<float>(0) = tree_sum(dots->data(), beats) * scale; };
  std::vector<int64_t> last(static_cast<size_t>(beats), 0);
  last.back() = 1;
  return {loop(
      rows_of(program, kernel),
      {loop(kernel.sizes.at("Heads"),
            {pipelined(beats, 1, {read(0, keep)}),
             loop(positions_of(program),
                  {pipelined(beats, 1, {read(1, dot), sometimes(last, write(0, score))})})})})};
}

/// Positions before the window of a row that sees `positions` of them.
int64_t hidden_positions(int64_t window, int64_t positions) {
  return window > 0 ? std::max<int64_t>(positions - window, 0) : 0;
}

Nest softmax_rows(const Program& program, const Kernel& kernel) {
  struct State {
    float peak = 0, inverse = 0;
    int64_t positions = 0;
  };
  const auto values = local<float>(program.max_positions), sums = local<float>(PartialSums);
  const auto state = std::make_shared<State>();
  const Trip positions = positions_of(program);
  const int64_t window = kernel.sizes.at("Window");
  const auto gather = [=](Firing& f) {
    const int64_t j = f.counter(2), seen = f.past + f.counter(0) + 1;
    const float score = j < hidden_positions(window, seen) ? -std::numeric_limits<float>::infinity()
                                                           : *f.in<float>(0);
    (*values)[j] = score;
    state->peak = j == 0 || score > state->peak ? score : state->peak;
    state->positions = j + 1;
  };
  const auto power = [=](Firing& f) {
    float& value = (*values)[f.counter(2)];
    value = std::exp(value - state->peak);
    add_partial(*sums, f.counter(2), value);
  };
  const auto invert = [=](Firing&) { state->inverse = 1.0f / total_of(*sums, state->positions); };
  const auto divide = [=](Firing& f) {
    *f.out<float>(0) = (*values)[f.counter(2)] * state->inverse;
  };
  return {loop(rows_of(program, kernel),
               {loop(kernel.sizes.at("Heads"),
                     {pipelined(positions, 1, {read(0, gather)}),
                      pipelined(positions, 1, {step({}, power, {})}), step({}, invert, {}),
                      pipelined(positions, 1, {write(0, divide)})})})};
}

/// Groups of sums that positions take turns on: a power of two that keeps an addition busy.
int64_t context_turns(const Kernel& kernel) {
  int64_t turns = 1;
  while (turns * kernel.sizes.at("HeadBeats") < FloatAddInterval) turns *= 2;
  return turns;
}

Nest attention_context(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const int64_t turns = context_turns(kernel);
  const auto sums = local<float>(turns * beats * lanes), groups = local<float>(turns);
  const auto positions = local<int64_t>(1);
  const auto add = [=](Firing& f) {
    const int64_t j = f.counter(2);
    const float weight = *f.in<float>(0), *v = f.in<float>(1);
    float* sum = sums->data() + ((j % turns) * beats + f.counter(3)) * lanes;
    for (int64_t i = 0; i < lanes; ++i) sum[i] = (j < turns ? 0.0f : sum[i]) + weight * v[i];
    positions->front() = j + 1;
  };
  const auto emit = [=](Firing& f) {
    for (int64_t i = 0; i < lanes; ++i) {
      for (int64_t turn = 0; turn < turns; ++turn)
        (*groups)[turn] =
            turn < positions->front() ? (*sums)[(turn * beats + f.counter(2)) * lanes + i] : 0.0f;
      f.out<float>(0)[i] = tree_sum(groups->data(), turns);
    }
  };
  std::vector<int64_t> first(static_cast<size_t>(beats), 0);
  first.front() = 1;
  return {loop(rows_of(program, kernel),
               {loop(kernel.sizes.at("Heads"),
                     {loop(positions_of(program),
                           {pipelined(beats, 1, {sometimes(first, read(0)), read(1, add)})}),
                      pipelined(beats, 1, {write(0, emit)})})})};
}

/// One head, a beat per word.
Buffer head_buffer(const Kernel& kernel, std::string_view name) {
  return {
      .name = name, .width_bits = kernel.sizes.at("L") * 32, .words = kernel.sizes.at("HeadBeats")};
}

Datapath scores_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  using enum Operator;
  Datapath made;
  made.add(FloatMultiply, lanes + 1);
  made.add(FloatAdd, lanes - 1 + beats - 1);
  made.then(FloatMultiply);
  made.then(FloatAdd, tree_levels(lanes) + tree_levels(beats));
  made.then(FloatMultiply);
  return made;
}

Datapath softmax_datapath(const Program&, const Kernel&) {
  using enum Operator;
  Datapath made;
  made.add(FloatCompare, 1);
  made.add(FloatAdd, 2);
  made.add(FloatExp, 1);
  made.add(FloatAdd, PartialSums, PartialSums);  // of a row's partial sums, once
  made.add(FloatDivide, 1);
  made.add(FloatMultiply, 1);
  made.then(FloatMultiply);
  return made;
}

Datapath context_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(FloatMultiply, lanes);
  made.add(FloatAdd, lanes * context_turns(kernel));  // to add to a group, and the groups
  made.then(FloatMultiply);
  made.then(FloatAdd);
  return made;
}

}  // namespace

void add_attention_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "attention_scores",
                     .header = "streamtensor/attention.h",
                     .summary = "query times each visible key, scaled",
                     .template_arguments = {"L", "HeadBeats", "Heads"},
                     .arguments = {"in0", "in1", "out0", "real:scale", "tokens", "past"},
                     .nest = attention_scores,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       const int64_t beats = k.sizes.at("HeadBeats");
                       return {head_buffer(k, "query"),
                               {.name = "dots", .width_bits = 32, .words = beats, .banks = beats}};
                     },
                     .datapath = scores_datapath});
  records.push_back(
      {.kind = "softmax_rows",
       .header = "streamtensor/attention.h",
       .summary = "softmax over the visible positions, or the last of them",
       .template_arguments = {"MaxPositions", "Heads"},
       .arguments = {"in0", "out0", "size:Window", "tokens", "past"},
       .nest = softmax_rows,
       .buffers = [](const Program& p, const Kernel&) -> std::vector<Buffer> {
         return {{.name = "values", .width_bits = 32, .words = p.max_positions},
                 {.name = "sums", .width_bits = 32, .words = PartialSums, .banks = PartialSums}};
       },
       .datapath = softmax_datapath,
       .row_barrier = true});
  records.push_back({.kind = "attention_context",
                     .header = "streamtensor/attention.h",
                     .summary = "probabilities times each visible value",
                     .template_arguments = {"L", "HeadBeats", "Heads"},
                     .arguments = {"in0", "in1", "out0", "tokens", "past"},
                     .nest = attention_context,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       Buffer sums = head_buffer(k, "sums");
                       sums.banks = context_turns(k);
                       sums.words *= sums.banks;
                       return {sums};
                     },
                     .datapath = context_datapath,
                     .row_barrier = true});
}

}  // namespace st
