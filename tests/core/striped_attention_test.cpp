// SPDX-License-Identifier: Apache-2.0
// The kernels of attention over striped caches: each stream between them against what it has to
// carry, over several tokens, and what the verifier says of such programs.
#include <gtest/gtest.h>

#include "core/dataflow/parse.h"
#include "tests/common/striped_model.h"

namespace st {
namespace {

using test::Random;
using test::StripedCaches;
using test::StripedCase;
using test::StripedToken;

/// Runs tokens one after another in caches with any bytes in them.
void expect_attention_as_is(const StripedCase& of, int64_t tokens, uint64_t seed) {
  SCOPED_TRACE(of.text() + ", seed " + std::to_string(seed));
  Random random(seed);
  const Program program = test::striped_program(of);
  ProgramInterpreter interpreter(program);
  std::vector<ChannelId> all;
  for (size_t c = 0; c < program.channels.size(); ++c) all.push_back(static_cast<ChannelId>(c));
  interpreter.record(all);
  StripedCaches caches = test::random_caches(random, of);
  test::set_caches(program, caches, interpreter.state());
  std::vector<StripedToken> history;
  for (int64_t past = 0; past < tokens; ++past) {
    SCOPED_TRACE("past " + std::to_string(past));
    history.push_back(test::random_token(random, of));
    test::set_token(program, history.back(), interpreter.state());
    const Status status = interpreter.launch(1, past);
    ASSERT_TRUE(status.ok()) << status.errors()[0].message
                             << (status.errors()[0].details.empty()
                                     ? ""
                                     : status.errors()[0].details[0]);
    const auto expected = test::striped_streams(of, caches, history);
    size_t compared = 0;
    for (const ChannelId c : all) {
      const auto stream = expected.find(program.channels[static_cast<size_t>(c)].name);
      if (stream == expected.end()) continue;
      ASSERT_EQ(interpreter.recorded().at(c), stream->second) << stream->first;
      ++compared;
    }
    EXPECT_EQ(compared, 3 + 5 * of.slices.size() + static_cast<size_t>(of.stripes()));
    test::put_position(caches, of, past, history.back());
    ASSERT_EQ(test::caches_in(program, interpreter.state()), caches);
  }
}

/// The same, with sums in one part and in two.
void expect_attention(StripedCase of, int64_t tokens, uint64_t seed) {
  for (of.sum_parts = 1; of.sum_parts <= 2; ++of.sum_parts)
    expect_attention_as_is(of, tokens, seed);
}

TEST(StripedAttention, OfOnePort) {
  expect_attention({1, 1, 64, 16, {1}, 4, 0}, 4, 1);
  expect_attention({2, 2, 8, 8, {1}, 3, 2}, 3, 2);
}

TEST(StripedAttention, OfSlices) {
  expect_attention({4, 2, 64, 16, {2, 1}, 11, 0}, 11, 3);
  expect_attention({4, 4, 128, 16, {3, 2}, 17, 0}, 17, 4);
  expect_attention({6, 2, 8, 16, {2, 3, 2}, 23, 0}, 23, 5);
}

TEST(StripedAttention, OfWindows) {
  expect_attention({4, 2, 64, 16, {2, 3}, 17, 1}, 17, 6);
  expect_attention({4, 1, 8, 8, {1, 1, 1}, 14, 2}, 14, 7);
  expect_attention({2, 1, 128, 32, {4}, 14, 5}, 14, 8);
  expect_attention({2, 1, 64, 32, {4}, 14, 40}, 14, 9);
}

TEST(StripedAttention, OfHeadsThatAreNoWholeBeatsOrWords) {
  expect_attention({4, 2, 80, 32, {2, 2}, 9, 0}, 9, 10);
  expect_attention({8, 4, 8, 32, {3}, 7, 0}, 7, 11);
  expect_attention({4, 4, 8, 4, {2}, 5, 0}, 5, 12);
  expect_attention({3, 3, 96, 48, {2}, 5, 0}, 5, 13);
  expect_attention({2, 1, 6, 1, {2}, 5, 0}, 5, 14);
  expect_attention({2, 1, 128, 128, {2}, 5, 0}, 5, 15);
}

TEST(StripedAttention, OfScalesOfSeveralWords) {
  expect_attention({20, 20, 8, 8, {2, 1}, 7, 0}, 7, 16);
}

TEST(StripedAttention, OfAllPorts) {
  expect_attention({8, 2, 64, 16, {7, 7, 7, 7}, 88, 60}, 86, 17);
}

/// Values whose scales are all 0 give a context of zeroes.
TEST(StripedAttention, OfValuesThatAreZero) {
  const StripedCase of = {2, 1, 8, 8, {2}, 4, 0};
  const Program program = test::striped_program(of);
  ProgramInterpreter interpreter(program);
  Random random(18);
  StripedToken token = test::random_token(random, of);
  token.v_scales = {0.0f};
  test::set_token(program, token, interpreter.state());
  ASSERT_TRUE(interpreter.launch(1, 0).ok());
  for (const auto& [m, tensor] : interpreter.state()) {
    if (program.memories[static_cast<size_t>(m)].role != MemoryRole::Output) continue;
    EXPECT_EQ(tensor.f32(), std::vector<float>(16, 0.0f));
  }
}

/// All that is wrong with a program, but that its cycle needs layers that are streamed.
std::string problems_of(const Program& program) {
  std::string text;
  const Status status = verify(program);
  for (const Diagnostic& problem : status.errors()) {
    if (problem.message.find("feed back") == std::string::npos)
      text += problem.where + ": " + problem.message + "\n";
  }
  return text;
}

TEST(StripedAttention, IsAPlausibleProgram) {
  for (const StripedCase& of :
       {StripedCase{4, 2, 64, 16, {2, 1}, 11, 0}, StripedCase{6, 2, 8, 16, {2, 3, 2}, 23, 9},
        StripedCase{32, 32, 128, 16, {7, 7, 7, 7}, 2048, 0, 1.0f, 2}}) {
    const Program program = test::striped_program(of);
    EXPECT_EQ(problems_of(program), "") << of.text();
    const auto again = parse_program(text_of(program), {});
    ASSERT_TRUE(again.ok()) << again.errors()[0].message;
    EXPECT_EQ(text_of(*again), text_of(program));
  }
}

/// The one kernel that has a fault.
void expect_striped_fault(const std::string& kernel, const std::string& size, int64_t value,
                          const std::string& text) {
  Program program = test::striped_program({4, 2, 64, 16, {2, 1}, 5, 0});
  for (Kernel& each : program.kernels) {
    if (each.name == kernel) each.sizes.at(size) = value;
  }
  const std::string problems = problems_of(program);
  EXPECT_TRUE(problems.starts_with(kernel + ": ")) << problems;
  EXPECT_NE(problems.find(text), std::string::npos) << problems;
}

TEST(StripedAttention, SizesThatDoNotFitAreFound) {
  expect_striped_fault("attend_0", "Heads", 3, "no multiple");
  expect_striped_fault("attend_0", "Stripes", 33, "fewer ports");
  expect_striped_fault("attend_1", "First", 3, "fewer ports");
  expect_striped_fault("attend_0", "MaxRounds", 5, "MaxRounds");
  expect_striped_fault("attend_0", "Ports", 1, "streams are not those of its sizes");
  expect_striped_fault("attend_0", "Head", 128, "its loops move");
  expect_striped_fault("attend_0", "SumParts", 3, "sums have one part or two");
  expect_striped_fault("attend_0", "SumParts", 2, "its loops move");
  expect_striped_fault("load_1", "MaxRounds", 3, "MaxRounds");
  expect_striped_fault("load_1", "KVHeads", 3, "no cache of a port");
  expect_striped_fault("store", "Stripes", 4, "not a memory for each port");
  expect_striped_fault("store", "L", 8, "streams are not those of its sizes");
  expect_striped_fault("share", "KVHeads", 1, "its loops move");
  expect_striped_fault("merge", "L", 24, "rows are no whole beats");
  expect_striped_fault("merge", "SumParts", 2, "its loops move");
  expect_striped_fault("feed", "KVHeads", 4, "its loops move");
}

/// 516 times the largest weight and value have 31 bits.
TEST(StripedAttention, SumsOfManyPositionsGoInTwoParts) {
  for (const int64_t positions : {516, 517}) {
    for (const int64_t parts : {1, 2}) {
      const StripedCase of = {1, 1, 64, 16, {1, 1}, 2 * positions, 0, 1.0f, parts};
      const std::string problems = problems_of(test::striped_program(of));
      EXPECT_EQ(problems.find("its sums have more bits") != std::string::npos,
                positions > 516 && parts == 1)
          << of.text();
    }
  }
}

}  // namespace
}  // namespace st
