// SPDX-License-Identifier: Apache-2.0
// References where ONNX's own cases say little: edges of ranges, older forms, other element types.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/ops/element.h"
#include "core/ops/interpreter.h"
#include "tests/core/bench.h"

namespace st {
namespace {

using test::reference;
using Attributes = std::map<std::string, Attribute>;

Tensor f32(std::vector<int64_t> shape, std::vector<float> values) {
  return {std::move(shape), std::move(values)};
}
Tensor i64(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return {{count}, std::move(values)};
}
Tensor counted(std::vector<int64_t> shape) {
  Tensor tensor = Tensor::zeros(DType::F32, std::move(shape));
  for (size_t i = 0; i < tensor.f32().size(); ++i) tensor.f32()[i] = static_cast<float>(i);
  return tensor;
}

/// The message of a refusal.
std::string refusal(const std::string& op, const Attributes& attributes,
                    const std::vector<Tensor>& inputs, size_t outputs = 1) {
  Node node;
  node.op = op;
  node.attributes = attributes;
  node.outputs.assign(outputs, 0);
  const auto results = find_op(op, "")->reference(node, test::pointers_to(inputs));
  EXPECT_FALSE(results.ok()) << op;
  return results.ok() ? "" : results.errors()[0].message;
}

constexpr int64_t Least = std::numeric_limits<int64_t>::min();
constexpr int64_t Most = std::numeric_limits<int64_t>::max();

TEST(Reference, SliceCountsBackwardsAndClampsItsEnds) {
  const Tensor x = counted({6});
  auto slice = [&](int64_t start, int64_t end, int64_t step) {
    return reference("Slice", {}, {x, i64({start}), i64({end}), i64({0}), i64({step})})[0].f32();
  };
  using F = std::vector<float>;
  EXPECT_EQ(slice(-1, Least, -1), (F{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(slice(4, 1, -2), (F{4, 2}));
  EXPECT_EQ(slice(Most, -7, -3), (F{5, 2}));
  EXPECT_EQ(slice(1, Most, 2), (F{1, 3, 5}));
  EXPECT_EQ(slice(0, Most, Most), (F{0}));
  EXPECT_EQ(slice(Most, Least, Least), (F{5}));
  EXPECT_EQ(slice(3, 3, 1), F{});
  EXPECT_NE(refusal("Slice", {}, {x, i64({0}), i64({6}), i64({0}), i64({0})}).find("step"),
            std::string::npos);
  EXPECT_NE(refusal("Slice", {}, {x, i64({0, 0}), i64({6, 6}), i64({0, -1})}).find("twice"),
            std::string::npos);
}

TEST(Reference, AxesAreAttributesInOlderOpsets) {
  const Tensor x = counted({2, 1, 3});
  EXPECT_EQ(reference("Squeeze", {{"axes", std::vector<int64_t>{1}}}, {x})[0],
            reference("Squeeze", {}, {x, i64({-2})})[0]);
  EXPECT_EQ(reference("Unsqueeze", {{"axes", std::vector<int64_t>{0, 4}}}, {x})[0].shape,
            (std::vector<int64_t>{1, 2, 1, 3, 1}));
  EXPECT_EQ(reference("ReduceMean", {{"axes", std::vector<int64_t>{-1}}}, {x})[0],
            reference("ReduceMean", {}, {x, i64({2})})[0]);
  EXPECT_EQ(reference("Split", {{"split", std::vector<int64_t>{1, 2}}, {"axis", int64_t{2}}}, {x},
                      "", 2)[1],
            reference("Split", {{"axis", int64_t{-1}}}, {x, i64({1, 2})}, "", 2)[1]);
}

TEST(Reference, ReductionsOfNothing) {
  const Tensor none = Tensor::zeros(DType::F32, {2, 0});
  auto reduced = [&](const std::string& op, const Tensor& x) {
    return reference(op, {{"keepdims", int64_t{0}}}, {x, i64({1})})[0];
  };
  EXPECT_EQ(reduced("ReduceSum", none), f32({2}, {0, 0}));
  EXPECT_EQ(reduced("ReduceProd", none), f32({2}, {1, 1}));
  EXPECT_EQ(reduced("ReduceMax", none), f32({2}, {-INFINITY, -INFINITY}));
  EXPECT_EQ(reduced("ReduceLogSumExp", none), f32({2}, {-INFINITY, -INFINITY}));
  EXPECT_TRUE(std::isnan(reduced("ReduceMean", none).f32()[0]));
  EXPECT_EQ(reduced("ReduceMin", Tensor::zeros(DType::I8, {1, 0})).as<int8_t>()[0], 127);
  EXPECT_EQ(reduced("ReduceMax", Tensor::zeros(DType::I8, {1, 0})).as<int8_t>()[0], -128);
  EXPECT_NE(refusal("ArgMax", {{"axis", int64_t{1}}}, {none}).find("none"), std::string::npos);
}

TEST(Reference, IntegersWrapAndDivideTowardsZero) {
  auto of = [](std::vector<int8_t> values) {
    return Tensor{{static_cast<int64_t>(values.size())}, values};
  };
  EXPECT_EQ(reference("Add", {}, {of({127, -128}), of({1, -1})})[0], of({-128, 127}));
  EXPECT_EQ(reference("Div", {}, {of({-7, 7, -128}), of({2, -2, -1})})[0], of({-3, -3, -128}));
  EXPECT_EQ(reference("Mod", {}, {of({-7, 7, -128}), of({3, -3, -1})})[0], of({2, -2, 0}));
  EXPECT_EQ(reference("Mod", {{"fmod", int64_t{1}}}, {of({-7, 7}), of({3, -3})})[0], of({-1, 1}));
  EXPECT_EQ(reference("Pow", {}, {of({2, -1, 3}), i64({6, 7, -1})})[0], of({64, -1, 0}));
  EXPECT_NE(refusal("Div", {}, {of({1}), of({0})}).find("zero"), std::string::npos);
  const Tensor large = {{1}, std::vector<uint64_t>{std::numeric_limits<uint64_t>::max()}};
  EXPECT_EQ(reference("Add", {}, {large, large})[0].as<uint64_t>()[0], ~uint64_t{1});
  EXPECT_EQ(reference("Div", {}, {i64({Least}), i64({-1})})[0], i64({Least}));
}

TEST(Reference, CastsRoundOnceAndTruncate) {
  auto cast = [](const Tensor& x, int64_t to) { return reference("Cast", {{"to", to}}, {x})[0]; };
  constexpr int64_t I8 = 3, I32 = 6, Bool = 9, F16 = 10;
  const Tensor x = f32({4}, {-1.9f, 0.5f, 0.0f, 2049.0f});
  EXPECT_EQ(cast(x, I32).as<int32_t>(), (std::vector<int32_t>{-1, 0, 0, 2049}));
  EXPECT_EQ(doubles_of(cast(x, Bool)), (std::vector<double>{1, 1, 0, 1}));
  EXPECT_EQ(doubles_of(cast(x, F16))[3], 2048.0);
  EXPECT_EQ(cast(i64({257, -1}), I8).as<int8_t>(), (std::vector<int8_t>{1, -1}));
  EXPECT_EQ(cast(f32({3}, {NAN, INFINITY, -1e30f}), I32).as<int32_t>(),
            (std::vector<int32_t>{0, std::numeric_limits<int32_t>::max(),
                                  std::numeric_limits<int32_t>::min()}));
  EXPECT_NE(refusal("Cast", {{"to", int64_t{8}}}, {x}).find("element type 8"), std::string::npos);
}

TEST(Reference, RoundingToIntegersIsHalfToEvenAndSaturates) {
  const Tensor x = f32({6}, {0.5f, 1.5f, -2.5f, 1000.0f, -1000.0f, 3.0f});
  EXPECT_EQ(reference("Round", {}, {x})[0], f32({6}, {0, 2, -2, 1000, -1000, 3}));
  const Tensor zero = {{}, std::vector<int8_t>{1}};
  EXPECT_EQ(reference("QuantizeLinear", {}, {x, f32({}, {1}), zero})[0].as<int8_t>(),
            (std::vector<int8_t>{1, 3, -1, 127, -128, 4}));
  // A scale for each place of an axis, and for each block of two.
  const Tensor matrix = f32({2, 4}, {2, 2, 4, 4, 6, 6, 8, 8});
  EXPECT_EQ(reference("QuantizeLinear", {{"axis", int64_t{0}}}, {matrix, f32({2}, {2, 1})})[0]
                .as<uint8_t>(),
            (std::vector<uint8_t>{1, 1, 2, 2, 6, 6, 8, 8}));
  EXPECT_EQ(reference("QuantizeLinear", {{"axis", int64_t{1}}, {"block_size", int64_t{2}}},
                      {matrix, f32({2, 2}, {1, 2, 2, 4})})[0]
                .as<uint8_t>(),
            (std::vector<uint8_t>{2, 2, 2, 2, 3, 3, 2, 2}));
}

TEST(Reference, LayerNormalizationOfAnyAxisIsThatOfTheFlattenedRows) {
  const Tensor x = counted({2, 3, 4}), scale = counted({3, 4}), bias = counted({4});
  const auto whole = reference("LayerNormalization", {{"axis", int64_t{1}}}, {x, scale, bias});
  Tensor rows = x, flat = scale, wide = scale;
  rows.shape = {2, 12};
  flat.shape = wide.shape = {12};
  for (int64_t i = 0; i < 12; ++i) wide.f32()[i] = bias.f32()[i % 4];
  const auto made = reference("LayerNormalization", {}, {rows, flat, wide});
  EXPECT_EQ(whole[0].f32(), made[0].f32());
  EXPECT_EQ(whole[1], f32({2, 1, 1}, {5.5f, 17.5f}));
  EXPECT_NEAR(whole[2].f32()[0], 1.0 / std::sqrt(143.0 / 12.0 + 1e-5), 1e-6);
}

TEST(Reference, ReshapeAndItsLikeFollowTheOperand) {
  const Tensor x = counted({2, 3, 4}), none = Tensor::zeros(DType::F32, {0, 3});
  EXPECT_EQ(reference("Reshape", {}, {x, i64({0, -1})})[0].shape, (std::vector<int64_t>{2, 12}));
  EXPECT_EQ(reference("Reshape", {{"allowzero", int64_t{1}}}, {none, i64({3, 0})})[0].shape,
            (std::vector<int64_t>{3, 0}));
  for (const auto& sizes :
       {i64({5, -1}), i64({-1, -1}), i64({2, 3, 4, 0}), i64({Most, Most}), i64({int64_t{1} << 60})})
    EXPECT_FALSE(refusal("Reshape", {}, {x, sizes}).empty());
  EXPECT_EQ(reference("Expand", {}, {counted({3, 1}), i64({2, 1, 2})})[0],
            f32({2, 3, 2}, {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2}));
  EXPECT_FALSE(refusal("Expand", {}, {counted({1}), i64({int64_t{1} << 60})}).empty());
  EXPECT_FALSE(refusal("ConstantOfShape", {}, {i64({int64_t{1} << 40})}).empty());
  EXPECT_EQ(reference("Range", {}, {i64({5}), i64({0}), i64({-2})})[0], i64({5, 3, 1}));
  EXPECT_FALSE(refusal("Range", {}, {i64({Least}), i64({Most}), i64({1})}).empty());
  EXPECT_EQ(reference("Pad", {{"mode", std::string("reflect")}}, {counted({3}), i64({3, 2})})[0],
            f32({8}, {1, 2, 1, 0, 1, 2, 1, 0}));
}

TEST(Reference, MatMulBroadcastsBatchesAndTakesVectors) {
  const Tensor a = counted({2, 1, 2, 3}), b = counted({2, 3, 1});
  const Tensor y = reference("MatMul", {}, {a, b})[0];
  EXPECT_EQ(y.shape, (std::vector<int64_t>{2, 2, 2, 1}));
  EXPECT_EQ(y.f32(), (std::vector<float>{5, 14, 14, 50, 23, 32, 86, 122}));
  EXPECT_EQ(reference("MatMul", {}, {counted({3}), counted({3, 2})})[0], f32({2}, {10, 13}));
  EXPECT_EQ(reference("MatMul", {}, {counted({3}), counted({3})})[0], f32({}, {5}));
  EXPECT_EQ(reference("MatMul", {}, {counted({2, 0}), counted({0, 2})})[0],
            f32({2, 2}, {0, 0, 0, 0}));
  EXPECT_FALSE(refusal("MatMul", {}, {counted({2, 3}), counted({2, 3})}).empty());
}

/// One head of width 1, whose keys are 0: each query sees the mean of the values that are not
/// hidden from it.
TEST(Reference, AttentionOverPaddedKeysAlignsTheLastQueryWithTheLastKey) {
  const Tensor q = Tensor::zeros(DType::F32, {1, 1, 2, 1}),
               k = Tensor::zeros(DType::F32, {1, 1, 4, 1});
  const Tensor v = f32({1, 1, 4, 1}, {2, 4, 6, 100});
  Node node;
  node.op = "Attention";
  node.attributes = {{"is_causal", int64_t{1}}, {"qk_matmul_output_mode", int64_t{3}}};
  node.outputs = {0, NoValue, NoValue, 1};
  const Tensor length = i64({3});
  const auto made =
      find_op("Attention", "")->reference(node, {&q, &k, &v, nullptr, nullptr, nullptr, &length});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)[0].f32(), (std::vector<float>{3, 4}));
  ASSERT_EQ(made->size(), 4u);
  EXPECT_EQ((*made)[3].f32(),
            (std::vector<float>{0.5f, 0.5f, 0, 0, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f, 0}));
}

TEST(Reference, AttentionSeesItsWindowAlone) {
  const Tensor q = Tensor::zeros(DType::F32, {1, 1, 2, 1}),
               k = Tensor::zeros(DType::F32, {1, 1, 2, 1}),
               past_keys = f32({1, 1, 3, 1}, {NAN, 0, 0});
  const Tensor v = f32({1, 1, 2, 1}, {6, 20}), past_values = f32({1, 1, 3, 1}, {NAN, 2, 4});
  auto seen = [&](const char* domain, int64_t window, int64_t causal = 1) {
    Node node;
    node.op = "Attention";
    node.domain = domain;
    node.attributes = {{"is_causal", causal}};
    node.outputs = {0};
    const Tensor seen = {{}, std::vector<int64_t>{window}};
    return find_op("Attention", domain)
        ->reference(node, {&q, &k, &v, nullptr, &past_keys, &past_values, nullptr, &seen});
  };
  EXPECT_EQ((*seen("streamtensor", 1))[0].f32(), (std::vector<float>{6, 20}));
  EXPECT_EQ((*seen("streamtensor", 3))[0].f32(), (std::vector<float>{4, 10}));
  // Nothing is hidden where the window is 0, nor by ONNX's operator, which has none.
  EXPECT_TRUE(std::isnan((*seen("streamtensor", 0))[0].f32()[1]));
  EXPECT_TRUE(std::isnan((*seen("", 1))[0].f32()[1]));
  for (const auto& wrong : {seen("streamtensor", -1), seen("streamtensor", 2, 0)}) {
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.errors()[0].code, "E0306");
  }
}

TEST(Reference, AttentionPadsShortMasksAndShowsScores) {
  const Tensor q = f32({1, 1, 1, 1}, {2}), k = f32({1, 1, 3, 1}, {1, 2, 3});
  const Tensor mask = f32({1, 2}, {0, 1});
  auto shown = [&](int64_t mode) {
    Node node;
    node.op = "Attention";
    node.attributes = {{"qk_matmul_output_mode", mode}, {"softcap", 4.0f}};
    node.outputs = {0, NoValue, NoValue, 1};
    const auto made = find_op("Attention", "")->reference(node, {&q, &k, &k, &mask});
    EXPECT_TRUE(made.ok());
    return doubles_of((*made)[3]);
  };
  EXPECT_EQ(shown(0), (std::vector<double>{2, 4, 6}));
  const double second = 4 * std::tanh(1.0);
  EXPECT_NEAR(shown(1)[1], second, 1e-6);
  EXPECT_NEAR(shown(2)[1], second + 1, 1e-6);
  EXPECT_EQ(shown(2)[2], -INFINITY);
  EXPECT_EQ(shown(3)[2], 0);
}

/// y = Reshape(x, Shape(c)), and c itself, which is a constant.
TEST(Reference, GraphsNeedNoTypesAndMayReturnWhatTheyRead) {
  Graph graph;
  graph.opset = 24;
  const ValueId x = graph.add_value("x"), c = graph.add_value("c"),
                shape = graph.add_value("shape");
  const ValueId y = graph.add_value("y");
  graph.values[c].constant = constant_of(counted({3, 1, 2}));
  Node of, to;
  of.name = "of", of.op = "Shape", of.inputs = {c}, of.outputs = {shape};
  to.name = "to", to.op = "Reshape", to.inputs = {x, shape}, to.outputs = {y};
  graph.nodes = {of, to};
  graph.inputs = {x};
  graph.outputs = {y, c, x};
  GraphInterpreter interpreter(graph);
  const auto made = interpreter.run({{"x", counted({6})}});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->at("y"), counted({3, 1, 2}));
  EXPECT_EQ(made->at("c"), counted({3, 1, 2}));
  EXPECT_EQ(made->at("x"), counted({6}));

  const auto other = interpreter.run({{"x", counted({5})}});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.errors()[0].code, "E0306");
  EXPECT_NE(other.errors()[0].message.find("'to' (Reshape)"), std::string::npos);

  graph.nodes[1].outputs.push_back(graph.add_value("more"));
  graph.nodes[0].op = "NoSuchOperator";
  const auto unknown = GraphInterpreter(graph).run({{"x", counted({6})}});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.errors()[0].code, "E0305");
  graph.nodes[0].op = "Shape";
  const auto outputs = GraphInterpreter(graph).run({{"x", counted({6})}});
  ASSERT_FALSE(outputs.ok());
  EXPECT_NE(outputs.errors()[0].message.find("2 outputs, but makes 1"), std::string::npos);
}

}  // namespace
}  // namespace st
