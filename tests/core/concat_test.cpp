// SPDX-License-Identifier: Apache-2.0
// Concat of activations as a kernel: its vectors, and the forms that have none.
#include <gtest/gtest.h>

#include "core/ops/record.h"
#include "core/passes/infer.h"

namespace st {
namespace {

/// Concat of activations [1, s, width] along `axis`; the last operand may be a constant.
struct Joined {
  Graph graph;
  Program program;

  Joined(const std::vector<int64_t>& widths, int64_t axis, bool constant = false) {
    graph.opset = 24;
    Node node;
    node.name = "joined";
    node.op = "Concat";
    node.attributes = {{"axis", axis}};
    for (const int64_t width : widths) {
      node.inputs.push_back(
          graph.add_value("part " + std::to_string(node.inputs.size()),
                          TensorType{DType::F32, {1, Extent::symbol("s"), width}}));
    }
    graph.symbols["s"] = {1, 4};
    graph.inputs = node.inputs;
    if (constant) {
      Value& last = graph.values[node.inputs.back()];
      last.constant = constant_of(Tensor::zeros(DType::F32, {1, 4, widths.back()}));
      graph.inputs.pop_back();
    }
    node.outputs = {graph.add_value("y")};
    graph.outputs = node.outputs;
    graph.nodes = {node};
    program.max_sequence = 4;
  }

  Status lower() {
    ST_CHECK(infer_types(graph));
    Lowering lowering(graph, program, "s", "p", Tiling());
    return find_op("Concat", "")->lower(lowering, graph.nodes[0]);
  }
};

TEST(Concat, MovesVectorsThatDivideEveryPart) {
  Joined made({24, 8, 40}, 2);
  ASSERT_TRUE(made.lower().ok());
  ASSERT_EQ(made.program.kernels.size(), 1u);
  const Kernel& kernel = made.program.kernels[0];
  EXPECT_EQ(kernel.kind, "concat");
  EXPECT_EQ(kernel.sizes,
            (std::map<std::string, int64_t>{{"L", 8}, {"Part0", 3}, {"Part1", 1}, {"Part2", 5}}));
  ASSERT_EQ(kernel.inputs.size(), 3u);
  EXPECT_EQ(text_of(kernel.inputs[2].type.itensor),
            "itensor<1x8xf32, iter_space: [sequence<=4,5]*[1,8], iter_map: (d0,d1)->(d0,d1)>");
  EXPECT_EQ(text_of(kernel.outputs[0].type.itensor),
            "itensor<1x8xf32, iter_space: [sequence<=4,9]*[1,8], iter_map: (d0,d1)->(d0,d1)>");
}

TEST(Concat, AlongAnotherAxisHasNoKernel) {
  for (const int64_t axis : {0, 1, -2}) {
    const Status status = Joined({8, 8}, axis).lower();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.errors()[0].code, "E0309");
    EXPECT_NE(status.errors()[0].message.find("'joined'"), std::string::npos)
        << status.errors()[0].message;
    EXPECT_NE(status.errors()[0].message.find("axis " + std::to_string(axis)), std::string::npos)
        << status.errors()[0].message;
  }
}

TEST(Concat, WithAConstantHasNoKernel) {
  const Status status = Joined({8, 4}, -1, true).lower();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors()[0].code, "E0309");
  EXPECT_NE(status.errors()[0].message.find("'part 1'"), std::string::npos)
      << status.errors()[0].message;
}

}  // namespace
}  // namespace st
