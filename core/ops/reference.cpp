// SPDX-License-Identifier: Apache-2.0
#include "core/ops/reference.h"

#include <algorithm>
#include <utility>

namespace st {
namespace {

std::string described(const Node& node) {
  return "node '" + printable(node.name) + "' (" + printable(node.op) + "): ";
}

}  // namespace

Diagnostic operand_error(const Node& node, const Operands& in, const std::string& what) {
  Diagnostic problem{"E0306", described(node) + what, node.where, {}, ""};
  constexpr size_t Shown = 8;
  for (size_t i = 0; i < std::min(in.size(), Shown); ++i) {
    if (!in[i]) continue;
    const TensorType type = {in[i]->dtype(), {in[i]->shape.begin(), in[i]->shape.end()}};
    problem.details.push_back("input " + std::to_string(i) + "  " + text_of(type));
  }
  return problem;
}

Diagnostic attribute_error(const Node& node, const std::string& what) {
  return {"E0307", described(node) + what, node.where, {}, ""};
}

Diagnostic index_error(const Node& node, const std::string& what) {
  return {"E0604", described(node) + what, node.where, {}, ""};
}

Result<Tensor> result_of(const Node& node, DType type, const std::vector<int64_t>& shape) {
  const auto impossible = [](int64_t extent) { return extent < 0 || extent > MostExtent; };
  if (std::any_of(shape.begin(), shape.end(), impossible))
    return operand_error(node, {}, "the result would have an extent below 0 or beyond 2^48");
  if (element_count(shape) > MostResultBytes / bytes_of(type))
    return operand_error(
        node, {}, "the result would have more than " + std::to_string(MostResultBytes) + " bytes");
  return Tensor::zeros(type, shape);
}

std::vector<Tensor> tensors(Tensor first) {
  std::vector<Tensor> made;
  made.push_back(std::move(first));
  return made;
}
std::vector<Tensor> tensors(Tensor first, Tensor second) {
  std::vector<Tensor> made = tensors(std::move(first));
  made.push_back(std::move(second));
  return made;
}
std::vector<Tensor> tensors(Tensor first, Tensor second, Tensor third) {
  std::vector<Tensor> made = tensors(std::move(first), std::move(second));
  made.push_back(std::move(third));
  return made;
}

Result<int64_t> dimension_of(const Node& node, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return attribute_error(node, "axis " + std::to_string(axis) + " names none of the " +
                                     std::to_string(rank) + " dimensions");
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> dimensions_of(const Node& node, const std::vector<int64_t>& axes,
                                           int64_t rank) {
  std::vector<int64_t> dimensions;
  std::vector<bool> named(static_cast<size_t>(rank), false);
  for (const int64_t axis : axes) {
    ST_TRY(dimension, dimension_of(node, axis, rank));
    if (named[dimension])
      return attribute_error(node, "dimension " + std::to_string(dimension) + " is named twice");
    named[dimension] = true;
    dimensions.push_back(dimension);
  }
  return dimensions;
}

Result<std::vector<int64_t>> integers_of(const Node& node, const Operands& in, size_t i) {
  const Tensor* list = operand(in, i);
  const bool fits = list && list->shape.size() <= 1 &&
                    (list->dtype() == DType::I64 || list->dtype() == DType::I32);
  if (!fits)
    return operand_error(node, in,
                         "input " + std::to_string(i) + " must be a list of int32 or int64");
  std::vector<int64_t> values(static_cast<size_t>(list->size()));
  for (size_t v = 0; v < values.size(); ++v) values[v] = list->integer(static_cast<int64_t>(v));
  return values;
}

Result<std::vector<int64_t>> axes_of(const Node& node, const Operands& in) {
  if (operand(in, 1)) return integers_of(node, in, 1);
  return node.integers("axes");
}

Result<int64_t> integer_of(const Node& node, const Operands& in, size_t i) {
  ST_TRY(values, integers_of(node, in, i));
  if (values.size() != 1)
    return operand_error(node, in, "input " + std::to_string(i) + " must have one element");
  return values[0];
}

int64_t extent_product(const std::vector<int64_t>& shape, int64_t first, int64_t last) {
  return element_count({shape.begin() + first, shape.begin() + last});
}

void add_interpreted(std::vector<OpRecord>& records, std::string_view name, int since_opset,
                     int min_inputs, int max_inputs, std::string_view summary,
                     Reference reference) {
  records.push_back({name, "", since_opset, summary, min_inputs, max_inputs, nullptr,
                     std::move(reference), nullptr, ""});
}

}  // namespace st
