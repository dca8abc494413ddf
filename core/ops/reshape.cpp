// SPDX-License-Identifier: Apache-2.0
// Reshape to a constant shape.
#include <algorithm>

#include "core/ops/record.h"
#include "core/ops/shape_ops.h"

namespace st {
namespace {

/// Far more than models have.
constexpr int64_t MostDimensions = 16, MostElements = int64_t{1} << 48;

/// factor * a; nullopt where that is more than MostElements.
std::optional<Extent> scaled(int64_t factor, const Extent& a) {
  const int64_t most = MostElements / std::max<int64_t>(factor, 1);
  const auto small = [most](int64_t n) { return n >= -most && n <= most; };
  const bool fits =
      small(a.offset()) && std::all_of(a.terms().begin(), a.terms().end(),
                                       [&](const auto& t) { return small(t.second); });
  return fits ? std::optional(factor * a) : std::nullopt;
}

/// a * b; nullopt where both have symbols.
std::optional<Extent> product(const Extent& a, const Extent& b) {
  if (a.is_constant()) return scaled(a.offset(), b);
  return b.is_constant() ? scaled(b.offset(), a) : std::nullopt;
}

/// a / divisor, where that leaves no rest whatever the symbols are.
std::optional<Extent> quotient(const Extent& a, int64_t divisor) {
  if (a.offset() % divisor != 0) return std::nullopt;
  Extent made = a.offset() / divisor;
  for (const auto& [name, factor] : a.terms()) {
    if (factor % divisor != 0) return std::nullopt;
    made = made + (factor / divisor) * Extent::symbol(name);
  }
  return made;
}

/// The shape that `sizes` asks for: 0 takes the extent at its place in `from`, -1 what is left.
/// Nullopt where this has not as many elements for all values of the symbols.
std::optional<std::vector<Extent>> reshaped(const std::vector<Extent>& from,
                                            const std::vector<int64_t>& sizes) {
  std::vector<Extent> to(sizes.size());
  // What is not copied: elements that there are, and those that positive sizes ask for.
  Extent given = 1, asked = 1;
  size_t open = sizes.size();  ///< the place of the -1
  for (size_t d = 0; d < std::max(from.size(), sizes.size()); ++d) {
    if (d < sizes.size() && sizes[d] == 0) {
      if (d >= from.size()) return std::nullopt;
      to[d] = from[d];
      continue;
    }
    if (d < from.size()) {
      const auto more = product(given, from[d]);
      if (!more) return std::nullopt;
      given = *more;
    }
    if (d >= sizes.size()) continue;
    if (sizes[d] == -1) {
      if (open < sizes.size()) return std::nullopt;
      open = d;
      continue;
    }
    const auto more = sizes[d] > 0 ? scaled(sizes[d], asked) : std::nullopt;
    if (!more) return std::nullopt;
    asked = *more;
    to[d] = sizes[d];
  }
  if (open == sizes.size()) return given == asked ? std::optional(to) : std::nullopt;
  const auto left = quotient(given, asked.offset());
  if (!left) return std::nullopt;
  to[open] = *left;
  return to;
}

Result<std::vector<TensorType>> reshape_shape(const Graph& graph, const Node& node) {
  const TensorType &x = graph.type(node.inputs[0]), &sizes = graph.type(node.inputs[1]);
  if (node.integer("allowzero", 0) != 0)
    return unsupported(node, "a size of 0 takes the operand's extent (allowzero = 0)");
  const auto& constant = graph.values[node.inputs[1]].constant;
  if (!constant) return unsupported(node, "the shape must be a constant");
  if (sizes.dtype != DType::I64 || sizes.shape.size() != 1 || !sizes.shape[0].is_constant() ||
      sizes.shape[0].offset() > MostDimensions)
    return shape_error(graph, node,
                       "the shape must be int64 [n], n at most " + std::to_string(MostDimensions));
  ST_TRY(wanted, constant->load());
  if (wanted.dtype() != DType::I64) return shape_error(graph, node, "the shape must be int64");
  const auto shape = reshaped(x.shape, wanted.as<int64_t>());
  if (!shape) {
    std::string text;
    for (const int64_t size : wanted.as<int64_t>())
      text += (text.empty() ? "" : ",") + std::to_string(size);
    return shape_error(graph, node,
                       "[" + text + "] is no shape of the operand's elements; 0 takes its extent " +
                           "at the same place, one -1 what is left");
  }
  return std::vector{TensorType{x.dtype, *shape}};
}

}  // namespace

void add_reshape_ops(std::vector<OpRecord>& records) {
  records.push_back({"Reshape", "", 5, "rows to heads and back, around RMSNormalization", 2, 2,
                     reshape_shape, reshape_reference,
                     [](Lowering&, const Node& node) -> Status {
                       return unsupported(
                           node,
                           "only rows [1, s, h * d] are reshaped, to [1, s, h, d] and back around "
                           "an RMSNormalization");
                     },
                     ""});
}

}  // namespace st
