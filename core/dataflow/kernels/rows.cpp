// SPDX-License-Identifier: Apache-2.0
// Kernels that need a whole row before its first output: normalisation and quantisation, and their
// like.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

int64_t width_of(const Evaluation& e) { return e.size("L") * e.size("Beats"); }

Result<std::vector<Tensor>> layer_norm(const Evaluation& e) {
  const int64_t width = width_of(e), lanes = e.size("L");
  Tensor y = *e.inputs[0];
  const auto& scale = e.inputs[1]->f32();
  const auto& bias = e.inputs[2]->f32();
  for (int64_t t = 0; t < e.tokens; ++t) {
    float* row = y.f32().data() + t * width;
    const float mean =
        row_sum<float>(width, lanes, [&](int64_t i) { return row[i]; }) / static_cast<float>(width);
    const float variance =
        row_sum<float>(width, lanes, [&](int64_t i) { return (row[i] - mean) * (row[i] - mean); }) /
        static_cast<float>(width);
    const float inverse = 1.0f / std::sqrt(variance + e.real("epsilon"));
    for (int64_t i = 0; i < width; ++i) row[i] = (row[i] - mean) * inverse * scale[i] + bias[i];
  }
  return std::vector{std::move(y)};
}

Result<std::vector<Tensor>> rms_norm(const Evaluation& e) {
  const int64_t width = width_of(e), lanes = e.size("L");
  Tensor y = *e.inputs[0];
  const auto& scale = e.inputs[1]->f32();
  for (int64_t t = 0; t < e.tokens; ++t) {
    float* row = y.f32().data() + t * width;
    const float squares = row_sum<float>(width, lanes, [&](int64_t i) { return row[i] * row[i]; });
    const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(width) + e.real("epsilon"));
    for (int64_t i = 0; i < width; ++i) row[i] = row[i] * inverse * scale[i];
  }
  return std::vector{std::move(y)};
}

Result<std::vector<Tensor>> quantize_rows(const Evaluation& e) {
  const int64_t width = width_of(e);
  Tensor q = Tensor::zeros(DType::I8, {e.tokens, width});
  Tensor scale = Tensor::zeros(DType::F32, {e.tokens});
  for (int64_t t = 0; t < e.tokens; ++t) {
    const float* row = e.inputs[0]->f32().data() + t * width;
    float peak = 0.0f;
    for (int64_t i = 0; i < width; ++i) peak = std::max(peak, std::fabs(row[i]));
    scale.f32()[t] = peak / 127.0f;
    const float inverse = peak == 0.0f ? 0.0f : 127.0f / peak;
    for (int64_t i = 0; i < width; ++i) {
      const float v = row[i] * inverse;
      const float low = v >= -127.0f ? v : -127.0f;
      const float clamped = low <= 127.0f ? low : 127.0f;
      q.as<int8_t>()[t * width + i] =
          static_cast<int8_t>(clamped + (clamped >= 0.0f ? 0.5f : -0.5f));
    }
  }
  return std::vector{std::move(q), std::move(scale)};
}

Result<std::vector<Tensor>> dequantize_rows(const Evaluation& e) {
  const int64_t width = width_of(e);
  Tensor y = Tensor::zeros(DType::F32, {e.tokens, width});
  const auto& sums = e.inputs[0]->as<int32_t>();
  const auto& row_scale = e.inputs[1]->f32();
  const auto& channel_scale = e.inputs[2]->f32();
  for (int64_t i = 0; i < y.size(); ++i) {
    y.f32()[i] = static_cast<float>(sums[i]) * (row_scale[i / width] * channel_scale[i % width]);
  }
  return std::vector{std::move(y)};
}

Result<std::vector<Tensor>> rotary(const Evaluation& e) {
  const int64_t heads = e.size("Heads"), head = e.size("L") * e.size("HeadBeats"), half = head / 2;
  const bool interleaved = e.size("Interleaved") != 0;
  Tensor y = *e.inputs[0];
  for (int64_t t = 0; t < e.tokens; ++t) {
    const float* cosine = e.inputs[1]->f32().data() + t * half;
    const float* sine = e.inputs[2]->f32().data() + t * half;
    for (int64_t h = 0; h < heads; ++h) {
      float* x = y.f32().data() + (t * heads + h) * head;
      for (int64_t i = 0; i < half; ++i) {
        float& a = interleaved ? x[2 * i] : x[i];
        float& b = interleaved ? x[2 * i + 1] : x[i + half];
        const float x0 = a, x1 = b;
        a = x0 * cosine[i] - x1 * sine[i];
        b = x0 * sine[i] + x1 * cosine[i];
      }
    }
  }
  return std::vector{std::move(y)};
}

/// Loops over a row of floats that is kept in a buffer, `cycles` per beat together, and then one
/// pass for each time that the result is sent. If that is more than once, it is kept too, in
/// `kept_bits` per element beside the row.
std::function<KernelCost(const Program&, const Kernel&)> buffered(int64_t cycles,
                                                                  int64_t kept_bits = 0) {
  return [=](const Program&, const Kernel& k) {
    const int64_t beats = k.sizes.at("Beats");
    const std::vector<int64_t> repeats = k.sizes_named("Repeat");
    const int64_t sent = std::accumulate(repeats.begin(), repeats.end(), int64_t{0});
    return KernelCost{(cycles + sent) * beats, true,
                      beats * k.sizes.at("L") * (32 + (sent > 1 ? kept_bits : 0))};
  };
}

}  // namespace

void add_row_kernels(std::vector<KernelRecord>& records) {
  records.push_back({"layer_norm",
                     "streamtensor/normalization.h",
                     "LayerNormalization of each row",
                     {"L", "Beats", "sizes Repeat*"},
                     {"in0", "in1", "in2", "real:epsilon", "tokens", "out*"},
                     layer_norm,
                     buffered(2 * FloatAddInterval)});
  records.push_back({"rms_norm",
                     "streamtensor/normalization.h",
                     "RMSNormalization of each row",
                     {"L", "Beats", "sizes Repeat*"},
                     {"in0", "in1", "real:epsilon", "tokens", "out*"},
                     rms_norm,
                     buffered(FloatAddInterval)});
  records.push_back({"quantize_rows",
                     "streamtensor/quantize.h",
                     "f32 row to i8 and one scale",
                     {"L", "Beats", "sizes Repeat*"},
                     {"in0", "out1", "tokens", "out0"},
                     quantize_rows,
                     buffered(FloatMaxInterval, 8)});
  records.push_back({"dequantize_rows",
                     "streamtensor/quantize.h",
                     "i32 sums to f32 by row and channel scale",
                     {"L", "Beats"},
                     {"in0", "in1", "in2", "out0", "tokens"},
                     dequantize_rows,
                     [](const Program&, const Kernel& k) {
                       return KernelCost{k.sizes.at("Beats"), false, 0};
                     }});
  records.push_back({"rotary",
                     "streamtensor/rotary.h",
                     "RotaryEmbedding of each head",
                     {"L", "HeadBeats", "Heads", "Interleaved", "CL", "CBeats"},
                     {"in0", "in1", "in2", "out0", "tokens"},
                     rotary,
                     [](const Program&, const Kernel& k) {
                       const int64_t beats = k.sizes.at("HeadBeats");
                       return KernelCost{2 * k.sizes.at("Heads") * beats + k.sizes.at("CBeats"),
                                         true, 2 * beats * k.sizes.at("L") * 32};
                     }});
}

}  // namespace st
