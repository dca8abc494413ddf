// SPDX-License-Identifier: Apache-2.0
#include "core/passes/sample.h"

#include <algorithm>

#include "core/graph/sample.h"
#include "core/passes/infer.h"

namespace st {
namespace {

/// Ids that logits and every table that ids index have.
int64_t vocabulary_of(const Graph& graph, const Decoder& decoder) {
  int64_t vocabulary = graph.type(decoder.logits).shape.back().offset();
  for (const Node& node : graph.nodes) {
    if (node.op == "Gather" && node.inputs[1] == decoder.input_ids)
      vocabulary = std::min(vocabulary, graph.type(node.inputs[0]).shape[0].offset());
  }
  return vocabulary;
}

}  // namespace

Status add_sampling(Graph& graph, const Decoder& decoder, int64_t top_k) {
  if (top_k == 0) return {};
  Node node;
  node.name = "sample";
  node.op = SampleOp;
  node.domain = OwnDomain;
  node.attributes = {{"top_k", top_k}, {"vocabulary", vocabulary_of(graph, decoder)}};
  node.inputs = {decoder.logits};
  if (top_k > 1) {
    std::vector<Extent> shape = graph.type(decoder.logits).shape;
    shape.back() = DrawWidth;
    node.inputs.push_back(graph.add_value(DrawsInput, TensorType{DType::F32, std::move(shape)}));
    graph.inputs.push_back(node.inputs.back());
  }
  node.outputs = {graph.add_value(NextIdsOutput)};
  graph.outputs.push_back(node.outputs[0]);
  graph.nodes.push_back(std::move(node));
  return infer_types(graph);
}

}  // namespace st
