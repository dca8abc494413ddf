// SPDX-License-Identifier: Apache-2.0
/// What references of operators share: operands, results, axes, and how they refuse.
///
/// A reference runs on concrete tensors whose shapes nobody has looked at: it checks all that it
/// relies on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/ops/record.h"

namespace st {

/// What a result has at most, as a node of a few bytes may ask for any number: the logits of a
/// thousand positions and the largest vocabularies fit.
inline constexpr int64_t MostResultBytes = int64_t{1} << 30;
inline constexpr int64_t MostResultElements = MostResultBytes / 4;
/// The largest extent of a result, which may be beside one of 0; sums of a few do not overflow.
inline constexpr int64_t MostExtent = int64_t{1} << 48;

/// An E0306 at `node`: its operands do not fit. The details list what they are.
Diagnostic operand_error(const Node& node, const Operands& in, const std::string& what);
/// An E0307 at `node`: an attribute has a value that the operator does not have.
Diagnostic attribute_error(const Node& node, const std::string& what);
/// An E0604 at `node`: an index names no element.
Diagnostic index_error(const Node& node, const std::string& what);

/// Operand `i`, or nullptr where it was left out.
inline const Tensor* operand(const Operands& in, size_t i) {
  return i < in.size() ? in[i] : nullptr;
}
/// Zeroes as a result. Errors: E0306 where it would be larger than MostResultBytes, or has an
/// extent that is negative or beyond MostExtent.
Result<Tensor> result_of(const Node& node, DType type, const std::vector<int64_t>& shape);
/// Several tensors, of which there are one to three.
std::vector<Tensor> tensors(Tensor first);
std::vector<Tensor> tensors(Tensor first, Tensor second);
std::vector<Tensor> tensors(Tensor first, Tensor second, Tensor third);

/// The dimension that `axis` names, counted from the end if it is negative. Errors: E0307.
Result<int64_t> dimension_of(const Node& node, int64_t axis, int64_t rank);
/// The same for several, each of which may be named once.
Result<std::vector<int64_t>> dimensions_of(const Node& node, const std::vector<int64_t>& axes,
                                           int64_t rank);
/// The elements of an i32 or i64 list or scalar. Errors: E0306.
Result<std::vector<int64_t>> integers_of(const Node& node, const Operands& in, size_t i);
/// The axes of an operator that has them as operand 1 or, in earlier opsets, as an attribute.
Result<std::vector<int64_t>> axes_of(const Node& node, const Operands& in);
/// The element of a tensor that has one.
Result<int64_t> integer_of(const Node& node, const Operands& in, size_t i);

/// Product of the extents [first, last) of a shape.
int64_t extent_product(const std::vector<int64_t>& shape, int64_t first, int64_t last);
inline int64_t rank_of(const Tensor& tensor) { return static_cast<int64_t>(tensor.shape.size()); }

/// Adds an operator that the graph's interpreter computes, and that has no kernel.
void add_interpreted(std::vector<OpRecord>& records, std::string_view name, int since_opset,
                     int min_inputs, int max_inputs, std::string_view summary, Reference reference);
inline constexpr int AnyNumber = 1 << 20;  ///< of inputs

}  // namespace st
