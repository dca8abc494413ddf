// SPDX-License-Identifier: Apache-2.0
// What the FIFOs of emitted code hold: the emitted code on the stub device against the untimed
// schedule, at the depths that were chosen and with a slot less.
#include <iostream>
#include <map>
#include <sstream>

#include "core/compiler/stage.h"
#include "core/dataflow/interpreter.h"
#include "core/platform/target.h"
#include "core/resources/program_network.h"
#include "core/simulate/simulator.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

namespace fs = std::filesystem;

struct Use {
  int64_t depth = 0, tokens = 0, peak = 0;
};

/// By channel, as C simulation writes them down.
std::map<std::string, Use> recorded(const fs::path& folder) {
  std::map<std::string, Use> uses;
  std::istringstream lines(read(folder / "channels.txt"));
  std::string name;
  Use use;
  while (lines >> name >> use.depth >> use.tokens >> use.peak) uses[name] = use;
  return uses;
}

struct Launch {
  int64_t tokens = 1, past = 0, results = 1;
};

/// The same by the untimed schedule.
std::map<std::string, Use> scheduled(const Program& program, const std::vector<Launch>& launches) {
  std::map<std::string, Use> uses;
  for (const auto& [tokens, past, results] : launches) {
    const auto schedule = untimed_schedule(program, tokens, past, results);
    EXPECT_TRUE(schedule.ok()) << tokens << " tokens after " << past;
    if (!schedule.ok()) return uses;
    for (const auto& [c, use] : *schedule) {
      const Channel& channel = program.channels[static_cast<size_t>(c)];
      Use& total = uses[channel.name];
      total.depth = channel.depth;
      total.tokens += use.beats;
      total.peak = std::max(total.peak, use.peak);
    }
  }
  return uses;
}

/// What the emitted code does with a prompt, and then with all new tokens but the last.
std::map<std::string, Use> recorded_run(const fs::path& build, const std::string& ids,
                                        const std::string& tokens, const std::string& folder) {
  const fs::path records = scratch() / folder;
  const Outcome run =
      run_program({ST_TEST_TOOL, "run", build.string(), "--ids", ids, "-n", tokens, "--print-ids"},
                  {}, {{"STREAMTENSOR_RECORD", records.string()}});
  EXPECT_EQ(run.status, 0) << run.err;
  return recorded(records);
}

void expect_scheduled_occupancy(const fs::path& build, const std::string& ids,
                                const std::string& folder) {
  const auto found = recorded_run(build, ids, "4", folder);  // five and one, one, one
  const auto wanted = scheduled(program_of(build), {{5, 0}, {1, 5}, {1, 6}, {1, 7}});
  ASSERT_EQ(found.size(), wanted.size());
  for (const auto& [name, use] : wanted) {
    ASSERT_EQ(found.count(name), 1U) << name;
    EXPECT_EQ(found.at(name).depth, use.depth) << name;
    EXPECT_EQ(found.at(name).tokens, use.tokens) << name;
    EXPECT_EQ(found.at(name).peak, use.peak) << name;
    EXPECT_LE(use.peak, use.depth) << name;
  }
}

TEST(Occupancy, OfTheAdderIsThatOfTheUntimedSchedule) {
  expect_scheduled_occupancy(built({"adder", "f32"}), "1,2,3,10,5", "adder_f32");
}

TEST(Occupancy, OfTheAdderInInt8IsThatOfTheUntimedSchedule) {
  expect_scheduled_occupancy(built({"adder", "w8a8"}), "1,2,3,10,5", "adder_w8a8");
}

TEST(Occupancy, OfStoriesIsThatOfTheUntimedSchedule) {
  ST_NEEDS_SHARED();
  expect_scheduled_occupancy(built({"stories260k", "f32"}), "1,2,3,10,5", "stories_f32");
}

// ---- an engine that is shared: launches of one token, FIFOs of several streams

/// A prompt, whose last token alone has a result.
const std::vector<Launch> SingleTokens = {{1, 0, 0}, {1, 1, 0}, {1, 2, 0}, {1, 3, 0},
                                          {1, 4, 0}, {1, 5, 0}, {1, 6, 0}, {1, 7, 1}};

/// Tokens of each FIFO by the cycle-accurate simulator, and most of them at once.
std::map<std::string, Use> simulated(const Program& program) {
  std::map<std::string, Use> uses;
  for (const auto& [tokens, past, results] : SingleTokens) {
    const Network network = network_of(program, 0, *find_target("u280"),
                                       {{{Sequence, tokens}, {Past, past}, {Results, results}}});
    const SimulationResult result = Simulator(network).run();
    EXPECT_TRUE(result.completed);
    for (size_t c = 0; c < network.channels.size(); ++c) {
      Use& use = uses[network.channels[c].name];
      use.depth = network.channels[c].depth;
      use.tokens += result.channels[c].pushes;
      use.peak = std::max(use.peak, result.channels[c].peak);
      EXPECT_EQ(result.channels[c].pushes, result.channels[c].pulls) << network.channels[c].name;
    }
  }
  return uses;
}

void expect_equal_tokens(const Request& request, const std::string& folder) {
  const fs::path& build = built(request);
  const Program program = program_of(build);
  const auto found = recorded_run(build, "1,2,3,10,5,7,1,1", "0", folder);
  const auto timed = simulated(program), untimed = scheduled(program, SingleTokens);
  ASSERT_EQ(found.size(), timed.size());
  ASSERT_EQ(found.size(), untimed.size());
  int64_t tokens = 0;
  for (const auto& [name, use] : found) {
    ASSERT_EQ(timed.count(name) + untimed.count(name), 2U) << name;
    EXPECT_EQ(use.tokens, timed.at(name).tokens) << name;
    EXPECT_EQ(use.tokens, untimed.at(name).tokens) << name;
    EXPECT_EQ(use.depth, timed.at(name).depth) << name;
    for (const int64_t peak : {use.peak, timed.at(name).peak, untimed.at(name).peak}) {
      EXPECT_LE(peak, use.depth) << name;
      EXPECT_GE(peak, 1) << name;
    }
    tokens += use.tokens;
  }
  std::cout << request.model << ": " << found.size() << " FIFOs, " << tokens << " tokens\n";
}

TEST(Occupancy, OfTheSharedAddersFifosIsThatOfSimulatorAndSchedule) {
  expect_equal_tokens(shared_design("adder"), "adder_shared");
  expect_equal_tokens(shared_design("adder", "w4a8"), "adder_shared_w4a8");
}

TEST(Occupancy, OfSharedStoriesFifosIsThatOfSimulatorAndSchedule) {
  ST_NEEDS_SHARED();
  expect_equal_tokens(shared_design("stories260k"), "stories_shared");
}

}  // namespace
}  // namespace st::test
