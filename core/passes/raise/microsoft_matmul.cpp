// SPDX-License-Identifier: Apache-2.0
// MatMulNBits: a linear layer whose weights are quantised in blocks.
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"

namespace st {

Status raise_microsoft_matmul(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  enum { X, Weights, Scales, Zeros, Order, Bias };
  // accuracy_level says how coarsely a runtime may compute; the reference is exact.
  ST_CHECK(check_form(node, 3, 6, {"K", "N", "bits", "block_size", "accuracy_level"}, {Order}));
  const int64_t depth = node.integer("K", 0), width = node.integer("N", 0),
                bits = node.integer("bits", 4), size = node.integer("block_size", 0);
  std::vector<TensorType> types;
  std::vector<std::shared_ptr<const ConstantSource>> sources;
  for (size_t i : {Weights, Scales, Zeros}) {
    const ValueId id = node.input(i);
    if (id == NoValue) continue;
    const Value& value = rewriter.graph().values[static_cast<size_t>(id)];
    if (!value.constant || !value.type)
      return unsupported(node, "weights, scales and zero points must be constants");
    types.push_back(*value.type);
    sources.push_back(value.constant);
  }
  const CombinationRecord& record = *find_combination("dequantised_blocks");
  const bool positive = depth > 0 && width > 0 && bits > 0 && size > 0;
  const auto type = positive ? record.type(types, {bits, size, depth}) : std::nullopt;
  if (!type || type->shape[0] != Extent(width)) {
    return shape_error(rewriter.graph(), node,
                       "the operands do not fit K = " + std::to_string(depth) +
                           ", N = " + std::to_string(width) + ", bits = " + std::to_string(bits) +
                           ", block_size = " + std::to_string(size) + "; weights are u8 [N, " +
                           "blocks, bytes of a block], of 2, 4 or 8 bits");
  }
  const auto rows = combined_constant(std::string(record.name), sources, {bits, size, depth});
  const ValueId weights =
      rewriter.add_constant(node, "weights", {DType::F32, {Extent(depth), Extent(width)}},
                            derived_constant(rows, "transpose"));
  if (node.input(Bias) == NoValue) {
    rewriter.replace(n, "MatMul", {node.inputs[X], weights});
  } else {
    const ValueId product = rewriter.add(node, "product", "MatMul", {node.inputs[X], weights});
    rewriter.replace(n, "Add", {product, node.inputs[Bias]});
  }
  return {};
}

}  // namespace st
