// SPDX-License-Identifier: Apache-2.0
// Attention, in double: 3D and 4D operands, grouped heads, caches, masks, soft caps, padded keys.
#include "core/ops/attention_reference.h"

#include <algorithm>
#include <cmath>

#include "core/graph/attention.h"
#include "core/ops/attention_operands.h"
#include "core/ops/element.h"
#include "core/ops/reference.h"

namespace st {
namespace {

/// What is added to the scores: the mask, keys behind a query, padding.
class Bias {
 public:
  static Result<Bias> of(const Node& node, const Operands& in, const AttentionParts& parts) {
    Bias made;
    made.causal_ = node.integer("is_causal", 0) != 0;
    if (node.domain == OwnDomain && operand(in, AttentionWindow)) {
      ST_TRY(window, integers_of(node, in, AttentionWindow));
      if (window.size() != 1 || window[0] < 0 || (window[0] > 0 && !made.causal_))
        return operand_error(node, in, "the window must be at least 0, and needs is_causal = 1");
      made.window_ = window[0];
    }
    made.total_ = parts.total();
    const int64_t batch = parts.q.batch, rows = parts.q.rows;
    made.first_.assign(static_cast<size_t>(batch), parts.past);
    made.valid_.assign(static_cast<size_t>(batch), made.total_);
    if (operand(in, 6)) {
      ST_TRY(valid, integers_of(node, in, 6));
      if (static_cast<int64_t>(valid.size()) != batch)
        return operand_error(node, in, "nonpad_kv_seqlen must be [batch]");
      for (size_t b = 0; b < valid.size(); ++b) {
        if (valid[b] < 0 || valid[b] > made.total_)
          return operand_error(node, in, "nonpad_kv_seqlen is outside the keys");
        made.valid_[b] = valid[b];
        made.first_[b] = valid[b] - rows;  // the last query stands at the last valid key
      }
    }
    const Tensor* mask = operand(in, 3);
    if (!mask) return made;
    std::vector<int64_t> shape = mask->shape;
    if (shape.empty() || shape.size() > 4)
      return operand_error(node, in, "the mask must have two to four dimensions");
    shape.insert(shape.begin(), 4 - shape.size(), 1);
    const std::vector<int64_t> whole = {batch, parts.q.heads, rows, made.total_};
    int64_t stride = 1;
    for (size_t d = 4; d-- > 0;) {
      // A mask that is too short in its last dimension hides the keys behind it.
      const bool fits = d == 3 ? shape[d] <= whole[d] : shape[d] == 1 || shape[d] == whole[d];
      if (!fits) return operand_error(node, in, "the mask does not broadcast to the scores");
      made.strides_[d] = shape[d] == 1 && d != 3 ? 0 : stride;
      if (mask->size() > 0) stride *= shape[d];
    }
    made.masked_ = mask->size() == 0 ? 0 : shape[3];
    made.mask_ = doubles_of(*mask);
    if (mask->dtype() == DType::Bool) {
      for (double& value : made.mask_) value = value != 0 ? 0.0 : -INFINITY;
    }
    made.has_mask_ = true;
    return made;
  }

  [[nodiscard]] double at(int64_t b, int64_t h, int64_t row, int64_t key) const {
    const int64_t own = row + first_[b];
    if (key >= valid_[b] || (causal_ && key > own)) return -INFINITY;
    if (window_ > 0 && key <= own - window_) return -INFINITY;
    if (!has_mask_) return 0;
    if (key >= masked_) return -INFINITY;
    return mask_[b * strides_[0] + h * strides_[1] + row * strides_[2] + key * strides_[3]];
  }

 private:
  bool causal_ = false, has_mask_ = false;
  int64_t total_ = 0, masked_ = 0, window_ = 0;
  std::vector<int64_t> first_;  ///< per batch: the position of the first query
  std::vector<int64_t> valid_;  ///< per batch: keys that are no padding
  std::vector<double> mask_;
  int64_t strides_[4] = {0, 0, 0, 0};
};

/// What qk_matmul_output shows, by its mode.
enum Shown { Scores = 0, Capped = 1, Biased = 2, Probabilities = 3 };

}  // namespace

Result<std::vector<Tensor>> attention_reference(const Node& node, const Operands& in) {
  if (has_int8_cache(node)) return int8_attention_reference(node, in);
  ST_TRY(parts, attention_parts(node, in));
  const auto& [q, k, v, past] = parts;
  const int64_t total = parts.total();
  ST_TRY(bias, Bias::of(node, in, parts));
  ST_TRY(keys, behind_cached(node, operand(in, 4), past, *in[1], k));
  ST_TRY(values, behind_cached(node, operand(in, 5), past, *in[2], v));
  const bool shows = node.outputs.size() > 3 && node.outputs[3] != NoValue;
  const int64_t mode = node.integer("qk_matmul_output_mode", Scores);
  if (mode < Scores || mode > Probabilities)
    return attribute_error(node, "qk_matmul_output_mode must be 0, 1, 2 or 3");
  const std::vector<int64_t> scores_shape = {q.batch, q.heads, q.rows, total};
  ST_TRY(shown, result_of(node, DType::F64, shows ? scores_shape : std::vector<int64_t>{0}));
  const AttentionHeads out{q.batch, q.heads, q.rows, v.width, q.four};
  ST_TRY(y, result_of(node, in[0]->dtype(), out.shape()));

  const double scale = node.has("scale")
                           ? node.real("scale", 1.0f)
                           : 1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(q.width, 1)));
  const double cap = node.real("softcap", 0.0f);
  const std::vector<double> queries = doubles_of(*in[0]), all_keys = doubles_of(keys),
                            all_values = doubles_of(values);
  std::vector<double> result(static_cast<size_t>(y.size()), 0.0);
  std::vector<double> p(static_cast<size_t>(total));
  const int64_t rows = y.size() == 0 && shown.size() == 0 ? 0 : q.batch * q.heads * q.rows;
  for (int64_t at = 0; at < rows; ++at) {
    const int64_t b = at / q.rows / q.heads, h = at / q.rows % q.heads, r = at % q.rows;
    const int64_t group = b * k.heads + h / (q.heads / k.heads);
    double* seen = shows ? shown.as<double>().data() + at * total : nullptr;
    const double* query = queries.data() + q.at(b, h, r);
    double peak = -INFINITY, sum = 0;
    bool hidden = true;  // every key of the row
    for (int64_t j = 0; j < total; ++j) {
      const double added = bias.at(b, h, r, j);
      hidden = hidden && added == -INFINITY;
      p[j] = -INFINITY;
      if (added == -INFINITY && !seen) continue;
      const double* key = all_keys.data() + (group * total + j) * k.width;
      double score = 0;
      for (int64_t i = 0; i < k.width; ++i) score += query[i] * key[i];
      score *= scale;
      if (seen && mode == Scores) seen[j] = score;
      if (cap > 0) score = cap * std::tanh(score / cap);
      if (seen && mode == Capped) seen[j] = score;
      // A key that is hidden stays so, whatever its score is, a NaN included.
      p[j] = added == -INFINITY ? added : score + added;
      if (seen && mode == Biased) seen[j] = p[j];
      peak = std::max(peak, p[j]);
    }
    for (int64_t j = 0; j < total; ++j) sum += p[j] = hidden ? 0.0 : std::exp(p[j] - peak);
    // A row that sees no key is 0.
    for (int64_t j = 0; j < total && !hidden; ++j) p[j] /= sum;
    if (seen && mode == Probabilities) std::copy(p.begin(), p.end(), seen);
    for (int64_t j = 0; j < total; ++j) {
      if (p[j] == 0) continue;  // what is behind a mask may be no number
      const double* value = all_values.data() + (group * total + j) * v.width;
      for (int64_t i = 0; i < v.width; ++i) result[out.at(b, h, r) + i] += p[j] * value[i];
    }
  }
  std::vector<Tensor> made =
      tensors(tensor_of(in[0]->dtype(), y.shape, result), std::move(keys), std::move(values));
  if (shows) made.push_back(converted_to(in[0]->dtype(), shown));
  return made;
}

}  // namespace st
