// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <gtest/gtest.h>

#include <cstring>

TEST(ApInt, WideWordIsLittleEndianBytes) {
  ap_uint<512> word = 0;
  word.range(39, 32) = 0xab;
  word.range(511, 480) = 0x01020304u;
  unsigned char bytes[64];
  std::memcpy(bytes, &word, sizeof bytes);
  EXPECT_EQ(bytes[4], 0xab);
  EXPECT_EQ(bytes[60], 0x04);
  EXPECT_EQ(bytes[63], 0x01);
  EXPECT_EQ(bytes[0], 0);
}

TEST(ApInt, RangeAcrossLimbsReadsBackWhatWasWritten) {
  ap_uint<512> word = 0;
  word(100, 37) = 0xfedcba9876543210ull;
  EXPECT_EQ(word(100, 37).to_uint64(), 0xfedcba9876543210ull);
  EXPECT_EQ(word(36, 0).to_uint64(), 0u);
  EXPECT_EQ(word(164, 101).to_uint64(), 0u);
  word.range(68, 61) = 0;
  EXPECT_EQ((unsigned long long)word.range(68, 61), 0u);
  EXPECT_EQ(word.range(60, 37).to_uint(), 0x543210u);
}

TEST(ApInt, RangeWiderThanAMachineWord) {
  ap_uint<512> word = 0;
  word.range(299, 200) = ap_int<100>(-1);
  const ap_uint<512> copy = word;
  ap_uint<100> part = copy.range(299, 200);
  EXPECT_TRUE(part == ap_uint<100>(ap_int<100>(-1)));
  EXPECT_EQ(copy.range(200, 199).to_uint(), 2u);
  EXPECT_EQ(copy.range(300, 299).to_uint(), 1u);
  ap_uint<512> other = 0;
  other.range(99, 0) = copy.range(299, 200);
  EXPECT_EQ(other.range(99, 64).to_uint64(), 0xfffffffffull);
  EXPECT_EQ(other.range(127, 100).to_uint64(), 0u);
}

TEST(ApInt, ValuesWrapAtTheirWidth) {
  EXPECT_TRUE(ap_uint<8>(259) == 3);
  EXPECT_TRUE(ap_uint<8>(3) != 259);
  EXPECT_TRUE(ap_int<8>(-1) == -1);
  EXPECT_TRUE(ap_int<6>(31) == 31);
  EXPECT_TRUE(ap_int<6>(32) == -32);
  EXPECT_EQ(ap_int<6>(-3).to_int(), -3);
  EXPECT_EQ(ap_uint<6>(-3).to_int(), 61);
  EXPECT_TRUE(ap_int<100>(-5) == -5);
  EXPECT_TRUE(ap_uint<100>(-5) != -5);
  EXPECT_EQ(sizeof(ap_int<8>), 1u);
}

TEST(ApInt, ArithmeticGoesThroughMachineIntegers) {
  ap_int<12> a = -7;
  ap_uint<20> b = 9;
  EXPECT_EQ(a * 3, -21);
  EXPECT_EQ(b + 1u, 10u);
  a = 5;
  EXPECT_TRUE(a == ap_uint<3>(5));
}
