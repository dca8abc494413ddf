// SPDX-License-Identifier: Apache-2.0
#include "core/support/wide_loops.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "core/graph/half.h"
#include "core/graph/int4.h"
#include "core/graph/quantised_value.h"
#include "tests/common/random.h"

namespace st {
namespace {

using test::Random;

/// Each test for each instruction set.
class WideLoops : public testing::TestWithParam<wide::InstructionSet> {
 protected:
  void SetUp() override { wide::take_at_most(GetParam()); }
  void TearDown() override { wide::take_at_most(wide::InstructionSet::Avx512); }

  std::vector<float> floats(int64_t count) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) {
      value = random_.real() * 20.0f;
      if (random_.chance(0.1)) value = static_cast<float>(random_.between(-20, 20)) * 0.5f;
    }
    return values;
  }
  Random random_{21};
};

TEST_P(WideLoops, RoundAsTheDefinitionDoes) {
  for (int64_t count = 0; count < 200; ++count) {
    const auto values = floats(count);
    const float inverse = random_.chance(0.5) ? 1.0f : random_.real();
    std::vector<int8_t> bytes(values.size());
    std::vector<uint8_t> nibbles(values.size());
    wide::round_to_bytes(values.data(), count, inverse, Int8Peak, bytes.data());
    wide::round_to_nibbles(values.data(), count, inverse, Int4Peak, nibbles.data());
    ASSERT_EQ(wide::peak(values.data(), count), peak_of(values.data(), count));
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(bytes[i], rounded(values[i], inverse));
      ASSERT_EQ(nibbles[i], Int4(rounded(values[i], inverse, Int4Peak)).bits);
    }
  }
}

TEST_P(WideLoops, SquaredErrorsAreThoseOfTheDefinition) {
  for (int64_t count = 0; count < 300; ++count) {
    const auto values = floats(count);
    float scales[wide::Scales], inverses[wide::Scales];
    double near[wide::Scales];
    const float largest = peak_of(values.data(), count) / Int4Peak + 0.1f;
    wide::scales_below(largest, count % 2 == 0, scales, inverses);
    wide::square_errors(values.data(), count, scales, inverses, Int4Peak, near);
    std::vector<double> squares(values.size());
    for (int s = 0; s < wide::Scales; ++s) {
      const float wanted = largest * (1.0f - 0.5f * static_cast<float>(s) / wide::Scales);
      ASSERT_EQ(scales[s], count % 2 == 0 ? bfloat16_value(bfloat16_bits(wanted)) : wanted);
      ASSERT_EQ(inverses[s], 1.0f / scales[s]);
      wide::squares(values.data(), count, scales[s], inverses[s], Int4Peak, squares.data());
      double sum = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        const double off =
            double{values[i]} - double{scales[s]} * rounded(values[i], inverses[s], Int4Peak);
        ASSERT_EQ(squares[i], off * off);
        sum += squares[i];
      }
      ASSERT_NEAR(near[s], sum,
                  1.2e-4 * sum + 1e-6 * static_cast<double>(count) * scales[s] * scales[s]);
    }
  }
}

TEST_P(WideLoops, WidenEveryHalf) {
  std::vector<uint16_t> finite16, finite_b16;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    float value = 0;
    const bool is16 = std::isfinite(half_value(half, 5, 10)),
               is_b16 = std::isfinite(half_value(half, 8, 7));
    ASSERT_EQ(wide::widen_float16(&half, 1, &value), is16) << bits;
    ASSERT_EQ(wide::widen_bfloat16(&half, 1, &value), is_b16) << bits;
    if (is16) finite16.push_back(half);
    if (is_b16) finite_b16.push_back(half);
  }
  std::vector<float> out(finite16.size());
  ASSERT_TRUE(wide::widen_float16(finite16.data(), static_cast<int64_t>(out.size()), out.data()));
  for (size_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint32_t>(out[i]),
              std::bit_cast<uint32_t>(static_cast<float>(half_value(finite16[i], 5, 10))));
  out.resize(finite_b16.size());
  ASSERT_TRUE(
      wide::widen_bfloat16(finite_b16.data(), static_cast<int64_t>(out.size()), out.data()));
  for (size_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint32_t>(out[i]), uint32_t{finite_b16[i]} << 16U);
  // One that is not finite among many.
  std::vector<float> values = floats(100), copy(100);
  EXPECT_TRUE(wide::copy_float32(values.data(), 100, copy.data()));
  EXPECT_EQ(values, copy);
  for (const float bad : {INFINITY, -INFINITY, NAN}) {
    values[77] = bad;
    EXPECT_FALSE(wide::copy_float32(values.data(), 100, copy.data()));
  }
}

TEST_P(WideLoops, MoveElementsWhereTheyBelong) {
  for (int round = 0; round < 200; ++round) {
    const int64_t rows = random_.between(1, 40), columns = random_.between(1, 40);
    const auto from = floats(rows * columns);
    std::vector<float> to(from.size());
    wide::transpose(from.data(), rows, columns, to.data());
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) ASSERT_EQ(to[c * rows + r], from[r * columns + c]);
    }
    const int64_t length = 2 * random_.pick<int64_t>({1, 3, 8, 16}), runs = random_.between(1, 9);
    std::vector<uint8_t> values(400), packed(static_cast<size_t>(runs * length / 2)), back(values);
    for (uint8_t& value : values) value = static_cast<uint8_t>(random_.below(16));
    std::vector<int64_t> offsets;
    for (int64_t r = 0; r < runs; ++r) offsets.push_back(random_.below(400 - length));
    wide::pack_nibble_runs(values.data(), offsets.data(), runs, length, packed.data());
    wide::unpack_nibbles(packed.data(), runs * length, back.data());
    for (int64_t i = 0; i < runs * length; ++i)
      ASSERT_EQ(back[i], values[offsets[i / length] + i % length]);
  }
}

TEST_P(WideLoops, SumProductsExactly) {
  for (int64_t count = 0; count < 300; ++count) {
    std::vector<int8_t> a(static_cast<size_t>(count)), b(a);
    std::vector<uint8_t> c(a.size());
    int32_t bytes = 0, nibbles = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      a[i] = static_cast<int8_t>(random_.below(256));
      b[i] = static_cast<int8_t>(random_.below(256));
      const Int4 four(random_.between(-8, 7));
      c[i] = four.bits;
      bytes += a[i] * b[i];
      nibbles += a[i] * int{four};
    }
    ASSERT_EQ(wide::dot_bytes(a.data(), b.data(), count), bytes);
    ASSERT_EQ(wide::dot_nibbles(a.data(), c.data(), count), nibbles);
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, WideLoops,
                         testing::Values(wide::InstructionSet::Plain, wide::InstructionSet::Avx2,
                                         wide::InstructionSet::Avx512));

}  // namespace
}  // namespace st
