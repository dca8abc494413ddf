// SPDX-License-Identifier: Apache-2.0
#include "core/ops/attention_operands.h"

#include <algorithm>

#include "core/ops/element.h"

namespace st {
namespace {

Result<AttentionHeads> heads_of(const Node& node, const Operands& in, size_t i, const char* count) {
  const std::vector<int64_t>& shape = in[i]->shape;
  if (!is_real(in[i]->dtype()))
    return operand_error(node, in, "query, key and value must be floats");
  if (shape.size() != in[0]->shape.size() || (shape.size() != 3 && shape.size() != 4))
    return operand_error(node, in, "query, key and value must all have three, or four, dimensions");
  if (shape.size() == 4) return AttentionHeads{shape[0], shape[1], shape[2], shape[3], true};
  const int64_t heads = node.integer(count, 0);
  if (heads < 1 || shape[2] % heads != 0)
    return attribute_error(node, std::string(count) + " must divide the width");
  return AttentionHeads{shape[0], heads, shape[1], shape[2] / heads, false};
}

}  // namespace

Result<AttentionParts> attention_parts(const Node& node, const Operands& in) {
  ST_TRY(q, heads_of(node, in, 0, "q_num_heads"));
  ST_TRY(k, heads_of(node, in, 1, "kv_num_heads"));
  ST_TRY(v, heads_of(node, in, 2, "kv_num_heads"));
  if (k.batch != q.batch || v.batch != q.batch || k.width != q.width || v.rows != k.rows ||
      v.heads != k.heads || k.heads < 1 || q.heads % k.heads != 0)
    return operand_error(
        node, in, "queries and keys differ in batch or head size, or the heads cannot be grouped");
  AttentionParts parts{q, k, v};
  if (element_count({q.batch, q.heads}) > MostResultElements || k.rows > MostResultElements)
    return operand_error(node, in, "an operand has too large an extent");
  const Tensor *keys = operand(in, 4), *values = operand(in, 5);
  if (!keys && !values) return parts;
  if (!keys || !values || operand(in, 6))
    return operand_error(node, in, "past_key and past_value come together, without padded keys");
  if (keys->shape.size() == 4) parts.past = keys->shape[2];
  if (keys->shape != std::vector<int64_t>{q.batch, k.heads, parts.past, k.width} ||
      values->shape != std::vector<int64_t>{q.batch, k.heads, parts.past, v.width} ||
      parts.past > MostResultElements || keys->dtype() != in[1]->dtype() ||
      values->dtype() != in[2]->dtype())
    return operand_error(node, in, "the caches must be [batch, heads, past, head size]");
  return parts;
}

Result<Tensor> behind_cached(const Node& node, const Tensor* past, int64_t before,
                             const Tensor& rows, const AttentionHeads& form) {
  ST_TRY(all,
         result_of(node, rows.dtype(), {form.batch, form.heads, before + form.rows, form.width}));
  if (all.size() == 0) return std::move(all);
  visit_elements(all, [&](auto& to) {
    using T = ElementOf<decltype(to)>;
    const std::vector<T>& from = rows.as<T>();
    auto next = to.begin();
    for (int64_t b = 0; b < form.batch; ++b) {
      for (int64_t h = 0; h < form.heads; ++h) {
        const int64_t cached = before * form.width;
        if (past)
          next = std::copy_n(past->as<T>().begin() + (b * form.heads + h) * cached, cached, next);
        for (int64_t r = 0; r < form.rows; ++r)
          next = std::copy_n(from.begin() + form.at(b, h, r), form.width, next);
      }
    }
  });
  return std::move(all);
}

}  // namespace st
