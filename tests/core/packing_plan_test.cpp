// SPDX-License-Identifier: Apache-2.0
// Packing by a plan against the definition, element by element; and blocks of constants against
// the whole.
#include "core/packing/plan.h"

#include <gtest/gtest.h>

#include "core/graph/constant.h"
#include "core/packing/pack.h"
#include "tests/common/random.h"

namespace st {
namespace {

using test::Random;

constexpr int64_t WordBytes = WordBits / 8;

/// Bits of elements in the order of tokens; beats share a word as long as they fit.
std::vector<uint8_t> slowly_packed(const Tensor& tensor, const StreamType& type) {
  const auto& elem = type.itensor.elem;
  const int64_t bits = bits_of(tensor.dtype()), bytes = bytes_of(tensor.dtype());
  const int64_t per_word = beats_per_word(type.beat_bits());
  const auto* elements = std::visit(
      [](const auto& v) { return reinterpret_cast<const uint8_t*>(v.data()); }, tensor.data);
  std::vector<uint8_t> words;
  int64_t number = 0;
  for_each_token(type.itensor, {{Sequence, 1}, {Past, 0}}, [&](const std::vector<int64_t>& origin) {
    for (int64_t i = 0; i < token_elements(type.itensor); ++i, ++number) {
      int64_t rest = i, index = 0, stride = 1;
      for (size_t d = elem.size(); d-- > 0;) {
        index += (origin[d] + rest % elem[d]) * stride;
        rest /= elem[d];
        stride *= tensor.shape[d];
      }
      const int64_t beat = number / type.lanes, lane = number % type.lanes;
      const int64_t at =
          beat / per_word * WordBits + beat % per_word * type.beat_bits() + lane * bits;
      words.resize(static_cast<size_t>((at / WordBits + 1) * WordBytes), 0);
      for (int64_t bit = 0; bit < bits; ++bit) {
        if ((elements[index * bytes + bit / 8] >> (bit % 8) & 1) == 0) continue;
        uint8_t& byte = words[static_cast<size_t>((at + bit) / 8)];
        byte = static_cast<uint8_t>(byte | 1 << (at + bit) % 8);
      }
    }
  });
  return words;
}

Tensor random_parameter(Random& random, DType type, const std::vector<int64_t>& shape) {
  Tensor tensor = Tensor::zeros(type, shape);
  if (type == DType::F32) {
    for (float& value : tensor.f32()) value = random.real();
  } else if (type == DType::BF16) {
    for (BFloat16& value : tensor.as<BFloat16>()) value = BFloat16(random.real());
  } else if (type == DType::I8) {
    for (int8_t& value : tensor.as<int8_t>()) value = static_cast<int8_t>(random.below(256));
  } else {
    for (Int4& value : tensor.as<Int4>()) value = Int4(random.between(-8, 7));
  }
  return tensor;
}

/// Tiles of a matrix in any order of four loops, as linear layers and others read them.
StreamType random_stream(Random& random, DType type) {
  const int64_t high = random.pick<int64_t>({1, 1, 2, 3}), wide = random.pick<int64_t>({1, 3, 16});
  const int64_t inner = random.between(1, 5), outer = random.between(1, 4);
  const int64_t columns = random.between(1, 6);
  const Trip row{Extent::symbol(Sequence), 4};
  StreamType stream;
  stream.itensor.elem = {high, wide};
  stream.itensor.dtype = type;
  if (random.chance(0.5)) {  // as MatmulShape::weight_type
    stream.itensor.trips = {row, outer, columns, inner};
    stream.itensor.steps = {1, high * inner, wide, high};
    stream.itensor.map = {MapResult::sum({1, 3}), 2};
  } else if (random.chance(0.5)) {  // columns first, and a pass of all again
    stream.itensor.trips = {row, columns, random.between(1, 2), outer * inner};
    stream.itensor.steps = {1, wide, 1, high};
    stream.itensor.map = {3, 1};
  } else {
    stream.itensor.trips = {row, outer * inner, columns};
    stream.itensor.steps = {1, high, wide};
    stream.itensor.map = {1, 2};
  }
  const int64_t token = high * wide;
  std::vector<int> lanes;
  for (int l = 1; l <= token; ++l) {
    if (token % l == 0 && l * bits_of(type) <= WordBits) lanes.push_back(l);
  }
  stream.lanes = random.pick(lanes);
  return stream;
}

TEST(PackingPlan, GivesTheBytesOfTheDefinition) {
  Random random(11);
  int in_units = 0;
  for (int round = 0; round < 3000; ++round) {
    const DType type = random.pick<DType>({DType::I4, DType::I8, DType::F32, DType::BF16});
    const StreamType stream = random_stream(random, type);
    const std::vector<int64_t> shape = max_shape(stream.itensor);
    const Tensor tensor = random_parameter(random, type, shape);
    const std::vector<uint8_t> expected = slowly_packed(tensor, stream);
    ASSERT_EQ(packed_stream(tensor, stream), expected) << text_of(stream.itensor);
    const PackingPlan plan = PackingPlan::of_stream(stream, shape);
    ASSERT_EQ(plan.units() * plan.unit_bytes(), static_cast<int64_t>(expected.size()));
    if (plan.units() == 1) continue;
    ++in_units;
    const int64_t first = random.below(plan.units()),
                  count = 1 + random.below(plan.units() - first);
    const Tensor rows =
        block_of(tensor, {first * plan.unit_rows(), count * plan.unit_rows(), 0, Block::All});
    const auto begin = expected.begin() + first * plan.unit_bytes();
    ASSERT_EQ(plan.packed(rows), std::vector<uint8_t>(begin, begin + count * plan.unit_bytes()))
        << text_of(stream.itensor);
  }
  EXPECT_GT(in_units, 300);
}

/// A chain of transforms of a random matrix.
std::shared_ptr<const ConstantSource> random_constant(Random& random, std::vector<int64_t>& shape) {
  shape = {random.pick<int64_t>({8, 24, 64}), random.pick<int64_t>({32, 64, 96})};
  auto source = constant_of(random_parameter(random, DType::F32, shape));
  const auto then = [&](const char* name, const std::vector<int64_t>& parameters) {
    source = derived_constant(source, name, parameters);
  };
  const int64_t turns = random.below(3);
  for (int64_t i = 0; i < turns; ++i) {
    then("transpose", {});
    std::swap(shape[0], shape[1]);
  }
  if (random.chance(0.7)) {
    // The last group of a row may be shorter.
    const int64_t group = random.pick<int64_t>({shape[1] % 32 == 0 ? 32 : 8, 64, 20});
    const int64_t kind = random.below(6);
    if (kind == 0) then("quantised_rows", {});
    if (kind == 1) then("quantised_rows4", {});
    if (kind == 2) then("quantised_groups4", {group});
    if (kind == 3) then("quantised_groups", {group});
    if (kind > 3) {
      then(kind == 4 ? "group_scales4" : "group_scales", {group});
      shape[1] = (shape[1] + group - 1) / group;
    }
  }
  if (random.chance(0.5)) {
    shape[0] += random.pick<int64_t>({0, shape[0], 8});
    then("padded_matrix", shape);
  }
  if (random.chance(0.5)) {
    const int64_t group = random.pick<int64_t>({1, 4});
    then("dealt", {group, 2, random.between(1, 2)});
    shape[0] /= 2;
  }
  return source;
}

TEST(Constants, BlocksArePartsOfTheWhole) {
  Random random(12);
  for (int round = 0; round < 1000; ++round) {
    std::vector<int64_t> shape;
    const auto source = random_constant(random, shape);
    ASSERT_TRUE(source->has_blocks(0)) << source->describe();
    const Block block = {random.below(shape[0] + 2), random.between(1, 20),
                         random.below(shape[1] + 1), random.chance(0.7) ? Block::All : 5};
    const bool before = random.chance(0.5);  // scales are known by then, or not
    const auto early = before ? source->load_block(0, block) : Result<Tensor>(Tensor{});
    const auto whole = source->load();
    ASSERT_TRUE(whole.ok());
    ASSERT_EQ(whole->shape, shape) << source->describe();
    const auto part = before ? early : source->load_block(0, block);
    ASSERT_TRUE(part.ok());
    ASSERT_EQ(*part, block_of(*whole, block)) << source->describe();
  }
}

TEST(Constants, ScalesAndWeightsOfOneMatrixBelongTogether) {
  Random random(13);
  const Tensor matrix = random_parameter(random, DType::F32, {16, 64});
  const auto base = constant_of(matrix);
  const auto scales = derived_constant(base, "group_scales4", {32});
  const auto weights = derived_constant(base, "quantised_groups4", {32});
  ASSERT_TRUE(weights->load_block(0, {3, 5, 0, Block::All}).ok());
  ASSERT_TRUE(scales->load_block(0, {3, 5, 0, Block::All}).ok());
  ASSERT_TRUE(weights->load().ok());
  // Nothing is known of these.
  const auto fresh = constant_of(matrix);
  EXPECT_EQ(*scales->load(), *derived_constant(fresh, "group_scales4", {32})->load());
  EXPECT_EQ(*weights->load(), *derived_constant(fresh, "quantised_groups4", {32})->load());
  // Nothing that was kept for four bits serves eight.
  EXPECT_EQ(*derived_constant(base, "quantised_groups", {32})->load(),
            *derived_constant(fresh, "quantised_groups", {32})->load());
  EXPECT_EQ(*derived_constant(base, "group_scales", {32})->load(),
            *derived_constant(fresh, "group_scales", {32})->load());
  // Other groups of the same matrix have other scales.
  EXPECT_EQ(*derived_constant(base, "quantised_groups4", {64})->load(),
            *derived_constant(fresh, "quantised_groups4", {64})->load());
}

}  // namespace
}  // namespace st
