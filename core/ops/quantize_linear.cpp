// SPDX-License-Identifier: Apache-2.0
// QuantizeLinear, DequantizeLinear (per tensor, axis or block) and DynamicQuantizeLinear.
#include "core/ops/quantize_linear.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/ops/cast.h"
#include "core/ops/element.h"
#include "core/ops/reference.h"

namespace st {
namespace {

bool is_quantised(DType type) {
  return type == DType::I8 || type == DType::U8 || type == DType::I16 || type == DType::U16;
}

/// Scales and zero points, and which of them belongs to each element of `x`.
struct Parameters {
  std::vector<double> scales, zeros;
  int64_t block = 1, blocks = 1;  ///< blocks along the axis, each of that many elements
  int64_t extent = 1, inner = 1;  ///< of the axis; elements inside of it
  bool whole = true;              ///< one value for all
  bool blocked = false;           ///< values differ in the other dimensions, too

  [[nodiscard]] int64_t of(int64_t element) const {
    if (whole) return 0;
    const int64_t at = element / inner % extent / block;
    return blocked ? (element / inner / extent * blocks + at) * inner + element % inner : at;
  }
};

Result<Parameters> parameters_of(const Node& node, const Operands& in) {
  const Tensor &x = *in[0], &scale = *in[1];
  const Tensor* zero = operand(in, 2);
  if (zero && zero->shape != scale.shape)
    return operand_error(node, in, "scale and zero point differ in shape");
  Parameters made;
  made.scales = doubles_of(scale);
  made.zeros = zero ? doubles_of(*zero) : std::vector<double>(made.scales.size());
  const int64_t block = node.integer("block_size", 0);
  if (block == 0 && scale.size() == 1 && scale.shape.size() <= 1) return made;
  ST_TRY(axis, dimension_of(node, node.integer("axis", 1), rank_of(x)));
  made.whole = false;
  made.extent = x.shape[axis];
  made.inner = x.size() == 0 ? 1 : extent_product(x.shape, axis + 1, rank_of(x));
  if (block == 0) {
    if (scale.shape != std::vector<int64_t>{x.shape[axis]})
      return operand_error(node, in, "there must be a scale for each place of the axis");
    return made;
  }
  std::vector<int64_t> shape = x.shape;
  if (block < 0) return attribute_error(node, "block_size is negative");
  shape[axis] = x.shape[axis] / block + (x.shape[axis] % block != 0 ? 1 : 0);
  if (scale.shape != shape) return operand_error(node, in, "there must be a scale for each block");
  made.blocked = true;
  made.block = block;
  made.blocks = shape[axis];
  return made;
}

Result<std::vector<Tensor>> quantize_reference(const Node& node, const Operands& in) {
  const Tensor &x = *in[0], &scale = *in[1];
  const Tensor* zero = operand(in, 2);
  const int64_t code = node.integer("output_dtype", 0);
  const auto asked = dtype_of_onnx(code);
  const DType type = zero ? zero->dtype() : code != 0 ? asked.value_or(DType::F32) : DType::U8;
  if (!is_quantised(type) || (code != 0 && asked != type))
    return unsupported(node, "the result must be int8, uint8, int16 or uint16");
  if ((!is_real(x.dtype()) && x.dtype() != DType::I32) || !is_real(scale.dtype()))
    return operand_error(node, in, "floats or int32 are divided by a float scale");
  // The quotient is rounded to a float type, before halves are seen: the scale's, or the given.
  const int64_t precision = node.integer("precision", 0);
  const DType inside =
      precision == 0 ? scale.dtype() : dtype_of_onnx(precision).value_or(DType::Bool);
  if (!is_real(inside)) return attribute_error(node, "precision must be a float type");
  ST_TRY(parameters, parameters_of(node, in));
  std::vector<double> values = doubles_of(x);
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t p = parameters.of(static_cast<int64_t>(i));
    const double quotient = rounded_to(inside, values[i]) / parameters.scales[p];
    values[i] = quantised(rounded_to(inside, quotient), parameters.zeros[p], type);
  }
  return tensors(tensor_of(type, x.shape, values));
}

Result<std::vector<Tensor>> dequantize_reference(const Node& node, const Operands& in) {
  const Tensor &x = *in[0], &scale = *in[1];
  const Tensor* zero = operand(in, 2);
  if (!is_quantised(x.dtype()) && x.dtype() != DType::I32)
    return unsupported(node, "the operand must be int8, uint8, int16, uint16 or int32");
  if (!is_real(scale.dtype()) || (zero && zero->dtype() != x.dtype()))
    return operand_error(node, in, "the scale must be a float, the zero point as the operand");
  const int64_t code = node.integer("output_dtype", 0);
  const DType type = code == 0 ? scale.dtype() : dtype_of_onnx(code).value_or(DType::Bool);
  if (!is_real(type)) return attribute_error(node, "output_dtype must be a float type");
  ST_TRY(parameters, parameters_of(node, in));
  std::vector<double> values = doubles_of(x);
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t p = parameters.of(static_cast<int64_t>(i));
    values[i] = (values[i] - parameters.zeros[p]) * parameters.scales[p];
  }
  return tensors(tensor_of(type, x.shape, values));
}

/// To uint8, with the scale by which all values and 0 fit. Each step is one of float32.
Result<std::vector<Tensor>> dynamic_reference(const Node& node, const Operands& in) {
  if (in[0]->dtype() != DType::F32) return operand_error(node, in, "the operand must be float32");
  float low = 0, high = 0;
  for (const float value : in[0]->f32()) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const float scale = (high - low) / 255.0f;
  // Nothing but zeroes has no scale; any zero point represents it.
  const double zero = scale == 0 ? 0 : quantised((0.0f - low) / scale, 0, DType::U8);
  std::vector<double> values = doubles_of(*in[0]);
  for (double& value : values) {
    value = scale == 0 ? zero : quantised(static_cast<float>(value) / scale, zero, DType::U8);
  }
  return tensors(tensor_of(DType::U8, in[0]->shape, values), tensor_of(DType::F32, {}, {scale}),
                 tensor_of(DType::U8, {}, {zero}));
}

}  // namespace

double quantised(double scaled, double zero, DType type) {
  const bool is_signed = type == DType::I8 || type == DType::I16;
  const double range = std::ldexp(1.0, bits_of(type));
  const double low = is_signed ? -range / 2 : 0.0, high = low + range - 1;
  const double value = std::nearbyint(scaled) + zero;
  return std::isnan(value) ? zero : std::clamp(value, low, high);
}

Tensor parameter_for(const Tensor& parameter, const std::vector<int64_t>& shape, bool per_row) {
  Tensor made = parameter;
  if (made.size() == 1) {
    made.shape.clear();
  } else if (made.shape.size() == 1 && per_row && shape.size() > 1) {
    made.shape.push_back(1);
  }
  return made;
}

void add_quantize_linear_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "QuantizeLinear", 10, 2, 3, "per tensor, axis or block",
                  quantize_reference);
  add_interpreted(records, "DequantizeLinear", 10, 2, 3, "per tensor, axis or block",
                  dequantize_reference);
  add_interpreted(records, "DynamicQuantizeLinear", 11, 1, 1, "to uint8, by its own range",
                  dynamic_reference);
}

}  // namespace st
