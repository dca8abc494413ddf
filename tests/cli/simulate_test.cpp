// SPDX-License-Identifier: Apache-2.0
// `simulate` on network files.
#include <gtest/gtest.h>

#include "tests/cli/expect_error.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

std::string diamond() { return source("examples/networks/diamond.json"); }

/// Two launches of a loader whose in_flight is less than the memory's latency.
constexpr const char* Loader = R"({
  "schema": "streamtensor.network/1", "name": "loader", "launches": [{}, {}],
  "memories": [{"name": "hbm0", "latency": 20, "burst_bytes": 128, "burst_cycles": 1}],
  "tasks": [
    {"name": "load", "in_flight": 4, "body": [{"loop": 8, "body": [
      {"writes": ["rows"], "read_memory": {"memory": "hbm0", "bytes": 64}}]}]},
    {"name": "use", "body": [{"loop": 8, "body": [{"reads": ["rows"]}]}]}],
  "channels": [{"name": "rows", "depth": 2}]})";

void expect_lines(const Outcome& outcome, const std::vector<std::string>& lines) {
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const std::string& line : lines)
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line << outcome.out;
}

TEST(Simulate, SaysWhereTheCyclesWent) {
  expect_lines(streamtensor({"simulate", diamond()}),
               {// Lines of docs/network.md.
                "  where the 276 cycles went (all of the run)\n",
                "  task    useful     dependency  memory  latency  room  turn  idle\n",
                "  K0      92.8% 256  -           -       0.4% 1   -     -     6.9% 19\n",
                "  K1.in   23.2% 64   70.3% 194   -       -        -     -     6.5% 18\n",
                "  K1.out  23.2% 64   76.1% 210   -       -        -     -     0.7% 2\n",
                "  K2      23.2% 64   76.4% 211   -       0.4% 1   -     -     -\n"});
}

TEST(Simulate, BriefHasNoTables) {
  const Outcome outcome = streamtensor({"simulate", diamond(), "--brief"});
  EXPECT_EQ(outcome.out, "diamond  4 tasks  5 channels  275 cycles (simulated)\n");
}

TEST(Simulate, AccountsForOneLaunch) {
  const fs::path file = scratch() / "loader.json";
  write(file, Loader);
  expect_lines(streamtensor({"simulate", file}),
               {"  where the 106 cycles went (all of the run)\n",
                "  load  15.1% 16  -           66.0% 70  15.1% 16  -     -     3.8% 4\n",
                "  hbm0    15.1% 16  7.5% 8            77.4% 82\n"});
  expect_lines(streamtensor({"simulate", file, "--account", "1"}),
               {"  where the 53 cycles went (launch 1, cycles 53 to 105)\n",
                "  load  15.1% 8  -           66.0% 35  15.1% 8  -     -     3.8% 2\n",
                "  hbm0    15.1% 8  7.5% 4            77.4% 41\n"});
}

TEST(Simulate, AccountIsOfALaunchThatEnds) {
  expect_error(streamtensor({"simulate", diamond(), "--account", "1"}), BadInput,
               {"error[E0801]: --account 1: there is no such launch", "launches are 0 to 0"});
  expect_error(streamtensor({"simulate", diamond(), "--account", "-1"}), BadInput,
               {"error[E0801]", "--account"});
}

}  // namespace
}  // namespace st::test
