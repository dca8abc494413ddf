// SPDX-License-Identifier: Apache-2.0
#include "core/explore/search.h"

#include <gtest/gtest.h>

#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/tool.h"

namespace st {
namespace {

Design adder(const std::string& precision) {
  Design design;
  auto graph = read_onnx_json(test::source("examples/adder/model.json").string(), {});
  EXPECT_TRUE(graph.ok());
  design.graph = std::move(*graph);
  auto target = find_target("u280");
  EXPECT_TRUE(target.ok());
  design.target = *target;
  design.options.precision = precision;
  return design;
}

SearchResult searched(const Design& design, int evaluations, uint64_t seed,
                      const Workload& workload = {}) {
  SearchOptions options;
  options.workload = workload;
  options.seconds = 1e6;
  options.most_evaluations = evaluations;
  options.seed = seed;
  auto found = search_design(design, options);
  EXPECT_TRUE(found.ok()) << found.errors()[0].message;
  return *found;
}

TEST(Search, FindsAFasterDesignThatFits) {
  const SearchResult found = searched(adder("w8a8"), 4, 1);
  EXPECT_TRUE(found.cost.fits());
  ASSERT_GT(found.first_cost.prefill_cycles, 0);
  EXPECT_LT(found.cost.prefill_cycles * 2, found.first_cost.prefill_cycles);
  EXPECT_EQ(found.evaluations, 4);
}

TEST(Search, ChoosesForFoldedLayers) {
  Design design = adder("w8a8");
  design.options.fold_layers = true;
  const SearchResult found = searched(design, 4, 1);
  EXPECT_TRUE(found.cost.fits());
  EXPECT_LT(found.cost.prefill_cycles * 2, found.first_cost.prefill_cycles);
  EXPECT_EQ(found.choice.tiling.linear.count("h.0.mlp.c_fc/MatMul"), 0U);
  ASSERT_TRUE(compile_up_to("fold-layers", design).ok());
  for (const LinearLayer& layer : linear_layers(design.graph))
    EXPECT_EQ(found.choice.tiling.linear.count(layer.key), 1U) << layer.key;
}

TEST(Search, ADesignForGenerationGeneratesFaster) {
  Design design = adder("w8a8");
  design.options.fold_layers = true;
  constexpr Workload Chat = {4, 12};
  const SearchResult found = searched(design, 6, 1, Chat);
  EXPECT_TRUE(found.cost.fits());
  EXPECT_EQ(found.cost.workload.generated, 12);
  EXPECT_GT(found.cost.decode_cycles, 0);
  EXPECT_LT(found.cost.decode_cycles, found.first_cost.decode_cycles);
  EXPECT_EQ(found.cost.cycles(), found.cost.prefill_cycles + 12 * found.cost.decode_cycles);
  // What is found for a prompt alone, judged by the same workload, is no better.
  Design prompt = design;
  const SearchResult other = searched(design, 6, 1);
  prompt.options.tiling = other.choice.tiling;
  prompt.options.parameter_ports = other.choice.parameter_ports;
  const auto cost = evaluate(prompt, Rows::All, Chat);
  ASSERT_TRUE(cost.ok());
  EXPECT_LE(found.cost.cycles(), cost->cycles());
}

TEST(Search, IsDeterministicForASeed) {
  const Design design = adder("w8a8");
  const SearchResult first = searched(design, 6, 7), second = searched(design, 6, 7);
  EXPECT_EQ(first.choice, second.choice);
  EXPECT_EQ(text_of(first.choice, &first.cost), text_of(second.choice, &second.cost));
}

TEST(Search, EndsWithTheBestSoFarWhenItIsTold) {
  const Design design = adder("w8a8");
  int asked = 0, told = 0;
  SearchOptions options;
  options.seconds = 1e6;
  options.stop = [&] { return ++asked > 2; };
  options.progress = [&](int evaluations, int64_t) { told = evaluations; };
  const auto found = search_design(design, options);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->evaluations, told);
  EXPECT_LE(found->evaluations, 4);
}

TEST(Search, SaysWhatIsShortWhereNothingFits) {
  Design design = adder("f32");
  design.target.budget_percent.dsp.value = 1;
  SearchOptions options;
  options.most_evaluations = 3;
  const auto found = search_design(design, options);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.errors()[0].code, "E0403");
  ASSERT_FALSE(found.errors()[0].details.empty());
  EXPECT_NE(found.errors()[0].details[0].find("DSP"), std::string::npos);
}

TEST(Evaluate, CountsTheCyclesOfAllRows) {
  Design few = adder("f32"), all = adder("f32");
  const auto quick = evaluate(few, Rows::Few), exact = evaluate(all, Rows::All);
  ASSERT_TRUE(quick.ok());
  ASSERT_TRUE(exact.ok());
  EXPECT_TRUE(quick->extrapolated);
  EXPECT_FALSE(exact->extrapolated);
  // The rows of a prefill look at more and more positions, which a few do not show.
  EXPECT_NEAR(static_cast<double>(quick->prefill_cycles),
              static_cast<double>(exact->prefill_cycles), 0.1 * exact->prefill_cycles);
}

TEST(Evaluate, CountsTheWorkload) {
  const Design start = adder("w8a8");
  Design design = start, again = start, last = start;
  const auto prompt = evaluate(design, Rows::All, {8, 0});
  const auto both = evaluate(again, Rows::All, {8, 4});
  const auto longer = evaluate(last, Rows::All, {14, 2});
  ASSERT_TRUE(prompt.ok() && both.ok() && longer.ok());
  EXPECT_EQ(prompt->decode_cycles, 0);
  EXPECT_EQ(prompt->prefill_cycles, both->prefill_cycles);
  EXPECT_GT(both->decode_cycles, 0);
  EXPECT_LT(both->decode_cycles, both->prefill_cycles);
  EXPECT_GT(longer->prefill_cycles, both->prefill_cycles);
  EXPECT_GT(longer->decode_cycles, both->decode_cycles) << "the caches are longer";
  // More rows than a launch takes are several launches.
  EXPECT_EQ((Workload{16, 0}.prompt_rows(design.program)), design.program.max_positions);
}

}  // namespace
}  // namespace st
