// SPDX-License-Identifier: Apache-2.0
// RMSNormalization of each head: what becomes one, and its kernel.
#include <gtest/gtest.h>

#include "core/ops/record.h"
#include "core/passes/canonicalise.h"
#include "core/passes/infer.h"

namespace st {
namespace {

using Sizes = std::vector<int64_t>;

/// Rows f32[1,s,12] that are cut, normalised, and joined again.
struct HeadNorm {
  Graph graph;

  explicit HeadNorm(const Sizes& cut = {0, 0, 3, 4}, const Sizes& joined = {0, 0, -1}) {
    graph.opset = 24;
    graph.symbols["s"] = {1, 4};
    const ValueId x = graph.add_value("x", TensorType{DType::F32, {1, Extent::symbol("s"), 12}});
    graph.inputs = {x};
    const int64_t width = cut.back();
    const ValueId scale = constant("scale", Tensor::zeros(DType::F32, {width}));
    const ValueId heads = reshape(x, cut);
    const ValueId normed = node("RMSNormalization", {heads, scale});
    graph.nodes.back().attributes = {{"axis", int64_t{-1}}, {"epsilon", 0.25f}};
    graph.outputs = {reshape(normed, joined)};
  }

  ValueId node(const std::string& op, std::vector<ValueId> inputs) {
    Node made;
    made.name = op + std::to_string(graph.nodes.size());
    made.op = op;
    made.inputs = std::move(inputs);
    made.outputs = {graph.add_value(made.name + ".y")};
    graph.nodes.push_back(made);
    return made.outputs[0];
  }
  ValueId constant(const std::string& name, const Tensor& tensor) {
    const ValueId id = graph.add_value(
        name, TensorType{tensor.dtype(), {tensor.shape.begin(), tensor.shape.end()}});
    graph.values[id].constant = constant_of(tensor);
    return id;
  }
  ValueId reshape(ValueId x, const Sizes& sizes) {
    return node("Reshape", {x, constant("sizes" + std::to_string(graph.nodes.size()),
                                        {{static_cast<int64_t>(sizes.size())}, sizes})});
  }

  /// The operators that are left, in order.
  std::string canonical() {
    EXPECT_TRUE(infer_types(graph).ok());
    EXPECT_TRUE(canonicalise(graph).ok());
    std::string all;
    for (const Node& n : graph.nodes)
      all += (all.empty() ? "" : " ") + (n.domain.empty() ? "" : n.domain + ".") + n.op;
    return all;
  }
};

TEST(HeadNorm, IsMadeOfReshapesAroundANorm) {
  for (const Sizes& cut : {Sizes{0, 0, 3, 4}, Sizes{0, 0, -1, 4}, Sizes{1, -1, 3, 4}}) {
    for (const Sizes& joined : {Sizes{0, 0, 12}, Sizes{0, 0, -1}, Sizes{1, -1, 12}}) {
      HeadNorm made(cut, joined);
      ASSERT_EQ(made.canonical(), "streamtensor.RMSNormalization");
      const Node& node = made.graph.nodes[0];
      EXPECT_EQ(node.name, "RMSNormalization1");
      EXPECT_EQ(node.attributes,
                (std::map<std::string, Attribute>{{"num_heads", int64_t{3}}, {"epsilon", 0.25f}}));
      EXPECT_EQ(text_of(made.graph.type(made.graph.outputs[0])), "f32[1,s,12]");
    }
  }
}

TEST(HeadNorm, LeavesOtherReshapesAlone) {
  const std::string three = "Reshape RMSNormalization Reshape";
  EXPECT_EQ(HeadNorm({0, 0, 3, 4}, {0, 0, 6, 2}).canonical(), three);
  EXPECT_EQ(HeadNorm({0, 0, 3, 4}, {1, 0, -1, 1}).canonical(), three);
  // Halves of rows, of which each would be a row of its own.
  EXPECT_EQ(HeadNorm({1, -1, 1, 6}, {0, -1, 12}).canonical(), three);
  EXPECT_EQ(HeadNorm({0, 0, 3, 2, 2}, {0, 0, -1}).canonical(), three);
}

TEST(HeadNorm, KeepsWhatOthersReadToo) {
  HeadNorm made;
  const ValueId normed = made.graph.nodes[1].outputs[0];
  made.graph.outputs.push_back(made.node("Relu", {normed}));
  EXPECT_EQ(made.canonical(), "Reshape RMSNormalization streamtensor.RMSNormalization Relu");
}

TEST(HeadNorm, StreamsItsScaleOncePerHead) {
  HeadNorm made;
  ASSERT_EQ(made.canonical(), "streamtensor.RMSNormalization");
  Program program;
  program.max_sequence = 4;
  Lowering lowering(made.graph, program, "s", "p", Tiling());
  const Node& node = made.graph.nodes[0];
  ASSERT_TRUE(find_op(node.op, node.domain)->lower(lowering, node).ok());
  ASSERT_EQ(program.kernels.size(), 1U);
  const Kernel& kernel = program.kernels[0];
  EXPECT_EQ(kernel.kind, "rms_norm_heads");
  EXPECT_EQ(kernel.sizes, (std::map<std::string, int64_t>{{"L", 4}, {"Beats", 1}, {"Heads", 3}}));
  EXPECT_EQ(kernel.reals.at("epsilon"), 0.25f);
  EXPECT_EQ(text_of(kernel.inputs[0].type.itensor),
            "itensor<1x4xf32, iter_space: [sequence<=4,3]*[1,4], iter_map: (d0,d1)->(d0,d1)>");
  EXPECT_EQ(text_of(kernel.inputs[1].type.itensor),
            "itensor<4xf32, iter_space: [sequence<=4,3,1]*[1,1,4], iter_map: (d0,d1,d2)->(d2)>");
  EXPECT_EQ(kernel.outputs[0].type, kernel.inputs[0].type);
}

TEST(HeadNorm, RefusesHeadsThatDoNotDivideARow) {
  for (const int64_t heads : {-3, 0, 2, 5, 24}) {
    HeadNorm made;
    ASSERT_EQ(made.canonical(), "streamtensor.RMSNormalization");
    made.graph.nodes[0].attributes["num_heads"] = heads;
    const Status status = infer_types(made.graph);
    ASSERT_FALSE(status.ok()) << heads;
    EXPECT_EQ(status.errors()[0].code, "E0306");
    EXPECT_NE(status.errors()[0].message.find("num_heads * d"), std::string::npos);
  }
}

}  // namespace
}  // namespace st
