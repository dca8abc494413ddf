// SPDX-License-Identifier: Apache-2.0
// Packed and widened tensors: the paper's example, the rules for the shape of a vector, and that no
// element is lost.
#include "core/itensor/packing.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/packing/pack.h"
#include "tests/itensor/random_types.h"

namespace st {
namespace {

using test::pick;
using Sizes = std::vector<int64_t>;

PackedType packed_of(const std::string& text) {
  const auto type = parse_packed(text);
  EXPECT_TRUE(type.ok()) << text << ": " << type.errors()[0].message;
  return type.ok() ? *type : PackedType{};
}

std::string widened(const std::string& packed, int64_t bits, VectorShape shape) {
  const auto type = widen(packed_of(packed), bits, shape);
  return type.ok() ? text_of(*type) : type.errors()[0].message;
}

/// Any tile and grid of small sizes, widened for some bus or not.
PackedType random_packed(std::mt19937_64& random, int64_t* word_bits) {
  PackedType type;
  constexpr DType Types[] = {DType::F32, DType::I8, DType::I32, DType::I64};
  type.dtype = Types[pick(random, 0, 3)];
  for (int64_t rank = pick(random, 1, 4); rank > 0; --rank) {
    type.tiles.push_back(pick(random, 1, 4));
    type.vectors.push_back(pick(random, 1, 10));
    type.vector.push_back(1);
  }
  *word_bits = int64_t{64} << pick(random, 0, 3);
  if (pick(random, 0, 3) == 0) return type;
  return *widen(type, *word_bits,
                pick(random, 0, 1) == 0 ? VectorShape::Square : VectorShape::Rows);
}

Tensor numbered(const PackedType& type) {
  Tensor tensor = Tensor::zeros(type.dtype, type.shape());
  std::visit(
      [](auto& values) {
        for (size_t i = 0; i < values.size(); ++i)
          values[i] = static_cast<std::decay_t<decltype(values[0])>>(i % 101 + 1);
      },
      tensor.data);
  return tensor;
}

TEST(Packing, ThePapersExample) {
  const auto tiles =
      parse_itensor("itensor<16x16xu8, iter_space: [4,4]*[16,16], iter_map: (d0,d1)->(d0,d1)>");
  ASSERT_TRUE(tiles.ok());
  const PackedType packed = pack(*tiles);
  EXPECT_EQ(text_of(packed), "tensor<4x4x16x16xu8>");
  const auto wide = widen(packed, 512, VectorShape::Square);
  ASSERT_TRUE(wide.ok());
  EXPECT_EQ(text_of(*wide), "tensor<4x4x2x2xvector<8x8xu8>>");
  EXPECT_EQ(packed_of(text_of(*wide)), *wide);
  EXPECT_EQ(wide->shape(), (Sizes{64, 64}));
  EXPECT_EQ(wide->words(), 64);
}

TEST(Packing, TilesAreInTheOrderOfTheTensorWhateverTheLoops) {
  for (const char* text :
       {"itensor<4x2xf32, iter_space: [3,5]*[4,2], iter_map: (d0,d1)->(d0,d1)>",
        "itensor<4x2xf32, iter_space: [5,7,3]*[2,1,4], iter_map: (d0,d1,d2)->(d2,d0)>",
        "itensor<4x2xf32, iter_space: [rows<=3,5]*[4,2], iter_map: (d0,d1)->(d0,d1)>"})
    EXPECT_EQ(text_of(pack(*parse_itensor(text))), "tensor<3x5x4x2xf32>") << text;
  EXPECT_EQ(text_of(pack(*parse_itensor("itensor<4x2xf32, iter_space: [3]*[4], iter_map: "
                                        "(d0)->(d0,0)>"))),
            "tensor<3x1x4x2xf32>");
}

TEST(Widening, SquareVectors) {
  EXPECT_EQ(widened("tensor<2x2x16x16xf32>", 512, VectorShape::Square),
            "tensor<2x2x4x4xvector<4x4xf32>>");
  // 32 elements: 4x8 before 8x4.
  EXPECT_EQ(widened("tensor<1x1x16x16xi8>", 256, VectorShape::Square),
            "tensor<1x1x4x2xvector<4x8xi8>>");
  // More elements win over a better shape: 16 in a row, and no 3x4.
  EXPECT_EQ(widened("tensor<1x1x3x16xf32>", 512, VectorShape::Square),
            "tensor<1x1x3x1xvector<1x16xf32>>");
  EXPECT_EQ(widened("tensor<1x1x1x4x4x4xf32>", 256, VectorShape::Square),
            "tensor<1x1x1x2x2x2xvector<2x2x2xf32>>");
}

TEST(Widening, RowsAreElementsThatFollowEachOther) {
  EXPECT_EQ(widened("tensor<4x4x16x16xu8>", 512, VectorShape::Rows),
            "tensor<4x4x4x1xvector<4x16xu8>>");
  // 50 of 100 fit; then the row is not whole, and no second one is begun.
  EXPECT_EQ(widened("tensor<1x1x16x100xi8>", 512, VectorShape::Rows),
            "tensor<1x1x16x2xvector<1x50xi8>>");
  EXPECT_EQ(widened("tensor<1x1x16x10xi8>", 512, VectorShape::Rows),
            "tensor<1x1x4x1xvector<4x10xi8>>");
}

TEST(Widening, SizesThatDoNotDivideLeaveBitsUnused) {
  for (const VectorShape shape : {VectorShape::Square, VectorShape::Rows}) {
    EXPECT_EQ(widened("tensor<5x13xf32>", 512, shape), "tensor<5x1xvector<13xf32>>");
    EXPECT_EQ(widened("tensor<5x17xf32>", 512, shape), "tensor<5x17xf32>");
    EXPECT_EQ(widened("tensor<5x34xf32>", 512, shape), "tensor<5x17xvector<2xf32>>");
    // The whole tile in one word.
    EXPECT_EQ(widened("tensor<2x2x3x2xi8>", 512, shape), "tensor<2x2x1x1xvector<3x2xi8>>");
    EXPECT_EQ(widened("tensor<3x4xf32>", 16, shape),
              "no element of 32 bits fits a word of 16 bits");
  }
}

TEST(Widening, GivesTheMostElementsThatFit) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    PackedType type;
    type.dtype = pick(random, 0, 1) == 0 ? DType::I8 : DType::F32;
    for (int64_t rank = pick(random, 1, 3); rank > 0; --rank) {
      type.tiles.push_back(1);
      type.vectors.push_back(pick(random, 1, 40));
      type.vector.push_back(1);
    }
    const auto square = widen(type, 512, VectorShape::Square);
    const auto rows = widen(type, 512, VectorShape::Rows);
    ASSERT_TRUE(square.ok() && rows.ok());
    const int64_t most = 512 / bits_of(type.dtype);
    EXPECT_EQ(square->tile(), type.tile());
    EXPECT_EQ(rows->tile(), type.tile());
    EXPECT_LE(square->lanes(), most);
    EXPECT_LE(rows->lanes(), square->lanes());
    // By brute force over all vectors of up to three sizes.
    int64_t best = 0;
    const Sizes tile = type.tile();
    auto divisor = [&](size_t d, int64_t size) {
      return d < tile.size() ? tile[d] % size == 0 : size == 1;
    };
    for (int64_t a = 1; a <= most; ++a)
      for (int64_t b = 1; a * b <= most; ++b)
        for (int64_t c = 1; a * b * c <= most; ++c)
          if (divisor(0, a) && divisor(1, b) && divisor(2, c)) best = std::max(best, a * b * c);
    EXPECT_EQ(square->lanes(), best) << text_of(type);
  }
}

TEST(Packing, EveryElementHasItsBitsAndComesBackFromThem) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 60; ++round) {
    int64_t word_bits = 0;
    const PackedType type = random_packed(random, &word_bits);
    ASSERT_TRUE(verify(type).ok());
    const int64_t bits = bits_of(type.dtype), elements = element_count(type.shape());
    // Each place gives an element, and that element the place; each element comes up once.
    std::set<Sizes> seen;
    for (int64_t word = 0; word < type.words(); ++word) {
      for (int64_t lane = 0; lane < word_bits / bits; ++lane) {
        const int64_t bit = word * word_bits + lane * bits;
        const auto index = element_at(type, word_bits, bit);
        ASSERT_EQ(index.has_value(), lane < type.lanes()) << text_of(type) << " bit " << bit;
        if (!index) continue;
        EXPECT_EQ(bit_offset(type, word_bits, *index), bit) << text_of(type);
        EXPECT_EQ(element_at(type, word_bits, bit + bits - 1), index);
        EXPECT_TRUE(seen.insert(*index).second) << text_of(type) << " bit " << bit;
        for (size_t d = 0; d < index->size(); ++d) EXPECT_LT((*index)[d], type.shape()[d]);
      }
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), elements) << text_of(type);
    EXPECT_FALSE(element_at(type, word_bits, -1));
    EXPECT_FALSE(element_at(type, word_bits, type.words() * word_bits));
  }
}

TEST(Packing, ATensorComesBackFromItsBytes) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    int64_t word_bits = 0;
    const PackedType type = random_packed(random, &word_bits);
    const Tensor tensor = numbered(type);
    const std::vector<uint8_t> bytes = packed_tensor(tensor, type, word_bits);
    ASSERT_EQ(static_cast<int64_t>(bytes.size()), type.words() * word_bits / 8);
    EXPECT_EQ(unpacked_tensor(bytes, type, word_bits), tensor) << text_of(type);
  }
}

TEST(Packing, ATileIsOneRunOfWords) {
  const PackedType type = packed_of("tensor<3x2x2x2xvector<4x8xi8>>");
  for (int64_t row = 0; row < 24; ++row) {
    for (int64_t column = 0; column < 32; ++column) {
      const int64_t tile = row / 8 * 2 + column / 16;
      EXPECT_EQ(bit_offset(type, 256, {row, column}) / (4 * 256), tile) << row << ' ' << column;
    }
  }
}

// What loaders read today: rows of a stream whose beats fill a word.
TEST(Packing, RowsAreTheLayoutOfParameterFiles) {
  const auto rows =
      parse_itensor("itensor<1x16xf32, iter_space: [6,4]*[1,16], iter_map: (d0,d1)->(d0,d1)>");
  ASSERT_TRUE(rows.ok());
  const auto type = widen(pack(*rows), 512, VectorShape::Rows);
  ASSERT_TRUE(type.ok());
  const Tensor tensor = numbered(*type);
  EXPECT_EQ(packed_tensor(tensor, *type, 512), packed_stream(tensor, {*rows, 16}));
}

TEST(PackedText, RandomTypesPrintAndParseBackEqual) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 10'000; ++round) {
    int64_t word_bits = 0;
    const PackedType type = random_packed(random, &word_bits);
    EXPECT_EQ(packed_of(text_of(type)), type) << text_of(type);
  }
  EXPECT_EQ(text_of(packed_of("tensor<2x3xvector<1xi8>>")), "tensor<2x3xi8>");
  EXPECT_EQ(text_of(packed_of("tensor<f32>")), "tensor<f32>");
}

TEST(PackedText, SaysWhatIsWrong) {
  struct Bad {
    const char* text;
    const char* code;
    const char* message;
  };
  for (const Bad& bad :
       {Bad{"itensor<4x4xf32>", "E0311", "expected 'tensor'"},
        Bad{"tensor<4x4x16xf32>", "E0311", "not 3 together"},
        Bad{"tensor<4x4xf99>", "E0311", "no element type 'f99'"},
        Bad{"tensor<4x4x2x2xvector<8xu8>>", "E0311", "the vector has 1 sizes, the tile 2"},
        Bad{"tensor<4x0xf32>", "E0311", "whole number from 1"},
        Bad{"tensor<4x4xvector<8xu8>", "E0311", "expected '>'"},
        Bad{"tensor<4x4xf32> x", "E0311", "something behind"},
        Bad{"tensor<4000000000000x4000000000000xf32>", "E0310", "2^62 bits"}}) {
    const auto type = parse_packed(bad.text);
    ASSERT_FALSE(type.ok()) << bad.text;
    EXPECT_EQ(type.errors()[0].code, bad.code) << bad.text;
    EXPECT_NE(type.errors()[0].message.find(bad.message), std::string::npos)
        << type.errors()[0].message;
  }
}

TEST(PackedText, ListsOfDifferentLengthAndSizesBelowOneAreRefused) {
  const Status ranks = verify(PackedType{{2, 2}, {4}, {1}, DType::F32});
  ASSERT_FALSE(ranks.ok());
  EXPECT_NE(ranks.errors()[0].message.find("different ranks"), std::string::npos);
  const Status sizes = verify(PackedType{{2}, {0}, {1}, DType::F32});
  ASSERT_FALSE(sizes.ok());
  EXPECT_NE(sizes.errors()[0].message.find("not positive"), std::string::npos);
}

}  // namespace
}  // namespace st
