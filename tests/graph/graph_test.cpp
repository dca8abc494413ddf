// SPDX-License-Identifier: Apache-2.0
#include "core/graph/graph.h"

#include <gtest/gtest.h>

#include <limits>

namespace st {
namespace {

/// Values a, b, ... by name, made on first use; nodes named like their operator.
class Builder {
 public:
  ValueId value(const std::string& name) {
    for (size_t v = 0; v < graph.values.size(); ++v) {
      if (graph.values[v].name == name) return static_cast<ValueId>(v);
    }
    return graph.add_value(name, TensorType{DType::F32, {Extent::symbol("s"), 4}});
  }
  Builder& node(const std::string& op, const std::vector<std::string>& inputs,
                const std::vector<std::string>& outputs) {
    Node node;
    node.name = "n/" + op;
    node.op = op;
    for (const auto& name : inputs) node.inputs.push_back(name.empty() ? NoValue : value(name));
    for (const auto& name : outputs) node.outputs.push_back(value(name));
    node.where = "m.json /graph/node/" + std::to_string(graph.nodes.size());
    graph.nodes.push_back(node);
    return *this;
  }
  Builder& input(const std::string& name) {
    graph.inputs.push_back(value(name));
    return *this;
  }
  Builder& output(const std::string& name) {
    graph.outputs.push_back(value(name));
    return *this;
  }
  Builder& constant(const std::string& name) {
    graph.values[value(name)].constant = constant_of(Tensor::zeros(DType::F32, {4}));
    return *this;
  }
  [[nodiscard]] std::string order() const {
    std::string text;
    for (const Node& node : graph.nodes) text += node.op;
    return text;
  }
  Graph graph;
};

TEST(Tensor, ZerosHaveTypeShapeAndSize) {
  for (const DType type : {DType::F32, DType::I8, DType::I32, DType::I64}) {
    const Tensor tensor = Tensor::zeros(type, {2, 3});
    EXPECT_EQ(tensor.dtype(), type);
    EXPECT_EQ(tensor.size(), 6);
    EXPECT_EQ(dtype_named(name_of(type)), type);
  }
  EXPECT_EQ(Tensor::zeros(DType::I8, {}).size(), 1);
  EXPECT_EQ(Tensor::zeros(DType::I64, {2}).integer(1), 0);
  EXPECT_EQ(name_of(DType::BF16), "bf16");
  EXPECT_EQ(bits_of(DType::F16), 16);
  EXPECT_EQ(dtype_named("f128"), std::nullopt);
}

TEST(Tensor, ElementCountSaturates) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 0, 5}), 0);
  EXPECT_EQ(element_count({int64_t{1} << 40, int64_t{1} << 40}),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(element_count({int64_t{1} << 40, int64_t{1} << 40, 0}), 0);
}

TEST(Graph, SortIsStable) {
  Builder b;
  b.input("x").node("D", {"c"}, {"d"}).node("A", {"x"}, {"a"}).node("B", {"x", ""}, {"b"});
  b.node("C", {"a", "b", "a"}, {"c"}).output("d");
  ASSERT_TRUE(b.graph.check_and_sort().ok());
  EXPECT_EQ(b.order(), "ABCD");
  ASSERT_TRUE(b.graph.check_and_sort().ok());
  EXPECT_EQ(b.order(), "ABCD");
}

TEST(Graph, CycleNamesItsNodes) {
  Builder b;
  b.input("x").node("A", {"x", "c"}, {"a"}).node("B", {"a"}, {"b"}).node("C", {"b"}, {"c"});
  b.node("D", {"c"}, {"d"}).output("d");
  const Status status = b.graph.check_and_sort();
  ASSERT_FALSE(status.ok());
  const Diagnostic& problem = status.errors().front();
  EXPECT_EQ(problem.code, "E0302");
  EXPECT_EQ(problem.message, "the graph has a cycle of 3 nodes");
  EXPECT_EQ(problem.where, "m.json /graph/node/0");
  EXPECT_EQ(problem.details,
            (std::vector<std::string>{"'n/A' (A) feeds 'n/B' (B)", "'n/B' (B) feeds 'n/C' (C)",
                                      "'n/C' (C) feeds 'n/A' (A)"}));
}

TEST(Graph, NodeThatFeedsItselfIsACycle) {
  Builder b;
  b.node("A", {"a"}, {"a"}).output("a");
  const Status status = b.graph.check_and_sort();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors().front().code, "E0302");
}

TEST(Graph, DanglingInputSuggestsNames) {
  Builder b;
  b.input("hidden_states").node("A", {"hidden_state"}, {"a"}).output("a").output("logits");
  const Status status = b.graph.check_and_sort();
  ASSERT_FALSE(status.ok());
  ASSERT_EQ(status.errors().size(), 2U);
  EXPECT_EQ(status.errors()[0].code, "E0301");
  EXPECT_EQ(status.errors()[0].message,
            "node 'n/A' (A) reads 'hidden_state', which nothing produces");
  EXPECT_EQ(status.errors()[0].help, "did you mean 'hidden_states'?");
  EXPECT_EQ(status.errors()[1].message, "the graph returns 'logits', which nothing produces");
}

TEST(Graph, ValueProducedTwiceNamesBoth) {
  Builder b;
  b.input("x")
      .constant("w")
      .node("A", {"x"}, {"a"})
      .node("B", {"x"}, {"a"})
      .node("C", {"x"}, {"w"});
  const Status status = b.graph.check_and_sort();
  ASSERT_FALSE(status.ok());
  ASSERT_EQ(status.errors().size(), 2U);
  EXPECT_EQ(status.errors()[0].code, "E0303");
  EXPECT_EQ(status.errors()[0].details,
            (std::vector<std::string>{"first by node 'n/A' (A)", "then by node 'n/B' (B)"}));
  EXPECT_EQ(status.errors()[1].details[0], "first by an initializer");
}

TEST(Graph, IdsOutOfRangeAreInternalErrors) {
  Builder b;
  b.input("x").node("A", {"x"}, {"a"});
  b.graph.nodes[0].inputs.push_back(99);
  const Status status = b.graph.check_and_sort();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors().front().code, "E0901");
}

TEST(Graph, RemoveDeadKeepsInputsAndWhatOutputsNeed) {
  Builder b;
  b.input("unused").input("x").constant("w").constant("dead_w");
  b.node("A", {"x", "dead_w"}, {"dead"}).node("B", {"x", "w", ""}, {"b", "b2"}).output("b");
  b.graph.remove_dead();
  EXPECT_EQ(b.order(), "B");
  ASSERT_EQ(b.graph.inputs.size(), 2U);
  EXPECT_EQ(b.graph.values[b.graph.inputs[0]].name, "unused");
  EXPECT_EQ(b.graph.values[b.graph.outputs[0]].name, "b");
  EXPECT_EQ(b.graph.values.size(), 5U);
  EXPECT_EQ(b.graph.values[b.graph.nodes[0].inputs[1]].name, "w");
  EXPECT_EQ(b.graph.nodes[0].inputs[2], NoValue);
  EXPECT_TRUE(b.graph.check_and_sort().ok());
}

TEST(Graph, ProducersAndConsumers) {
  Builder b;
  b.input("x").node("A", {"x"}, {"a"}).node("B", {"a", "a"}, {"b"}).node("C", {"a"}, {"c"});
  EXPECT_EQ(b.graph.producer(b.value("a")), 0);
  EXPECT_EQ(b.graph.producer(b.value("x")), -1);
  EXPECT_EQ(b.graph.consumers(b.value("a")), (std::vector<int>{1, 2}));
}

TEST(Graph, AttributesHaveDefaults) {
  Node node;
  node.attributes["axis"] = int64_t{-1};
  node.attributes["epsilon"] = 0.5F;
  node.attributes["mode"] = std::string("tanh");
  node.attributes["perm"] = std::vector<int64_t>{1, 0};
  EXPECT_EQ(node.integer("axis", 7), -1);
  EXPECT_EQ(node.integer("absent", 7), 7);
  EXPECT_EQ(node.integer("epsilon", 7), 7) << "another kind counts as absent";
  EXPECT_EQ(node.real("epsilon", 0), 0.5F);
  EXPECT_EQ(node.string("mode", ""), "tanh");
  EXPECT_EQ(node.integers("perm"), (std::vector<int64_t>{1, 0}));
  EXPECT_TRUE(node.integers("absent").empty());
  EXPECT_EQ(node.input(0), NoValue);
}

}  // namespace
}  // namespace st
