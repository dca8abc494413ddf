// SPDX-License-Identifier: Apache-2.0
// Which widths are carried with zeroes behind them, and how wide.
#include "core/ops/padding.h"

#include <gtest/gtest.h>

#include "core/ops/lowering.h"
#include "core/passes/infer.h"

namespace st {
namespace {

TEST(Padding, IsForWidthsOfNarrowBeats) {
  const std::pair<int64_t, int64_t> widths[] = {
      {1, 1},       {13, 13},     {16, 16},       {17, 18},         {61, 64},
      {173, 176},   {896, 896},   {997, 1024},    {1152, 1152},     {4864, 4864},
      {6912, 6912}, {6913, 6976}, {50257, 50304}, {151936, 151936}, {151937, 152000}};
  for (const auto& [width, padded] : widths) {
    EXPECT_EQ(padded_width(width), padded);
    EXPECT_GE(lanes_for(padded), lanes_for(width));
  }
  for (int64_t width = 1; width < 5000; ++width) {
    EXPECT_GE(padded_width(width), width);
    EXPECT_LE(16 * (padded_width(width) - width), width) << width;
    EXPECT_GE(lanes_for(padded_width(width)), lanes_for(width)) << width;
  }
}

/// ids -> table [9, 4] -> MatMul to `hidden` -> `op` -> MatMul to 23 logits.
Graph graph_with(const std::string& op, int64_t hidden) {
  Graph graph;
  graph.opset = 24;
  graph.symbols["s"] = {1, 4};
  const auto constant = [&](const std::string& name, const std::vector<int64_t>& shape) {
    const ValueId id = graph.add_value(name, TensorType{DType::F32, {shape.begin(), shape.end()}});
    graph.values[id].constant = constant_of(Tensor::zeros(DType::F32, shape));
    return id;
  };
  const auto node = [&](const std::string& kind, std::vector<ValueId> inputs) {
    Node made;
    made.op = made.name = kind;
    made.inputs = std::move(inputs);
    made.outputs = {graph.add_value("out" + std::to_string(graph.nodes.size()))};
    graph.nodes.push_back(made);
    return made.outputs[0];
  };
  const ValueId ids =
      graph.add_value("input_ids", TensorType{DType::I64, {1, Extent::symbol("s")}});
  graph.inputs = {ids};
  const ValueId x = node("Gather", {constant("table", {9, 4}), ids});
  const ValueId rows = node("MatMul", {x, constant("w0", {4, hidden})});
  ValueId y = -1;
  if (op == "RMSNormalization") {
    y = node(op, {rows, constant("scale", {hidden})});
  } else if (op == "Mul") {
    y = node(op, {rows, constant("factor", {hidden})});
  } else {
    y = node(op, {rows});
  }
  const ValueId logits = node("MatMul", {y, constant("w1", {hidden, 23})});
  graph.values[logits].name = "logits";
  graph.outputs = {logits};
  EXPECT_TRUE(infer_types(graph).ok());
  return graph;
}

TEST(Padding, NeedsOperatorsThatTakeNoNoticeOfZeroes) {
  for (const char* op : {"Relu", "Gelu", "Tanh", "Swish", "Mul"}) {
    const PaddedWidths padded = padded_widths(graph_with(op, 61));
    EXPECT_EQ(padded(61), 64) << op;
    EXPECT_EQ(padded(23), 24) << op;
    EXPECT_EQ(padded(4), 4) << op;
  }
  for (const char* op : {"RMSNormalization", "Sigmoid"}) {
    const PaddedWidths padded = padded_widths(graph_with(op, 61));
    EXPECT_EQ(padded(61), 61) << op;
    EXPECT_EQ(padded(23), 24) << op;
  }
}

TEST(Padding, LeavesWidthsOfInputsAndOtherOutputsAlone) {
  Graph graph = graph_with("Relu", 61);
  graph.outputs.push_back(graph.nodes[1].outputs[0]);
  EXPECT_EQ(padded_widths(graph)(61), 61);
  EXPECT_EQ(padded_widths(graph)(23), 24);
}

}  // namespace
}  // namespace st
