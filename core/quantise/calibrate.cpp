// SPDX-License-Identifier: Apache-2.0
#include "core/quantise/calibrate.h"

#include "core/ops/interpreter.h"
#include "core/ops/tiling.h"
#include "core/quantise/compensate.h"
#include "core/quantise/pieces.h"

namespace st {
namespace {

Status run(const Graph& graph, const Decoder& decoder,
           const std::vector<std::vector<int64_t>>& texts, const GraphInterpreter::Observer& see) {
  ReferenceDecoder reference(graph, decoder);
  reference.observe(see);
  const auto pieces = pieces_of(texts, decoder.max_positions);
  if (pieces.empty())
    return Diagnostic{
        "E0317", "there is no text to calibrate on", "", {}, "give one with --calibration"};
  for (const std::vector<int64_t>& piece : pieces) {
    reference.restart();
    if (auto logits = reference.feed(piece); !logits.ok()) return logits.errors();
  }
  return {};
}

}  // namespace

Result<RoundedWeights> calibrate(const Graph& graph, const Decoder& decoder,
                                 const Quantisation& quantisation,
                                 const std::vector<std::vector<int64_t>>& texts) {
  const auto wanted = [&](const Node& node) {
    return is_linear_layer(graph, node) && quantisation.of(node.name).name == "w4a8";
  };
  // Layers that read one value share its products: the first of them takes them.
  std::map<ValueId, std::pair<const Node*, InputProducts>> products;
  ST_CHECK(
      run(graph, decoder, texts, [&](const Node& node, const std::vector<const Tensor*>& operands) {
        if (!wanted(node)) return;
        const Tensor& x = *operands[0];
        auto [entry, fresh] = products.try_emplace(node.inputs[0], &node, InputProducts());
        auto& [taker, sums] = entry->second;
        if (fresh) sums = InputProducts(x.shape.back());
        if (taker == &node) sums.add(x.f32().data(), x.size() / sums.depth);
      }));
  RoundedWeights made;
  const std::vector<std::string> keys = node_keys(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!wanted(node)) continue;
    ST_TRY(weights, derived_constant(graph.values[node.inputs[1]].constant, "transpose")->load());
    const int64_t group = quantisation.group_of(quantisation.of(node.name), weights.shape[1]);
    ST_TRY(rounded, compensated(weights, products.at(node.inputs[0]).second, group));
    made[rounded_weights_name(keys[n])] = std::move(rounded.weights);
    made[rounded_scales_name(keys[n])] = std::move(rounded.scales);
  }
  return made;
}

}  // namespace st
