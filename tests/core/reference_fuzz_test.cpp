// SPDX-License-Identifier: Apache-2.0
// Whatever operands and attributes a node has, its reference refuses them or makes whole tensors,
// without asking for more memory than a result may have. The sanitizers see the rest.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/ops/element.h"
#include "core/ops/interpreter.h"
#include "core/ops/record.h"
#include "tests/core/random_values.h"

namespace st {
namespace {

using test::Random;

const std::vector<DType> AllTypes = {DType::F32, DType::F64, DType::F16, DType::BF16, DType::I8,
                                     DType::U8,  DType::I32, DType::I64, DType::Bool, DType::I16,
                                     DType::U16, DType::U32, DType::U64};

/// Small, or one of those that overflow where nobody looks.
int64_t any_integer(Random& random) {
  if (random.chance(0.9)) return random.between(-2, 4);
  constexpr int64_t Least = std::numeric_limits<int64_t>::min();
  return random.pick<int64_t>({Least, Least + 1, -(int64_t{1} << 40), int64_t{1} << 31,
                               int64_t{1} << 40, int64_t{1} << 60,
                               std::numeric_limits<int64_t>::max()});
}

Tensor any_elements(Random& random, DType type, std::vector<int64_t> shape) {
  Tensor tensor = Tensor::zeros(type, std::move(shape));
  visit_elements(tensor, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    for (T& value : values) {
      if constexpr (IsReal<T>) {
        value = T(random.chance(0.03) ? random.pick<double>({NAN, INFINITY, -INFINITY, 1e300})
                                      : 3.0 * random.real());
      } else {
        value = converted<T>(any_integer(random));
      }
    }
  });
  return tensor;
}

std::vector<int64_t> any_list(Random& random, int64_t count) {
  std::vector<int64_t> list(static_cast<size_t>(count));
  for (int64_t& item : list) item = any_integer(random);
  return list;
}

Attribute any_attribute(Random& random, const std::string& name) {
  if (name == "split" || name == "perm" || name == "axes") return any_list(random, random.below(4));
  if (name == "mode") return random.pick<std::string>({"constant", "edge", "reflect", "wrap", "?"});
  if (name == "direction") return random.pick<std::string>({"LEFT", "RIGHT"});
  if (name == "approximate") return random.pick<std::string>({"none", "tanh", "?"});
  if (name == "value_type") return random.pick<std::string>({"f16", "i8", "bool", "?"});
  if (name == "to" || name == "stash_type" || name == "precision" || name == "output_dtype" ||
      name == "dtype")
    return random.between(0, 17);
  if (name == "epsilon" || name == "scale" || name == "alpha" || name == "beta" ||
      name == "softcap")
    return random.real();
  return any_integer(random);
}

/// Operands that are right for operators whose forms chance would hardly ever meet.
std::vector<Tensor> right_operands(Random& random, std::string_view op, DType type, Node& node) {
  auto make = [&](std::vector<int64_t> shape, DType of) {
    return any_elements(random, of, std::move(shape));
  };
  auto real = [&](std::vector<int64_t> shape) { return make(std::move(shape), type); };
  auto list = [](std::vector<int64_t> values) {
    const auto count = static_cast<int64_t>(values.size());
    return Tensor{{count}, std::move(values)};
  };
  const int64_t n = random.between(1, 3), m = random.between(1, 3), heads = random.between(1, 2);
  const DType byte = random.pick<DType>({DType::I8, DType::U8});
  if (op == "Attention") {
    const bool past = random.chance(0.5);
    node.attributes = {{"is_causal", random.between(0, 1)},
                       {"qk_matmul_output_mode", random.between(0, 3)}};
    std::vector<Tensor> made = {real({1, 2 * heads, n, 2}), real({1, heads, m, 2}),
                                real({1, heads, m, 3}), real({n, past ? m + 2 : m})};
    if (past) {
      made.push_back(real({1, heads, 2, 2}));
      made.push_back(real({1, heads, 2, 3}));
    }
    return made;
  }
  if (op == "RotaryEmbedding") {
    Tensor positions = Tensor::zeros(DType::I64, {1, n});
    return {real({1, heads, n, 4}), real({4, 2}), real({4, 2}), positions};
  }
  if (op == "QLinearMatMul")
    return {make({n, m}, byte), real({}),       make({}, byte), make({m, n}, byte),
            real({}),           make({}, byte), real({}),       make({}, byte)};
  if (op == "MatMulInteger")
    return {make({n, m}, byte), make({m, n}, byte), make({n}, byte), make({n}, byte)};
  if (op == "QuantizeLinear") return {real({n, m}), real({m}), make({m}, byte)};
  if (op == "DequantizeLinear") return {make({n, m}, byte), real({m}), make({m}, byte)};
  if (op == "GroupNormalization" || op == "InstanceNormalization") {
    node.attributes["num_groups"] = heads;
    return {real({n, 2 * heads, m}), real({2 * heads}), real({2 * heads})};
  }
  if (op == "Where") return {make({n, m}, DType::Bool), real({m}), real({n, 1})};
  if (op == "Range") return {list({1}), list({n + 3}), list({m})};
  if (op == "Tile") return {real({n, m}), list({m, n})};
  if (op == "Pad") return {real({n, m}), list({1, 0, -1, 2})};
  if (op == "Slice")
    return {real({n, m}), list({0, -1}), list({n, -9}), list({0, 1}), list({1, -1})};
  if (op == "Expand" || op == "Reshape") return {real({n, 1}), list({1, n, 1})};
  if (op == "ConstantOfShape") return {list({n, m})};
  if (op == "CumSum") return {real({n, m}), list({0})};
  if (op == "Unsqueeze") return {real({n, m}), list({0, -1})};
  if (op == "Squeeze") return {real({n, 1}), list({1})};
  if (op == "Trilu") return {real({n, m}), list({0})};
  if (op == "Split") return {real({n + m, 2}), list({n, m})};
  if (op == "Gather") return {real({n, m}), list({0, -1})};
  if (op == "GatherElements") return {real({n}), list({0, -1})};
  if (op == "GatherND") return {real({n, m}), list({0, 0})};
  if (op == "ScatterElements") {
    return {real({n}), list({0, -1}), real({2})};
  }
  if (op == "BitShift") return {make({n}, DType::U8), make({n}, DType::U8)};
  if (op == "Cast") node.attributes["to"] = random.between(1, 16);
  if (op == "Mod" || op == "SwiGLU") node.attributes["fmod"] = int64_t{1};
  if (op == "Concat") node.attributes["axis"] = int64_t{-1};
  if (op == "Gemm") return {real({n, m}), real({m, n}), real({n})};
  if (op == "MatMul") return {real({heads, n, m}), real({m, n})};
  return {};
}

TEST(ReferenceFuzz, AnyNodeIsRefusedOrMakesWholeTensors) {
  const std::vector<std::string> names = {"axis",
                                          "axes",
                                          "num_outputs",
                                          "split",
                                          "perm",
                                          "approximate",
                                          "epsilon",
                                          "scale",
                                          "alpha",
                                          "softcap",
                                          "is_causal",
                                          "num_heads",
                                          "interleaved",
                                          "q_num_heads",
                                          "kv_num_heads",
                                          "rotary_embedding_dim",
                                          "keepdims",
                                          "noop_with_empty_axes",
                                          "mode",
                                          "direction",
                                          "to",
                                          "stash_type",
                                          "start",
                                          "end",
                                          "allowzero",
                                          "upper",
                                          "exclusive",
                                          "reverse",
                                          "transA",
                                          "transB",
                                          "beta",
                                          "block_size",
                                          "output_dtype",
                                          "precision",
                                          "batch_dims",
                                          "k",
                                          "fmod",
                                          "num_groups",
                                          "select_last_index",
                                          "p",
                                          "value",
                                          "value_type",
                                          "dtype",
                                          "qk_matmul_output_mode"};
  Random random(7);
  constexpr int Rounds = 400;
  for (const OpRecord& record : op_records()) {
    if (!record.domain.empty()) continue;
    int ran = 0;
    for (int round = 0; round < Rounds; ++round) {
      Graph graph;
      graph.opset = 28;
      Node node;
      node.name = "node";
      node.op = record.name;
      const DType type = random.chance(0.5) ? DType::F32 : random.pick<DType>(AllTypes);
      std::vector<Tensor> operands;
      if (random.chance(0.7)) operands = right_operands(random, record.name, type, node);
      const bool prepared = !operands.empty();
      for (const std::string& name : names) {
        if (random.chance(prepared ? 0.02 : 0.1))
          node.attributes[name] = any_attribute(random, name);
      }
      const int64_t most = std::min(record.max_inputs, record.min_inputs + 3);
      if (!prepared) operands.resize(random.between(record.min_inputs, most));
      const std::vector<int64_t> base = test::any_shape(random);
      std::map<std::string, Tensor> inputs;
      for (size_t i = 0; i < operands.size(); ++i) {
        if (static_cast<int>(i) >= record.min_inputs && random.chance(0.2)) {
          node.inputs.push_back(NoValue);
          continue;
        }
        if (!prepared || random.chance(0.05)) {
          const DType own = random.chance(0.8) ? type : random.pick<DType>(AllTypes);
          std::vector<int64_t> shape = random.chance(0.7) ? base : test::any_shape(random);
          if (random.chance(0.05)) shape = {int64_t{1} << 40, int64_t{1} << 41, 0};
          operands[i] = any_elements(random, own, shape);
        }
        const std::string name = "in" + std::to_string(i);
        node.inputs.push_back(graph.add_value(name));
        graph.inputs.push_back(node.inputs.back());
        inputs[name] = operands[i];
      }
      for (int64_t i = random.between(1, 4); i > 0; --i) {
        node.outputs.push_back(graph.add_value("out" + std::to_string(i)));
        graph.outputs.push_back(node.outputs.back());
      }
      graph.nodes.push_back(node);
      ASSERT_TRUE(graph.check_and_sort().ok());
      const auto outputs = GraphInterpreter(graph).run(inputs);
      if (!outputs.ok()) {
        EXPECT_FALSE(outputs.errors().empty());
        continue;
      }
      ++ran;
      for (const auto& [name, value] : *outputs) {
        EXPECT_EQ(value.size(), element_count(value.shape)) << record.name;
        for (const int64_t extent : value.shape) EXPECT_GE(extent, 0) << record.name;
      }
    }
    EXPECT_GT(ran, 0) << record.name << " was refused each time";
  }
}

}  // namespace
}  // namespace st
