// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/itensor.h"

#include <gtest/gtest.h>

#include "core/itensor/conversion.h"
#include "tests/itensor/paper_views.h"

namespace st {
namespace {

using test::view_a;
using test::view_b;
using test::view_c;
using Origins = std::vector<std::vector<int64_t>>;

Origins origins_of(const ItensorType& type, const Bindings& bindings = {}) {
  Origins origins;
  for_each_token(type, bindings, [&](const auto& origin) { origins.push_back(origin); });
  return origins;
}

std::string message_of(const ItensorType& type) {
  const Status status = verify(type);
  if (status.ok()) return "";
  EXPECT_EQ(status.errors()[0].code, "E0310");
  EXPECT_EQ(status.errors()[0].details, std::vector<std::string>{text_of(type)});
  return status.errors()[0].message;
}

TEST(Itensor, RowMajorTilesComeRowByRow) {
  const Origins expected = {{0, 0}, {0, 2}, {0, 4}, {0, 6}, {2, 0}, {2, 2}, {2, 4}, {2, 6},
                            {4, 0}, {4, 2}, {4, 4}, {4, 6}, {6, 0}, {6, 2}, {6, 4}, {6, 6}};
  EXPECT_EQ(origins_of(view_a()), expected);
  EXPECT_EQ(max_tokens(view_a()), 16);
  EXPECT_EQ(token_bits(view_a()), 4 * 32);
}

TEST(Itensor, TransposedMapSendsColumnsOfTilesFirst) {
  const Origins expected = {{0, 0}, {4, 0}, {0, 2}, {4, 2}, {0, 4}, {4, 4}, {0, 6}, {4, 6}};
  EXPECT_EQ(origins_of(view_b()), expected);
  EXPECT_EQ(token_elements(view_b()), 8);
}

TEST(Itensor, AnUnmappedLoopStreamsItsInsideAgain) {
  const Origins expected = {{0, 0}, {4, 0}, {0, 0}, {4, 0}, {0, 2}, {4, 2}, {0, 2}, {4, 2},
                            {0, 4}, {4, 4}, {0, 4}, {4, 4}, {0, 6}, {4, 6}, {0, 6}, {4, 6}};
  EXPECT_EQ(origins_of(view_c()), expected);
  for (const ItensorType& type : {view_a(), view_b(), view_c()})
    EXPECT_EQ(max_shape(type), (std::vector<int64_t>{8, 8}));
}

TEST(Itensor, TextIsThatOfThePaper) {
  EXPECT_EQ(text_of(view_a()),
            "itensor<2x2xf32, iter_space: [4,4]*[2,2], iter_map: (d0,d1)->(d0,d1)>");
  EXPECT_EQ(text_of(view_b()),
            "itensor<4x2xf32, iter_space: [4,2]*[2,4], iter_map: (d0,d1)->(d1,d0)>");
  EXPECT_EQ(text_of(view_c()),
            "itensor<4x2xf32, iter_space: [4,2,2]*[2,1,4], iter_map: (d0,d1,d2)->(d2,d0)>");
  const ItensorType rows = {
      {1, 16}, DType::I8, {Trip(Extent::symbol("sequence"), 64), 4}, {1, 16}, {Zero, 1}};
  EXPECT_EQ(text_of(rows),
            "itensor<1x16xi8, iter_space: [sequence<=64,4]*[1,16], iter_map: (d0,d1)->(0,d1)>");
}

TEST(Itensor, ATriangularTripCountFollowsTheOuterCounter) {
  const Trip rows(Extent::symbol("sequence"), 4);
  const Trip seen(Extent::symbol("past") + Extent::symbol("d0") + Extent(1), 6);
  const ItensorType type = {{1, 1}, DType::F32, {rows, seen}, {1, 1}, {0, 1}};
  ASSERT_TRUE(verify(type).ok());
  const Origins expected = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}};
  EXPECT_EQ(origins_of(type, {{"sequence", 2}, {"past", 2}}), expected);
  EXPECT_EQ(token_count(type, {{"sequence", 4}, {"past", 0}}), 1 + 2 + 3 + 4);
  EXPECT_EQ(token_count(type, {{"sequence", 1}, {"past", 5}}), 6);
  EXPECT_EQ(max_tokens(type), 24);
  EXPECT_NE(text_of(type).find("d0+past+1<=6"), std::string::npos) << text_of(type);
}

TEST(Itensor, ACounterOfASteppedLoopCountsTripsAndNotElements) {
  const ItensorType type = {
      {2, 1}, DType::F32, {3, Trip(Extent::symbol("d0") + Extent(1), 3)}, {2, 1}, {0, 1}};
  EXPECT_EQ(token_count(type, {}), 1 + 2 + 3);
}

TEST(Converter, BuffersWhatThePaperSaysForEveryPairOfItsExamples) {
  struct Case {
    ItensorType from, to;
    std::vector<int64_t> buffer;
    int shared;
  };
  const std::vector<int64_t> whole = {8, 8}, slice = {8, 2};
  for (const Case& c : {Case{view_b(), view_c(), slice, 1}, Case{view_c(), view_b(), slice, 1},
                        Case{view_a(), view_b(), whole, 0}, Case{view_b(), view_a(), whole, 0},
                        Case{view_a(), view_c(), whole, 0}, Case{view_c(), view_a(), whole, 0}}) {
    const Conversion conversion = infer_conversion(c.from, c.to);
    EXPECT_EQ(conversion.buffer, c.buffer) << text_of(c.from) << " to " << text_of(c.to);
    EXPECT_EQ(conversion.shared, c.shared) << text_of(c.from) << " to " << text_of(c.to);
  }
}

TEST(Converter, ASharedRowLoopLeavesOneRowOfTiles) {
  const ItensorType rows = {{16, 16}, DType::F32, {4, 4}, {16, 16}, {0, 1}};
  const ItensorType again = {{16, 16}, DType::F32, {4, 4, 4}, {16, 16, 16}, {0, 2}};
  const Conversion conversion = infer_conversion(rows, again);
  EXPECT_EQ(conversion.buffer, (std::vector<int64_t>{16, 64}));
  EXPECT_EQ(conversion.shared, 1);
}

TEST(Converter, MatchingReaccessLoopsAreShared) {
  // Both repeat everything three times; only what is inside differs.
  const ItensorType from = {{2, 2}, DType::F32, {3, 2, 2}, {1, 2, 2}, {1, 2}};
  const ItensorType to = {{2, 2}, DType::F32, {3, 2, 2}, {1, 2, 2}, {2, 1}};
  const Conversion conversion = infer_conversion(from, to);
  EXPECT_EQ(conversion.shared, 1);
  EXPECT_EQ(conversion.buffer, (std::vector<int64_t>{4, 4}));
}

TEST(ItensorVerify, AcceptsTheExamples) {
  for (const ItensorType& type : {view_a(), view_b(), view_c()}) EXPECT_EQ(message_of(type), "");
}

TEST(ItensorVerify, ReportsAllBrokenRulesAtOnce) {
  ItensorType type = view_a();
  type.elem[0] = -1;
  type.trips[1].bound = 7;
  const Status status = verify(type);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors().size(), 2U);  // the tile size, and the bound
}

}  // namespace
}  // namespace st
