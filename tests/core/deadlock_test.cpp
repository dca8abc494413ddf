// SPDX-License-Identifier: Apache-2.0
// The depths that size_channels() chooses never let a launch deadlock.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/core/compiled.h"
#include "tests/core/token_simulator.h"

namespace st {
namespace {

using test::Random;

#ifdef ST_TEST_SANITIZED
constexpr uint64_t Programs = 40;
#else
constexpr uint64_t Programs = 300;
#endif

/// Tokens and past of launches that are tried: all small ones that the program allows.
std::vector<std::pair<int64_t, int64_t>> small_launches(const Program& program, bool has_cache) {
  std::vector<std::pair<int64_t, int64_t>> launches;
  for (int64_t tokens = 1; tokens <= std::min<int64_t>(4, program.max_sequence); ++tokens) {
    for (int64_t past = 0; past <= (has_cache ? 3 : 0); ++past) {
      if (tokens + past <= program.max_positions) launches.emplace_back(tokens, past);
    }
  }
  return launches;
}

/// Programs of all forms under all limits: `visit(seed, program, has_cache)`.
template <typename Visit>
void for_each_program(const Visit& visit) {
  for (uint64_t seed = 1; seed <= Programs; ++seed) {
    Random random(seed + 7000);
    const auto choices = test::random_choices(random, seed % 2 == 0 ? "w8a8" : "f32");
    const auto made = test::compiled(test::random_decoder(seed), choices);
    if (!made.ok()) {
      EXPECT_EQ(made.errors()[0].code, "E0403") << "seed " << seed;
      continue;
    }
    visit(seed, made->program, !made->decoder.past.empty());
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FifoDepths, NoLaunchDeadlocks) {
  int programs = 0, launches = 0;
  for_each_program([&](uint64_t seed, const Program& program, bool has_cache) {
    ++programs;
    for (const auto& [tokens, past] : small_launches(program, has_cache)) {
      for (int group = 0; group < program.groups; ++group) {
        const test::Execution run = test::execute(program, group, tokens, past);
        ++launches;
        ASSERT_TRUE(run.finished) << "seed " << seed << ", group " << group << ", tokens " << tokens
                                  << ", past " << past << "\n"
                                  << run.blocked;
      }
    }
  });
  std::cout << programs << " programs, " << launches << " launches of groups\n";
  EXPECT_GE(programs, static_cast<int>(Programs) / 2);
}

TEST(FifoDepths, TemplatesMoveAsManyBeatsAsTypesSay) {
  for_each_program([&](uint64_t seed, const Program& program, bool has_cache) {
    const int64_t tokens = std::min<int64_t>(3, program.max_sequence);
    const int64_t past = has_cache ? std::min<int64_t>(2, program.max_positions - tokens) : 0;
    for (int group = 0; group < program.groups; ++group) {
      const test::Execution run = test::execute(program, group, tokens, past);
      for (const ChannelId c : program.channels_of(group)) {
        const StreamType& type = program.channels[c].type;
        const int64_t expected =
            token_count(type.itensor, {{Sequence, tokens}, {Past, past}}) * type.beats_per_token();
        ASSERT_EQ(run.beats[c], expected) << "seed " << seed << " " << program.channels[c].name;
      }
    }
  });
}

TEST(FifoDepths, ShallowFifosWouldDeadlock) {
  // Shows that the execution above can fail, and that the floors are there for a reason.
  int deadlocks = 0;
  for_each_program([&](uint64_t, const Program& program, bool) {
    Program shallow = program;
    for (Channel& channel : shallow.channels) channel.depth = 2;
    for (int group = 0; group < shallow.groups; ++group) {
      const test::Execution run = test::execute(shallow, group, 1, 0);
      deadlocks += !run.finished;
      EXPECT_EQ(run.finished, run.blocked.empty());
    }
  });
  EXPECT_GT(deadlocks, 0);
}

/// What allocate.h promises: a row at each input of a kernel that joins several streams, as far as
/// a row can be held and no converter holds it already; and at each of several parameter rows.
int64_t promised_floor(const Program& program, const Channel& channel) {
  const Kernel& consumer = program.kernels[channel.consumer];
  const int64_t row = channel.type.max_beats() / program.max_sequence;
  int parameters = 0;
  for (const Port& port : consumer.inputs)
    parameters += program.tensors[port.tensor].constant != nullptr;
  if (program.tensors[channel.tensor].constant != nullptr)
    return parameters > 1 && channel.type.itensor.elem.size() == 1 ? row : 0;
  for (const Trip& trip : channel.type.itensor.trips) {
    if (trip.count.terms().count(Past) != 0) return 0;
  }
  const bool buffered = program.kernels[channel.producer].kind == "convert";
  return consumer.inputs.size() > 1 && consumer.kind != "matmul" && !buffered ? row : 0;
}

TEST(FifoDepths, FloorsAloneRuleOutDeadlock) {
  // What the LP adds for speed depends on predicted cycles, and must not be what keeps a design
  // alive.
  for_each_program([&](uint64_t seed, const Program& program, bool has_cache) {
    Program floors = program;
    for (Channel& channel : floors.channels) {
      const int64_t floor = promised_floor(program, channel);
      ASSERT_GE(channel.depth, floor) << "seed " << seed << " " << channel.name;
      channel.depth = std::max<int64_t>(floor, 1);
    }
    for (const auto& [tokens, past] : small_launches(program, has_cache)) {
      for (int group = 0; group < program.groups; ++group) {
        const test::Execution run = test::execute(floors, group, tokens, past);
        ASSERT_TRUE(run.finished) << "seed " << seed << ", group " << group << ", tokens " << tokens
                                  << ", past " << past << "\n"
                                  << run.blocked;
      }
    }
  });
}

}  // namespace
}  // namespace st
