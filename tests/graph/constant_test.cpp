// SPDX-License-Identifier: Apache-2.0
// Constants: chains that load lazily, and read back from their text.
#include "core/graph/constant.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/support/text_form.h"

namespace st {
namespace {

Tensor matrix(std::vector<int64_t> shape, std::vector<float> values) {
  Tensor tensor = Tensor::zeros(DType::F32, std::move(shape));
  tensor.f32() = std::move(values);
  return tensor;
}

/// A model with one matrix, "w", one scalar, "s", and a matrix of another type, "i".
std::optional<TypedConstant> lookup(const std::string& name) {
  if (name == "w")
    return TypedConstant{constant_of(matrix({2, 3}, {1, 2, 3, -4, 0, 8})),
                         TensorType{DType::F32, {2, 3}}};
  if (name == "s") return TypedConstant{constant_of(matrix({}, {7})), TensorType{DType::F32, {}}};
  if (name == "i")
    return TypedConstant{constant_of(Tensor::zeros(DType::I32, {2, 2})),
                         TensorType{DType::I32, {2, 2}}};
  return std::nullopt;
}

TypedConstant parsed(const std::string& text) {
  TextCursor cursor(text, "E0311", "constant");
  TypedConstant constant = parse_constant(cursor, lookup);
  EXPECT_FALSE(cursor.failed()) << text << ": " << cursor.error().message;
  EXPECT_TRUE(cursor.at_end()) << text;
  return constant;
}

TEST(Constant, ChainsReadBackAndSayTheirType) {
  const std::pair<const char*, const char*> chains[] = {
      {"load \"w\"", "f32[2,3]"},
      {"load \"w\" | transpose", "f32[3,2]"},
      {"load \"i\" | transpose", "i32[2,2]"},
      {"load \"w\" | transpose | quantised_rows", "i8[3,2]"},
      {"load \"w\" | quantised_groups 2", "i8[2,3]"},
      {"load \"w\" | group_scales 2", "bf16[2,2]"},
      {"load \"w\" | quantised_groups4 2", "i4[2,3]"},
      {"load \"w\" | group_scales4 64", "bf16[2,1]"},
      {"load \"w\" | row_scales | row 2", "f32[2]"},
      {"load \"w\" | row 6", "f32[6]"},
      {"load \"s\" | row 4", "f32[4]"},
      {"load \"w\" | padded_matrix 3 4", "f32[3,4]"},
      {"load \"i\" | padded_matrix 2 3 | transpose", "i32[3,2]"},
      {"load \"w\" | row 6 | padded_row 8", "f32[8]"},
      {"load \"w\" | columns 2", "f32[2,2]"},
      {"load \"w\" | cosines 5", "f32[5,6]"},
      {"load \"s\" | sines 3", "f32[3,1]"},
      {"zeros f32[64]", "f32[64]"},
      {"zeros i8[2,3] | transpose", "i8[3,2]"},
  };
  for (const auto& [text, type] : chains) {
    const TypedConstant constant = parsed(text);
    EXPECT_EQ(constant.source->describe(), text);
    ASSERT_TRUE(constant.type) << text;
    EXPECT_EQ(text_of(*constant.type), type) << text;
    const auto loaded = constant.source->load();
    ASSERT_TRUE(loaded.ok()) << text;
    const TensorType made{loaded->dtype(), {loaded->shape.begin(), loaded->shape.end()}};
    EXPECT_EQ(text_of(made), type) << text;
  }
}

TEST(Constant, TransformsComputeWhatTheySay) {
  EXPECT_EQ(parsed("load \"w\" | transpose").source->load()->f32(),
            (std::vector<float>{1, -4, 2, 0, 3, 8}));
  EXPECT_EQ(parsed("load \"w\" | row_scales").source->load()->f32(),
            (std::vector<float>{3.0f / 127, 8.0f / 127}));
  EXPECT_EQ(parsed("load \"w\" | quantised_rows").source->load()->as<int8_t>(),
            (std::vector<int8_t>{42, 85, 127, -64, 0, 127}));
  // Groups of 2 and 1: each has the bfloat16 nearest to its peak / 127, which may clip.
  const auto scales8 = parsed("load \"w\" | group_scales 2").source->load();
  const auto int8 = parsed("load \"w\" | quantised_groups 2").source->load();
  const std::vector<double> peaks = {2, 3, 4, 8};
  for (size_t i = 0; i < peaks.size(); ++i)
    EXPECT_EQ(scales8->as<BFloat16>()[i], BFloat16(double{static_cast<float>(peaks[i]) / 127.0f}));
  const std::vector<double> groups8 = {1, 2, 3, -4, 0, 8};
  for (size_t i = 0; i < groups8.size(); ++i) {
    const auto scale = static_cast<double>(scales8->as<BFloat16>()[i / 3 * 2 + i % 3 / 2]);
    EXPECT_EQ(int8->as<int8_t>()[i], std::clamp(std::round(groups8[i] / scale), -127.0, 127.0));
  }
  const auto int4 = parsed("load \"w\" | quantised_rows4").source->load();
  const auto scale4 = parsed("load \"w\" | row_scales4").source->load();
  const std::vector<float> values = {1, 2, 3, -4, 0, 8};
  for (size_t i = 0; i < values.size(); ++i) {
    // Within half a step, but for what the scale clips.
    const float scale = scale4->f32()[i / 3], q = static_cast<float>(int{int4->as<Int4>()[i]});
    EXPECT_TRUE(std::fabs(values[i] - q * scale) <= scale / 2 || std::fabs(q) == 7) << i;
  }
  EXPECT_EQ(parsed("load \"s\" | row 3").source->load()->f32(), (std::vector<float>{7, 7, 7}));
  EXPECT_EQ(parsed("load \"w\" | padded_matrix 3 4").source->load()->f32(),
            (std::vector<float>{1, 2, 3, 0, -4, 0, 8, 0, 0, 0, 0, 0}));
  EXPECT_EQ(parsed("load \"w\" | quantised_rows | padded_matrix 2 4").source->load()->as<int8_t>(),
            (std::vector<int8_t>{42, 85, 127, 0, -64, 0, 127, 0}));
  EXPECT_EQ(parsed("load \"w\" | row 6 | padded_row 8").source->load()->f32(),
            (std::vector<float>{1, 2, 3, -4, 0, 8, 0, 0}));
  EXPECT_EQ(parsed("load \"w\" | columns 2").source->load()->f32(),
            (std::vector<float>{1, 2, -4, 0}));
  EXPECT_EQ(parsed("load \"s\" | sines 3").source->load()->f32(),
            (std::vector<float>{0, std::sin(7.0f), static_cast<float>(std::sin(14.0))}));
  EXPECT_EQ(parsed("load \"w\" | cosines 2").source->load()->f32()[6 + 5],
            static_cast<float>(std::cos(8.0)));
  EXPECT_EQ(parsed("zeros i32[2]").source->load()->as<int32_t>(), (std::vector<int32_t>{0, 0}));
}

class Unreadable final : public ConstantSource {
  Result<Tensor> load() const override { return Diagnostic{"E0206", "damaged", "", {}, ""}; }
  std::string describe() const override { return ""; }
};

/// Four-bit weights in blocks of two bytes, as MatMulNBits has them.
std::optional<TypedConstant> blocks(const std::string& name) {
  Tensor q = Tensor::zeros(DType::I32, {2, 2, 2});
  q.as<int32_t>() = {0x21, 0x43, 0x65, 0x07, 0xba, 0xdc, 0xfe, 0x0f};
  if (name == "q") return TypedConstant{constant_of(q), TensorType{DType::U8, {2, 2, 2}}};
  if (name == "s")
    return TypedConstant{constant_of(matrix({4}, {1, 10, 0.5f, 2})), TensorType{DType::F32, {4}}};
  Tensor z = Tensor::zeros(DType::I32, {2});
  z.as<int32_t>() = {0x21, 0x88};
  if (name == "z") return TypedConstant{constant_of(z), TensorType{DType::U8, {2}}};
  return std::nullopt;
}

TEST(Constant, CombinationsReadBackAndCompute) {
  const std::pair<const char*, std::vector<float>> chains[] = {
      {R"(dequantised_blocks [load "q", load "s"] 4 4 7)",
       {-7, -6, -5, -4, -30, -20, -10, 1, 1.5f, 2, 2.5f, 12, 14, 14}},
      {R"(dequantised_blocks [load "q", load "s", load "z"] 4 4 7)",
       {0, 1, 2, 3, 30, 40, 50, 1, 1.5f, 2, 2.5f, 12, 14, 14}},
  };
  for (const auto& [text, expected] : chains) {
    TextCursor cursor(text, "E0311", "constant");
    const TypedConstant constant = parse_constant(cursor, blocks);
    ASSERT_FALSE(cursor.failed()) << cursor.error().message;
    EXPECT_EQ(constant.source->describe(), text);
    EXPECT_EQ(text_of(*constant.type), "f32[2,7]");
    EXPECT_EQ(constant.source->load()->f32(), expected);
  }
  std::string deep = "load \"q\"";
  for (int i = 0; i < 100'000; ++i) deep.insert(0, "layers [");
  for (const std::string& bad :
       {std::string(R"(dequantised_blocks [load "q"] 4 4 7)"),
        std::string(R"(dequantised_blocks [load "q", load "s"] 3 4 7)"),
        std::string(R"(dequantised_blocks [load "q", load "s"] 4 4 9)"),
        std::string(R"(dequantised_blocks [load "s", load "s"] 4 4 7)"),
        std::string(R"(dequantised_blocks [load "q", load "s"] 4 4)"), deep}) {
    TextCursor cursor(bad, "E0311", "constant");
    (void)parse_constant(cursor, blocks);
    EXPECT_TRUE(cursor.failed()) << bad.substr(0, 100);
  }
}

TEST(Constant, NothingIsLoadedBeforeItIsNeeded) {
  const auto chain =
      derived_constant(named_constant("x", std::make_shared<Unreadable>()), "transpose");
  EXPECT_EQ(chain->describe(), "load \"x\" | transpose");
  ASSERT_FALSE(chain->load().ok());
  EXPECT_EQ(chain->load().errors()[0].code, "E0206");
}

TEST(Constant, AnyConstantTakesEveryNameAndLoadsNone) {
  TextCursor cursor("load \"x\" | transpose | row 3", "E0311", "constant");
  const TypedConstant constant = parse_constant(cursor, any_constant());
  ASSERT_FALSE(cursor.failed());
  EXPECT_FALSE(constant.type);
  ASSERT_FALSE(constant.source->load().ok());
  EXPECT_EQ(constant.source->load().errors()[0].code, "E0201");
}

TEST(Constant, UnknownTransformsOfPassesAreInternalErrors) {
  const auto chain = derived_constant(zeros_constant(DType::F32, {2}), "rotate");
  ASSERT_FALSE(chain->load().ok());
  EXPECT_EQ(chain->load().errors()[0].code, "E0901");
}

TEST(Constant, ErrorsNameThePlace) {
  const std::tuple<const char*, const char*, const char*> bad[] = {
      {"store \"w\"", "column 1",
       "expected a constant: load \"NAME\", zeros TYPE, layers [...], dequantised_blocks [...], or "
       "stripes [...]"},
      {"load w", "column 6", "expected the name of a constant in quotes"},
      {"load \"v\"", "column 6", "the model has no constant 'v'"},
      {"load \"w\" | transposed", "column 12",
       "there is no transform 'transposed'; did you mean 'transpose'?"},
      {"load \"w\" | row", "column 15", "expected a whole number"},
      {"load \"w\" | row 0", "column 16", "expected a whole number from 1 to 9223372036854775807"},
      {"load \"w\" | row 5", "column 12",
       "row takes as many elements of f32 as it makes, or one, not f32[2,3]"},
      {"load \"s\" | transpose", "column 12", "transpose takes a matrix, not f32[]"},
      {"load \"i\" | row_scales", "column 12", "row_scales takes a matrix of f32, not i32[2,2]"},
      {"load \"i\" | quantised_rows", "column 12",
       "quantised_rows takes a matrix of f32, not i32[2,2]"},
      {"load \"w\" | padded_matrix 1 3", "column 12",
       "padded_matrix takes a matrix of up to that many rows and columns, and at least half as "
       "many, not f32[2,3]"},
      {"load \"w\" | padded_matrix 5 3", "column 12",
       "padded_matrix takes a matrix of up to that many rows and columns, and at least half as "
       "many, not f32[2,3]"},
      {"load \"w\" | columns 4", "column 12",
       "columns takes a matrix of at least as many columns, not f32[2,3]"},
      {"load \"i\" | sines 4", "column 12", "sines takes frequencies of f32, not i32[2,2]"},
      {"load \"w\" | padded_row 6", "column 12",
       "padded_row takes a row of up to as many elements, and at least half as many, not f32[2,3]"},
      {"zeros f31[2]", "column 7", "there is no element type 'f31'"},
      {"zeros f16[2]", "column 7", "zeros are f32, i8, i32 or i64"},
      {"zeros f32[n]", "column 7", "zeros have a shape of positive numbers"},
      {"zeros f32[0]", "column 7", "zeros have a shape of positive numbers"},
  };
  for (const auto& [text, place, message] : bad) {
    TextCursor cursor(text, "E0311", "constant");
    (void)parse_constant(cursor, lookup);
    ASSERT_TRUE(cursor.failed()) << text;
    EXPECT_EQ(cursor.error().message, message) << text;
    EXPECT_NE(cursor.error().where.find(place), std::string::npos)
        << text << ": " << cursor.error().where;
  }
}

TEST(Constant, RecordsAreSortedAndFound) {
  std::string_view before;
  for (const TransformRecord& record : transform_records()) {
    EXPECT_LT(before, record.name);
    before = record.name;
    EXPECT_EQ(find_transform(record.name), &record);
    EXPECT_FALSE(record.summary.empty());
  }
  EXPECT_EQ(find_transform("zzz"), nullptr);
}

}  // namespace
}  // namespace st
