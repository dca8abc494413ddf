// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "streams.h"

using namespace test;

namespace {

// Places a matrix in memory as the contract says, byte by byte.
template <typename T>
std::vector<ap_uint<512>> place(const std::vector<T>& values, int rows, int lanes, int beats) {
  const int per_word = 512 / (lanes * 8 * static_cast<int>(sizeof(T)));
  const int words = (beats + per_word - 1) / per_word;
  std::vector<ap_uint<512>> memory(static_cast<std::size_t>(rows * words));
  for (int r = 0; r < rows; ++r) {
    for (int b = 0; b < beats; ++b) {
      char* word =
          reinterpret_cast<char*>(&memory[static_cast<std::size_t>(r * words + b / per_word)]);
      std::memcpy(word + static_cast<std::size_t>(b % per_word * lanes) * sizeof(T),
                  &values[static_cast<std::size_t>((r * beats + b) * lanes)],
                  static_cast<std::size_t>(lanes) * sizeof(T));
    }
  }
  return memory;
}

/// Rows through a port of `Bits` bits; nothing behind them is touched.
template <typename T, int L, int Beats, int Bits>
void round_trip_by_parts(const std::vector<T>& values, const std::vector<ap_uint<512>>& memory,
                         int rows) {
  std::vector<ap_uint<Bits>> parts(memory.size() * (512 / Bits));
  std::memcpy(static_cast<void*>(parts.data()), memory.data(), memory.size() * 64);
  Wide<T, L> stream;
  st::load_rows<T, L, Beats>(parts.data(), stream, rows);
  EXPECT_EQ(drain(stream), values) << Bits;
  const std::size_t before = 512 / Bits;  // a word ahead, where another row would be
  std::vector<ap_uint<Bits>> stored(before + parts.size() + 1);
  stored[0] = stored.back() = ap_uint<Bits>(5);
  feed(stream, values);
  st::store_rows<T, L, Beats>(stream, stored.data(), 1, rows);
  for (std::size_t i = 0; i < parts.size(); ++i)
    EXPECT_TRUE(stored[before + i] == parts[i]) << Bits << ": " << i;
  EXPECT_TRUE(stored[0] == ap_uint<Bits>(5) && stored.back() == ap_uint<Bits>(5)) << Bits;
}

template <typename T, int L, int Beats>
void round_trip() {
  constexpr int Rows = 3;
  std::vector<T> values(static_cast<std::size_t>(Rows * L * Beats));
  std::iota(values.begin(), values.end(), T(1));
  const auto memory = place(values, Rows, L, Beats);
  Wide<T, L> stream;
  st::load_rows<T, L, Beats>(memory.data(), stream, Rows);
  EXPECT_EQ(drain(stream), values);
  // One canary word after the end must stay.
  std::vector<ap_uint<512>> stored(memory.size() + 1, ap_uint<512>(-1));
  feed(stream, values);
  st::store_rows<T, L, Beats>(stream, stored.data(), Rows);
  for (std::size_t i = 0; i < memory.size(); ++i) EXPECT_TRUE(stored[i] == memory[i]) << i;
  EXPECT_TRUE(stored.back() == ap_uint<512>(-1));
}

}  // namespace

TEST(Memory, RowsOfWholeWords) { round_trip<float, 16, 4>(); }
TEST(Memory, SeveralBeatsShareAWord) { round_trip<float, 4, 6>(); }
TEST(Memory, BeatsThatDoNotFillAWord) { round_trip<float, 5, 7>(); }
TEST(Memory, Bytes) { round_trip<int8_t, 16, 5>(); }
TEST(Memory, WideBytes) { round_trip<int8_t, 64, 2>(); }

TEST(Memory, NarrowPortsSeeTheSameWords) {
  constexpr int Rows = 3;
  std::vector<float> values(Rows * 2 * 11);
  std::iota(values.begin(), values.end(), 1.0f);
  const auto memory = place(values, Rows, 2, 11);  // a row of 11 beats ends within a word
  round_trip_by_parts<float, 2, 11, 64>(values, memory, Rows);
  round_trip_by_parts<float, 2, 11, 128>(values, memory, Rows);
  round_trip_by_parts<float, 2, 11, 512>(values, memory, Rows);
  std::vector<int> ids(Rows);
  std::iota(ids.begin(), ids.end(), 1);
  round_trip_by_parts<int, 1, 1, 32>(ids, place(ids, Rows, 1, 1), Rows);
}

TEST(Memory, TwoNibblesShareAByte) {
  // 5 beats of 10 nibbles: a word has room for all of them, one behind the other.
  constexpr int Lanes = 10, Beats = 5;
  std::vector<ap_int<4>> values;
  for (int i = 0; i < Lanes * Beats; ++i) values.emplace_back(i % 15 - 7);
  ap_uint<512> word = 0;
  for (int i = 0; i < Lanes * Beats; ++i)
    word.range(4 * i + 3, 4 * i) = static_cast<unsigned>(i % 15 - 7) & 15u;
  Wide<ap_int<4>, Lanes> stream;
  st::load_rows<ap_int<4>, Lanes, Beats>(&word, stream, 1);
  const std::vector<ap_int<4>> loaded = drain(stream);
  ASSERT_EQ(loaded.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(loaded[i].to_int64(), values[i].to_int64()) << i;
  ap_uint<512> stored = ap_uint<512>(-1);
  feed(stream, values);
  st::store_rows<ap_int<4>, Lanes, Beats>(stream, &stored, 1);
  EXPECT_TRUE(stored == word);
}

TEST(Memory, SingleValues) { round_trip<int, 1, 17>(); }

TEST(Memory, SegmentStartsAtAWord) {
  const std::vector<float> values = random_floats(2 * 40, 1);
  const auto memory = place(values, 2, 8, 5);
  Wide<float, 8> stream;
  st::load_segment<float, 8, 5>(memory.data(), 3, stream);
  EXPECT_EQ(drain(stream), std::vector<float>(values.begin() + 40, values.end()));
}

TEST(Memory, GatherPicksRows) {
  const std::vector<float> table = random_floats(5 * 24, 2);
  const auto memory = place(table, 5, 8, 3);
  Wide<int, 1> ids;
  Wide<float, 8> out;
  feed(ids, std::vector<int>{4, 0, 4});
  st::gather_rows<float, 8, 3>(ids, memory.data(), out, 3);
  std::vector<float> expected;
  for (int id : {4, 0, 4}) {
    expected.insert(expected.end(), table.begin() + id * 24, table.begin() + (id + 1) * 24);
  }
  EXPECT_EQ(drain(out), expected);
}

TEST(Memory, CacheRepeatsEachHeadForItsQueries) {
  constexpr int L = 4, HeadBeats = 3, Heads = 2, Repeat = 2, MaxPositions = 6;
  constexpr int Head = L * HeadBeats;
  std::vector<ap_uint<512>> cache(Heads * MaxPositions);
  const std::vector<float> rows = random_floats(5 * Heads * Head, 3);
  Wide<float, L> in, out;
  feed(in, rows);
  int past = 0;
  for (int tokens : {3, 1, 1}) {  // prefill, and two steps of decode
    st::cache_rows<float, L, HeadBeats, Heads, Repeat, MaxPositions>(in, cache.data(), out, tokens,
                                                                     past);
    std::vector<float> expected;
    for (int t = 0; t < tokens; ++t) {
      for (int g = 0; g < Heads; ++g) {
        for (int r = 0; r < Repeat; ++r) {
          for (int j = 0; j <= past + t; ++j) {
            const auto head = rows.begin() + (j * Heads + g) * Head;
            expected.insert(expected.end(), head, head + Head);
          }
        }
      }
    }
    EXPECT_EQ(drain(out), expected);
    past += tokens;
  }
  const float* stored = reinterpret_cast<const float*>(&cache[MaxPositions + 2]);
  EXPECT_EQ(stored[0], rows[(2 * Heads + 1) * Head]);
}
