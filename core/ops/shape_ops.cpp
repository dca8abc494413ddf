// SPDX-License-Identifier: Apache-2.0
// Operators on shapes: what a shape is, other shapes for the same elements, and tensors that are
// made from a shape or a range.
#include "core/ops/shape_ops.h"

#include <algorithm>
#include <cmath>

#include "core/ops/cast.h"
#include "core/ops/element.h"
#include "core/ops/reference.h"

namespace st {
namespace {

Tensor list_of(std::vector<int64_t> values) {
  Tensor list;
  list.shape = {static_cast<int64_t>(values.size())};
  list.data = std::move(values);
  return list;
}

Result<std::vector<Tensor>> shape_reference(const Node& node, const Operands& in) {
  const std::vector<int64_t>& shape = in[0]->shape;
  const auto rank = static_cast<int64_t>(shape.size());
  // Both ends are counted from the back if negative, and moved into the shape.
  auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t first = place(node.integer("start", 0)), last = place(node.integer("end", rank));
  if (first >= last) return tensors(list_of({}));
  return tensors(list_of({shape.begin() + first, shape.begin() + last}));
}

Result<std::vector<Tensor>> size_reference(const Node&, const Operands& in) {
  Tensor size = Tensor::zeros(DType::I64, {});
  size.as<int64_t>()[0] = in[0]->size();
  return tensors(std::move(size));
}

/// The same elements in another shape, which has as many.
Result<std::vector<Tensor>> reshaped(const Tensor& x, std::vector<int64_t> shape) {
  Tensor y = x;
  y.shape = std::move(shape);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> flatten_reference(const Node& node, const Operands& in) {
  const int64_t rank = rank_of(*in[0]), named = node.integer("axis", 1);
  if (named < -rank || named > rank)
    return attribute_error(node, "axis " + std::to_string(named) + " is outside the shape");
  const int64_t axis = named < 0 ? named + rank : named;
  return reshaped(
      *in[0], {extent_product(in[0]->shape, 0, axis), extent_product(in[0]->shape, axis, rank)});
}

Result<std::vector<Tensor>> squeeze_reference(const Node& node, const Operands& in) {
  const std::vector<int64_t>& shape = in[0]->shape;
  const bool all = !operand(in, 1) && !node.has("axes");
  ST_TRY(axes, axes_of(node, in));
  ST_TRY(dimensions, dimensions_of(node, axes, rank_of(*in[0])));
  std::vector<int64_t> left;
  for (size_t d = 0; d < shape.size(); ++d) {
    const bool named = std::find(dimensions.begin(), dimensions.end(), static_cast<int64_t>(d)) !=
                       dimensions.end();
    if (named && shape[d] != 1)
      return operand_error(node, in, "dimension " + std::to_string(d) + " is not 1");
    if (!named && !(all && shape[d] == 1)) left.push_back(shape[d]);
  }
  return reshaped(*in[0], left);
}

Result<std::vector<Tensor>> unsqueeze_reference(const Node& node, const Operands& in) {
  ST_TRY(axes, axes_of(node, in));
  const auto rank = rank_of(*in[0]) + static_cast<int64_t>(axes.size());
  ST_TRY(dimensions, dimensions_of(node, axes, rank));
  std::vector<int64_t> shape(static_cast<size_t>(rank), 0);
  for (const int64_t dimension : dimensions) shape[dimension] = 1;
  auto next = in[0]->shape.begin();
  std::vector<bool> made(shape.size(), false);
  for (const int64_t dimension : dimensions) made[dimension] = true;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!made[d]) shape[d] = *next++;
  }
  return reshaped(*in[0], shape);
}

/// The value as a number and its type by name, as readers keep ONNX's tensor of one element.
Result<std::vector<Tensor>> constant_of_shape_reference(const Node& node, const Operands& in) {
  ST_TRY(shape, integers_of(node, in, 0));
  const bool integer = node.has("value") && node.attributes.at("value").index() == 0;
  const auto type = dtype_named(node.string("value_type", integer ? "i64" : "f32"));
  if (!type) return attribute_error(node, "value has no type that tensors have");
  ST_TRY(y, result_of(node, *type, shape));
  visit_elements(y, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    const T value =
        integer ? converted<T>(node.integer("value", 0)) : converted<T>(node.real("value", 0.0f));
    std::fill(values.begin(), values.end(), value);
  });
  return tensors(std::move(y));
}

/// How many steps of `delta` begin before `limit`; both differences are exact without a sign.
uint64_t steps(int64_t start, int64_t limit, int64_t delta) {
  const auto first = static_cast<uint64_t>(start), last = static_cast<uint64_t>(limit);
  if (delta > 0 ? start >= limit : start <= limit) return 0;
  const uint64_t distance = delta > 0 ? last - first : first - last;
  const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : 0 - static_cast<uint64_t>(delta);
  return (distance - 1) / step + 1;
}

Result<std::vector<Tensor>> range_reference(const Node& node, const Operands& in) {
  const DType type = in[0]->dtype();
  for (const Tensor* tensor : in) {
    if (tensor->dtype() != type || tensor->size() != 1 || type == DType::Bool || type == DType::U64)
      return operand_error(node, in, "start, limit and delta must be scalars of the same type");
  }
  const bool real = is_real(type);
  const std::vector<Tensor> wide = {converted_to(real ? DType::F64 : DType::I64, *in[0]),
                                    converted_to(real ? DType::F64 : DType::I64, *in[1]),
                                    converted_to(real ? DType::F64 : DType::I64, *in[2])};
  double count = 0;
  if (real) {
    const double start = wide[0].as<double>()[0], delta = wide[2].as<double>()[0];
    count = std::ceil((wide[1].as<double>()[0] - start) / delta);
    if (delta == 0 || std::isnan(count)) return operand_error(node, in, "the steps lead nowhere");
    count = std::clamp(count, 0.0, 2.0 * MostResultElements);
  } else {
    const int64_t delta = wide[2].as<int64_t>()[0];
    if (delta == 0) return operand_error(node, in, "the steps lead nowhere");
    count = static_cast<double>(std::min<uint64_t>(
        steps(wide[0].as<int64_t>()[0], wide[1].as<int64_t>()[0], delta), 2 * MostResultElements));
  }
  ST_TRY(y, result_of(node, type, {static_cast<int64_t>(count)}));
  visit_elements(y, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    for (size_t i = 0; i < values.size(); ++i) {
      if constexpr (IsReal<T>) {
        values[i] =
            narrowed<T>(wide[0].as<double>()[0] + static_cast<double>(i) * wide[2].as<double>()[0]);
      } else {
        values[i] = converted<T>(static_cast<int64_t>(
            static_cast<uint64_t>(wide[0].as<int64_t>()[0]) +
            static_cast<uint64_t>(i) * static_cast<uint64_t>(wide[2].as<int64_t>()[0])));
      }
    }
  });
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> eye_reference(const Node& node, const Operands& in) {
  if (in[0]->shape.size() != 2) return operand_error(node, in, "the operand must be a matrix");
  const int64_t code = node.integer("dtype", 0);
  const auto type = node.has("dtype") ? dtype_of_onnx(code) : std::optional(in[0]->dtype());
  if (!type) return unsupported(node, "element type " + std::to_string(code));
  ST_TRY(y, result_of(node, *type, in[0]->shape));
  if (y.size() == 0) return tensors(std::move(y));
  const int64_t rows = y.shape[0], columns = y.shape[1], k = node.integer("k", 0);
  visit_elements(y, [&](auto& values) {
    for (int64_t r = 0; r < rows; ++r) {
      if (k >= -r && k < columns - r)
        values[r * columns + r + k] = converted<ElementOf<decltype(values)>>(int64_t{1});
    }
  });
  return tensors(std::move(y));
}

}  // namespace

Result<std::vector<Tensor>> reshape_reference(const Node& node, const Operands& in) {
  ST_TRY(sizes, integers_of(node, in, 1));
  const Tensor& x = *in[0];
  const bool copies = node.integer("allowzero", 0) == 0;
  int64_t open = -1;  ///< the place of the -1
  for (size_t d = 0; d < sizes.size(); ++d) {
    const auto at = static_cast<int64_t>(d);
    if (sizes[d] == 0 && copies) {
      if (at >= rank_of(x)) return operand_error(node, in, "a size of 0 has no extent to take");
      sizes[d] = x.shape[d];
    } else if (sizes[d] == -1 && open < 0) {
      open = at;
      sizes[d] = 1;
    } else if (sizes[d] < 0 || sizes[d] > MostExtent) {
      return operand_error(node, in, "a size is negative, or too large");
    }
  }
  const int64_t asked = element_count(sizes);
  if (open >= 0) {
    if (asked == 0 || x.size() % asked != 0)
      return operand_error(node, in, "no size for the -1 leaves as many elements");
    sizes[open] = x.size() / asked;
  } else if (asked != x.size()) {
    return operand_error(node, in, "the shape has not as many elements as the operand");
  }
  return reshaped(x, sizes);
}

Result<std::vector<Tensor>> identity_reference(const Node&, const Operands& in) {
  return tensors(*in[0]);
}

void add_shape_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "Shape", 1, 1, 1, "extents as a list, or some of them", shape_reference);
  add_interpreted(records, "Size", 1, 1, 1, "number of elements", size_reference);
  add_interpreted(records, "Flatten", 1, 1, 1, "to a matrix", flatten_reference);
  add_interpreted(records, "Squeeze", 1, 1, 2, "without extents of 1", squeeze_reference);
  add_interpreted(records, "Unsqueeze", 1, 1, 2, "with more extents of 1", unsqueeze_reference);
  add_interpreted(records, "ConstantOfShape", 9, 1, 1, "one value everywhere",
                  constant_of_shape_reference);
  add_interpreted(records, "Range", 11, 3, 3, "start, start + delta, ..", range_reference);
  add_interpreted(records, "EyeLike", 9, 1, 1, "ones on a diagonal", eye_reference);
}

}  // namespace st
