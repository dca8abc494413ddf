// SPDX-License-Identifier: Apache-2.0
// The depths that size_channels() chooses never let a launch deadlock.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "core/itensor/conversion.h"
#include "core/resources/allocate.h"
#include "core/resources/program_network.h"
#include "core/resources/refine.h"
#include "core/simulate/simulator.h"
#include "tests/core/compiled.h"
#include "tests/core/random_streams.h"
#include "tests/core/token_simulator.h"

namespace st {
namespace {

using test::Random;

#ifdef ST_TEST_SANITIZED
constexpr uint64_t Programs = 16;
#else
constexpr uint64_t Programs = 60;
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

/// Every `stride`th of programs of all forms under all limits: `visit(seed, program, has_cache)`.
template <typename Visit>
void for_each_program(const Visit& visit, uint64_t stride = 1) {
  for (uint64_t seed = stride; seed <= Programs; seed += stride) {
    Random random(seed + 7000);
    auto choices = test::random_choices(random, seed % 2 == 0 ? "w8a8" : "f32");
    test::group_some(choices, seed);
    const auto made = test::compiled(test::random_decoder(seed), choices);
    if (!made.ok()) {
      EXPECT_EQ(made.errors()[0].code, "E0403")
          << "seed " << seed << ": " << made.errors()[0].message;
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

/// Cycles of a group's short prefill and of its last decode, with the depths of one program and the
/// memory channels of the other.
int64_t cycles_of(const Program& depths, const Program& program, int group, const Target& target) {
  const int64_t rows = std::min<int64_t>(4, program.max_sequence);
  const Network network = network_of(
      program, group, target,
      {{{Sequence, rows}, {Past, 0}}, {{Sequence, 1}, {Past, program.max_positions - 1}}});
  std::vector<int64_t> chosen = depths_of(network);
  const std::vector<ChannelId> channels = program.channels_of(group);
  for (size_t c = 0; c < channels.size(); ++c) chosen[c] = depths.channels[channels[c]].depth;
  return Simulator(network).run(chosen).cycles;
}

TEST(FifoDepths, RefinedOnesLetNoLaunchDeadlockEither) {
  const auto target = find_target("u280");
  ASSERT_TRUE(target.ok());
  int programs = 0, shallower = 0, all_lengths = 0;
  for_each_program(
      [&](uint64_t seed, const Program& sized, bool has_cache) {
        Program program = sized;
        if (!assign_memory_channels(program, *target).ok()) return;  // too many ports for a board
        const auto facts = refine_fifos(program, *target, "exact");
        ASSERT_TRUE(facts.ok()) << "seed " << seed << ": " << facts.errors()[0].message;
        ASSERT_TRUE(verify(program).ok()) << "seed " << seed;
        ++programs;
        for (const FifoFacts& group : *facts) {
          // Deeper than the LP's only where that is worth it.
          const int64_t before = cycles_of(sized, program, group.group, *target),
                        after = cycles_of(program, program, group.group, *target);
          ASSERT_LE(after, before) << "seed " << seed;
          ASSERT_TRUE(group.bits <= group.bits_before || after <= before - before / 100)
              << "seed " << seed;
          ASSERT_GT(group.positions + group.launches, 0) << "seed " << seed << " is not proven";
          shallower += group.bits < group.bits_before;
          all_lengths += group.positions > 0;
        }
        for (const auto& [tokens, past] : small_launches(program, has_cache)) {
          for (int group = 0; group < program.groups; ++group) {
            const test::Execution run = test::execute(program, group, tokens, past);
            ASSERT_TRUE(run.finished) << "seed " << seed << ", group " << group << ", tokens "
                                      << tokens << ", past " << past << "\n"
                                      << run.blocked;
          }
        }
      },
      5);
  std::cout << programs << " programs; groups: " << shallower << " shallower, " << all_lengths
            << " proven for all lengths\n";
  EXPECT_GE(programs, static_cast<int>(Programs) / 20);
  EXPECT_GT(shallower, programs / 2);
  EXPECT_GT(all_lengths, programs / 2);
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

/// Beats of different tiles of a row of f32 or i8 rows.
int64_t beats_per_row_once(const StreamType& type) {
  return max_shape(type.itensor).back() / type.lanes;
}

/// True if a converter can take a row whatever its readers do: it has a half for each of two
/// blocks, or room for a whole one, and a row is no more than a block.
bool holds_row(const Program& program, const Kernel& converter) {
  const int64_t window = converter.sizes.at("Window");
  std::vector<ItensorType> results;
  for (const Port& port : converter.outputs) results.push_back(port.type.itensor);
  const ConversionPlan plan = plan_conversion(converter.inputs[0].type.itensor, results);
  int64_t tokens_of_block = 1;
  for (size_t l = static_cast<size_t>(plan.shared); l < plan.source.trips.size(); ++l)
    tokens_of_block *= plan.source.trips[l].bound;
  return (window == 0 || window >= block_elements(plan)) &&
         tokens_of_block * program.max_sequence >= max_tokens(plan.source);
}

/// What allocate.h promises: a row at each input of a kernel that joins several streams, as far as
/// a row can be held and nothing before it holds it already; behind each converter that holds less
/// than a row, or that sends a kernel one input after another; and at each of several parameter
/// rows, or of a kernel that streams its row again.
int64_t promised_floor(const Program& program, const Channel& channel) {
  const Kernel &consumer = program.kernels[channel.consumer],
               &producer = program.kernels[channel.producer];
  const int64_t row = channel.type.max_beats() / program.max_sequence;
  int parameters = 0;
  for (const Port& port : consumer.inputs)
    parameters += program.tensors[port.tensor].constant != nullptr;
  bool again = false;
  for (const auto& [name, size] : consumer.sizes)
    again = again || (consumer.kind != "cache_rows" && name.rfind("Repeat", 0) == 0 && size > 1);
  if (program.tensors[channel.tensor].constant != nullptr)
    return (parameters > 1 || again) && channel.type.itensor.elem.size() == 1 ? row : 0;
  int from_producer = 0;
  for (const Port& port : consumer.inputs)
    from_producer += program.channels[port.channel].producer == channel.producer;
  if (producer.kind == "convert")
    return holds_row(program, producer) && from_producer == 1 ? 0 : row;
  for (const Trip& trip : channel.type.itensor.trips) {
    if (trip.count.terms().count(Past) != 0) return 0;
  }
  if (consumer.kind == "matmul" || consumer.kind == "matmul_groups" ||
      consumer.kind == "matmul_scaled_groups") {
    // Rows that come several times come from a kernel that keeps them.
    const bool kept = producer.kind == "rms_norm" || producer.kind == "layer_norm" ||
                      producer.kind == "quantize_rows" || producer.kind == "quantize_groups";
    const int64_t once = beats_per_row_once(channel.type);
    // A group is sent before all of the row has come.
    const bool early =
        producer.kind == "quantize_groups" && producer.outputs[0].tensor == channel.tensor;
    if (kept && row > once) return early ? once : 0;
  }
  return consumer.inputs.size() > 1 ? row : 0;
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

TEST(FifoDepths, FloorsAloneRuleOutDeadlockInAnyStreams) {
  int programs = 0;
  // Rare forms, of thousands that were tried: a kernel that reads two outputs of one converter, and
  // converters of less than a row.
  std::vector<uint64_t> seeds = {1288, 5554};
  for (uint64_t seed = 1; seed <= 2 * Programs; ++seed) seeds.push_back(seed);
  for (const uint64_t seed : seeds) {
    test::Streams made = test::random_streams(seed);
    if (!made.by_rows) continue;
    ++programs;
    for (const test::ProgramPass& pass : test::program_passes({})) {
      const Status status = pass.run(made.program);
      ASSERT_TRUE(status.ok()) << "seed " << seed << " " << pass.name;
    }
    Program& floors = made.program;
    for (Channel& channel : floors.channels) {
      const int64_t floor = promised_floor(floors, channel);
      ASSERT_GE(channel.depth, floor) << "seed " << seed << " " << channel.name;
      channel.depth = std::max<int64_t>(floor, 1);
    }
    for (int64_t tokens = 1; tokens <= floors.max_sequence; ++tokens) {
      const test::Execution run = test::execute(floors, 0, tokens, 0);
      ASSERT_TRUE(run.finished) << "seed " << seed << ", tokens " << tokens << "\n"
                                << run.blocked << text_of(floors);
    }
  }
  EXPECT_GE(programs, static_cast<int>(Programs));
}

/// Runs one launch by the interpreter, with all inputs 0.
Status launch(const Program& program, ProgramInterpreter& interpreter, int64_t tokens,
              int64_t past) {
  test::set_inputs(program, interpreter, std::vector<int64_t>(static_cast<size_t>(tokens), 0),
                   past);
  return interpreter.launch(tokens, past);
}

TEST(FifoDepths, TheInterpreterMovesTheSameBeatsWithinThem) {
  for_each_program(
      [&](uint64_t seed, const Program& program, bool has_cache) {
        for (const auto& [tokens, past] : small_launches(program, has_cache)) {
          if (tokens == 2 || past == 2) continue;
          ProgramInterpreter interpreter(program);
          const Status status = launch(program, interpreter, tokens, past);
          ASSERT_TRUE(status.ok()) << "seed " << seed << " " << status.errors()[0].message;
          ASSERT_EQ(interpreter.channels().size(), program.channels.size());
          for (int group = 0; group < program.groups; ++group) {
            const test::Execution run = test::execute(program, group, tokens, past);
            for (const ChannelId c : program.channels_of(group)) {
              const ChannelUse& use = interpreter.channels().at(c);
              ASSERT_EQ(use.beats, run.beats[c])
                  << "seed " << seed << " " << program.channels[c].name;
              ASSERT_LE(use.peak, program.channels[c].depth) << "seed " << seed;
              ASSERT_GE(use.peak, std::min<int64_t>(1, use.beats)) << "seed " << seed;
            }
          }
        }
      },
      3);
}

/// A channel whose least depth kills the group, or -1.
ChannelId critical_channel(const Program& program, int group) {
  for (const ChannelId c : program.channels_of(group)) {
    if (promised_floor(program, program.channels[c]) < 2) continue;
    Program shallow = program;
    shallow.channels[c].depth = 1;
    if (!test::execute(shallow, group, 1, 0).finished) return c;
  }
  return -1;
}

TEST(FifoDepths, TheInterpreterReportsADeadlock) {
  int deadlocks = 0;
  for_each_program(
      [&](uint64_t seed, const Program& program, bool) {
        const ChannelId c = critical_channel(program, 0);
        if (c < 0) return;
        ++deadlocks;
        Program shallow = program;
        shallow.channels[c].depth = 1;
        ProgramInterpreter interpreter(shallow);
        const Status status = launch(shallow, interpreter, 1, 0);
        ASSERT_FALSE(status.ok()) << "seed " << seed;
        const Diagnostic& problem = status.errors()[0];
        EXPECT_EQ(problem.code, "E0321");
        const std::string waiting =
            "kernel '" + program.kernels[program.channels[c].producer].name +
            "' waits to write channel '" + program.channels[c].name + "' (full: 1 of 1)";
        EXPECT_NE(std::find(problem.details.begin(), problem.details.end(), waiting),
                  problem.details.end())
            << "seed " << seed << ": no \"" << waiting << "\"";
      },
      5);
  std::cout << deadlocks << " deadlocks reported\n";
  EXPECT_GE(deadlocks, static_cast<int>(Programs) / 15);
}

TEST(FifoDepths, TheInterpreterReportsBeatsThatNobodyReads) {
  auto made = test::compiled(test::random_decoder(3), {});
  ASSERT_TRUE(made.ok());
  Program& program = made->program;
  for (Kernel& kernel : program.kernels) {
    if (kernel.kind != "store_rows") continue;
    kernel.sizes["Beats"] -= 1;
    program.channels[kernel.inputs[0].channel].depth = 0;  // without limit
    ProgramInterpreter interpreter(program);
    const Status status = launch(program, interpreter, 2, 0);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.errors()[0].code, "E0321");
    EXPECT_EQ(
        status.errors()[0].details,
        std::vector<std::string>{"channel '" + program.channels[kernel.inputs[0].channel].name +
                                 "' is left with 2 beats"});
    return;
  }
  FAIL() << "no store";
}

}  // namespace
}  // namespace st
