// SPDX-License-Identifier: Apache-2.0
// Designs whose kernels walk the layers: no deadlock at the depths that are chosen, and the same
// one with a slot less in proof, simulator, interpreter and emitted code.
#include <algorithm>
#include <regex>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/interpreter.h"
#include "core/dataflow/units.h"
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

constexpr int64_t Past = 5;

Network network_of_token(const Program& program) {
  return network_of(program, 0, *find_target("u280"), {{{Sequence, 1}, {st::Past, Past}}});
}

bool runs_by_firing(const Program& program) {
  const Network network = network_of_token(program);
  return prove_free_of_deadlock(network, depths_of(network)).ok();
}
/// With all that pipelines hold.
bool runs_in_time(const Program& program) {
  const Network network = network_of_token(program);
  return Simulator(network).run().completed;
}
bool runs_by_access(const Program& program) { return untimed_schedule(program, 1, Past).ok(); }

/// A FIFO of one stream, all others as they are. A firing moves all of its beats at once, code one
/// after another, and pipelines hold some: the least depths of the three may differ.
struct Shallow {
  ChannelId channel = -1;
  int64_t enough = 0;    ///< for all of them
  int64_t too_few = 0;   ///< for proof and code
  bool in_time = false;  ///< too few in the simulator, too
  bool between = false;  ///< joins two units
};

std::string unit_of(const Program& program, KernelId k) {
  for (const Unit& unit : units_of(program)) {
    const std::vector<KernelId> kernels = kernels_of(program, unit);
    if (std::find(kernels.begin(), kernels.end(), k) != kernels.end()) return unit.name;
  }
  return "";
}

/// The least depth of a channel at which a program runs.
int64_t least_depth(Program& program, Channel& channel, bool (*runs)(const Program&)) {
  const int64_t depth = channel.depth;
  int64_t least = depth;
  for (channel.depth = depth - 1; channel.depth >= 1 && runs(program); --channel.depth)
    least = channel.depth;
  channel.depth = depth;
  return least;
}

/// Those that proof and code need to have more than one slot.
std::vector<Shallow> find_shallow(Program program) {
  std::vector<Shallow> found;
  for (size_t c = 0; c < program.channels.size(); ++c) {
    Channel& channel = program.channels[c];
    if (!channel.fifo.empty()) continue;
    const int64_t access = least_depth(program, channel, runs_by_access);
    if (access < 2) continue;
    const int64_t firing = least_depth(program, channel, runs_by_firing);
    const int64_t time = least_depth(program, channel, runs_in_time);
    Shallow shallow = {static_cast<ChannelId>(c), std::max({access, firing, time}),
                       std::min(access, firing) - 1};
    shallow.in_time = shallow.too_few < time;
    shallow.between = unit_of(program, channel.producer) != unit_of(program, channel.consumer);
    if (shallow.too_few > 0) found.push_back(shallow);
  }
  return found;
}

/// A copy of a build whose FIFOs can be made shallower.
class ShallowBuild {
 public:
  explicit ShallowBuild(const std::string& name)
      : folder_(copy_of(built(shared_design("adder")), name)), program(program_of(folder_)) {}

  void set_depth(ChannelId c, int64_t depth) {
    Channel& channel = program.channels[static_cast<size_t>(c)];
    channel.depth = depth;
    const std::regex definition("(hls::stream<.*, )[0-9]+(> " + channel.name + "[({])");
    std::vector<fs::path> files = {folder_ / "stub/kernels.cpp"};
    for (const Unit& unit : units_of(program))
      files.push_back(folder_ / "groups" / unit.name / "src" / (unit.name + ".cpp"));
    int replaced = 0;
    for (const fs::path& file : files) {
      const std::string text = read(file);
      if (!std::regex_search(text, definition)) continue;
      write(file, std::regex_replace(text, definition, "$01" + std::to_string(depth) + "$2"));
      ++replaced;
    }
    ASSERT_EQ(replaced, 1) << channel.name;
  }
  void compile() const {
    const Outcome made = run_program({"make", "-s", "-C", folder_ / "stub", "CXX=" ST_TEST_CXX,
                                      "CXXFLAGS=" ST_TEST_CXXFLAGS, "host"});
    ASSERT_EQ(made.status, 0) << made.err;
  }
  [[nodiscard]] Outcome run() const {
    return streamtensor({"run", folder_, "--ids", "1,2,3,4,10,5", "--max-tokens", "1"});
  }

 private:
  fs::path folder_;

 public:
  Program program;
};

TEST(SharedDeadlock, NoneAtTheDepthsThatAreChosen) {
  for (const char* precision : {"w8a8", "w4a8"}) {
    const fs::path& build = built(shared_design("adder", precision));
    const Program program = program_of(build);
    for (int64_t past = 0; past < program.max_positions; ++past) {
      const Network network =
          network_of(program, 0, *find_target("u280"), {{{Sequence, 1}, {st::Past, past}}});
      const auto certificate = prove_free_of_deadlock(network, depths_of(network));
      ASSERT_TRUE(certificate.ok()) << past;
      EXPECT_TRUE(verify(network, *certificate).ok()) << past;
    }
  }
}

TEST(SharedDeadlock, BuildsSayThatItIsProven) {
  const Outcome outcome = streamtensor({"build",
                                        source("examples/adder/model.json"),
                                        "--target",
                                        "u280",
                                        "--precision",
                                        "w8a8",
                                        "--weight-group",
                                        "64",
                                        "--activation-scales",
                                        "group",
                                        "--kv-cache",
                                        "int8",
                                        "--binding",
                                        "shared",
                                        "--engine-ports",
                                        "3",
                                        "--engine-slices",
                                        "2",
                                        "--synth",
                                        "none",
                                        "-o",
                                        scratch() / "proven"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(std::regex_search(outcome.out, std::regex("no deadlock at any length .proven.")))
      << outcome.out;
  EXPECT_TRUE(std::regex_search(outcome.out, std::regex(" [1-9][0-9]* ports  for all 3 layers")))
      << outcome.out;
}

/// At a depth that is enough.
DeadlockCertificate expect_no_deadlock(const ShallowBuild& build) {
  const Network network = network_of_token(build.program);
  const auto certificate = prove_free_of_deadlock(network, depths_of(network));
  EXPECT_TRUE(certificate.ok());
  if (!certificate.ok()) return {};
  EXPECT_TRUE(verify(network, *certificate).ok());
  EXPECT_TRUE(Simulator(network).run().completed);
  EXPECT_TRUE(runs_by_access(build.program));
  const Outcome run = build.run();
  EXPECT_EQ(run.status, 0) << run.err;
  return *certificate;
}

/// At a depth that is not; the certificate is of one that is.
void expect_deadlock(const ShallowBuild& build, const std::string& name, bool in_time,
                     DeadlockCertificate certificate) {
  const Network network = network_of_token(build.program);
  certificate.depths = depths_of(network);
  const Status refused = verify(network, certificate);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.errors()[0].message.find("channel '" + name + "' full"), std::string::npos)
      << refused.errors()[0].message;
  EXPECT_FALSE(prove_free_of_deadlock(network, depths_of(network)).ok());
  const SimulationResult stuck = Simulator(network).run();
  EXPECT_EQ(stuck.completed, !in_time);
  if (in_time) {
    const Diagnostic problem = deadlock_problem(network, depths_of(network), stuck);
    EXPECT_NE(problem.help.find("channel '" + name + "' with depth "), std::string::npos)
        << problem.help;
  }
  const std::string full = "waits to write channel '" + name + "' (full";
  const auto schedule = untimed_schedule(build.program, 1, Past);
  ASSERT_FALSE(schedule.ok());
  std::string waits;
  for (const std::string& detail : schedule.errors()[0].details) waits += detail + "\n";
  EXPECT_NE(waits.find(full), std::string::npos) << waits;
  const Outcome run = build.run();
  EXPECT_NE(run.status, 0) << run.out;
  EXPECT_NE(run.err.find(full), std::string::npos) << run.err;
}

TEST(SharedDeadlock, ShallowFifosAreNamedByProofSimulatorInterpreterAndEmittedCode) {
  ShallowBuild build("shared_shallow");
  std::set<std::pair<bool, bool>> kinds;
  for (const Shallow& shallow : find_shallow(build.program)) {
    // One inside a unit, one between two, and one that pipelines make up for.
    if (!kinds.insert({shallow.between, shallow.in_time}).second) continue;
    const Channel& channel = build.program.channels[static_cast<size_t>(shallow.channel)];
    const int64_t depth = channel.depth;
    SCOPED_TRACE(channel.name + ": " + std::to_string(shallow.enough) + " slots are enough, " +
                 std::to_string(shallow.too_few) + " are not");
    build.set_depth(shallow.channel, shallow.enough);
    build.compile();
    const DeadlockCertificate certificate = expect_no_deadlock(build);
    build.set_depth(shallow.channel, shallow.too_few);
    build.compile();
    expect_deadlock(build, channel.name, shallow.in_time, certificate);
    build.set_depth(shallow.channel, depth);
  }
  std::set<std::pair<bool, bool>> expected = {{false, true}, {true, true}};
#ifndef ST_TEST_SANITIZED
  // FIFOs of another method (FifoMethod) have other depths, at which pipelines make up for none.
  expected.insert({true, false});
#endif
  EXPECT_TRUE(std::includes(kinds.begin(), kinds.end(), expected.begin(), expected.end()))
      << testing::PrintToString(kinds);
}

}  // namespace
}  // namespace st::test
