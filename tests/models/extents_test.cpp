// SPDX-License-Identifier: Apache-2.0
// Widths that divide badly, and the smallest: emitted, run and verified.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "tests/common/block_model.h"
#include "tests/common/tool.h"
#include "tests/models/reference.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// Of the largest logit.
constexpr double Tolerance = 1e-4;

double largest(const Rows& rows) {
  double most = 0;
  for (const float value : rows.values)
    most = std::max(most, std::fabs(static_cast<double>(value)));
  return most;
}

/// Builds, verifies and runs the model; its logits are those of the graph.
void expect_right(const BlockModel& model, int vocabulary, const std::string& precision) {
  SCOPED_TRACE(precision);
  const fs::path folder = own_folder("extents"), output = folder / "out", file = folder / "logits";
  const fs::path path = model.write(folder);
  const Outcome made = build(path, output, {"--precision", precision});
  ASSERT_EQ(made.status, 0) << made.err;
  const Outcome verified = streamtensor({"verify", output});
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  const std::vector<int64_t> ids = {vocabulary - 1, 0, vocabulary / 2};
  const Outcome ran =
      streamtensor({"run", output, "--ids", std::to_string(ids[0]) + ",0," + std::to_string(ids[2]),
                    "--max-tokens", "0", "--logits", file});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const Rows logits = read_logits(file, vocabulary),
             expected = Reference(path, precision).score(ids);
  ASSERT_EQ(logits.count(), 3);
  ASSERT_EQ(expected.values.size(), logits.values.size());
  const double difference = largest_difference(logits, expected), most = largest(expected);
  std::cout << precision << ": logits to " << most << ", differ by " << difference << "\n";
  EXPECT_LE(difference, Tolerance * most);
  fs::remove_all(folder);
}

// Vocabularies are small where widths are large, and the other way round: kernels are as wide as
// they are in the whole model.
constexpr BlockShape Primes = {61, 1, 1, 61, 173, 997, 16, 8};
constexpr BlockShape OneTile = {16, 1, 1, 16, 16, 16, 16, 8};
constexpr BlockShape OneElement = {1, 1, 1, 1, 1, 2, 4, 2};

TEST(Extents, Primes) {
  for (const char* precision : {"f32", "w8a8"})
    expect_right(gpt2_block(Primes), Primes.vocabulary, precision);
}

TEST(Extents, OneTile) {
  for (const char* precision : {"f32", "w8a8"})
    expect_right(llama_block(OneTile), OneTile.vocabulary, precision);
}

TEST(Extents, OneElement) { expect_right(gpt2_block(OneElement), OneElement.vocabulary, "f32"); }

#ifndef ST_TEST_SANITIZED

// Other widths of real models, and their vocabularies, are those of FullSizeLayer.
TEST(Extents, OfGpt2sVocabulary50257) {
  const BlockShape shape = {64, 4, 4, 16, 128, 50257, 16, 4};
  expect_right(gpt2_block(shape), shape.vocabulary, "f32");
}

#endif

}  // namespace
}  // namespace st::test
