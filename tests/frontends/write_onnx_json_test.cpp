// SPDX-License-Identifier: Apache-2.0
// A model that is written reads back as it was.
#include "frontends/onnx_json/write_onnx_json.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

Graph read_back(const std::filesystem::path& model) {
  ReadOptions options;
  options.graph_only = true;
  auto graph = read_onnx_json(model, options);
  EXPECT_TRUE(graph.ok()) << graph.errors().front().message;
  return graph.ok() ? std::move(*graph) : Graph();
}

/// Names of constants whose data are not in the model file.
std::set<std::string> outside(const Graph& graph) {
  std::set<std::string> names;
  for (const Value& value : graph.values) {
    if (value.constant && !value.constant->load().ok()) names.insert(value.name);
  }
  return names;
}

TEST(WriteOnnxJson, ExamplesReadBackAsTheyWere) {
  for (const char* model : {"adder", "stories260k", "char_shakespeare"}) {
    SCOPED_TRACE(model);
    const Graph graph = read_back(source(std::string("examples/") + model + "/model.json"));
    const auto text = write_onnx_json(graph, "a test", {"weights.h5", outside(graph)});
    ASSERT_TRUE(text.ok());
    write(scratch() / "written/model.json", *text);
    const Graph again = read_back(scratch() / "written/model.json");
    EXPECT_EQ(text_of(again), text_of(graph));
    EXPECT_EQ(again.metadata, graph.metadata);
    EXPECT_EQ(again.symbols, graph.symbols);
    EXPECT_EQ(outside(again), outside(graph));
    // Constants in the text are the same floats.
    for (const Value& value : graph.values) {
      if (!value.constant || outside(graph).count(value.name) != 0) continue;
      for (const Value& other : again.values) {
        if (other.name != value.name) continue;
        EXPECT_EQ(*other.constant->load(), *value.constant->load());
      }
    }
  }
}

TEST(WriteOnnxJson, KeepsEveryKindOfAttributeAndOurDomain) {
  Graph graph;
  graph.name = "odd \"names\" \x01";
  graph.opset = 24;
  graph.symbols["n"] = {1, 4};
  graph.metadata["streamtensor.dim.n"] = "1..4";
  const ValueId x = graph.add_value("x", TensorType{DType::F32, {1, Extent::symbol("n")}});
  const ValueId y = graph.add_value("y", TensorType{DType::F32, {1, Extent::symbol("n")}});
  graph.inputs = {x};
  graph.outputs = {y};
  Node node;
  node.name = "node";
  node.op = "Attention";
  node.domain = "streamtensor";
  node.inputs = {x, NoValue, x};
  node.outputs = {y};
  node.attributes = {{"a", int64_t{-7}},
                     {"b", 0.1f},
                     {"c", std::string("text")},
                     {"d", std::vector<int64_t>{1, -2}},
                     {"e", std::vector<float>{0.3f, 1e-30f}},
                     {"f", std::vector<std::string>{"p", "q"}}};
  graph.nodes = {node};
  const auto text = write_onnx_json(graph, "a test", {});
  ASSERT_TRUE(text.ok());
  write(scratch() / "attributes/model.json", *text);
  const Graph again = read_back(scratch() / "attributes/model.json");
  ASSERT_EQ(again.nodes.size(), 1U);
  EXPECT_EQ(again.name, graph.name);
  EXPECT_EQ(again.nodes[0].domain, "streamtensor");
  EXPECT_EQ(again.nodes[0].attributes, node.attributes);
  EXPECT_EQ(again.nodes[0].inputs[1], NoValue);
}

}  // namespace
}  // namespace st::test
