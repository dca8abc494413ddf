// SPDX-License-Identifier: Apache-2.0
// RotaryEmbedding: ONNX's, with its operands in another order, and heads counted from the tables.
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"

namespace st {

Status raise_microsoft_rotary(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  enum { X, Positions, Cosines, Sines };
  ST_CHECK(check_form(
      node, 4, 4,
      {"interleaved", "num_heads", "rotary_embedding_dim", "scale", "is_packed_batching"}));
  if (node.integer("is_packed_batching", 0) != 0 || node.real("scale", 1.0f) != 1.0f)
    return unsupported(node, "is_packed_batching must be 0, and scale 1");
  // One number would be the position of the first row.
  const TensorType* positions = rewriter.type(node.inputs[Positions]);
  if (positions == nullptr || positions->shape.size() != 2)
    return unsupported(node, "the positions must be [batch, sequence], a number for each row");
  int64_t heads = node.integer("num_heads", 0);
  const TensorType* x = rewriter.type(node.inputs[X]);
  if (heads == 0 && (x == nullptr || x->shape.size() != 4)) {
    const auto width = rewriter.width(node.inputs[X]), half = rewriter.width(node.inputs[Cosines]);
    if (!width || !half || *half < 1 || *width % (2 * *half) != 0 ||
        node.integer("rotary_embedding_dim", 0) != 0)
      return unsupported(node, "num_heads does not follow from the widths of operand and tables",
                         "give it as an attribute");
    heads = *width / (2 * *half);
  }
  rewriter.replace(
      n, "RotaryEmbedding",
      {node.inputs[X], node.inputs[Cosines], node.inputs[Sines], node.inputs[Positions]},
      {{"interleaved", node.integer("interleaved", 0)},
       {"num_heads", heads},
       {"rotary_embedding_dim", node.integer("rotary_embedding_dim", 0)}});
  return {};
}

}  // namespace st
