// SPDX-License-Identifier: Apache-2.0
// The kernels of the shared engine's linear layers: each stream between them against direct
// arithmetic, and what the verifier says of such programs.
#include <gtest/gtest.h>

#include "core/dataflow/verify.h"
#include "tests/common/engine_model.h"
#include "tests/common/status_text.h"

namespace st {
namespace {

using test::EngineCase;
using test::EngineValues;
using test::text_of;

void expect_direct(const EngineCase& of, int64_t tokens, uint64_t seed) {
  SCOPED_TRACE(of.text());
  const EngineValues values = test::random_values(of, tokens, seed);
  const Program program = test::engine_program(of, values);
  ASSERT_EQ(text_of(verify(program)), "");
  ProgramInterpreter interpreter(program);
  std::vector<ChannelId> all;
  for (size_t c = 0; c < program.channels.size(); ++c) all.push_back(static_cast<ChannelId>(c));
  interpreter.record(all);
  test::set_rows(program, values, interpreter.state());
  ASSERT_EQ(text_of(interpreter.launch(tokens, 0)), "");
  size_t compared = 0;
  for (const auto& [name, bytes] : test::engine_streams(of, values)) {
    for (const ChannelId c : all) {
      if (program.channels[static_cast<size_t>(c)].name != name) continue;
      EXPECT_EQ(interpreter.recorded().at(c), bytes) << name;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 1 + 3 * of.slices.size());
}

const DType I4 = DType::I4, I8 = DType::I8;

TEST(StripeKernels, OfOnePort) {
  expect_direct({.weights = I8, .y_beats = 3}, 1, 1);
  expect_direct({.weights = I4, .rows = 24, .y_beats = 6}, 1, 2);
}

TEST(StripeKernels, OfSlicesAndBlocks) {
  for (const DType type : {I8, I4}) {
    // 3 blocks of 5 * 24 rows, the last one not full
    expect_direct({type, {2, 3}, 1, 24, 3, 16, 4, 10, 30}, 1, 3);
    expect_direct({type, {1, 1, 1}, 1, 24, 2, 64, 3, 16, 8}, 1, 4);
    expect_direct({type, {7, 7, 7, 7}, 1, 24, 1, 32, 8, 16, 42}, 1, 5);
  }
}

TEST(StripeKernels, OfGroupsOfSeveralWords) {
  for (const DType type : {I8, I4}) {
    // 3 words in groups of 2: the last column is of zeroes
    expect_direct({type, {2, 1}, 2, 12, 2, 16, 12, 4, 15}, 1, 6);
    // and a word that is not full
    expect_direct({type, {2}, 3, 8, 3, 4, 79, 6, 7}, 1, 7);
    expect_direct({type, {2, 2}, 2, 12, 1, 1, 70, 1, 48}, 1, 8);
  }
}

TEST(StripeKernels, OfScalesOfSeveralWords) {
  for (const DType type : {I8, I4}) expect_direct({type, {3}, 1, 26, 2, 64, 11, 13, 10}, 1, 9);
}

TEST(StripeKernels, OfRowsThatAreMuchShorterThanBlocks) {
  for (const DType type : {I8, I4}) {
    expect_direct({type, {5, 4}, 1, 24, 2, 16, 4, 1, 1}, 1, 10);
    expect_direct({type, {5, 4}, 1, 24, 2, 16, 4, 16, 7}, 1, 11);
  }
}

TEST(StripeKernels, OfSeveralTokens) {
  for (const DType type : {I8, I4})
    expect_direct({type, {2, 1}, 2, 12, 2, 16, 12, 4, 15, 5}, 4, 12);
}

/// Words are kept for a second tile of tokens.
TEST(StripeKernels, OfTwoTilesOfTokens) {
  for (const DType type : {I8, I4}) {
    for (const int64_t tokens : {1, 3, 4, 5})
      expect_direct({type, {2, 1}, 2, 12, 2, 16, 12, 4, 15, 5, 2}, tokens, 13);
    for (const int64_t tokens : {1, 2})
      expect_direct({type, {1, 2}, 1, 24, 3, 16, 4, 10, 18, 2, 2}, tokens, 14);
  }
}

/// Problems of a program whose kernel has another size.
void expect_fault(const std::string& kernel, const std::string& size, int64_t value,
                  const std::string& text) {
  const EngineCase of = {I4, {2, 1}, 1, 24, 2, 16, 12, 4, 15};
  Program program = test::engine_program(of, test::random_values(of, 1, 14));
  for (Kernel& each : program.kernels) {
    if (each.name == kernel) each.sizes.at(size) = value;
  }
  const std::string problems = text_of(verify(program));
  EXPECT_NE(problems.find(kernel + ": "), std::string::npos) << problems;
  EXPECT_NE(problems.find(text), std::string::npos) << kernel << " " << size << ": " << problems;
}

TEST(StripeKernels, SizesThatDoNotFitAreFound) {
  expect_fault("feed", "L", 48, "a column is of whole beats");
  expect_fault("feed", "MaxColumns", 2, "columns are not those of its row");
  expect_fault("feed", "Groups", 4, "columns are not those of its row");
  expect_fault("feed", "Groups", 2, "columns are not those of its row");
  expect_fault("feed", "Beats", 11, "not as wide as its sizes say");
  expect_fault("feed", "Slices", 1, "a slice takes columns and scales");
  expect_fault("feed", "Blocks", 1, "what a slice gets is not its columns and scales");
  expect_fault("multiply_0", "Rows", 25, "rows are not whole words");
  expect_fault("multiply_0", "MaxRows", 22, "more than it has room for");
  expect_fault("multiply_0", "MaxScaleWords", 2, "more than it has room for");
  expect_fault("multiply_0", "Rows", 22, "before an addition is done");
  expect_fault("multiply_0", "Ports", 1, "not one stream of words for each port");
  expect_fault("multiply_1", "Blocks", 1, "its streams are not those of its layout");
  expect_fault("multiply_1", "Groups", 2, "its streams are not those of its layout");
  expect_fault("collect", "SliceBeats", 23, "a slice gives other results");
  expect_fault("collect", "Ports", 4, "slices have not the results of a row");
  expect_fault("collect", "Beats", 37, "slices have not the results of a row");
  expect_fault("collect", "Beats", 14, "the row has another width");
}

}  // namespace
}  // namespace st
