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
}

TEST(Rotary, HalvesWithPaddedAngles) {
  check<4, 2, false, 3, 2>();
  check<4, 3, false, 2, 3>();
  check<8, 1, false, 4, 1>();
}
