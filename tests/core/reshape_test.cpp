// SPDX-License-Identifier: Apache-2.0
// Shapes that a Reshape gives, with symbols and without, and those that it refuses.
#include <gtest/gtest.h>

#include <optional>

#include "core/ops/record.h"
#include "core/passes/infer.h"

namespace st {
namespace {

/// A Reshape of f32 `from` by the constant `sizes`.
struct Reshaped {
  Graph graph;

  Reshaped(std::vector<Extent> from, std::optional<Tensor> sizes) {
    graph.opset = 24;
    graph.symbols = {{"s", {1, 4}}, {"p", {0, 8}}};
    Node node;
    node.name = "cut";
    node.op = "Reshape";
    const TensorType type = {DType::I64, {sizes ? sizes->size() : 1}};
    node.inputs = {graph.add_value("x", TensorType{DType::F32, std::move(from)}),
                   graph.add_value("sizes", type)};
    graph.inputs = {node.inputs[0]};
    if (sizes) {
      graph.values[node.inputs[1]].constant = constant_of(*sizes);
    } else {
      graph.inputs.push_back(node.inputs[1]);
    }
    node.outputs = {graph.add_value("y")};
    graph.outputs = node.outputs;
    graph.nodes = {node};
  }
  Reshaped(std::vector<Extent> from, const std::vector<int64_t>& sizes)
      : Reshaped(std::move(from), Tensor{{static_cast<int64_t>(sizes.size())}, sizes}) {}

  /// The type, or the code and message of the first error.
  std::string type() {
    const Status status = infer_types(graph);
    return status.ok() ? text_of(graph.type(graph.outputs[0]))
                       : status.errors()[0].code + " " + status.errors()[0].message;
  }
};

const Extent Some = Extent::symbol("s"), Before = Extent::symbol("p");

TEST(Reshape, CopiesAndInfersExtentsWithSymbols) {
  const std::vector<Extent> rows = {1, Some, 12}, heads = {1, Some, 3, 4};
  for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{
           {0, 0, 3, 4}, {0, 0, -1, 4}, {0, 0, 3, -1}, {1, -1, 3, 4}, {-1, 0, 3, 4}})
    EXPECT_EQ(Reshaped(rows, sizes).type(), "f32[1,s,3,4]");
  for (const std::vector<int64_t>& sizes :
       std::vector<std::vector<int64_t>>{{0, 0, -1}, {0, 0, 12}, {1, -1, 12}})
    EXPECT_EQ(Reshaped(heads, sizes).type(), "f32[1,s,12]");
  EXPECT_EQ(Reshaped({1, Some, 12}, {-1}).type(), "f32[12*s]");
  EXPECT_EQ(Reshaped({1, Some, 12}, {-1, 4}).type(), "f32[3*s,4]");
  EXPECT_EQ(Reshaped({2, Before + Some, 6}, {0, -1, 3}).type(), "f32[2,2*p+2*s,3]");
  EXPECT_EQ(Reshaped({Before, Some, 6}, {0, 0, 2, -1}).type(), "f32[p,s,2,3]");
  EXPECT_EQ(Reshaped({2, 6}, {3, 1, 4, 1}).type(), "f32[3,1,4,1]");
}

TEST(Reshape, RefusesWhatHasNotAsManyElementsForAllLengths) {
  const int64_t large = int64_t{1} << 62;
  for (const std::vector<int64_t>& sizes :
       std::vector<std::vector<int64_t>>{{0, 0, 3, 5},
                                         {0, 0, 3},
                                         {1, 4, 12},
                                         {0, 0, -1, 5},
                                         {1, -1, -1},
                                         {-1, 8},
                                         {0, 0, 12, 0},
                                         {0, 0, -2, 6},
                                         {1, 1, -1, large},
                                         {0, 0, large, large}}) {
    const std::string refusal = Reshaped({1, Some, 12}, sizes).type();
    EXPECT_EQ(refusal.substr(0, 12), "E0306 node '") << sizes[0] << "," << sizes[1];
    EXPECT_NE(refusal.find(" is no shape of the operand's elements"), std::string::npos) << refusal;
  }
  // The product of two symbols has no extent.
  EXPECT_NE(Reshaped({Before, Some, 6}, {-1, 6}).type().find("[-1,6] is no shape"),
            std::string::npos);
  EXPECT_NE(Reshaped({large, large}, {-1}).type().find("is no shape"), std::string::npos);
}

TEST(Reshape, RefusesShapesThatAreNoConstantList) {
  EXPECT_EQ(Reshaped({1, Some, 12}, std::nullopt).type(),
            "E0309 node 'cut' (Reshape): the shape must be a constant");
  EXPECT_EQ(Reshaped({1, Some, 12}, std::vector<int64_t>(17, 1)).type(),
            "E0306 node 'cut' (Reshape): the shape must be int64 [n], n at most 16");
  Reshaped matrix({1, Some, 12}, {0, 0, 3, 4});
  matrix.graph.values[1].type->shape = {2, 2};
  EXPECT_NE(matrix.type().find("must be int64 [n]"), std::string::npos);
  // What a file holds may differ from what the model says.
  Reshaped floats({1, Some, 12}, Tensor::zeros(DType::F32, {4}));
  EXPECT_NE(floats.type().find("must be int64"), std::string::npos);
  Reshaped zeros({1, Some, 12}, {0, 0, 3, 4});
  zeros.graph.nodes[0].attributes["allowzero"] = int64_t{1};
  EXPECT_EQ(zeros.type().substr(0, 5), "E0309");
}

TEST(Reshape, AloneHasNoKernel) {
  Reshaped made({1, Some, 12}, {0, 0, 3, 4});
  ASSERT_TRUE(infer_types(made.graph).ok());
  Program program;
  Lowering lowering(made.graph, program, "s", "p", Tiling());
  const Status status = find_op("Reshape", "")->lower(lowering, made.graph.nodes[0]);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors()[0].code, "E0309");
  EXPECT_NE(status.errors()[0].message.find("around an RMSNormalization"), std::string::npos);
}

}  // namespace
}  // namespace st
