// SPDX-License-Identifier: Apache-2.0
// One test per rule of the verifier, on its message; and the queries that follow from a good type.
#include <gtest/gtest.h>

#include <random>

#include "core/itensor/itensor.h"
#include "tests/itensor/random_types.h"

namespace st {
namespace {

ItensorType good() { return {{2, 4}, DType::F32, {4, 2, 3}, {2, 4, 1}, {0, 1}}; }

void expect_rule(const ItensorType& type, const std::string& message) {
  const Status status = verify(type);
  ASSERT_FALSE(status.ok()) << text_of(type);
  EXPECT_EQ(status.errors()[0].code, "E0310");
  EXPECT_NE(status.errors()[0].message.find(message), std::string::npos)
      << status.errors()[0].message;
}

TEST(ItensorRule, AGoodTypePasses) { EXPECT_TRUE(verify(good()).ok()); }

TEST(ItensorRule, AsManyStepsAsTripCounts) {
  ItensorType type = good();
  type.steps.pop_back();
  expect_rule(type, "3 trip counts but 2 steps");
}

TEST(ItensorRule, AsManyMapResultsAsTileDimensions) {
  ItensorType type = good();
  type.map.pop_back();
  expect_rule(type, "rank 2 but the map has 1 results");
}

TEST(ItensorRule, SizesStepsAndBoundsArePositive) {
  ItensorType type = good();
  type.elem[0] = 0;
  expect_rule(type, "tile size is not positive");
  type = good();
  type.steps[2] = -1;
  expect_rule(type, "a step is not positive");
  type = good();
  type.trips[2] = Trip(Extent::symbol("n"), 0);
  expect_rule(type, "bound is not positive");
}

TEST(ItensorRule, ConstantTripCountsEqualTheirBound) {
  ItensorType type = good();
  type.trips[0].bound = 5;
  expect_rule(type, "differs from its bound");
}

TEST(ItensorRule, TripCountsUseOuterCountersOnly) {
  ItensorType type = good();
  type.trips[2] = Trip(Extent::symbol("d2"), 3);
  expect_rule(type, "depends on d2, which is no outer loop");
}

TEST(ItensorRule, TheMapUsesLoopsThatExistOnceEach) {
  ItensorType type = good();
  type.map[1] = 7;
  expect_rule(type, "loop d7, which does not exist");
  type = {{2, 2}, DType::F32, {4}, {2}, {0, 0}};
  expect_rule(type, "used twice");
}

TEST(ItensorRule, HalosGapsAndStridesAreRefusedByName) {
  ItensorType type = good();
  type.steps[0] = 1;
  expect_rule(type, "overlapping tiles (a halo)");
  type.steps[0] = 3;
  expect_rule(type, "gaps between tiles (a stride)");
  // Two loops of one dimension whose outer one skips a tile.
  type = {{2}, DType::F32, {3, 2}, {8, 2}, {MapResult::sum({0, 1})}};
  expect_rule(type, "steps by 8 over 4 elements");
}

TEST(ItensorRule, ASymbolicLoopIsTheOutermostOfItsDimension) {
  const ItensorType type = {
      {2}, DType::F32, {3, Trip(Extent::symbol("n"), 2)}, {4, 2}, {MapResult::sum({0, 1})}};
  expect_rule(type, "stride that is not constant");
}

TEST(ItensorRule, ScalarsHaveTilesOfOne) {
  ItensorType type = good();
  type.form = ElementForm::Scalar;
  expect_rule(type, "scalar element");
}

TEST(ItensorRule, CountsFitTheirType) {
  ItensorType type = {{1}, DType::F32, {int64_t{1} << 40, int64_t{1} << 30}, {1, 1}, {0}};
  expect_rule(type, "more than 2^62 elements");
  type.map = {MapResult()};
  type.trips[1] = 1;
  EXPECT_TRUE(verify(type).ok());
}

TEST(ItensorQuery, RandomTypesAgreeWithTheirTokens) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {
    const ItensorType type = test::random_type(random);
    ASSERT_TRUE(verify(type).ok()) << text_of(type);
    const Bindings bindings = {{"sequence", test::pick(random, 0, 3)},
                               {"past", test::pick(random, 0, 3)}};
    std::vector<std::vector<int64_t>> origins;
    for_each_token(type, bindings, [&](const auto& origin) { origins.push_back(origin); });
    ASSERT_EQ(token_count(type, bindings), static_cast<int64_t>(origins.size())) << text_of(type);
    if (origins.empty()) continue;
    const int64_t step = test::pick(random, 0, static_cast<int64_t>(origins.size()) - 1);
    ASSERT_EQ(token_at(type, bindings, step), origins[static_cast<size_t>(step)]);
    const auto first = first_step_of(type, bindings, origins[static_cast<size_t>(step)]);
    ASSERT_TRUE(first && *first <= step &&
                origins[static_cast<size_t>(*first)] == origins[static_cast<size_t>(step)]);
    ASSERT_FALSE(token_at(type, bindings, static_cast<int64_t>(origins.size())));
  }
}

TEST(ItensorQuery, CountsTilesAndReaccess) {
  EXPECT_EQ(distinct_tiles(good()), 8);
  EXPECT_EQ(max_tokens(good()), 24);
  EXPECT_DOUBLE_EQ(reaccess_factor(good()), 3.0);
  EXPECT_EQ(max_shape(good()), (std::vector<int64_t>{8, 8}));
}

TEST(ItensorQuery, VectorsKeepTheElementsOfEachTile) {
  const ItensorType tiles = {{16, 16}, DType::F32, {4, 4}, {16, 16}, {0, 1}};
  const auto pieces = vectorised(tiles, {2, 4});
  ASSERT_TRUE(pieces.ok());
  EXPECT_EQ(text_of(*pieces),
            "itensor<vector<2x4xf32>, iter_space: [4,4,8,4]*[16,16,2,4], iter_map: "
            "(d0,d1,d2,d3)->(d0+d2,d1+d3)>");
  EXPECT_TRUE(verify(*pieces).ok());
  EXPECT_EQ(max_shape(*pieces), max_shape(tiles));
  EXPECT_FALSE(vectorised(tiles, {3, 4}).ok());
}

}  // namespace
}  // namespace st
