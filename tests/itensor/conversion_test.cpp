// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/conversion.h"

#include <gtest/gtest.h>

#include "tests/itensor/buffer_sizes.h"
#include "tests/itensor/element_order.h"
#include "tests/itensor/paper_views.h"
#include "tests/itensor/random_pairs.h"

namespace st {
namespace {

using test::view_a;
using test::view_b;
using test::view_c;
/// A plan that verify() accepts.
ConversionPlan sound_plan(const ItensorType& source, const std::vector<ItensorType>& results) {
  ConversionPlan plan = plan_conversion(source, results);
  const Status status = verify(source, results, plan);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.errors()[0].message);
  for (const ItensorType& type : plan.results) EXPECT_TRUE(verify(type).ok()) << text_of(type);
  EXPECT_TRUE(verify(plan.source).ok()) << text_of(plan.source);
  return plan;
}

/// What verify() says of a plan with another window.
std::string wrong_with_window(const ItensorType& source, const std::vector<ItensorType>& results,
                              int64_t window) {
  ConversionPlan plan = plan_conversion(source, results);
  plan.window = window;
  const Status status = verify(source, results, plan);
  return status.ok() ? "" : status.errors()[0].message;
}

TEST(ConversionPlan, HoldsWhatEachPairOfThePapersExamplesNeeds) {
  struct Case {
    ItensorType from, to;
    int shared;
    int64_t block, window, paper;
  };
  const Case cases[] = {
      // Column pairs are shared: 8x2, which the result sends twice.
      {view_b(), view_c(), 1, 16, 16, 32},
      // Of the two passes of the source, the second is dropped: nothing waits but a tile.
      {view_c(), view_b(), 1, 16, 8, 32},
      // The second tile down needs row pair 6: 13 of 16 tiles arrived, the first is gone.
      {view_a(), view_b(), 0, 64, 48, 128},
      {view_a(), view_c(), 0, 64, 52, 128},
      // The last tile of the first row pair needs column 6: 7 of 8 tiles, half of the first gone.
      {view_b(), view_a(), 0, 64, 52, 128},
      {view_c(), view_a(), 0, 64, 52, 128},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(text_of(c.from) + " to " + text_of(c.to));
    const ConversionPlan plan = sound_plan(c.from, {c.to});
    EXPECT_TRUE(plan.sliding);
    EXPECT_EQ(plan.shared, c.shared);
    EXPECT_EQ(block_elements(plan), c.block);
    EXPECT_EQ(plan.window, c.window);
    EXPECT_EQ(paper_elements(c.from, c.to), c.paper);
    EXPECT_LE(live_bound(c.from, c.to), c.window);
    EXPECT_NE(wrong_with_window(c.from, {c.to}, c.window - 1), "");
  }
}

TEST(ConversionPlan, EqualTypesHoldOneTile) {
  const ConversionPlan plan = sound_plan(view_b(), {view_b()});
  EXPECT_EQ(plan.shared, 2);
  EXPECT_EQ(plan.window, 8);
  EXPECT_TRUE(same_order(view_b(), view_b()));
}

TEST(ConversionPlan, SplitsLoopsToTheLeastCommonStep) {
  // Rows by 4 and by 6 meet every 12.
  const ItensorType fours = {{4, 1}, DType::F32, {6, 8}, {4, 1}, {0, 1}};
  const ItensorType sixes = {{6, 1}, DType::F32, {4, 8}, {6, 1}, {0, 1}};
  const ConversionPlan plan = sound_plan(fours, {sixes});
  EXPECT_EQ(plan.shared, 1);
  EXPECT_EQ(plan.block, (std::vector<int64_t>{12, 8}));
  EXPECT_EQ(text_of(plan.source),
            "itensor<4x1xf32, iter_space: [2,3,8]*[12,4,1], iter_map: (d0,d1,d2)->(d0+d1,d2)>");
  EXPECT_EQ(text_of(plan.results[0]),
            "itensor<6x1xf32, iter_space: [2,2,8]*[12,6,1], iter_map: (d0,d1,d2)->(d0+d1,d2)>");
  EXPECT_EQ(paper_elements(fours, sixes), 2 * 24 * 8);
}

TEST(ConversionPlan, ASquareTileInRowsBecomesAStripOfTheTensor) {
  // A token that is the tensor arrives whole.
  const ItensorType whole = {{64, 64}, DType::F32, {}, {}, {Zero, Zero}};
  const ItensorType strips = {{16, 64}, DType::F32, {4}, {16}, {0, Zero}};
  EXPECT_EQ(sound_plan(whole, {strips}).window, 64 * 64);
  // The other way round, it must gather.
  EXPECT_EQ(sound_plan(strips, {whole}).window, 64 * 64);
  // Section 4.3.1: 16x16 tiles of 64x64 with a shared row loop, read again: a quarter.
  const ItensorType tiles = {{16, 16}, DType::F32, {4, 4}, {16, 16}, {0, 1}};
  const ItensorType again = {{16, 16}, DType::F32, {4, 4, 4}, {16, 16, 16}, {0, 2}};
  const ConversionPlan plan = sound_plan(tiles, {again});
  EXPECT_EQ(plan.block, (std::vector<int64_t>{16, 64}));
  EXPECT_EQ(plan.window, 16 * 64);
  EXPECT_EQ(paper_elements(tiles, again), 2 * 16 * 64);
}

TEST(ConversionPlan, LoopsOfOneTripDoNotHinder) {
  const ItensorType plain = {{1, 4}, DType::F32, {8, 4}, {1, 4}, {0, 1}};
  const ItensorType padded = {
      {1, 4}, DType::F32, {1, 8, 1, 4, 4}, {3, 1, 16, 1, 4}, {1, MapResult::sum({2, 4})}};
  const ConversionPlan plan = sound_plan(plain, {padded});
  EXPECT_EQ(plan.shared, 1);
  EXPECT_EQ(plan.window, 16);
  EXPECT_EQ(plan.results[0].trips.size(), 3U);
}

TEST(ConversionPlan, ReaccessLoopsAreSharedByTheirCommonDivisor) {
  // Six passes and four: two shared ones, and three against two inside.
  const ItensorType six = {{2, 2}, DType::F32, {6, 2, 2}, {1, 2, 2}, {1, 2}};
  const ItensorType four = {{2, 2}, DType::F32, {4, 2, 2}, {1, 2, 2}, {2, 1}};
  const ConversionPlan plan = sound_plan(six, {four});
  EXPECT_EQ(plan.shared, 1);
  EXPECT_EQ(plan.source.trips[0], Trip(2));
  EXPECT_EQ(plan.window, 16);  // sent twice: all of it
  const ItensorType two = {{2, 2}, DType::F32, {2, 2, 2}, {1, 2, 2}, {2, 1}};
  EXPECT_EQ(sound_plan(six, {two}).window, 8);  // sent once per three passes
}

TEST(ConversionPlan, ASymbolicRowLoopIsSharedAndTheRowSlides) {
  const Trip rows(Extent::symbol("sequence"), 64);
  const ItensorType narrow = {{1, 4}, DType::I8, {rows, 6}, {1, 4}, {0, 1}};
  const ItensorType wide = {{1, 8}, DType::I8, {rows, 3}, {1, 8}, {0, 1}};
  const ConversionPlan plan = sound_plan(narrow, {wide});
  EXPECT_EQ(plan.shared, 2);
  EXPECT_TRUE(plan.sliding);
  EXPECT_EQ(plan.window, 8);
  EXPECT_EQ(buffer_bits(plan), 8 * 8);
}

TEST(ConversionPlan, SymbolsInsideTheSharedLoopsNeedAPingPong) {
  const Trip rows(Extent::symbol("sequence"), 8);
  const ItensorType by_row = {{1, 4}, DType::F32, {rows, 3}, {1, 4}, {0, 1}};
  const ItensorType by_column = {{1, 4}, DType::F32, {3, rows}, {4, 1}, {1, 0}};
  ConversionPlan plan = sound_plan(by_row, {by_column});
  EXPECT_FALSE(plan.sliding);
  EXPECT_EQ(plan.shared, 0);
  EXPECT_EQ(plan.window, 8 * 12);
  EXPECT_EQ(buffer_bits(plan), 2 * 8 * 12 * 32);
  plan.block[0] = 2;  // three rows then fall on two
  EXPECT_FALSE(verify(by_row, {by_column}, plan).ok());
}

TEST(ConversionPlan, ATriangularLoopIsSharedWithTheCounterItDependsOn) {
  const Trip rows(Extent::symbol("sequence"), 4);
  const Trip seen(Extent::symbol("past") + Extent::symbol("d1") + Extent(1), 6);
  const Trip seen_plain(Extent::symbol("past") + Extent::symbol("d0") + Extent(1), 6);
  // Behind a loop of one trip the counter has another name.
  const ItensorType from = {{1, 1, 2}, DType::F32, {1, rows, seen, 2}, {1, 1, 1, 2}, {1, 2, 3}};
  const ItensorType to = {{1, 1, 4}, DType::F32, {rows, seen_plain}, {1, 1}, {0, 1, Zero}};
  const ConversionPlan plan = sound_plan(from, {to});
  EXPECT_EQ(plan.shared, 2);
  EXPECT_TRUE(plan.sliding);
  EXPECT_EQ(plan.window, 4);
  // Inside, it makes the number of tokens of a block depend on the row.
  const ItensorType swapped = {{1, 1, 2}, DType::F32, {rows, 2, seen_plain}, {1, 2, 1}, {0, 2, 1}};
  const ConversionPlan whole = sound_plan(swapped, {to});
  EXPECT_EQ(whole.shared, 1);
  EXPECT_FALSE(whole.sliding);
  EXPECT_EQ(whole.window, 6 * 4);
}

TEST(ConversionPlan, SumsOfLoopsAreFollowed) {
  // A 4x16 tile in vectors of 16, against rows of the tensor.
  const ItensorType tiles = {{4, 16}, DType::F32, {4, 4}, {4, 16}, {0, 1}};
  const Result<ItensorType> vectors = vectorised(tiles, {1, 16});
  ASSERT_TRUE(vectors.ok());
  const ItensorType rows = {{1, 16}, DType::F32, {16, 4}, {1, 16}, {0, 1}};
  const ConversionPlan plan = sound_plan(*vectors, {rows});
  EXPECT_EQ(plan.shared, 1);
  EXPECT_EQ(plan.block, (std::vector<int64_t>{4, 64}));
  EXPECT_EQ(plan.window, 13 * 16 - 16);
}

TEST(ConversionPlan, SeveralReadersShareOneBuffer) {
  const ItensorType source = {{1, 4}, DType::F32, {6, 4}, {1, 4}, {0, 1}};
  const ItensorType pairs = {{2, 4}, DType::F32, {3, 4}, {2, 4}, {0, 1}};
  const ItensorType thrice = {{1, 16}, DType::F32, {6, 3}, {1, 1}, {0, Zero}};
  const ConversionPlan plan = sound_plan(source, {pairs, thrice});
  EXPECT_EQ(plan.shared, 1);
  EXPECT_EQ(plan.block, (std::vector<int64_t>{2, 16}));
  EXPECT_EQ(plan.window, 32);
  EXPECT_NE(wrong_with_window(source, {pairs, thrice}, 31).find("of reader 1 finds element"),
            std::string::npos);
  EXPECT_GT(block_cycles(plan, 4, {4, 4}), 8 + 8 + 24 - 1);
}

TEST(ConversionVerify, NamesTheTokenThatGoesWrong) {
  const ItensorType from = {{1, 1}, DType::F32, {2, 2}, {1, 1}, {0, 1}};
  const ItensorType to = {{1, 1}, DType::F32, {2, 2}, {1, 1}, {1, 0}};
  EXPECT_EQ(plan_conversion(from, {to}).window, 2);
  EXPECT_EQ(wrong_with_window(from, {to}, 1),
            "a converter is wrong: token 2 of reader 0 finds element (0,1) overwritten in a buffer "
            "of 1 elements");
}

TEST(ConversionVerify, RefusesOtherLoopsAndOtherTensors) {
  auto message = [](const ItensorType& source, const ItensorType& result,
                    const ConversionPlan& plan) {
    const Status status = verify(source, {result}, plan);
    return status.ok() ? "" : status.errors()[0].message;
  };
  ConversionPlan plan = plan_conversion(view_a(), {view_b()});
  plan.shared = 1;
  EXPECT_NE(message(view_a(), view_b(), plan), "");
  plan = plan_conversion(view_a(), {view_b()});
  plan.source = view_c();
  EXPECT_NE(message(view_a(), view_b(), plan).find("its loops are not those of"),
            std::string::npos);
  ItensorType other = view_a();
  other.trips[0] = Trip(5);
  EXPECT_NE(
      message(other, view_b(), plan_conversion(view_a(), {view_b()})).find("different tensors"),
      std::string::npos);
}

TEST(SameOrder, SeesThroughTilesAndLoops) {
  const Trip rows(Extent::symbol("sequence"), 64);
  const ItensorType by_four = {{1, 4}, DType::F32, {rows, 8}, {1, 4}, {0, 1}};
  const ItensorType by_eight = {{1, 8}, DType::F32, {rows, 4}, {1, 8}, {0, 1}};
  const ItensorType split = {
      {1, 4}, DType::F32, {rows, 1, 4, 2}, {1, 1, 8, 4}, {0, MapResult::sum({2, 3})}};
  EXPECT_TRUE(same_order(by_four, by_eight));
  EXPECT_TRUE(same_order(by_four, split));
  // Two whole rows in a tile are two rows, one after the other.
  const ItensorType two_rows = {{2, 32}, DType::F32, {32}, {2}, {0, Zero}};
  const ItensorType one_row = {{1, 32}, DType::F32, {64}, {1}, {0, Zero}};
  EXPECT_TRUE(same_order(two_rows, one_row));
  const ItensorType half_rows = {{2, 16}, DType::F32, {32, 2}, {2, 16}, {0, 1}};
  EXPECT_FALSE(same_order(half_rows, one_row));
  const ItensorType twice = {{1, 4}, DType::F32, {rows, 2, 8}, {1, 1, 4}, {0, 2}};
  EXPECT_FALSE(same_order(by_four, twice));
  EXPECT_FALSE(same_order(view_a(), view_b()));
}

TEST(SameOrder, CountersInTripCountsKeepTheirLoop) {
  const Trip rows(Extent::symbol("sequence"), 4);
  const Trip seen(Extent::symbol("d0") + Extent(1), 4);
  const Trip seen_later(Extent::symbol("d1") + Extent(1), 4);
  const ItensorType whole = {{1, 1, 8}, DType::F32, {rows, seen}, {1, 1}, {0, 1, Zero}};
  const ItensorType pieces = {
      {1, 1, 2}, DType::F32, {1, rows, seen_later, 4}, {1, 1, 1, 2}, {1, 2, 3}};
  EXPECT_TRUE(same_order(whole, pieces));
  ItensorType square = whole;
  square.trips[1] = rows;
  EXPECT_FALSE(same_order(whole, square));
}

/// The buffer as the tables of a block describe it, filled with elements of one block.
bool tables_convert(const ConversionPlan& plan) {
  ItensorType source = plan.source, result = plan.results[0];
  auto inside = [&](ItensorType& type) {
    for (int l = 0; l < plan.shared; ++l) type.trips[static_cast<size_t>(l)] = Trip(1);
  };
  inside(source);
  inside(result);
  const std::vector<std::vector<int64_t>> in = test::elements_of(source),
                                          out = test::elements_of(result);
  const ConversionBlock block = block_of(plan);
  const int64_t tile_in = token_elements(source), tile_out = token_elements(result);
  std::vector<std::vector<int64_t>> buffer(static_cast<size_t>(plan.window));
  int64_t received = 0;
  for (size_t token = 0; token < block.last.size(); ++token) {
    for (; received <= block.last[token]; ++received) {
      const int64_t first = block.store[static_cast<size_t>(received)];
      for (int64_t i = 0; first >= 0 && i < tile_in; ++i)
        buffer[static_cast<size_t>((first + i) % plan.window)] =
            in[static_cast<size_t>(received * tile_in + i)];
    }
    for (int64_t i = 0; i < tile_out; ++i) {
      const std::vector<int64_t>& x =
          out[token * static_cast<size_t>(tile_out) + static_cast<size_t>(i)];
      int64_t arrival = 0;
      for (size_t d = 0; d < x.size(); ++d) arrival += block.arrival[d][static_cast<size_t>(x[d])];
      if (buffer[static_cast<size_t>(arrival % plan.window)] != x) return false;
    }
  }
  return received <= static_cast<int64_t>(block.store.size());
}

TEST(ConversionPlan, IsExactOnRandomPairs) {
#ifdef ST_TEST_SANITIZED
  constexpr int Pairs = 300;
#else
  constexpr int Pairs = 3000;
#endif
  std::mt19937_64 random(test::PairsSeed);
  int equal_orders = 0;
  for (int n = 0; n < Pairs; ++n) {
    const test::TypePair pair = test::random_pair(random, test::PairsLargest);
    SCOPED_TRACE("seed " + std::to_string(test::PairsSeed) + ", pair " + std::to_string(n) + ": " +
                 text_of(pair.source) + " to " + text_of(pair.result));
    ASSERT_TRUE(verify(pair.source).ok() && verify(pair.result).ok());
    const ConversionPlan plan = sound_plan(pair.source, {pair.result});
    if (plan.window > 1) {
      EXPECT_NE(wrong_with_window(pair.source, {pair.result}, plan.window - 1), "");
    }
    EXPECT_TRUE(tables_convert(plan));
    const int64_t bound = live_bound(pair.source, pair.result);
    EXPECT_LE(bound, plan.window);
    EXPECT_LE(plan.window, paper_elements(pair.source, pair.result) / 2);
    const bool equal = test::elements_of(pair.source) == test::elements_of(pair.result);
    EXPECT_EQ(same_order(pair.source, pair.result), equal);
    equal_orders += equal ? 1 : 0;
    if (HasFailure()) break;
  }
  EXPECT_GT(equal_orders, Pairs / 100);
}

TEST(ConversionPlan, StaysNearWhatAnyConverterMustHold) {
#ifdef ST_TEST_SANITIZED
  constexpr int Pairs = 500;
#else
  constexpr int Pairs = 10000;
#endif
  std::vector<double> ratios;
  for (const test::BufferSizes& sizes : test::buffer_sizes(Pairs)) {
    EXPECT_LE(sizes.bound, sizes.ours);
    EXPECT_LE(sizes.ours, sizes.paper);
    ratios.push_back(static_cast<double>(sizes.ours) / static_cast<double>(sizes.bound));
  }
  EXPECT_LE(test::quantile(ratios, 0.5), 1.5);
}

TEST(ConversionPlan, OfMillionsOfElementsTakesNoTime) {
  // 4096x1024 from rows of tiles to columns.
  const ItensorType by_row = {{1, 16}, DType::F32, {4096, 64}, {1, 16}, {0, 1}};
  const ItensorType by_column = {{16, 1}, DType::F32, {1024, 256}, {1, 16}, {1, 0}};
  const ConversionPlan plan = plan_conversion(by_row, {by_column});
  EXPECT_EQ(plan.shared, 0);
  // All before the last row, its first tile, less the one element that is sent.
  EXPECT_EQ(plan.window, 4095 * 1024 + 16 - 1);
}

TEST(ConversionCost, BeatsThatMeetInABankTakeLonger) {
  const ItensorType by_row = {{1, 8}, DType::F32, {8, 2}, {1, 8}, {0, 1}};
  const ItensorType by_row_again = {{1, 8}, DType::F32, {8, 2, 2}, {1, 1, 8}, {0, 2}};
  const ConversionPlan straight = plan_conversion(by_row, {by_row_again});
  EXPECT_EQ(cycles_per_beat(straight, 0, 8, 8), 1);
  EXPECT_EQ(block_cycles(straight, 8, {8}), 2 + 4);
  // Eight elements of a column lie 16 apart, all in one of eight banks with two ports.
  const ItensorType by_column = {{8, 1}, DType::F32, {16}, {1}, {Zero, 0}};
  const ConversionPlan across = plan_conversion(by_row, {by_column});
  EXPECT_EQ(aligned_window(across, 8) % 8, 0);
  EXPECT_EQ(cycles_per_beat(across, 0, 1, 8), 1);
  ConversionPlan whole = across;
  whole.window = block_elements(whole);
  EXPECT_EQ(cycles_per_beat(whole, 0, 8, 8), 4);
  EXPECT_EQ(block_cycles(whole, 8, {8}), 16 + 16 * 4);
}

}  // namespace
}  // namespace st
