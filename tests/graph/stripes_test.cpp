// SPDX-License-Identifier: Apache-2.0
// Words of striped matrices against their definition, read the other way round: from each bit of
// each word to the weight or scale that it has to be.
#include "core/graph/stripes.h"

#include <gtest/gtest.h>

#include <random>

#include "core/graph/constant.h"
#include "core/support/text_form.h"

namespace st {
namespace {

/// Matrices of one depth, below one another.
struct Case {
  DType dtype;
  std::vector<int64_t> rows;  ///< of each matrix
  int64_t depth;
  StripeLayout layout;
};

struct Matrices {
  std::vector<Tensor> weights, scales;
};

Matrices random_matrices(const Case& of, unsigned seed) {
  std::mt19937 random(seed);
  Matrices made;
  for (const int64_t rows : of.rows) {
    Tensor weights = Tensor::zeros(of.dtype, {rows, of.depth});
    for (int64_t i = 0; i < weights.size(); ++i) {
      const auto value = static_cast<int64_t>(random() % 256) - 128;
      if (of.dtype == DType::I4) {
        weights.as<Int4>()[static_cast<size_t>(i)] = Int4(value);
      } else {
        weights.as<int8_t>()[static_cast<size_t>(i)] = static_cast<int8_t>(value);
      }
    }
    Tensor scales = Tensor::zeros(DType::BF16, {rows, of.layout.groups});
    for (BFloat16& scale : scales.as<BFloat16>())
      scale = BFloat16(1e-3 * static_cast<double>(random() % 1000 + 1));
    made.weights.push_back(std::move(weights));
    made.scales.push_back(std::move(scales));
  }
  return made;
}

/// By definition: what each place of the words means.
class Reader {
 public:
  Reader(const Case& of, const Matrices& matrices) : of_(of), matrices_(matrices) {}

  /// Byte `j` of word `w` of a port.
  [[nodiscard]] uint8_t byte(int64_t port, int64_t w, int64_t j) const {
    const StripeLayout& l = of_.layout;
    const int64_t scale_words = (l.rows * l.groups + 31) / 32;
    const int64_t pairs = l.rows / l.word_rows;
    const int64_t in_block = scale_words + pairs * l.groups * l.group_words;
    const int64_t block = w / in_block, n = w % in_block;
    if (n < scale_words) {
      const int64_t number = n * 32 + j / 2, group = number / l.rows, row = number % l.rows;
      const uint16_t bits = group < l.groups ? scale(row_of(port, block, row), group) : 0;
      return static_cast<uint8_t>(j % 2 == 0 ? bits & 255 : bits >> 8);
    }
    const int64_t m = n - scale_words;
    const int64_t group = m / (pairs * l.group_words), pair = m / l.group_words % pairs;
    const int64_t column = (group * l.group_words + m % l.group_words) * 64 + j;
    if (l.word_rows == 1) return static_cast<uint8_t>(weight(row_of(port, block, pair), column));
    const int low = weight(row_of(port, block, 2 * pair), column);
    const int high = weight(row_of(port, block, 2 * pair + 1), column);
    return static_cast<uint8_t>((low & 15) | (high & 15) << 4);
  }

 private:
  [[nodiscard]] int64_t row_of(int64_t port, int64_t block, int64_t row) const {
    return (block * of_.layout.rows + row) * of_.layout.ports + port;
  }
  /// The matrix that has a row, and its row there; -1 behind the last one.
  [[nodiscard]] std::pair<int, int64_t> place(int64_t row) const {
    for (size_t m = 0; m < of_.rows.size(); ++m) {
      if (row < of_.rows[m]) return {static_cast<int>(m), row};
      row -= of_.rows[m];
    }
    return {-1, 0};
  }
  [[nodiscard]] int weight(int64_t row, int64_t column) const {
    const auto [m, r] = place(row);
    if (m < 0 || column >= of_.depth) return 0;
    return static_cast<int>(
        matrices_.weights[static_cast<size_t>(m)].integer(r * of_.depth + column));
  }
  [[nodiscard]] uint16_t scale(int64_t row, int64_t group) const {
    const auto [m, r] = place(row);
    if (m < 0) return 0;
    const auto at = static_cast<size_t>(r * of_.layout.groups + group);
    return matrices_.scales[static_cast<size_t>(m)].as<BFloat16>()[at].bits;
  }

  const Case& of_;
  const Matrices& matrices_;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {DType::I8, {4}, 64, {1, 1, 1, 1, 4, 1}},
      {DType::I4, {4}, 64, {1, 2, 1, 1, 4, 1}},
      // rows that do not fill the blocks, columns that do not fill a word
      {DType::I8, {13}, 100, {3, 1, 1, 2, 2, 3}},
      {DType::I4, {13}, 100, {3, 2, 1, 2, 2, 3}},
      // groups of two words, the last one of a single column
      {DType::I8, {7, 5, 9}, 129, {2, 1, 2, 2, 12, 1}},
      {DType::I4, {7, 5, 9}, 129, {2, 2, 2, 2, 12, 1}},
      // a block of zeroes, a port without rows
      {DType::I8, {1}, 1, {4, 1, 1, 1, 1, 2}},
      {DType::I4, {1}, 1, {4, 2, 1, 1, 2, 2}},
      // several words of scales, which no group ends with
      {DType::I8, {64, 3}, 320, {2, 1, 1, 5, 17, 2}},
      {DType::I4, {30, 31}, 640, {5, 2, 2, 5, 14, 1}},
  };
  return all;
}

TEST(Stripes, AreWhatTheirDefinitionSays) {
  unsigned seed = 1;
  for (const Case& of : cases()) {
    SCOPED_TRACE(seed);
    const Matrices matrices = random_matrices(of, seed++);
    const Tensor words = striped(matrices.weights, matrices.scales, of.layout);
    const int64_t of_port = of.layout.words();
    ASSERT_EQ(words.shape, (std::vector<int64_t>{of.layout.ports * of_port, 64}));
    const Reader reader(of, matrices);
    for (int64_t w = 0; w < words.shape[0]; ++w) {
      for (int64_t j = 0; j < 64; ++j) {
        ASSERT_EQ(static_cast<uint8_t>(words.as<int8_t>()[static_cast<size_t>(w * 64 + j)]),
                  reader.byte(w / of_port, w % of_port, j))
            << "port " << w / of_port << ", word " << w % of_port << ", byte " << j;
      }
    }
  }
}

/// The constants of a case: "w0", "s0", "w1", ...
class Model {
 public:
  Model(const Case& of, unsigned seed) : of_(of), matrices_(random_matrices(of, seed)) {}

  std::optional<TypedConstant> operator()(const std::string& name) const {
    const size_t m = std::stoul(name.substr(1));
    if (m >= of_.rows.size()) return std::nullopt;
    const Tensor& tensor = (name[0] == 'w' ? matrices_.weights : matrices_.scales)[m];
    return TypedConstant{constant_of(tensor),
                         TensorType{tensor.dtype(), {tensor.shape[0], tensor.shape[1]}}};
  }
  [[nodiscard]] Tensor words() const {
    return striped(matrices_.weights, matrices_.scales, of_.layout);
  }
  /// As a chain of constants, the operands in `around`.
  [[nodiscard]] std::string text() const {
    std::string text;
    for (size_t m = 0; m < of_.rows.size(); ++m) {
      const std::string n = std::to_string(m);
      text += (m == 0 ? "" : ", ") + ("load \"w" + n) + "\", load \"s" + n + "\"";
    }
    return "stripes [" + text + "] " + std::to_string(of_.layout.ports) + " " +
           std::to_string(of_.layout.rows) + " " + std::to_string(of_.layout.blocks) + " " +
           std::to_string(of_.layout.group_words);
  }

 private:
  const Case& of_;
  Matrices matrices_;
};

TypedConstant parsed(const std::string& text, const ConstantLookup& lookup) {
  TextCursor cursor(text, "E0311", "constant");
  TypedConstant constant = parse_constant(cursor, lookup);
  EXPECT_FALSE(cursor.failed()) << text << ": " << cursor.error().message;
  EXPECT_TRUE(cursor.at_end()) << text;
  return constant;
}

Tensor rows_of(const Tensor& words, int64_t first, int64_t count) {
  return copied_block(words, {first, count, 0, 64});
}

TEST(Stripes, ReadBackAndPartsAreThoseOfPorts) {
  unsigned seed = 1;
  for (const Case& of : cases()) {
    const Model model(of, seed++);
    const TypedConstant all = parsed(model.text(), model);
    EXPECT_EQ(all.source->describe(), model.text());
    EXPECT_EQ(text_of(*all.type),
              "i8[" + std::to_string(of.layout.ports * of.layout.words()) + ",64]");
    ASSERT_TRUE(all.source->load().ok());
    const Tensor words = model.words();
    EXPECT_EQ(*all.source->load(), words);
    const int64_t n = of.layout.words();
    for (int64_t port = 0; port < of.layout.ports; ++port) {
      const std::string text =
          model.text() + " | part " + std::to_string(n) + " " + std::to_string(port + 1);
      const TypedConstant part = parsed(text, model);
      EXPECT_EQ(part.source->describe(), text);
      EXPECT_EQ(text_of(*part.type), "i8[" + std::to_string(n) + ",64]");
      const Tensor expected = rows_of(words, port * n, n);
      EXPECT_EQ(*part.source->load(), expected);
      for (const Block& block :
           {Block{}, Block{0, 1, 0, 64}, Block{n - 1, 5, 3, 7}, Block{n / 2, n, 60, 100}})
        EXPECT_EQ(*part.source->load_block(0, block), copied_block(expected, block)) << text;
    }
  }
}

TEST(Stripes, OfLayersAreThoseOfEach) {
  const Case of = {DType::I4, {6, 4}, 70, {3, 2, 1, 2, 4, 1}};
  const Model first(of, 1), second(of, 2);
  const ConstantLookup both = [&](const std::string& name) {
    return name[1] == '1' ? second(name[0] + std::to_string(name[2] - '0'))
                          : first(name[0] + std::to_string(name[2] - '0'));
  };
  const std::string text =
      "stripes [layers [load \"w00\", load \"w10\"], layers [load \"s00\", load \"s10\"], layers "
      "[load \"w01\", load \"w11\"], layers [load \"s01\", load \"s11\"]] 3 4 1 1 | part 5 2";
  const TypedConstant part = parsed(text, both);
  EXPECT_EQ(part.source->describe(), text);
  EXPECT_EQ(part.source->layers(), 2);
  EXPECT_EQ(*part.source->load_layer(0), rows_of(first.words(), 5, 5));
  EXPECT_EQ(*part.source->load_layer(1), rows_of(second.words(), 5, 5));
  EXPECT_EQ(*part.source->load_block(1, {1, 2, 3, 4}),
            copied_block(rows_of(second.words(), 5, 5), {1, 2, 3, 4}));
  EXPECT_NE(*part.source->load_layer(0), *part.source->load_layer(1));
}

TEST(Stripes, OperandsAndNumbersHaveToFit) {
  const Case of = {DType::I4, {6, 4}, 70, {3, 2, 1, 2, 4, 1}};
  const Model model(of, 1);
  const std::string operands = "stripes [load \"w0\", load \"s0\", load \"w1\", load \"s1\"] ";
  for (const std::string& text :
       {operands + "3 4 1 2",  // other groups
        operands + "3 3 2 1",  // half a word
        operands + "3 2 1 1",  // rows without a place
        operands + "3 4 0 1",  // no block
        operands + "3 4 1 0",  // no column
        operands + "4000000000 4 1 1", operands + "3 4 1", operands + "3 4 1 1 | part 4 1",
        operands + "3 4 1 1 | part 5 4", std::string("stripes [load \"w0\"] 3 4 1 1"),
        std::string("stripes [load \"s0\", load \"w0\"] 3 4 1 1"),
        std::string("stripes [load \"w0\", load \"s1\"] 3 4 1 1"),
        std::string("stripes [load \"w0\", load \"s0\", load \"w1\"] 3 4 1 1")}) {
    TextCursor cursor(text, "E0311", "constant");
    parse_constant(cursor, std::cref(model));
    EXPECT_TRUE(cursor.failed()) << text;
  }
}

}  // namespace
}  // namespace st
