// SPDX-License-Identifier: Apache-2.0
// The text form of itensor types: it reads back, and says where it is wrong.
#include <gtest/gtest.h>

#include <random>

#include "core/itensor/itensor.h"
#include "tests/itensor/random_types.h"

namespace st {
namespace {

TEST(ItensorText, HundredThousandRandomTypesPrintAndParseBackEqual) {
  std::mt19937_64 random(20251122);
  for (int i = 0; i < 100'000; ++i) {
    const ItensorType type = test::random_type(random);
    const std::string text = text_of(type);
    const auto parsed = parse_itensor(text);
    ASSERT_TRUE(parsed.ok()) << "type " << i << ": " << text << ": " << parsed.errors()[0].message
                             << " at " << parsed.errors()[0].where;
    ASSERT_EQ(*parsed, type) << text;
  }
}

TEST(ItensorText, SpacesDoNotMatter) {
  const auto a =
      parse_itensor("itensor<4x2xf32, iter_space: [4,2]*[2,4], iter_map: (d0,d1)->(d1,d0)>");
  const auto b = parse_itensor(
      " itensor < 4x2xf32 ,iter_space:[ 4 , 2 ] * [2,4],  iter_map:(d0 , d1) -> ( d1,d0 ) > ");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
}

TEST(ItensorText, ReadsSymbolsSumsVectorsAndScalars) {
  for (const char* text :
       {"itensor<1x16xf32, iter_space: [sequence<=64,4]*[1,16], iter_map: (d0,d1)->(d0,d1)>",
        "itensor<1x1x8xf32, iter_space: [sequence<=64,4,2,d0+past+1<=128]*[1,1,1,1], iter_map: "
        "(d0,d1,d2,d3)->(d1,d3,0)>",
        "itensor<vector<2x4xi8>, iter_space: [4,4,8,4]*[16,16,2,4], iter_map: "
        "(d0,d1,d2,d3)->(d0+d2,d1+d3)>",
        "itensor<f32, iter_space: [3,5]*[1,1], iter_map: (d0,d1)->(d1,d0)>",
        "itensor<i32, iter_space: []*[], iter_map: ()->()>"}) {
    const auto type = parse_itensor(text);
    ASSERT_TRUE(type.ok()) << text << ": " << type.errors()[0].message;
    EXPECT_EQ(text_of(*type), text);
  }
}

struct BadText {
  const char* text;
  const char* place;
  const char* message;
};

class ItensorTextError : public testing::TestWithParam<BadText> {};

TEST_P(ItensorTextError, NamesThePlace) {
  const auto type = parse_itensor(GetParam().text);
  ASSERT_FALSE(type.ok());
  EXPECT_EQ(type.errors()[0].code, "E0311");
  EXPECT_NE(type.errors()[0].where.find(GetParam().place), std::string::npos)
      << type.errors()[0].where;
  EXPECT_NE(type.errors()[0].message.find(GetParam().message), std::string::npos)
      << type.errors()[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    All, ItensorTextError,
    testing::Values(
        BadText{"tensor<4x4xf32>", "column 1", "expected 'itensor'"},
        BadText{"itensor<4x4xf99, iter_space: []*[], iter_map: ()->()>", "column 16",
                "no element type 'f99'"},
        BadText{"itensor<4x0xf32, iter_space: []*[], iter_map: ()->()>", "column 11",
                "whole number from 1"},
        BadText{"itensor<4x4xf32; iter_space", "column 16", "expected ','"},
        BadText{"itensor<2xf32, iter_space: [n]*[2], iter_map: (d0)->(d0)>", "column 30",
                "needs a bound"},
        BadText{"itensor<2xf32, iter_space: [4<=4]*[2], iter_map: (d0)->(d0)>", "column 33",
                "takes no bound"},
        BadText{"itensor<2xf32, iter_space: [4]*[2], iter_map: (d1)->(d0)>", "column 48",
                "expected d0"},
        BadText{"itensor<2xf32, iter_space: [4]*[2], iter_map: (d0,d1)->(d0)>", "column 54",
                "has 2 loops"},
        BadText{"itensor<2xf32, iter_space: [4]*[2], iter_map: (d0)->(s0)>", "column 54",
                "no symbols"},
        BadText{"itensor<2xf32, iter_space: [4]*[2], iter_map: (d0)->(d0)> x", "column 59",
                "something behind"},
        BadText{"itensor<2xf32, iter_space: [99999999999999999999]*[2], iter_map: (d0)->(d0)>",
                "column 29", "whole number"}));

}  // namespace
}  // namespace st
