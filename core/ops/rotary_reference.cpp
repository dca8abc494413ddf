// SPDX-License-Identifier: Apache-2.0
// RotaryEmbedding of [batch, rows, heads * head] and [batch, heads, rows, head], of whole heads or
// their first part.
#include "core/ops/attention_reference.h"
#include "core/ops/element.h"
#include "core/ops/reference.h"

namespace st {

Result<std::vector<Tensor>> rotary_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  const bool four = x.shape.size() == 4;
  if (!is_real(x.dtype()) || (x.shape.size() != 3 && !four) || in[1]->dtype() != x.dtype() ||
      in[2]->dtype() != x.dtype())
    return operand_error(node, in, "the operands must be floats, with three or four dimensions");
  const int64_t heads = four ? x.shape[1] : node.integer("num_heads", 0);
  if (!four && (heads < 1 || x.shape[2] % heads != 0))
    return attribute_error(node, "num_heads must divide the width");
  const int64_t batch = x.shape[0], rows = four ? x.shape[2] : x.shape[1];
  const int64_t head = four ? x.shape[3] : x.shape[2] / heads;
  int64_t rotated = node.integer("rotary_embedding_dim", 0);
  if (rotated == 0) rotated = head;
  if (rotated < 0 || rotated > head || rotated % 2 != 0)
    return attribute_error(node, "rotary_embedding_dim must be even, and at most a head");
  const int64_t half = rotated / 2;
  const Tensor* positions = operand(in, 3);
  const std::vector<int64_t>& table = in[1]->shape;
  const bool indexed = positions != nullptr;
  bool fits = in[2]->shape == table && table.size() == (indexed ? 2 : 3) && table.back() == half;
  if (fits && !indexed) fits = table[1] == rows && (table[0] == batch || table[0] == 1);
  if (fits && indexed) {
    const std::vector<int64_t>& shape = positions->shape;
    fits = (positions->dtype() == DType::I64 || positions->dtype() == DType::I32) &&
           shape.size() == 2 && (shape[0] == batch || shape[0] == 1) && shape[1] == rows;
  }
  if (!fits)
    return operand_error(node, in,
                         "cosine and sine must have a row of half of what is rotated "
                         "for each row, or positions that find one");
  if (x.size() == 0) return tensors(x);
  const bool interleaved = node.integer("interleaved", 0) != 0;
  const std::vector<double> cosines = doubles_of(*in[1]), sines = doubles_of(*in[2]);
  std::vector<double> y = doubles_of(x);
  for (int64_t at = 0; at < batch * rows; ++at) {
    const int64_t b = at / rows, r = at % rows;
    int64_t position = table[0] == 1 ? r : at;
    if (indexed) {
      position = positions->integer(positions->shape[0] == 1 ? r : at);
      if (position < 0 || position >= table[0])
        return index_error(
            node, "position " + std::to_string(position) + " is outside the rotary tables");
    }
    for (int64_t h = 0; h < heads; ++h) {
      double* row = y.data() + (four ? (b * heads + h) * rows + r : at * heads + h) * head;
      for (int64_t i = 0; i < half; ++i) {
        const double c = cosines[position * half + i], s = sines[position * half + i];
        double& first = interleaved ? row[2 * i] : row[i];
        double& second = interleaved ? row[2 * i + 1] : row[i + half];
        const double x0 = first, x1 = second;
        first = x0 * c - x1 * s;
        second = x0 * s + x1 * c;
      }
    }
  }
  return tensors(tensor_of(x.dtype(), x.shape, y));
}

}  // namespace st
