// SPDX-License-Identifier: Apache-2.0
// Words of memory ports that take turns.
#include "streamtensor/merge.h"

#include <gtest/gtest.h>

#include <vector>

#include "streamtensor/stripes.h"

namespace {

using Stream = hls::stream<st::word_bytes, 1024>;

st::word_bytes word_of(int value) {
  st::word_bytes word;
  for (int i = 0; i < st::WordBytes; ++i) word[i] = static_cast<int8_t>(value + i);
  return word;
}

void expect_words(Stream& stream, const std::vector<int>& values) {
  for (const int value : values) {
    ASSERT_FALSE(stream.empty()) << value;
    const st::word_bytes is = stream.read(), should = word_of(value);
    for (int i = 0; i < st::WordBytes; ++i) ASSERT_EQ(is[i], should[i]) << value;
  }
  EXPECT_TRUE(stream.empty());
}

TEST(Merge, PortsTakeTurnsAndWhatIsBehindTheLastWordIsDropped) {
  Stream a, b, c, out;
  for (int n = 0; n < 4; ++n) {
    a.write(word_of(n));
    b.write(word_of(10 + n));
    c.write(word_of(20 + n));
  }
  st::merge_ports<2>(out, 2, 9, a, b, c);
  expect_words(out, {0, 1, 10, 11, 20, 21, 2, 3, 12});
  EXPECT_TRUE(a.empty() && b.empty() && c.empty());
}

TEST(Merge, RoundsTakeTurnsFirstOfKeysThenOfValues) {
  constexpr int KVHeads = 2, Head = 64;  // a word of scales, and one of each head
  Stream a, b, out;
  for (Stream* each : {&a, &b}) {
    const int base = each == &a ? 0 : 60;
    for (int n = 0; n < 2 * 3 + 2 * 2; ++n) each->write(word_of(base + n));
  }
  st::merge_rounds<KVHeads, Head, 3, 4>(out, 1, 7, a, b);  // positions 0 to 7, 6 in a turn
  expect_words(out, {0, 1, 2, 60, 61, 62, 3, 4, 5, 63, 64, 65, 6, 7, 66, 67, 8, 9, 68, 69});
}

template <int Bits>
void expect_loaded() {
  std::vector<ap_uint<Bits>> port(5 * 512 / Bits);
  for (int byte = 0; byte < 5 * 64; ++byte)
    port[static_cast<std::size_t>(byte * 8 / Bits)].range(byte * 8 % Bits + 7, byte * 8 % Bits) =
        static_cast<unsigned>(10 * (byte / 64) + byte % 64);
  Stream out;
  st::load_words(port.data(), 1, 3, out);
  expect_words(out, {10, 20, 30});
}

TEST(Merge, WordsOfNarrowPortsAreWhole) {
  expect_loaded<32>();
  expect_loaded<128>();
  expect_loaded<512>();
}

}  // namespace
