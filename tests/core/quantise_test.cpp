// SPDX-License-Identifier: Apache-2.0
// Precisions of single layers, rounding that makes up for its errors, and the files of both.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/compiler/quantisation_file.h"
#include "core/graph/quantised_transforms.h"
#include "core/ops/tiling.h"
#include "core/passes/canonicalise.h"
#include "core/quantise/calibrate.h"
#include "core/quantise/compensate.h"
#include "core/quantise/logit_quality.h"
#include "core/quantise/rounded_file.h"
#include "tests/core/compiled.h"
#include "tests/core/random_decoder.h"
#include "tests/core/random_values.h"

namespace st {
namespace {

using test::Random;

TEST(Quantisation, PatternsStandForNames) {
  EXPECT_TRUE(matches("h.0/q", "h.0/q"));
  EXPECT_TRUE(matches("h.*/q", "h.10/q"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*a*b*", "xxaabyy"));
  EXPECT_FALSE(matches("h.*/q", "h.10/k"));
  EXPECT_FALSE(matches("h.0", "h.00"));
  EXPECT_FALSE(matches("", "x"));
}

TEST(Quantisation, NamesGoBeforePatternsAndLongerPatternsBeforeShorterOnes) {
  Quantisation some;
  some.otherwise = {"w4a8", 64};
  some.layers = {{"*", {"f32", 0}}, {"h.*/q", {"w8a8", 0}}, {"h.1/q", {"w4a8", 32}}};
  EXPECT_EQ(some.of("h.1/q").group, 32);
  EXPECT_EQ(some.of("h.2/q").name, "w8a8");
  EXPECT_EQ(some.of("head").name, "f32");
}

TEST(Quantisation, AGroupThatDoesNotDivideTheDepthGivesWayToASmallerOne) {
  EXPECT_EQ(group_for(128, 128), 128);
  EXPECT_EQ(group_for(192, 128), 64);
  EXPECT_EQ(group_for(96, 64), 32);
  EXPECT_EQ(group_for(172, 64), 0);
  EXPECT_EQ(group_for(128, 0), 0);
}

TEST(Quantisation, FilesReadBack) {
  const std::string text =
      R"({"default": {"precision": "w4a8", "group": 32},
          "layers": {"lm_head": {"precision": "w8a8"}, "*/q": {"group": 128}}})";
  const auto made = parse_quantisation(text, "q.json");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->of("lm_head").name, "w8a8");
  EXPECT_EQ(made->of("h.0/q"), (LayerPrecision{"w4a8", 128}));
  const auto again = parse_quantisation(text_of(*made), "q.json");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *made);
}

TEST(Quantisation, FilesSayWhatSharesAScaleAmongActivations) {
  const auto made = parse_quantisation(
      R"({"activation_scales": "group", "default": {"precision": "w8a8", "group": 32},
          "layers": {"lm_head": {"precision": "f32", "group": 0}}})",
      "q.json");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->scales, ActivationScales::Group);
  EXPECT_EQ(*parse_quantisation(text_of(*made), "q.json"), *made);
  Quantisation plain = *made;
  plain.scales = ActivationScales::Token;
  EXPECT_EQ(text_of(plain).find("activation_scales"), std::string::npos);
  const auto wrong = parse_quantisation(
      R"({"activation_scales": "group", "layers": {"q": {"precision": "w8a8", "group": 0}}})",
      "q.json");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.errors()[0].where, "q.json, /layers/q/group");
  EXPECT_FALSE(parse_quantisation(R"({"activation_scales": "row"})", "q.json").ok());
}

TEST(Quantisation, ActivationScalesOfGroupsNeedGroups) {
  const auto problem = [](const Quantisation& quantisation) {
    const Status status = check_scales(quantisation);
    return status.ok() ? "" : status.errors()[0].code + " " + status.errors()[0].help;
  };
  constexpr auto Group = ActivationScales::Group;
  EXPECT_EQ(problem({{"w4a8", 32}, {{"x", {"f32", 0}}}, Group}), "");
  EXPECT_EQ(problem({{"f32", 64}, {{"x", {"w8a8", 64}}}, Group}), "");
  EXPECT_EQ(problem({{"f32", 64}, {}, Group}), "E0801 choose --precision w8a8 or w4a8");
  EXPECT_EQ(problem({{"w8a8", 0}, {}, Group}), "E0801 choose --weight-group 32, 64 or 128");
  EXPECT_EQ(problem({{"w8a8", 0}, {}, ActivationScales::Token}), "");
}

TEST(Quantisation, FilesTellAllThatIsWrong) {
  const auto made = parse_quantisation(
      R"({"default": {"precision": "w4a9"}, "layers": {"x": {"group": 48}, "y": {"gruop": 32}}})",
      "q.json");
  ASSERT_FALSE(made.ok());
  std::vector<std::string> places;
  for (const Diagnostic& problem : made.errors()) {
    EXPECT_EQ(problem.code, "E0316");
    places.push_back(problem.where);
  }
  EXPECT_EQ(places,
            (std::vector<std::string>{"q.json, /default/precision", "q.json, /layers/x/group",
                                      "q.json, /layers/y/gruop"}));
}

/// A canonical decoder, and the key of its first linear layer.
Graph canonical(uint64_t seed) {
  Graph graph = test::random_decoder(seed, test::DecoderSize::Small);
  EXPECT_TRUE(test::prepare(graph).ok());
  EXPECT_TRUE(canonicalise(graph).ok());
  return graph;
}

TEST(Quantisation, LayersThatReadOneValueShareItsGroups) {
  size_t layers = 0, shared = 0;
  for (uint64_t seed = 1; seed < 10; ++seed) {
    Graph graph = canonical(seed);
    ASSERT_TRUE(quantise(graph, {{"w8a8", 64}, {}, ActivationScales::Group}).ok());
    std::set<ValueId> quantised;
    for (const Node& node : graph.nodes) {
      EXPECT_NE(node.op, "QuantizeRows");
      EXPECT_NE(node.op, "MatMul");
      layers += node.op == "MatMulScaledGroups";
      if (node.op != "QuantizeGroups") continue;
      EXPECT_EQ(node.integer("group", 0), 64);
      EXPECT_TRUE(quantised.insert(node.inputs[0]).second) << "one value is quantised twice";
    }
    shared += quantised.size();
  }
  EXPECT_GT(layers, shared);
}

TEST(Quantisation, ALayerThatTheModelDoesNotHaveIsRefusedWithTheNearestName) {
  Graph graph = canonical(1);
  std::string name;
  for (const Node& node : graph.nodes)
    if (name.empty() && is_linear_layer(graph, node)) name = node.name;
  Quantisation wrong;
  wrong.layers = {{name + "x", {"w8a8", 0}}, {"none*", {"w8a8", 0}}};
  const Status status = quantise(graph, wrong);
  ASSERT_EQ(status.errors().size(), 2U);
  EXPECT_EQ(status.errors()[0].code, "E0315");
  EXPECT_NE((status.errors()[0].help + status.errors()[1].help).find(name), std::string::npos);
}

TEST(Quantisation, EachLayerGetsItsPrecision) {
  Graph graph = canonical(2);
  std::vector<std::string> names;
  for (const Node& node : graph.nodes)
    if (is_linear_layer(graph, node)) names.push_back(node.name);
  ASSERT_GE(names.size(), 3U);
  Quantisation mixed;
  mixed.layers = {{names[0], {"w8a8", 0}}, {names[1], {"w4a8", 0}}};
  ASSERT_TRUE(quantise(graph, mixed).ok());
  std::map<std::string, DType> weights;
  for (const Node& node : graph.nodes) {
    if (node.op == "MatMul" || node.op == "MatMulInt8")
      weights[node.name] = graph.type(node.inputs[1]).dtype;
  }
  EXPECT_EQ(weights.at(names[0]), DType::I8);
  EXPECT_EQ(weights.at(names[1]), DType::I4);
  EXPECT_EQ(weights.at(names[2]), DType::F32);
}

/// What a layer's results are off by on its inputs: the sum of squares.
double loss(const Tensor& weights, const std::vector<float>& x, const Tensor& q,
            const Tensor& scales, int64_t group) {
  const int64_t width = weights.shape[0], depth = weights.shape[1];
  double sum = 0;
  for (size_t first = 0; first < x.size(); first += static_cast<size_t>(depth)) {
    for (int64_t n = 0; n < width; ++n) {
      double off = 0;
      for (int64_t k = 0; k < depth; ++k) {
        const double scale =
            group > 0 ? static_cast<double>(scales.as<BFloat16>()[n * (depth / group) + k / group])
                      : double{scales.f32()[n]};
        const double value = scale * int{q.as<Int4>()[n * depth + k]};
        off += (value - double{weights.f32()[n * depth + k]}) * double{x[first + k]};
      }
      sum += off * off;
    }
  }
  return sum;
}

TEST(Compensation, LosesLessThanPlainRoundingWhereInputsGoTogether) {
  constexpr int64_t Width = 16, Depth = 64, Rows = 300;
  Random random(3);
  const Tensor weights = test::random_f32(random, {Width, Depth});
  // Inputs are mixtures of a few sources.
  const Tensor sources = test::random_f32(random, {Rows, 8});
  const Tensor mixing = test::random_f32(random, {8, Depth});
  std::vector<float> x(Rows * Depth, 0.0f);
  for (int64_t r = 0; r < Rows; ++r)
    for (int64_t s = 0; s < 8; ++s)
      for (int64_t k = 0; k < Depth; ++k)
        x[r * Depth + k] += sources.f32()[r * 8 + s] * mixing.f32()[s * Depth + k];
  InputProducts products(Depth);
  products.add(x.data(), Rows);
  for (const int64_t group : {int64_t{0}, int64_t{32}}) {
    const auto made = compensated(weights, products, group);
    ASSERT_TRUE(made.ok());
    const std::vector<int64_t> groups = group > 0 ? std::vector{group} : std::vector<int64_t>();
    const char* rows = group > 0 ? "quantised_groups4" : "quantised_rows4";
    const char* scales = group > 0 ? "group_scales4" : "row_scales4";
    const double plain = loss(weights, x, find_transform(rows)->apply(weights, groups),
                              find_transform(scales)->apply(weights, groups), group);
    const double better = loss(weights, x, made->weights, made->scales, group);
    std::cout << "group " << group << ": plain " << plain << ", compensated " << better << "\n";
    EXPECT_LT(better, 0.5 * plain) << group;
  }
}

TEST(Compensation, IsPlainRoundingWhereInputsAreIndependent) {
  Random random(4);
  for (const int64_t depth : {32, 44}) {  // the last group may be shorter
    const Tensor weights = test::random_f32(random, {5, depth});
    InputProducts products(depth);
    for (int64_t i = 0; i < depth; ++i) products.sums[i * depth + i] = 1.0 + static_cast<double>(i);
    const auto made = compensated(weights, products, 32);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->weights, find_transform("quantised_groups4")->apply(weights, {32}));
    EXPECT_EQ(made->scales, find_transform("group_scales4")->apply(weights, {32}));
  }
}

TEST(Compensation, RefusesInputsThatAreNotFinite) {
  InputProducts products(2);
  products.sums = {NAN, 0, 0, 1};
  const auto made = compensated(Tensor::zeros(DType::F32, {1, 2}), products, 0);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.errors()[0].code, "E0317");
}

TEST(Compensation, OfAModelTakesThePlaceOfPlainRounding) {
  Graph graph = canonical(5);
  const auto decoder = find_decoder(graph);
  ASSERT_TRUE(decoder.ok());
  const Quantisation four = {{"w4a8", 32}, {}};
  const auto none = calibrate(graph, *decoder, four, {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.errors()[0].code, "E0317");
  const auto rounded = calibrate(graph, *decoder, four, {{0, 1, 0}, {1}});
  ASSERT_TRUE(rounded.ok());
  EXPECT_EQ(*rounded, *calibrate(graph, *decoder, four, {{0, 1, 0}, {1}}));
  // The file says the same.
  const auto read = parse_rounded(rounded_text(*rounded), "rounded.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, *rounded);
  Graph quantised = graph;
  ASSERT_TRUE(quantise(quantised, four, *read).ok());
  size_t used = 0;
  for (const Value& value : quantised.values)
    used += value.constant && value.constant->describe().starts_with("load \"rounded ");
  EXPECT_EQ(used, rounded->size());
  // With scales of groups for activations the last group of a row may be shorter.
  const Quantisation scaled = {{"w4a8", 32}, {}, ActivationScales::Group};
  Graph another = canonical(5);
  const auto again = calibrate(another, *decoder, scaled, {{0, 1, 0}, {1}});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(quantise(another, scaled, *again).ok());
  // Rounded weights of another group do not suit.
  Graph other = graph;
  RoundedWeights wrong = *rounded;
  for (auto& [name, tensor] : wrong)
    if (tensor.dtype() != DType::I4) tensor = Tensor::zeros(DType::BF16, {1, 1});
  const Status status = quantise(other, four, wrong);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors()[0].code, "E0318");
}

TEST(LogitQuality, CountsErrorsAgreementAndPerplexity) {
  LogitQuality measured;
  const std::vector<float> even = {0.0f, 0.0f}, sure = {std::log(3.0f), 0.0f};
  measured.add(even, sure, 0);
  measured.add(sure, even, -1);
  EXPECT_EQ(measured.positions(), 2);
  EXPECT_EQ(measured.agreeing(), 2);  // the first of equals
  EXPECT_NEAR(measured.largest_error(), std::log(3.0), 1e-6);
  EXPECT_NEAR(measured.rms_error(), std::log(3.0) / std::sqrt(2.0), 1e-6);
  EXPECT_NEAR(measured.reference_perplexity(), 2.0, 1e-6);
  EXPECT_NEAR(measured.perplexity(), 4.0 / 3.0, 1e-6);
  measured.add(even, std::vector<float>{NAN, 0.0f}, -1);
  measured.add(even, even, -1);
  EXPECT_EQ(measured.largest_error(), INFINITY);
}

TEST(Compensation, FilesTellAllThatIsWrong) {
  const auto read = parse_rounded(R"({"schema": "streamtensor.rounded/1", "tensors": {
      "a": {"type": "i4[2,2]", "bits": "123"}, "b": {"type": "i8[1]", "bits": "00"},
      "c": {"type": "bf16[1]", "bits": "7f80"}, "d": {"type": "i4[1]", "bits": "g"},
      "e": {"type": "i4[99999999,99999999]", "bits": ""}, "f": {"bits": ""}}})",
                                  "r.json");
  ASSERT_FALSE(read.ok());
  std::vector<std::string> places;
  for (const Diagnostic& problem : read.errors()) {
    EXPECT_EQ(problem.code, "E0319");
    places.push_back(problem.where);
  }
  EXPECT_EQ(places, (std::vector<std::string>{"r.json, /tensors/a/bits", "r.json, /tensors/b/type",
                                              "r.json, /tensors/c/bits", "r.json, /tensors/d/bits",
                                              "r.json, /tensors/e/type", "r.json, /tensors/f"}));
}

}  // namespace
}  // namespace st
