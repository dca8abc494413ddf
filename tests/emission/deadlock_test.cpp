// SPDX-License-Identifier: Apache-2.0
// FIFOs in the simulation are as deep as in the hardware: one that is too shallow stops it there.
#include <regex>

#include "core/compiler/stage.h"
#include "core/dataflow/interpreter.h"
#include "core/network/certificate.h"
#include "core/platform/target.h"
#include "core/resources/program_network.h"
#include "core/resources/prove.h"
#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

constexpr int Deadlock = 75;

TEST(Deadlock, NamesTheTaskAndTheChannelThatIsTooShallow) {
  const fs::path build = copy_of(built({"adder"}), "shallow");
  const fs::path code = build / "groups/group0/src/group0.cpp";
  const std::string channel = "h_0_attn_residual_to_h_0_mlp_residual";
  // The residual's row waits in this channel while the feed-forward network needs all of it.
  const std::string text = read(code);
  const std::regex definition("(hls::stream<vec<float, [0-9]+>, )[0-9]+(> " + channel + "\\()");
  ASSERT_TRUE(std::regex_search(text, definition));
  write(code, std::regex_replace(text, definition, "$011$2"));
  recompile_test_bench(build);

  const Outcome bench = run_program({"./group0_tb", "../groups/group0/tb/data"}, build / "stub");
  EXPECT_EQ(bench.status, Deadlock) << bench.out << bench.err;
  const std::regex message("task 'st::fork<float, [0-9]+, [0-9]+>' waits to write channel '" +
                           channel + "' \\(full: 1 of 1\\)");
  EXPECT_TRUE(std::regex_search(bench.err, message)) << bench.err;

  const Outcome verified = streamtensor({"verify", build});
  EXPECT_NE(verified.status, 0);
  EXPECT_EQ(verified.out.find("verified"), std::string::npos);
  EXPECT_NE(verified.err.find("status 75"), std::string::npos) << verified.err;
  EXPECT_NE(verified.err.find("'" + channel + "'"), std::string::npos) << verified.err;
}

/// The group as a network, for the launch of the test bench's kind: a prompt.
Network network_of_prompt(const Program& program) {
  return network_of(program, 0, *find_target("u280"), {{{Sequence, 4}, {Past, 0}}});
}

/// A channel and the least depth at which the program has an untimed schedule, firing by firing and
/// access by access, all others as they are; of the first channel for which both are the same and
/// more than one slot.
struct Minimal {
  ChannelId channel = -1;
  int64_t depth = 0;
};
Minimal find_minimal(Program program) {
  for (size_t c = 0; c < program.channels.size(); ++c) {
    const int64_t depth = program.channels[c].depth;
    auto by_access = [&](int64_t slots) {
      program.channels[c].depth = slots;
      return untimed_schedule(program, 4, 0).ok();
    };
    auto by_firing = [&](int64_t slots) {
      program.channels[c].depth = slots;
      const Network network = network_of_prompt(program);
      return prove_free_of_deadlock(network, depths_of(network)).ok();
    };
    int64_t stuck = 0, least = depth;
    while (least - stuck > 1) {
      const int64_t middle = (stuck + least) / 2;
      (by_access(middle) ? least : stuck) = middle;
    }
    const bool minimal = least > 1 && by_firing(least);
    program.channels[c].depth = depth;
    if (minimal) return {static_cast<ChannelId>(c), least};
  }
  return {};
}

TEST(Deadlock, OneSlotLessThanMinimalIsNamedByProofSimulatorAndEmittedCode) {
  const fs::path build = copy_of(built({"adder"}), "minimal");
  Program program = program_of(build);
  const Minimal minimal = find_minimal(program);
  ASSERT_GE(minimal.channel, 0) << "every channel of the adder runs with one slot";
  Channel& channel = program.channels[static_cast<size_t>(minimal.channel)];
  const fs::path code = build / "groups/group0/src/group0.cpp";
  const auto set_depth = [&](int64_t depth) {
    const std::regex definition("(hls::stream<.*, )[0-9]+(> " + channel.name + "\\()");
    const std::string text = read(code);
    ASSERT_TRUE(std::regex_search(text, definition)) << channel.name;
    write(code, std::regex_replace(text, definition, "$01" + std::to_string(depth) + "$2"));
    recompile_test_bench(build);
    channel.depth = depth;
  };
  const auto run_bench = [&] {
    return run_program({"./group0_tb", "../groups/group0/tb/data"}, build / "stub");
  };

  set_depth(minimal.depth);
  Network network = network_of_prompt(program);
  auto certificate = prove_free_of_deadlock(network, depths_of(network));
  ASSERT_TRUE(certificate.ok());
  EXPECT_TRUE(verify(network, *certificate).ok());
  EXPECT_TRUE(Simulator(network).run().completed);
  EXPECT_EQ(run_bench().status, 0);

  set_depth(minimal.depth - 1);
  network = network_of_prompt(program);
  certificate->depths = depths_of(network);
  const Status refused = verify(network, *certificate);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.errors()[0].message.find("channel '" + channel.name + "' full"),
            std::string::npos)
      << refused.errors()[0].message;
  const SimulationResult stuck = Simulator(network).run();
  ASSERT_FALSE(stuck.completed);
  const Diagnostic problem = deadlock_problem(network, depths_of(network), stuck);
  EXPECT_NE(problem.help.find("channel '" + channel.name + "' with depth " +
                              std::to_string(minimal.depth)),
            std::string::npos)
      << problem.help;
  const Outcome bench = run_bench();
  EXPECT_EQ(bench.status, Deadlock) << bench.out << bench.err;
  EXPECT_NE(bench.err.find("waits to write channel '" + channel.name + "' (full"),
            std::string::npos)
      << bench.err;
}

}  // namespace
}  // namespace st::test
