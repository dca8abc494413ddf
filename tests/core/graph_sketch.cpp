// SPDX-License-Identifier: Apache-2.0
#include "tests/core/graph_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/ops/interpreter.h"
#include "core/passes/raise/raise.h"

namespace st::test {
namespace {

TensorType type_of(const Tensor& tensor, DType dtype) {
  return {dtype, {tensor.shape.begin(), tensor.shape.end()}};
}

}  // namespace

Tensor GraphSketch::noise(const std::vector<int64_t>& shape) {
  Tensor tensor = Tensor::zeros(DType::F32, shape);
  for (float& x : tensor.f32())
    x = static_cast<float>(random_() >> 8) / static_cast<float>(1 << 23) - 1.0f;
  return tensor;
}

ValueId GraphSketch::input(const std::string& name, const std::vector<int64_t>& shape) {
  return input(name, noise(shape));
}

ValueId GraphSketch::input(const std::string& name, Tensor value) {
  const ValueId id = graph_.add_value(name, type_of(value, value.dtype()));
  graph_.inputs.push_back(id);
  inputs_[name] = std::move(value);
  return id;
}

ValueId GraphSketch::input(const std::string& name, const TensorType& type) {
  const ValueId id = graph_.add_value(name, type);
  graph_.inputs.push_back(id);
  for (const Extent& extent : type.shape) {
    for (const auto& [symbol, factor] : extent.terms()) graph_.symbols[symbol] = {0, 64};
  }
  return id;
}

ValueId GraphSketch::constant(const std::string& name, const std::vector<int64_t>& shape) {
  return constant(name, noise(shape));
}

ValueId GraphSketch::constant(const std::string& name, Tensor value) {
  const DType type = value.dtype();
  return constant(name, std::move(value), type);
}

ValueId GraphSketch::constant(const std::string& name, Tensor value, DType type) {
  const ValueId id = graph_.add_value(name, type_of(value, type));
  constants_[name] = value;
  graph_.values.back().constant = constant_of(std::move(value));
  return id;
}

ValueId GraphSketch::scalar(float value) {
  Tensor tensor = Tensor::zeros(DType::F32, {});
  tensor.f32()[0] = value;
  return constant("scalar" + std::to_string(graph_.values.size()), std::move(tensor));
}

ValueId GraphSketch::integers(const std::vector<int64_t>& values) {
  return constant("integers" + std::to_string(graph_.values.size()),
                  tensor_of_integers({static_cast<int64_t>(values.size())}, values));
}

ValueId GraphSketch::node(const std::string& op, const std::vector<ValueId>& inputs,
                          const std::map<std::string, Attribute>& attributes,
                          const std::string& domain) {
  return node(1, op, inputs, attributes, domain)[0];
}

std::vector<ValueId> GraphSketch::node(size_t outputs, const std::string& op,
                                       const std::vector<ValueId>& inputs,
                                       const std::map<std::string, Attribute>& attributes,
                                       const std::string& domain) {
  Node node;
  node.op = op;
  node.domain = domain;
  node.name = op + std::to_string(graph_.nodes.size());
  node.inputs = inputs;
  node.attributes = attributes;
  for (size_t i = 0; i < outputs; ++i)
    node.outputs.push_back(graph_.add_value(node.name + "_" + std::to_string(i)));
  graph_.nodes.push_back(node);
  return node.outputs;
}

const std::vector<float>& GraphSketch::values(ValueId id) const {
  const std::string& name = graph_.values[static_cast<size_t>(id)].name;
  const auto found = inputs_.find(name);
  return found != inputs_.end() ? found->second.f32() : constants_.at(name).f32();
}

Tensor tensor_of_integers(const std::vector<int64_t>& shape, const std::vector<int64_t>& values) {
  Tensor tensor = Tensor::zeros(DType::I64, shape);
  tensor.as<int64_t>() = values;
  return tensor;
}

std::map<std::string, Tensor> run(const Graph& graph, const std::map<std::string, Tensor>& inputs) {
  auto result = GraphInterpreter(graph).run(inputs);
  EXPECT_TRUE(result.ok()) << result.errors().front().message;
  return result.ok() ? *result : std::map<std::string, Tensor>();
}

std::string operators_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes)
    names.push_back((node.domain.empty() ? "" : node.domain + ".") + node.op);
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string raised(GraphSketch& sketch) {
  const auto before = run(sketch.graph(), sketch.inputs());
  const Status status = raise(sketch.graph());
  EXPECT_TRUE(status.ok()) << status.errors().front().message;
  const auto after = run(sketch.graph(), sketch.inputs());
  for (const auto& [name, tensor] : before) {
    const auto found = after.find(name);
    EXPECT_TRUE(found != after.end()) << name;
    if (found == after.end()) continue;
    EXPECT_EQ(found->second.shape, tensor.shape) << name;
    expect_close(found->second.f32(), tensor.f32());
  }
  return operators_of(sketch.graph());
}

void expect_close(const std::vector<float>& actual, const std::vector<float>& expected,
                  float tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], tolerance * (1 + std::fabs(expected[i]))) << i;
}

}  // namespace st::test
