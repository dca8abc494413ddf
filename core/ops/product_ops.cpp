// SPDX-License-Identifier: Apache-2.0
// Products of matrices: MatMul and Gemm of numbers, MatMulInteger and QLinearMatMul of quantised
// ones.
#include "core/ops/product_ops.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/ops/broadcast.h"
#include "core/ops/element.h"
#include "core/ops/moves.h"
#include "core/ops/quantize_linear.h"
#include "core/ops/reference.h"

namespace st {
namespace {

/// Sums are made in double, or modulo 2^64.
template <typename T>
using Accumulator = std::conditional_t<IsReal<T>, double, uint64_t>;

template <typename T>
Accumulator<T> term(T value) {
  return static_cast<Accumulator<T>>(widened(value));
}

/// y [rows, width] = a [rows, depth] * b [depth, width].
template <typename T>
void multiply(const T* a, const T* b, T* y, int64_t rows, int64_t depth, int64_t width) {
  std::vector<Accumulator<T>> sums(width);
  for (int64_t r = 0; r < rows; ++r) {
    sums.assign(width, 0);
    for (int64_t k = 0; k < depth; ++k) {
      const Accumulator<T> x = term(a[r * depth + k]);
      const T* w = b + k * width;
      for (int64_t n = 0; n < width; ++n) sums[n] += x * term(w[n]);
    }
    for (int64_t n = 0; n < width; ++n)
      y[r * width + n] = narrowed<T>(static_cast<Wide<T>>(sums[n]));
  }
}

/// numpy.matmul: matrices in the last two dimensions, which vectors are, too; the others broadcast.
Result<Tensor> product(const Node& node, const Operands& in, Tensor a, Tensor b) {
  if (a.shape.empty() || b.shape.empty() || a.dtype() != b.dtype() || a.dtype() == DType::Bool)
    return operand_error(node, in, "matrices of numbers of the same type are multiplied");
  const bool row = a.shape.size() == 1, column = b.shape.size() == 1;
  if (row) a.shape.insert(a.shape.begin(), 1);
  if (column) b.shape.push_back(1);
  const int64_t rows = a.shape[a.shape.size() - 2], depth = a.shape.back();
  const int64_t width = b.shape.back();
  if (b.shape[b.shape.size() - 2] != depth)
    return operand_error(node, in, "the inner dimensions differ");
  // The batches broadcast as if each matrix was an element.
  Tensor left = Tensor::zeros(DType::U8, {}), right = left;
  left.shape.assign(a.shape.begin(), a.shape.end() - 2);
  right.shape.assign(b.shape.begin(), b.shape.end() - 2);
  ST_TRY(batches, Broadcast::of(node, {&left, &right}));
  std::vector<int64_t> shape = batches.shape();
  shape.insert(shape.end(), {rows, width});
  ST_TRY(y, result_of(node, a.dtype(), shape));
  if (y.size() > 0 && depth > 0) {
    visit_elements(y, [&](auto& to) {
      using T = ElementOf<decltype(to)>;
      const T *x = a.as<T>().data(), *w = b.as<T>().data();
      batches.walk([&](int64_t at, int64_t count, const std::vector<RowSource>& from) {
        for (int64_t i = 0; i < count; ++i) {
          multiply(x + (from[0].from + i * from[0].step) * rows * depth,
                   w + (from[1].from + i * from[1].step) * depth * width,
                   to.data() + (at + i) * rows * width, rows, depth, width);
        }
      });
    });
  }
  if (column) y.shape.pop_back();
  if (row) y.shape.erase(y.shape.end() - (column ? 1 : 2));
  return std::move(y);
}

/// A matrix, or its transposed one.
Result<Tensor> matrix(const Node& node, const Operands& in, size_t i, bool transposed) {
  const Tensor& given = *in[i];
  if (given.shape.size() != 2) return operand_error(node, in, "the operands must be matrices");
  if (!transposed) return given;
  Tensor made = Tensor::zeros(given.dtype(), {given.shape[1], given.shape[0]});
  std::vector<int64_t> strides = strides_of(given.shape);
  std::swap(strides[0], strides[1]);
  copy_strided(given, strides, made);
  return made;
}

Result<std::vector<Tensor>> gemm_reference(const Node& node, const Operands& in) {
  const DType type = in[0]->dtype();
  for (const Tensor* tensor : in) {
    if (tensor && tensor->dtype() != type)
      return operand_error(node, in, "the operands have different element types");
  }
  ST_TRY(a, matrix(node, in, 0, node.integer("transA", 0) != 0));
  ST_TRY(b, matrix(node, in, 1, node.integer("transB", 0) != 0));
  const double alpha = node.real("alpha", 1.0f), beta = node.real("beta", 1.0f);
  const DType inside = is_real(type) ? DType::F64 : type;
  ST_TRY(y, product(node, in, converted_to(inside, a), converted_to(inside, b)));
  // Integers stay exact where the factors are 1, as they are by default.
  visit_elements(y, [&](auto& values) {
    for (auto& value : values)
      if (alpha != 1)
        value = converted<ElementOf<decltype(values)>>(alpha * converted<double>(value));
  });
  if (const Tensor* c = operand(in, 2)) {
    ST_TRY(broadcast, Broadcast::to(node, in, *c, y.shape));
    const Tensor added = converted_to(inside, *c);
    visit_elements(y, [&](auto& values) {
      using T = ElementOf<decltype(values)>;
      update(broadcast, values, added.as<T>(), [beta](T value, T more) {
        if (beta != 1) more = converted<T>(beta * converted<double>(more));
        return narrowed<T>(static_cast<Wide<T>>(term(value) + term(more)));
      });
    });
  }
  return tensors(converted_to(type, y));
}

/// Integers without their zero point, which is a scalar, or one per row (or column) of a matrix.
Result<Tensor> centred(const Node& node, const Operands& in, size_t i, const Tensor* zero,
                       bool per_row) {
  const Tensor& x = *in[i];
  if (x.dtype() != DType::I8 && x.dtype() != DType::U8)
    return operand_error(node, in, "the operands must be int8 or uint8");
  Tensor made = converted_to(DType::I64, x);
  if (!zero) return made;
  if (zero->dtype() != x.dtype())
    return operand_error(node, in, "a zero point must have its operand's type");
  const Tensor point = converted_to(DType::I64, parameter_for(*zero, x.shape, per_row));
  ST_TRY(broadcast, Broadcast::to(node, in, point, x.shape));
  update(broadcast, made.as<int64_t>(), point.as<int64_t>(), std::minus<>());
  return made;
}

Result<std::vector<Tensor>> matmul_integer_reference(const Node& node, const Operands& in) {
  ST_TRY(a, centred(node, in, 0, operand(in, 2), true));
  ST_TRY(b, centred(node, in, 1, operand(in, 3), false));
  ST_TRY(y, product(node, in, std::move(a), std::move(b)));
  return tensors(converted_to(DType::I32, y));
}

/// (a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point).
Result<std::vector<Tensor>> qlinear_matmul_reference(const Node& node, const Operands& in) {
  const Operands factors = {in[0], in[3]};
  ST_TRY(a, centred(node, factors, 0, in[2], true));
  ST_TRY(b, centred(node, factors, 1, in[5], false));
  ST_TRY(sums, product(node, factors, std::move(a), std::move(b)));
  const DType type = in[7]->dtype();
  const bool whole = in[6]->size() == 1 && in[7]->size() == 1;
  if ((type != DType::I8 && type != DType::U8) || !whole || !is_real(in[1]->dtype()) ||
      !is_real(in[4]->dtype()) || !is_real(in[6]->dtype()))
    return operand_error(node, in, "the result has one scale, and one int8 or uint8 zero point");
  std::vector<double> values = doubles_of(sums);
  for (const bool left : {true, false}) {
    const Tensor& scale = *in[left ? 1 : 4];
    const Tensor point = parameter_for(scale, sums.shape, left);
    ST_TRY(broadcast, Broadcast::to(node, in, point, sums.shape));
    update(broadcast, values, doubles_of(point), std::multiplies<>());
  }
  const double scale = doubles_of(*in[6])[0], zero = doubles_of(*in[7])[0];
  for (double& value : values) value = quantised(value / scale, zero, type);
  return tensors(tensor_of(type, sums.shape, values));
}

}  // namespace

Result<std::vector<Tensor>> matmul_reference(const Node& node, const Operands& in) {
  if (in[0]->dtype() == DType::F32 && in[1]->dtype() == DType::F32 && in[0]->shape.size() > 1 &&
      in[1]->shape.size() == 2 && in[0]->shape.back() == in[1]->shape[0]) {
    // A linear layer, whose weights are not copied.
    std::vector<int64_t> shape = in[0]->shape;
    shape.back() = in[1]->shape[1];
    ST_TRY(y, result_of(node, DType::F32, shape));
    const int64_t depth = in[1]->shape[0], width = in[1]->shape[1];
    if (y.size() > 0)
      multiply(in[0]->f32().data(), in[1]->f32().data(), y.f32().data(), y.size() / width, depth,
               width);
    return tensors(std::move(y));
  }
  ST_TRY(y, product(node, in, *in[0], *in[1]));
  return tensors(std::move(y));
}

void add_product_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "Gemm", 7, 2, 3, "alpha * A * B + beta * C", gemm_reference);
  add_interpreted(records, "MatMulInteger", 10, 2, 4, "8-bit matrices into int32",
                  matmul_integer_reference);
  add_interpreted(records, "QLinearMatMul", 10, 8, 8, "8-bit matrices, quantised again",
                  qlinear_matmul_reference);
}

}  // namespace st
