// SPDX-License-Identifier: Apache-2.0
// Whole tensors to the bytes of a stream and back.
#include "core/dataflow/stream_values.h"

#include <gtest/gtest.h>

#include "tests/core/random_values.h"

namespace st {
namespace {

using test::Random;
using test::random_f32;

TEST(Streams, ElementsComeBackFromTheirBytes) {
  Random random(11);
  const Tensor x = random_f32(random, {4, 12});
  const StreamType rows = {
      {{1, 4}, DType::F32, {Trip(Extent::symbol(Sequence), 8), 3}, {1, 4}, {0, 1}}, 4};
  StreamType again = rows;  // each row twice
  again.itensor.trips = {Trip(Extent::symbol(Sequence), 8), 2, 3};
  again.itensor.steps = {1, 1, 4};
  again.itensor.map = {0, 2};
  for (const StreamType& type : {rows, again}) {
    std::vector<uint8_t> bytes = stream_bytes(x, type, 4, 0);
    EXPECT_EQ(static_cast<int64_t>(bytes.size()),
              token_count(type.itensor, {{Sequence, 4}}) * token_bits(type.itensor) / 8);
    const auto back = tensor_from_stream(bytes, type, {4, 12}, 4, 0);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, x);
    std::vector<uint8_t> longer = bytes;
    longer.push_back(0);
    bytes.pop_back();
    for (const auto& wrong : {bytes, longer}) {
      const auto refused = tensor_from_stream(wrong, type, {4, 12}, 4, 0);
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.errors()[0].code, "E0701");
    }
  }
}

TEST(Streams, AnElementThatChangesBetweenPassesIsReported) {
  const StreamType again = {{{2}, DType::F32, {2, 2}, {1, 2}, {1}}, 2};
  const Tensor x = {{4}, std::vector<float>{1, 2, 3, 4}};
  std::vector<uint8_t> bytes = stream_bytes(x, again, 1, 0);
  ASSERT_TRUE(tensor_from_stream(bytes, again, {4}, 1, 0).ok());
  bytes[20] ^= 1;
  const auto changed = tensor_from_stream(bytes, again, {4}, 1, 0);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.errors()[0].code, "E0701");
}

}  // namespace
}  // namespace st
