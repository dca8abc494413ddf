// SPDX-License-Identifier: Apache-2.0
// Causal attention of a new row over all earlier ones: scores, softmax, context. Keys and values
// come from cache_rows.
#include <algorithm>
#include <cmath>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

Nest attention_scores(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const float scale = kernel.reals.at("scale");
  const auto query = local<float>(lanes * beats), products = local<float>(lanes);
  const auto keep = [=](Firing& f) {
    std::copy_n(f.in<float>(0), lanes, query->begin() + f.counter(2) * lanes);
  };
  const auto dot = [=](Firing& f) {
    const float *q = query->data() + f.counter(3) * lanes, *k = f.in<float>(1);
    for (int64_t i = 0; i < lanes; ++i) (*products)[i] = q[i] * k[i];
    float& sum = *f.out<float>(0);
    if (f.counter(3) == 0) sum = 0.0f;
    sum += tree_sum(products->data(), lanes);
  };
  return {loop(rows_of(program),
               {loop(kernel.sizes.at("Heads"),
                     {pipelined(beats, 1, {read(0, keep)}),
                      loop(positions_of(program),
                           {pipelined(beats, FloatAddInterval, {read(1, dot)}),
                            write(0, [=](Firing& f) { *f.out<float>(0) *= scale; })})})})};
}

Nest softmax_rows(const Program& program, const Kernel& kernel) {
  struct State {
    float peak = 0, sum = 0, inverse = 0;
  };
  const auto values = local<float>(program.max_positions);
  const auto state = std::make_shared<State>();
  const Trip positions = positions_of(program);
  const auto gather = [=](Firing& f) {
    const int64_t j = f.counter(2);
    const float score = *f.in<float>(0);
    (*values)[j] = score;
    state->peak = j == 0 || score > state->peak ? score : state->peak;
    state->sum = 0.0f;
  };
  const auto power = [=](Firing& f) {
    float& value = (*values)[f.counter(2)];
    value = std::exp(value - state->peak);
    state->sum += value;
  };
  const auto invert = [=](Firing&) { state->inverse = 1.0f / state->sum; };
  const auto divide = [=](Firing& f) {
    *f.out<float>(0) = (*values)[f.counter(2)] * state->inverse;
  };
  return {loop(rows_of(program),
               {loop(kernel.sizes.at("Heads"),
                     {pipelined(positions, FloatMaxInterval, {read(0, gather)}),
                      pipelined(positions, FloatAddInterval, {step({}, power, {})}),
                      step({}, invert, {}), pipelined(positions, 1, {write(0, divide)})})})};
}

Nest attention_context(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  const auto sums = local<float>(lanes * beats);
  const auto add = [=](Firing& f) {
    const float weight = *f.in<float>(0), *v = f.in<float>(1);
    float* sum = sums->data() + f.counter(3) * lanes;
    for (int64_t i = 0; i < lanes; ++i)
      sum[i] = (f.counter(2) == 0 ? 0.0f : sum[i]) + weight * v[i];
  };
  const auto emit = [=](Firing& f) {
    std::copy_n(sums->begin() + f.counter(2) * lanes, lanes, f.out<float>(0));
  };
  // A head's beats take turns in the additions.
  const int64_t interval = (FloatAddInterval + beats - 1) / beats;
  return {loop(
      rows_of(program),
      {loop(kernel.sizes.at("Heads"),
            {loop(positions_of(program), {read(0), pipelined(beats, interval, {read(1, add)})}),
             pipelined(beats, 1, {write(0, emit)})})})};
}

/// One head, a beat per word.
Buffer head_buffer(const Kernel& kernel, std::string_view name) {
  return {
      .name = name, .width_bits = kernel.sizes.at("L") * 32, .words = kernel.sizes.at("HeadBeats")};
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
                       return {head_buffer(k, "query")};
                     }});
  records.push_back({.kind = "softmax_rows",
                     .header = "streamtensor/attention.h",
                     .summary = "softmax over the visible positions",
                     .template_arguments = {"MaxPositions", "Heads"},
                     .arguments = {"in0", "out0", "tokens", "past"},
                     .nest = softmax_rows,
                     .buffers = [](const Program& p, const Kernel&) -> std::vector<Buffer> {
                       return {{.name = "values", .width_bits = 32, .words = p.max_positions}};
                     },
                     .row_barrier = true});
  records.push_back({.kind = "attention_context",
                     .header = "streamtensor/attention.h",
                     .summary = "probabilities times each visible value",
                     .template_arguments = {"L", "HeadBeats", "Heads"},
                     .arguments = {"in0", "in1", "out0", "tokens", "past"},
                     .nest = attention_context,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       return {head_buffer(k, "sums")};
                     },
                     .row_barrier = true});
}

}  // namespace st
