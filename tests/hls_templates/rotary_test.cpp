// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "streams.h"

using namespace test;

namespace {

constexpr int Heads = 2, Tokens = 3;

template <int L, int HeadBeats, bool Interleaved, int CL, int CBeats>
void check() {
  constexpr std::size_t Width = L * HeadBeats, Half = Width / 2, Angles = CL * CBeats;
  const std::vector<float> x = random_floats(Tokens * Heads * Width, 1);
  const std::vector<float> c = random_floats(Tokens * Angles, 2),
                           s = random_floats(Tokens * Angles, 3);
  Wide<float, L> in, out;
  Wide<float, CL> cosine, sine;
  feed(in, x);
  feed(cosine, c);
  feed(sine, s);
  st::rotary<L, HeadBeats, Heads, Interleaved, CL, CBeats>(in, cosine, sine, out, Tokens);
  std::vector<float> expected(x.size());
  for (std::size_t t = 0; t < Tokens; ++t) {
    for (std::size_t h = 0; h < Heads; ++h) {
      const std::size_t base = (t * Heads + h) * Width;
      for (std::size_t i = 0; i < Half; ++i) {
        const std::size_t a = base + (Interleaved ? 2 * i : i);
        const std::size_t b = base + (Interleaved ? 2 * i + 1 : i + Half);
        const float cos = c[t * Angles + i], sin = s[t * Angles + i];
        expected[a] = x[a] * cos - x[b] * sin;
        expected[b] = x[a] * sin + x[b] * cos;
      }
    }
  }
  EXPECT_EQ(drain(out), expected);
}

}  // namespace

TEST(Rotary, Interleaved) {
  check<4, 3, true, 2, 3>();
  check<1, 6, true, 1, 3>();
  check<8, 1, true, 4, 1>();
  check<5, 2, true, 4, 2>();
}

TEST(Rotary, HalvesWithPaddedAngles) {
  check<4, 2, false, 3, 2>();
  check<4, 3, false, 2, 3>();
  check<8, 1, false, 4, 1>();
  check<5, 2, false, 4, 2>();
  check<5, 6, false, 4, 4>();
  check<16, 4, false, 16, 2>();
}

/// A head leaves while the next one comes: half of one is all that is waited for.
TEST(Rotary, NoHeadWaitsForTheNextOne) {
  hls::stream<st::vec<float, 1>, 1> x, cosine, sine, y;
  TASK(st::rotary<1, 4, 2, false, 1, 2>)(x, cosine, sine, y, 1);
  for (int i = 0; i < 2; ++i) {
    cosine.write({{1.0f}});
    sine.write({{0.0f}});
  }
  for (int i = 0; i < 8; ++i) {
    x.write({{static_cast<float>(i)}});
    if (i >= 2) {
      EXPECT_EQ(y.read()[0], static_cast<float>(i - 2));
    }
  }
  EXPECT_EQ(y.read()[0], 6.0f);
  EXPECT_EQ(y.read()[0], 7.0f);
}
