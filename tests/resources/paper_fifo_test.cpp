// SPDX-License-Identifier: Apache-2.0
// The published method: its examples, its equations against a simulation of two kernels, and where
// it breaks.
#include "core/resources/paper_fifo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/resources/network_profile.h"
#include "core/simulate/simulator.h"
#include "tests/common/small_networks.h"

namespace st {
namespace {

/// One edge; the source's latency is that of `tokens` outputs.
PaperFifoProblem one_edge(double tokens, double delay, double source_interval,
                          double target_interval) {
  PaperFifoProblem problem;
  problem.tasks = {{"source", delay + (tokens - 1) * source_interval, delay}, {"target", 1, 1}};
  problem.edges = {{0, 1, tokens, source_interval, target_interval}};
  return problem;
}

TEST(PaperFifo, FigureEightHoldsThreeTokens) {
  // T = 5; source: II 1, D 3, so L = 7; target: II 2. With the least delay, 3: 5 - floor(4 / 2).
  const PaperFifoProblem problem = one_edge(5, 3, 1, 2);
  EXPECT_EQ(problem.tasks[0].latency, 7);
  EXPECT_EQ(paper_tokens(problem, 0, 3), 3);
  const auto depths = paper_depths(problem, Equalisation::Normal);
  ASSERT_TRUE(depths.ok());
  EXPECT_EQ(*depths, std::vector<int64_t>{3});
}

TEST(PaperFifo, ThreeKernelsDelayTheShortPathByTheLongOne) {
  PaperFifoProblem problem;
  problem.tasks = {{"0", 100, 7}, {"1", 100, 11}, {"2", 100, 5}};
  problem.edges = {{0, 1, 50, 1, 1}, {1, 2, 50, 1, 1}, {0, 2, 50, 1, 1}};
  const auto delays = paper_delays(problem);
  ASSERT_TRUE(delays.ok());
  EXPECT_NEAR((*delays)[0], 7, 1e-9);
  EXPECT_NEAR((*delays)[1], 11, 1e-9);
  EXPECT_NEAR((*delays)[2], 18, 1e-9);
}

TEST(PaperFifo, EveryPathFromAForkToAJoinIsAsLongAsTheLongest) {
  // 0 -> 1 -> 3 -> 4, 0 -> 2 -> 3, 0 -> 4, 2 -> 4: D = 2 3 20 4.
  PaperFifoProblem problem;
  problem.tasks = {{"0", 99, 2}, {"1", 99, 3}, {"2", 99, 20}, {"3", 99, 4}, {"4", 99, 1}};
  for (auto [a, b] : {std::pair(0, 1), {1, 3}, {3, 4}, {0, 2}, {2, 3}, {0, 4}, {2, 4}})
    problem.edges.push_back({a, b, 9, 1, 1});
  const auto found = paper_delays(problem);
  ASSERT_TRUE(found.ok());
  const std::vector<double>& d = *found;
  EXPECT_GE(d[0] + d[1] + 1e-9, 22) << "0 to 3 by 1: as long as by 2";
  EXPECT_GE(d[3] + d[4] + 1e-9, 22);
  EXPECT_GE(d[5] + 1e-9, 26) << "0 to 4 alone: 2 + 20 + 4";
  EXPECT_GE(d[0] + d[1] + d[2] + 1e-9, 26);
  EXPECT_GE(d[6] + 1e-9, 24) << "2 to 4: 20 + 4";
  // d03 = 22 = d0+d1, d3+d4 = 22, d2 = 4, d5 = 26, d6 = 24 adds up to 98: nothing is slack.
  double sum = 0;
  for (double delay : d) sum += delay;
  EXPECT_NEAR(sum, 98, 1e-6);
}

TEST(PaperFifo, CyclesAreRefused) {
  PaperFifoProblem problem;
  problem.tasks = {{"0", 9, 1}, {"1", 9, 1}};
  problem.edges = {{0, 1, 9, 1, 1}, {1, 0, 9, 1, 1}};
  const auto delays = paper_delays(problem);
  ASSERT_FALSE(delays.ok());
  EXPECT_EQ(delays.errors()[0].code, "E0331");
}

/// Most tokens in a FIFO between a source that pushes every `push` cycles from D on and a target
/// that begins at `delay` and pulls every `pull` cycles where there is a token; a push and a pull
/// in one cycle need a slot.
int64_t held(int64_t tokens, int64_t D, int64_t push, int64_t pull, int64_t delay) {
  std::vector<int64_t> pulls;
  int64_t most = 0;
  for (int64_t k = 0; k < tokens; ++k)
    pulls.push_back(std::max(D + k * push, k == 0 ? delay : pulls.back() + pull));
  for (int64_t k = 0; k < tokens; ++k) {
    // At the push of token k: those pushed, less those pulled in earlier cycles.
    const auto gone = std::lower_bound(pulls.begin(), pulls.end(), D + k * push) - pulls.begin();
    most = std::max(most, k + 1 - static_cast<int64_t>(gone));
  }
  return most;
}

TEST(PaperFifo, EquationsAreAsExactAsTheNotesSay) {
  // 7,000 points: Eq. 1 is never low, and one too many in a third; Eq. 2 is one too low in a fifth.
  int first = 0, first_exact = 0, first_high = 0, second = 0, second_low = 0;
  for (int64_t tokens : {1, 2, 3, 5, 8, 16, 33})
    for (int64_t D : {1, 2, 5, 9})
      for (int64_t push : {1, 2, 3, 4, 7})
        for (int64_t pull : {1, 2, 3, 4, 7})
          for (int64_t extra : {0, 1, 2, 3, 5, 8, 13, 21, 40, 80}) {
            const PaperFifoProblem problem =
                one_edge(static_cast<double>(tokens), static_cast<double>(D),
                         static_cast<double>(push), static_cast<double>(pull));
            const double tokens_held = paper_tokens(problem, 0, static_cast<double>(D + extra));
            const auto error =
                static_cast<int64_t>(tokens_held) - held(tokens, D, push, pull, D + extra);
            if (push <= pull) {
              ++first;
              ASSERT_GE(error, 0) << tokens << " " << D << " " << push << " " << pull;
              ASSERT_LE(error, 1);
              first_exact += error == 0;
              first_high += error == 1;
            } else {
              ++second;
              ASSERT_LE(error, 0);
              ASSERT_GE(error, -1);
              second_low += error == -1;
            }
          }
  EXPECT_EQ(first + second, 7000);
  EXPECT_NEAR(first_exact / static_cast<double>(first), 0.64, 0.01);
  EXPECT_NEAR(first_high / static_cast<double>(first), 0.36, 0.01);
  EXPECT_NEAR(second_low / static_cast<double>(second), 0.20, 0.01);
}

TEST(PaperFifo, ProfilesAKernelAlone) {
  // K1 gathers 16 tokens that are always there, then emits them: alone, its first output is early.
  const NetworkProfile profile = profile_alone(test::diamond(16));
  ASSERT_EQ(profile.problem.tasks.size(), 3U) << "the halves of the converter are one kernel";
  EXPECT_EQ(profile.problem.tasks[0].initial_delay, 4);
  EXPECT_EQ(profile.problem.edges[0].source_interval, 4);
  EXPECT_LT(profile.problem.tasks[1].initial_delay, 24);
  EXPECT_GE(profile.problem.tasks[1].initial_delay, 16);
}

/// Depth that a method gives the short path of the diamond, and how that runs.
std::pair<int64_t, SimulationResult> on_diamond(Equalisation strategy) {
  const Network network = test::diamond(2);
  const auto depths = paper_network_depths(network, strategy, 2);
  EXPECT_TRUE(depths.ok());
  size_t skip = 0;
  while (network.channels[skip].name != "k0_k2") ++skip;
  return {(*depths)[skip], Simulator(network).run(*depths)};
}

TEST(PaperFifo, TheDiamondDeadlocksByNormalEqualisation) {
  const auto [depth, result] = on_diamond(Equalisation::Normal);
  EXPECT_EQ(depth, 4) << "ceil((4 + 16 - 4) / 4): the converter alone has its block in 16 cycles";
  EXPECT_FALSE(result.completed);
}

TEST(PaperFifo, TheDiamondOfTheNotesGetsDepthFiveAndDeadlocks) {
  // As profiled there, where the converter alone takes a cycle more: D = 17, so a delay of 21.
  PaperFifoProblem problem;
  problem.tasks = {{"K0", 256, 4}, {"K1", 80, 17}, {"K2", 64, 1}};
  problem.edges = {{0, 1, 64, 4, 1}, {1, 2, 64, 1, 1}, {0, 2, 64, 4, 1}};
  const auto delays = paper_delays(problem);
  ASSERT_TRUE(delays.ok());
  EXPECT_NEAR((*delays)[2], 21, 1e-6);
  EXPECT_EQ((*paper_depths(problem, Equalisation::Normal))[2], 5);
  EXPECT_FALSE(Simulator(test::diamond(5)).run().completed);
  // At the pace of the slowest D is 4 * 17, and the depth beyond the true minimum of 16.
  const int64_t depth = (*paper_depths(problem, Equalisation::Conservative))[2];
  EXPECT_GE(depth, 17);
  EXPECT_LE(depth, 18);
  EXPECT_TRUE(Simulator(test::diamond(depth)).run().completed);
}

TEST(PaperFifo, TheDiamondRunsByConservativeEqualisation) {
  const auto [depth, result] = on_diamond(Equalisation::Conservative);
  EXPECT_GE(depth, 16);
  EXPECT_TRUE(result.completed);
}

TEST(PaperFifo, RootsThatNothingTiesSlowTheNetworkDown) {
  const Network network = test::two_roots(0);
  const auto depths = paper_network_depths(network, Equalisation::Normal, 2);
  ASSERT_TRUE(depths.ok());
  EXPECT_EQ(Simulator(network).run(*depths).cycles, 885);
}

}  // namespace
}  // namespace st
