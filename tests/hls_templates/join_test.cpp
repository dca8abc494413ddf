// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "streams.h"

using namespace test;

namespace {

/// `count` numbers from `first` on: every element can be told from every other one.
std::vector<int32_t> numbers(int32_t first, int count) {
  std::vector<int32_t> values;
  for (int i = 0; i < count; ++i) values.push_back(first + i);
  return values;
}

}  // namespace

TEST(Concat, PutsRowsSideBySide) {
  Wide<int32_t, 2> a, out;
  hls::stream<st::vec<int32_t, 2>, 100> b, c;
  feed(a, numbers(0, 4));                 // two rows of one beat
  feed<int32_t, 2>(b, numbers(100, 12));  // of three
  feed<int32_t, 2>(c, numbers(200, 8));   // of two
  TASK(st::concat<int32_t, 2, 1, 3, 2>)(out, 2, a, b, c);
  EXPECT_EQ(drain(out),
            (std::vector<int32_t>{0, 1, 100, 101, 102, 103, 104, 105, 200, 201, 202, 203,
                                  2, 3, 106, 107, 108, 109, 110, 111, 204, 205, 206, 207}));
}

TEST(Concat, UndoesSplit) {
  constexpr int Tokens = 3;
  const std::vector<int32_t> x = numbers(0, 3 * 6 * Tokens);
  Wide<int32_t, 3> in;
  feed(in, x);
  hls::stream<st::vec<int32_t, 3>, 1> a, b, c, out;
  TASK(st::split<int32_t, 3, 1, 3, 2>)(in, Tokens, a, b, c);
  TASK(st::concat<int32_t, 3, 1, 3, 2>)(out, Tokens, a, b, c);
  for (std::size_t i = 0; i < x.size(); i += 3) {
    const st::vec<int32_t, 3> beat = out.read();
    for (std::size_t lane = 0; lane < 3; ++lane)
      EXPECT_EQ(beat[static_cast<int>(lane)], x[i + lane]);
  }
}

TEST(Join, TakesAPartOfEachInTurn) {
  Wide<int8_t, 1> a, b, out;
  hls::stream<st::vec<int8_t, 1>, 4> c;
  feed(a, std::vector<int8_t>{1, 2, 3, 4});
  feed(b, std::vector<int8_t>{11, 12, 13, 14});
  feed<int8_t, 1>(c, {21, 22, 23, 24});
  TASK(st::join<int8_t, 1, 2>)(out, 2, a, b, c);
  EXPECT_EQ(drain(out), (std::vector<int8_t>{1, 2, 11, 12, 21, 22, 3, 4, 13, 14, 23, 24}));
}

// An input that is late holds up those behind it: nothing of them is read before its turn.
TEST(Join, WaitsForTheInputWhoseTurnItIs) {
  hls::stream<st::vec<int32_t, 1>, 2> a, b, out;
  TASK(st::join<int32_t, 1, 1>)(out, 1, a, b);
  b.write({{7}});
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(b.size(), 1u);
  a.write({{6}});
  EXPECT_EQ(out.read()[0], 6);
  EXPECT_EQ(out.read()[0], 7);
}

TEST(Reassociate, ChangesNothing) {
  Wide<int32_t, 5> in, out;
  const std::vector<int32_t> x = numbers(0, 5 * 3 * 2);
  feed(in, x);
  st::reassociate<int32_t, 5, 3>(in, out, 2);
  EXPECT_EQ(drain(out), x);
}
