// SPDX-License-Identifier: Apache-2.0
// EnterLayers and LeaveLayers, the bounds of folded layers (core/graph/layers.h).
#include "core/graph/layers.h"

#include "core/ops/record.h"

namespace st {
namespace {

Result<std::vector<TensorType>> same_shape(const Graph& graph, const Node& node) {
  return std::vector{graph.type(node.inputs[0])};
}

/// Where the layers begin, in the first of them: the interpreter hands on the others itself.
Result<std::vector<Tensor>> same_value(const Node&, const Operands& in) {
  return std::vector{*in[0]};
}

/// What is handed on between layers goes through device memory: a tensor on either side of it.
Status lower_bound(Lowering& l, const Node& node) {
  for (const ValueId id : {node.inputs[0], node.outputs[0]}) {
    ST_TRY(width, l.row_width(node, id));
    (void)l.row_tensor(id, width);
  }
  return {};
}

}  // namespace

void add_layer_ops(std::vector<OpRecord>& records) {
  records.push_back({"EnterLayers", OwnDomain, 1, "what the first of the folded layers reads", 1, 1,
                     same_shape, same_value, lower_bound, "", true});
  records.push_back({"LeaveLayers", OwnDomain, 1, "what the last of the folded layers made", 1, 1,
                     same_shape, same_value, lower_bound, "", true});
}

}  // namespace st
