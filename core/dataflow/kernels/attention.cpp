// SPDX-License-Identifier: Apache-2.0
// Causal attention of a new row over all earlier ones: scores, softmax, context. Keys and values
// come from cache_rows.
#include <algorithm>
#include <cmath>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

/// Positions that row t of a launch may look at.
int64_t visible(const Evaluation& e, int64_t t) { return e.past + t + 1; }

/// Where element (h, t, j) of a [heads, tokens, past+tokens] tensor lies.
int64_t at(const Evaluation& e, int64_t h, int64_t t, int64_t j) {
  return (h * e.tokens + t) * (e.past + e.tokens) + j;
}

/// Row j of the key or value head that query head h uses (several query heads share one:
/// grouped-query attention).
const float* cached(const Evaluation& e, const Tensor& cache, int64_t h, int64_t j) {
  const int64_t repeat = e.size("Heads") / cache.shape[0];
  return cache.f32().data() + ((h / repeat) * cache.shape[1] + j) * cache.shape[2];
}

Result<std::vector<Tensor>> attention_scores(const Evaluation& e) {
  const int64_t heads = e.size("Heads"), lanes = e.size("L"), head = lanes * e.size("HeadBeats");
  Tensor scores = Tensor::zeros(DType::F32, {heads, e.tokens, e.past + e.tokens});
  for (int64_t t = 0; t < e.tokens; ++t) {
    for (int64_t h = 0; h < heads; ++h) {
      const float* q = e.inputs[0]->f32().data() + (t * heads + h) * head;
      for (int64_t j = 0; j < visible(e, t); ++j) {
        const float* k = cached(e, *e.inputs[1], h, j);
        scores.f32()[at(e, h, t, j)] =
            row_sum<float>(head, lanes, [&](int64_t i) { return q[i] * k[i]; }) * e.real("scale");
      }
    }
  }
  return std::vector{std::move(scores)};
}

Result<std::vector<Tensor>> softmax_rows(const Evaluation& e) {
  Tensor p = *e.inputs[0];
  for (int64_t t = 0; t < e.tokens; ++t) {
    for (int64_t h = 0; h < e.size("Heads"); ++h) {
      float* row = p.f32().data() + at(e, h, t, 0);
      const int64_t n = visible(e, t);
      const float peak = *std::max_element(row, row + n);
      float sum = 0.0f;
      for (int64_t j = 0; j < n; ++j) sum += row[j] = std::exp(row[j] - peak);
      const float inverse = 1.0f / sum;
      for (int64_t j = 0; j < n; ++j) row[j] *= inverse;
    }
  }
  return std::vector{std::move(p)};
}

Result<std::vector<Tensor>> attention_context(const Evaluation& e) {
  const int64_t heads = e.size("Heads"), head = e.size("L") * e.size("HeadBeats");
  Tensor y = Tensor::zeros(DType::F32, {e.tokens, heads * head});
  for (int64_t t = 0; t < e.tokens; ++t) {
    for (int64_t h = 0; h < heads; ++h) {
      float* sum = y.f32().data() + (t * heads + h) * head;
      for (int64_t j = 0; j < visible(e, t); ++j) {
        const float p = e.inputs[0]->f32()[at(e, h, t, j)];
        const float* v = cached(e, *e.inputs[1], h, j);
        for (int64_t i = 0; i < head; ++i) sum[i] += p * v[i];
      }
    }
  }
  return std::vector{std::move(y)};
}

}  // namespace

void add_attention_kernels(std::vector<KernelRecord>& records) {
  records.push_back({"attention_scores",
                     "streamtensor/attention.h",
                     "query times each visible key, scaled",
                     {"L", "HeadBeats", "Heads"},
                     {"in0", "in1", "out0", "real:scale", "tokens", "past"},
                     attention_scores,
                     [](const Program& p, const Kernel& k) {
                       const int64_t head = k.sizes.at("HeadBeats");
                       return KernelCost{
                           k.sizes.at("Heads") * head * (1 + FloatAddInterval * p.max_positions),
                           false, head * k.sizes.at("L") * 32};
                     }});
  records.push_back({"softmax_rows",
                     "streamtensor/attention.h",
                     "softmax over the visible positions",
                     {"MaxPositions", "Heads"},
                     {"in0", "out0", "tokens", "past"},
                     softmax_rows,
                     [](const Program& p, const Kernel& k) {
                       const int64_t cycles = FloatMaxInterval + FloatAddInterval + 1;
                       return KernelCost{cycles * k.sizes.at("Heads") * p.max_positions, true,
                                         p.max_positions * 32};
                     }});
  records.push_back({"attention_context",
                     "streamtensor/attention.h",
                     "probabilities times each visible value",
                     {"L", "HeadBeats", "Heads"},
                     {"in0", "in1", "out0", "tokens", "past"},
                     attention_context,
                     [](const Program& p, const Kernel& k) {
                       const int64_t head = k.sizes.at("HeadBeats");
                       // A head's beats take turns in the additions.
                       const int64_t interval = (FloatAddInterval + head - 1) / head * head;
                       return KernelCost{k.sizes.at("Heads") * (interval * p.max_positions + head),
                                         true, head * k.sizes.at("L") * 32};
                     }});
}

}  // namespace st
