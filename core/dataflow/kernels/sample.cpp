// SPDX-License-Identifier: Apache-2.0
// The token that follows a row: the largest logit, or a random one of the largest.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

/// Cycles in which the largest of all lanes is found and taken out.
constexpr int64_t TakeInterval = 4;

struct Candidate {
  int32_t order;  ///< of its logit among all floats, NaN included
  int32_t id;

  [[nodiscard]] float logit() const {
    return std::bit_cast<float>(order >= 0 ? order : -order | std::numeric_limits<int32_t>::min());
  }
};

int32_t order_of(float logit) {
  const auto bits = std::bit_cast<int32_t>(logit);
  return bits >= 0 ? bits : -(bits & std::numeric_limits<int32_t>::max());
}

/// Puts a beat's logits among the largest so far, at most `most`, sorted; of equals the first stay
/// in front.
void insert(std::vector<Candidate>& largest, const float* beat, int64_t lanes, int64_t first,
            int64_t vocabulary, size_t most) {
  for (int64_t i = 0; i < lanes && first + i < vocabulary; ++i) {
    const Candidate next = {order_of(beat[i]), static_cast<int32_t>(first + i)};
    const auto behind = std::find_if(largest.begin(), largest.end(),
                                     [&](const Candidate& c) { return next.order > c.order; });
    if (behind == largest.end() && largest.size() == most) continue;
    largest.insert(behind, next);
    if (largest.size() > most) largest.pop_back();
  }
}

/// Reads a row of logits, and keeps the largest.
NestItem largest_of_row(const Kernel& kernel, int64_t most,
                        const std::shared_ptr<std::vector<Candidate>>& largest) {
  const int64_t lanes = kernel.sizes.at("L"), vocabulary = kernel.sizes.at("Vocabulary");
  const auto take = [=](Firing& f) {
    if (f.counter(1) == 0) largest->clear();
    insert(*largest, f.in<float>(0), lanes, f.counter(1) * lanes, vocabulary,
           static_cast<size_t>(most));
  };
  return pipelined(kernel.sizes.at("Beats"), 1, {read(0, take)});
}

Nest greedy_rows(const Program& program, const Kernel& kernel) {
  const auto largest = local<Candidate>(0);
  const auto emit = [=](Firing& f) { *f.out<int32_t>(0) = largest->front().id; };
  return {loop(rows_of(program, kernel),
               {largest_of_row(kernel, 1, largest),
                pipelined(kernel.sizes.at("L"), 1, {step({}, nullptr, {})}), write(0, emit)})};
}

Nest sample_rows(const Program& program, const Kernel& kernel) {
  const int64_t most = kernel.sizes.at("K");
  const auto largest = local<Candidate>(0);
  const auto draw = local<float>(4), weights = local<float>(most);
  const auto keep = [=](Firing& f) { std::copy_n(f.in<float>(1), 4, draw->begin()); };
  const auto weigh = [=](Firing& f) {
    const auto k = static_cast<size_t>(f.counter(1));
    const float temperature = (*draw)[0];
    const bool counts =
        k == 0 || (temperature > 0.0f && static_cast<float>(k) < (*draw)[2] && k < largest->size());
    const float inverse = temperature > 0.0f ? 1.0f / temperature : 0.0f;
    const float before = k == 0 ? 0.0f : (*weights)[k - 1];
    (*weights)[k] =
        before +
        (counts ? std::exp(((*largest)[k].logit() - largest->front().logit()) * inverse) : 0.0f);
  };
  const auto emit = [=](Firing& f) {
    const float drawn = (*draw)[1] * weights->back();
    const auto found = std::find_if(weights->begin(), weights->end(),
                                    [&](float weight) { return weight > drawn; });
    const size_t chosen = found == weights->end() ? 0 : found - weights->begin();
    *f.out<int32_t>(0) = (*largest)[chosen].id;
  };
  return {loop(rows_of(program, kernel),
               {read(1, keep), largest_of_row(kernel, most, largest),
                pipelined(most, TakeInterval, {step({}, nullptr, {})}),
                pipelined(most, FloatAddInterval, {step({}, weigh, {})}),
                pipelined(most, 1, {step({}, nullptr, {})}), write(0, emit)})};
}

Buffer registers(std::string_view name, int64_t words) {
  return {.name = name, .width_bits = 64, .words = words, .banks = words};
}

/// Comparisons of integers, and what moves candidates of 64 bits.
Datapath comparing(int64_t comparisons) {
  using enum Operator;
  Datapath made;
  made.add(IntAdd, comparisons);
  made.add(Select, comparisons * selects_of(64, 3));
  return made;
}

Datapath greedy_datapath(const Program&, const Kernel& kernel) {
  return comparing(kernel.sizes.at("L") + 1);
}

Datapath sample_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), most = kernel.sizes.at("K");
  using enum Operator;
  Datapath made = comparing(lanes * most + lanes);
  made.add(FloatDivide, 1);
  made.add(FloatMultiply, 2);
  made.add(FloatAdd, 2);
  made.add(FloatExp, 1);
  made.add(FloatCompare, 2);
  return made;
}

}  // namespace

void add_sample_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "greedy_rows",
                     .header = "streamtensor/sample.h",
                     .summary = "the id of each row's largest logit",
                     .template_arguments = {"L", "Beats", "Vocabulary"},
                     .arguments = {"in0", "out0", "tokens"},
                     .nest = greedy_rows,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       return {registers("best", k.sizes.at("L"))};
                     },
                     .datapath = greedy_datapath,
                     .row_barrier = true});
  records.push_back({.kind = "sample_rows",
                     .header = "streamtensor/sample.h",
                     .summary = "a random id of each row's largest logits",
                     .template_arguments = {"L", "Beats", "Vocabulary", "K"},
                     .arguments = {"in0", "in1", "out0", "tokens"},
                     .nest = sample_rows,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       const int64_t most = k.sizes.at("K");
                       return {registers("kept", k.sizes.at("L") * most),
                               {.name = "largest", .width_bits = 64, .words = most},
                               {.name = "weights", .width_bits = 32, .words = most}};
                     },
                     .datapath = sample_datapath,
                     .row_barrier = true});
}

}  // namespace st
