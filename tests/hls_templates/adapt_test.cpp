// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "streams.h"

using namespace test;

namespace {

constexpr int Tokens = 3;

template <int LIn, int LOut, int BeatsOut>
void expect_same_elements() {
  std::vector<int32_t> x(static_cast<std::size_t>(LOut * BeatsOut * Tokens));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int32_t>(i);
  Wide<int32_t, LIn> in;
  Wide<int32_t, LOut> out;
  feed(in, x);
  st::adapt<int32_t, LIn, LOut, BeatsOut>(in, out, Tokens);
  EXPECT_EQ(drain(out), x) << LIn << " to " << LOut;
  EXPECT_EQ(in.size(), 0u) << LIn << " to " << LOut;
}

/// With an output of depth 1 that nobody reads, the kernel stands before its next write, having
/// read what that beat needs and no more.
template <int LIn, int LOut, int BeatsOut>
void expect_lazy_reads() {
  constexpr std::size_t Row = LOut * BeatsOut, Beats = BeatsOut;
  Wide<int32_t, LIn> in;
  hls::stream<st::vec<int32_t, LOut>, 1> out;
  feed(in, std::vector<int32_t>(Row * Tokens, 1));
  const std::size_t all = in.size();
  TASK(st::adapt<int32_t, LIn, LOut, BeatsOut>)(in, out, Tokens);
  for (std::size_t written = 1; written <= Beats * Tokens; ++written) {
    EXPECT_FALSE(out.empty());  // a look lets the kernel run until it has to wait
    const std::size_t next = std::min(written + 1, Beats * Tokens);
    const std::size_t whole_rows = (next - 1) / Beats, beat = (next - 1) % Beats + 1;
    const std::size_t needed = whole_rows * (Row / LIn) + (beat * LOut + LIn - 1) / LIn;
    EXPECT_EQ(all - in.size(), needed) << LIn << " to " << LOut << ", beat " << written;
    out.read();
  }
}

/// The least that can come in before a beat has to come out: FIFOs of depth 1 all the way.
template <int L1, int L2, int Beats2>
void expect_back_and_forth() {
  constexpr int Row = L2 * Beats2;
  hls::stream<st::vec<int32_t, L1>, 1> in, back;
  hls::stream<st::vec<int32_t, L2>, 1> middle;
  TASK(st::adapt<int32_t, L1, L2, Beats2>)(in, middle, Tokens);
  TASK(st::adapt<int32_t, L2, L1, Row / L1>)(middle, back, Tokens);
  std::vector<int32_t> seen;
  int32_t next = 0;
  while (seen.size() < static_cast<std::size_t>(Row * Tokens)) {
    if (next < Row * Tokens && !in.full()) {
      st::vec<int32_t, L1> beat;
      for (int i = 0; i < L1; ++i) beat[i] = next++;
      in.write(beat);
    }
    if (back.empty()) continue;
    const st::vec<int32_t, L1> beat = back.read();
    for (int i = 0; i < L1; ++i) seen.push_back(beat[i]);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int32_t>(i));
}

}  // namespace

TEST(Adapt, KeepsElementsInOrder) {
  expect_same_elements<1, 1, 1>();
  expect_same_elements<1, 16, 2>();
  expect_same_elements<16, 1, 32>();
  expect_same_elements<16, 8, 6>();
  expect_same_elements<8, 16, 3>();
  expect_same_elements<3, 4, 6>();
  expect_same_elements<4, 3, 4>();
  expect_same_elements<6, 4, 9>();
  expect_same_elements<13, 1, 13>();
  expect_same_elements<7, 5, 7>();
  expect_same_elements<5, 7, 5>();
  expect_same_elements<12, 12, 2>();
  expect_same_elements<15, 10, 3>();
}

TEST(Adapt, ReadsWhatTheNextBeatNeedsAndNoMore) {
  expect_lazy_reads<1, 4, 3>();
  expect_lazy_reads<4, 1, 8>();
  expect_lazy_reads<3, 4, 6>();
  expect_lazy_reads<4, 3, 4>();
  expect_lazy_reads<7, 5, 7>();
  expect_lazy_reads<5, 7, 5>();
  expect_lazy_reads<6, 6, 2>();
}

TEST(Adapt, RunsBetweenFifosOfOneBeat) {
  expect_back_and_forth<3, 5, 3>();
  expect_back_and_forth<16, 4, 8>();
  expect_back_and_forth<2, 12, 1>();
}
