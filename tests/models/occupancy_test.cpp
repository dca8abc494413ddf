// SPDX-License-Identifier: Apache-2.0
// What the FIFOs of emitted code hold: the emitted code on the stub device against the untimed
// schedule, at the depths that were chosen and with a slot less.
#include <map>
#include <sstream>

#include "core/compiler/stage.h"
#include "core/dataflow/interpreter.h"
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

/// The same by the untimed schedule, over launches of (tokens, past).
std::map<std::string, Use> scheduled(const Program& program,
                                     const std::vector<std::pair<int64_t, int64_t>>& launches) {
  std::map<std::string, Use> uses;
  for (const auto& [tokens, past] : launches) {
    const auto schedule = untimed_schedule(program, tokens, past);
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

void expect_scheduled_occupancy(const fs::path& build, const std::string& ids,
                                const std::string& folder) {
  const fs::path records = scratch() / folder;
  const Outcome run =
      run_program({ST_TEST_TOOL, "run", build.string(), "--ids", ids, "-n", "4", "--print-ids"}, {},
                  {{"STREAMTENSOR_RECORD", records.string()}});
  ASSERT_EQ(run.status, 0) << run.err;
  // A prompt of five tokens, and then three of its four new ones.
  const auto found = recorded(records);
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

}  // namespace
}  // namespace st::test
