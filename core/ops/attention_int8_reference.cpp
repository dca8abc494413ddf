// SPDX-License-Identifier: Apache-2.0
// Attention over int8 keys and values. Sums are of integers and all else is a maximum or of one
// position alone, so that no result depends on the order of positions.
#include <algorithm>
#include <cmath>

#include "core/graph/half.h"
#include "core/graph/quantised_value.h"
#include "core/ops/attention_operands.h"
#include "core/ops/attention_reference.h"

namespace st {
namespace {

/// Rows of one width as integers, each with a scale.
struct QuantisedRows {
  int64_t width = 0;
  std::vector<int8_t> values;
  std::vector<float> scales;

  [[nodiscard]] const int8_t* row(int64_t r) const { return values.data() + r * width; }
};

/// Keys or values: what is multiplied is the inverse of the scale that is kept, a bfloat16.
QuantisedRows cached_rows(const float* row, int64_t rows, int64_t width) {
  QuantisedRows made{width, {}, {}};
  for (int64_t r = 0; r < rows; ++r, row += width) {
    const float scale = bfloat16_value(bfloat16_bits(peak_of(row, width) / Int8Peak));
    const float inverse = scale == 0.0f ? 0.0f : 1.0f / scale;
    made.scales.push_back(scale);
    for (int64_t i = 0; i < width; ++i) made.values.push_back(rounded(row[i], inverse));
  }
  return made;
}

/// A query, as QuantizeRows has it.
QuantisedRows query_row(const float* row, int64_t width) {
  const float peak = peak_of(row, width);
  QuantisedRows made{width, {}, {peak / Int8Peak}};
  for (int64_t i = 0; i < width; ++i)
    made.values.push_back(rounded(row[i], peak == 0.0f ? 0.0f : Int8Peak / peak));
  return made;
}

/// attention_weight() of what is from 0 to AttentionTwicePeak; what is no number becomes 0.
int32_t weight_of(float twice) {
  return twice >= 0.0f ? attention_weight(std::min(twice, AttentionTwicePeak)) : 0;
}

/// Positions that a query sees: rows [first, end) of its keys and values.
struct Visible {
  int64_t first = 0, end = 0;
};

/// One query over the rows of its head that it sees; `result` has a value's width.
void attend(const QuantisedRows& query, float scale, const QuantisedRows& keys,
            const QuantisedRows& values, const Visible& seen, float* result) {
  const float factor = query.scales[0] * scale;
  std::vector<float> scores;
  float peak = -INFINITY, largest = 0.0f;
  for (int64_t j = seen.first; j < seen.end; ++j) {
    int32_t dot = 0;
    for (int64_t i = 0; i < keys.width; ++i)
      dot += int32_t{query.values[static_cast<size_t>(i)]} * keys.row(j)[i];
    scores.push_back(static_cast<float>(dot) * (factor * keys.scales[static_cast<size_t>(j)]));
    peak = std::max(peak, scores.back());
    largest = std::max(largest, values.scales[static_cast<size_t>(j)]);
  }
  const float inverse = largest == 0.0f ? 0.0f : AttentionTwicePeak / largest;
  int64_t total = 0;
  std::vector<int64_t> sums(static_cast<size_t>(values.width), 0);
  for (int64_t j = seen.first; j < seen.end; ++j) {
    const float power = std::exp(scores[static_cast<size_t>(j - seen.first)] - peak);
    total += weight_of(power * AttentionTwicePeak);
    const float share = values.scales[static_cast<size_t>(j)] * inverse;
    const int32_t weight = weight_of(power * share);
    for (int64_t i = 0; i < values.width; ++i)
      sums[static_cast<size_t>(i)] += int64_t{weight} * values.row(j)[i];
  }
  // A row that sees no key is 0.
  const float unit = total == 0 ? 0.0f : largest / static_cast<float>(total);
  for (int64_t i = 0; i < values.width; ++i)
    result[i] = static_cast<float>(sums[static_cast<size_t>(i)]) * unit;
}

Status check_use(const Node& node, const Operands& in) {
  if (operand(in, 3) || operand(in, 6) || node.real("softcap", 0.0f) != 0.0f ||
      node.outputs.size() > 3)
    return operand_error(node, in,
                         "over int8 keys and values there are no masks, padded keys, soft caps and "
                         "outputs of scores");
  if (node.integer("is_causal", 0) == 0)
    return operand_error(node, in, "over int8 keys and values attention is causal");
  const auto is_float = [](const Tensor* t) { return t->dtype() == DType::F32; };
  if (!std::all_of(in.begin(), in.begin() + 3, is_float))
    return operand_error(node, in, "what is kept in int8 is float32");
  return {};
}

Result<int64_t> window_of(const Node& node, const Operands& in) {
  if (!operand(in, AttentionWindow)) return int64_t{0};
  ST_TRY(window, integer_of(node, in, AttentionWindow));
  if (window < 0) return operand_error(node, in, "the window must be at least 0");
  return window;
}

}  // namespace

Result<std::vector<Tensor>> int8_attention_reference(const Node& node, const Operands& in) {
  ST_TRY(parts, attention_parts(node, in));
  ST_CHECK(check_use(node, in));
  ST_TRY(window, window_of(node, in));
  const auto& [q, k, v, past] = parts;
  const int64_t total = parts.total();
  if (total > MostInt8Positions || q.width > MostInt8Head)
    return operand_error(node, in, "sums over as many positions, or of so wide heads, do not fit");
  ST_TRY(keys, behind_cached(node, operand(in, 4), past, *in[1], k));
  ST_TRY(values, behind_cached(node, operand(in, 5), past, *in[2], v));
  const AttentionHeads out{q.batch, q.heads, q.rows, v.width, q.four};
  ST_TRY(y, result_of(node, DType::F32, out.shape()));
  const float scale = node.real(
      "scale",
      static_cast<float>(1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(q.width, 1)))));
  const int64_t rows = y.size() == 0 ? 0 : q.rows;
  for (int64_t head = 0; rows > 0 && head < q.batch * k.heads; ++head) {
    const auto rows_of = [&](const Tensor& all, int64_t width) {
      return cached_rows(all.f32().data() + head * total * width, total, width);
    };
    const QuantisedRows own_keys = rows_of(keys, k.width), own_values = rows_of(values, v.width);
    const int64_t shared = q.heads / k.heads, b = head / k.heads, g = head % k.heads;
    for (int64_t at = 0; at < shared * rows; ++at) {
      const int64_t h = g * shared + at / rows, r = at % rows;
      Visible seen{0, std::min(past + r + 1, total)};
      if (window > 0) seen.first = std::clamp<int64_t>(past + r + 1 - window, 0, seen.end);
      attend(query_row(in[0]->f32().data() + q.at(b, h, r), q.width), scale, own_keys, own_values,
             seen, y.f32().data() + out.at(b, h, r));
    }
  }
  return tensors(std::move(y), std::move(keys), std::move(values));
}

}  // namespace st
