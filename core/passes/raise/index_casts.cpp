// SPDX-License-Identifier: Apache-2.0
// Casts between int32 and int64 of what is an index: Gather and RotaryEmbedding take both, and no
// index that names an element is changed by them.
#include "core/ops/cast.h"
#include "core/passes/raise/rewrites.h"

namespace st {
namespace {

bool is_integer(std::optional<DType> type) { return type == DType::I32 || type == DType::I64; }

}  // namespace

bool skip_index_casts(Rewriter& rewriter, size_t n) {
  const Node& node = rewriter.graph().nodes[n];
  const size_t operand = node.op == "Gather" ? 1 : node.op == "RotaryEmbedding" ? 3 : 0;
  if (operand == 0 || !node.domain.empty()) return false;
  const Node* cast = rewriter.made_by(node.input(operand), "Cast");
  if (cast == nullptr || cast->inputs.size() != 1) return false;
  const TensorType* from = rewriter.type(cast->inputs[0]);
  if (from == nullptr || !is_integer(from->dtype) ||
      !is_integer(dtype_of_onnx(cast->integer("to", 0))))
    return false;
  std::vector<ValueId> inputs = node.inputs;
  inputs[operand] = cast->inputs[0];
  rewriter.replace(n, node.op, std::move(inputs), node.attributes);
  return true;
}

}  // namespace st
