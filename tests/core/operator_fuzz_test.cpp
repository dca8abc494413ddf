// SPDX-License-Identifier: Apache-2.0
// Whatever a model file says at a node: it is refused, or computed as its inferred types say. The
// sanitizers see what the assertions cannot.
#include <gtest/gtest.h>

#include "core/ops/check.h"
#include "core/ops/interpreter.h"
#include "core/ops/record.h"
#include "core/passes/infer.h"
#include "tests/core/random_values.h"

namespace st {
namespace {

using test::Random;
using test::random_f32;

Attribute small_attribute(Random& random, const std::string& name) {
  if (name == "split" || name == "perm") {
    std::vector<int64_t> list(random.below(4));
    for (int64_t& item : list) item = random.between(-1, 4);
    return list;
  }
  if (name == "approximate") return random.pick<std::string>({"none", "tanh", "other"});
  if (name == "epsilon" || name == "scale" || name == "alpha" || name == "softcap")
    return random.real();
  return random.between(-2, 4);
}

/// Operands and attributes that are right for the operators whose forms chance would hardly ever
/// meet.
std::vector<Tensor> right_operands(Random& random, const OpRecord& record, Node& node) {
  const int64_t rows = random.between(1, 3), kv = random.between(1, 2);
  const int64_t heads = kv * random.between(1, 2), head = 2 * random.between(1, 2);
  auto f32 = [&](std::vector<int64_t> shape) { return random_f32(random, std::move(shape)); };
  if (record.name == "RotaryEmbedding") {
    node.attributes = {{"num_heads", heads}, {"interleaved", random.between(0, 1)}};
    Tensor positions = Tensor::zeros(DType::I64, {1, rows});
    for (int64_t& position : positions.as<int64_t>()) position = random.between(0, 3);
    if (random.chance(0.5)) {
      return {f32({1, rows, heads * head}), f32({1, rows, head / 2}), f32({1, rows, head / 2})};
    }
    return {f32({1, rows, heads * head}), f32({4, head / 2}), f32({4, head / 2}), positions};
  }
  if (record.name == "Attention") {
    node.attributes = {{"is_causal", int64_t{1}}, {"q_num_heads", heads}, {"kv_num_heads", kv}};
    return {f32({1, rows, heads * head}), f32({1, rows, kv * head}), f32({1, rows, kv * head})};
  }
  if (record.name == "Reshape") {
    Tensor sizes = Tensor::zeros(DType::I64, {random.between(1, 4)});
    for (int64_t& size : sizes.as<int64_t>()) size = random.between(-1, 4);
    return {f32({rows, heads, head}), sizes};
  }
  return {};
}

TEST(OperatorFuzz, AnyNodeIsRefusedOrGivesTheTypesThatWereInferred) {
  const std::vector<std::string> names = {
      "axis",      "num_outputs", "split",       "perm",         "approximate",
      "epsilon",   "scale",       "alpha",       "softcap",      "is_causal",
      "num_heads", "interleaved", "q_num_heads", "kv_num_heads", "rotary_embedding_dim"};
  Random random(1);
  std::map<std::string, int> ran;
  constexpr int Rounds = 4000;
  for (const OpRecord& record : op_records()) {
    if ((!record.domain.empty() && !record.in_models) || !record.compiled()) continue;
    for (int round = 0; round < Rounds; ++round) {
      Graph graph;
      graph.opset = 24;
      Node node;
      node.name = "node";
      node.op = record.name;
      node.domain = record.domain;
      std::vector<Tensor> operands = right_operands(random, record, node);
      const bool prepared = !operands.empty();
      for (const std::string& name : names) {
        if (random.chance(prepared ? 0.05 : 0.4))
          node.attributes[name] = small_attribute(random, name);
      }
      const std::vector<int64_t> base = test::any_shape(random);
      const int64_t count = prepared ? static_cast<int64_t>(operands.size())
                                     : random.between(record.min_inputs, record.max_inputs);
      operands.resize(count);
      std::map<std::string, Tensor> inputs;
      for (int64_t i = 0; i < count; ++i) {
        if (i >= record.min_inputs && random.chance(0.3)) {
          node.inputs.push_back(NoValue);
          continue;
        }
        Tensor& value = operands[i];
        if (!prepared || random.chance(0.1)) {
          value = test::any_tensor(random, prepared ? value.shape : base);
        }
        const std::string name = "in" + std::to_string(i);
        node.inputs.push_back(graph.add_value(
            name, TensorType{value.dtype(), {value.shape.begin(), value.shape.end()}}));
        graph.inputs.push_back(node.inputs.back());
        inputs[name] = value;
        if (record.name == "Reshape" && i == 1 && random.chance(0.9))
          graph.values[node.inputs.back()].constant = constant_of(value);
      }
      for (int64_t i = random.between(1, 3); i > 0; --i) {
        node.outputs.push_back(graph.add_value("out" + std::to_string(i)));
        graph.outputs.push_back(node.outputs.back());
      }
      graph.nodes.push_back(node);
      if (!graph.check_and_sort().ok() || !check_operators(graph).ok() || !infer_types(graph).ok())
        continue;
      const auto outputs = GraphInterpreter(graph).run(inputs);
      if (!outputs.ok()) continue;
      ++ran[node.domain + "." + node.op];
      for (ValueId id : graph.outputs) {
        const Tensor& value = outputs->at(graph.values[id].name);
        const TensorType type = {value.dtype(), {value.shape.begin(), value.shape.end()}};
        EXPECT_EQ(text_of(type), text_of(graph.type(id))) << record.name << " in round " << round;
        EXPECT_EQ(value.size(), element_count(value.shape)) << record.name;
      }
    }
    EXPECT_GT(ran[std::string(record.domain) + "." + std::string(record.name)], 0)
        << record.name << " was refused each time";
  }
}

}  // namespace
}  // namespace st
