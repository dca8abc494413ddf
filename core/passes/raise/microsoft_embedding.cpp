// SPDX-License-Identifier: Apache-2.0
// EmbedLayerNormalization: the sum of rows of two or three tables, normalised.
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"

namespace st {

Status raise_microsoft_embedding(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  enum { Ids, SegmentIds, Words, Positions, Segments, Gamma, Beta, Mask, PositionIds };
  ST_CHECK(check_form(node, 1, 9, {"epsilon", "mask_index_type"}, {Mask}));
  for (size_t i : {Words, Positions, Gamma, Beta}) {
    if (node.input(i) == NoValue)
      return unsupported(node, "input " + std::to_string(i) + " is left out");
  }
  if (node.input(PositionIds) == NoValue) {
    return unsupported(node, "positions are counted from 0",
                       "give them as input 8, position_ids: a launch may begin after others");
  }
  if ((node.input(SegmentIds) == NoValue) != (node.input(Segments) == NoValue))
    return unsupported(node, "segment ids and their table come together");
  if (output_of(node, 1) != NoValue)
    return unsupported(node, "the output of mask indices is not made");
  constexpr float Epsilon = 1e-12f;  // where the attribute is left out
  const auto rows = [&](const std::string& name, size_t table, size_t ids) {
    return rewriter.add(node, name, "Gather", {node.inputs[table], node.inputs[ids]},
                        {{"axis", int64_t{0}}});
  };
  ValueId sum = rewriter.add(node, "sum", "Add",
                             {rows("word", Words, Ids), rows("position", Positions, PositionIds)});
  if (node.input(Segments) != NoValue)
    sum = rewriter.add(node, "sum_of_three", "Add", {sum, rows("segment", Segments, SegmentIds)});
  if (const ValueId shown = output_of(node, 2); shown != NoValue) {
    rewriter.move_output(sum, shown);
    sum = shown;
  }
  rewriter.graph().nodes[n].outputs.resize(1);
  rewriter.replace(n, "LayerNormalization", {sum, node.inputs[Gamma], node.inputs[Beta]},
                   {{"axis", int64_t{-1}}, {"epsilon", node.real("epsilon", Epsilon)}});
  return {};
}

}  // namespace st
