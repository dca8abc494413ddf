// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll_problem.h"

#include <gtest/gtest.h>

#include "tests/tiling/random_unroll.h"

namespace st {
namespace {

using test::lecture_example;
using test::problems_of;
using Lines = std::vector<std::string>;
using Loops = std::vector<Connection::Loops>;

/// Two nodes that walk one array of 12 elements, with trips of 12 / stride.
UnrollProblem two_walkers(int64_t stride_a, int64_t stride_b) {
  UnrollProblem problem;
  problem.arrays = {{"x", {12}}};
  problem.nodes = {{"a", {{"i", 12 / stride_a}}, {{0, {{0, stride_a}}}}},
                   {"b", {{"i", 12 / stride_b}}, {{0, {{0, stride_b}}}}}};
  return problem;
}

Lines refusals(const UnrollProblem& problem, const UnrollTable& unroll,
               const UnrollOptions& options = {}) {
  return problems_of(verify(problem, {unroll, banks_of(problem, unroll)}, options));
}

TEST(UnrollProblem, IntensityIsTheNumberOfIterations) {
  UnrollProblem problem = lecture_example();
  EXPECT_EQ(intensity(problem, 0), 512);
  EXPECT_EQ(intensity(problem, 1), 256);
  EXPECT_EQ(intensity(problem, 2), 4096);
  problem.nodes[0] = {"scalar", {}, {}};
  EXPECT_EQ(intensity(problem, 0), 1);
}

TEST(UnrollProblem, ParallelFactorsFollowIntensityAndAreAtLeastOne) {
  UnrollProblem problem = lecture_example();
  EXPECT_EQ(parallel_factor(problem, 0, {}), 4);
  EXPECT_EQ(parallel_factor(problem, 1, {}), 2);
  EXPECT_EQ(parallel_factor(problem, 2, {}), 32);
  EXPECT_EQ(parallel_factor(problem, 0, {.intensity_aware = false}), 32);
  problem.most_parallel = 15;
  EXPECT_EQ(parallel_factor(problem, 0, {}), 1);  // 15/8, rounded down
  EXPECT_EQ(parallel_factor(problem, 1, {}), 1);  // 15/16
}

TEST(UnrollProblem, ConnectionsHoldPermutationAndScale) {
  const std::vector<Connection> found = connections(lecture_example());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].array, 0);
  EXPECT_EQ(found[0].a, 0);
  EXPECT_EQ(found[0].b, 2);
  EXPECT_EQ(found[0].loops, (Loops{{0, 0, 0, 1, 2}, {1, 1, 2, 1, 1}}));
  EXPECT_EQ(found[1].array, 1);
  EXPECT_EQ(found[1].a, 1);
  EXPECT_EQ(found[1].loops, (Loops{{0, 0, 2, 1, 1}, {1, 1, 1, 1, 1}}));
}

TEST(UnrollProblem, ConnectionsListLoopsOnceAndSkipConstants) {
  UnrollProblem problem = two_walkers(1, 1);
  problem.nodes[0].accesses.push_back(problem.nodes[0].accesses[0]);
  EXPECT_EQ(connections(problem).at(0).loops, (Loops{{0, 0, 0, 1, 1}}));
  problem.nodes[1].accesses[0].index[0] = {-1, 1, 5};
  ASSERT_EQ(connections(problem).size(), 1u);
  EXPECT_TRUE(connections(problem)[0].loops.empty());
}

TEST(UnrollProblem, StridesOfWhichNoneDividesTheOtherDoNotBind) {
  EXPECT_TRUE((Connection::Loops{0, 0, 0, 2, 6}).binding());
  EXPECT_TRUE((Connection::Loops{0, 0, 0, 6, 2}).binding());
  EXPECT_FALSE((Connection::Loops{0, 0, 0, 2, 3}).binding());
}

TEST(UnrollProblem, BanksAreTheLongestReachAndAtMostTheDimension) {
  UnrollProblem problem = lecture_example();
  EXPECT_EQ(banks_of(problem, {{1, 4}, {1, 1}, {2, 1, 8}}), (UnrollTable{{4, 8}, {8, 1}, {2, 1}}));
  problem.arrays[0].shape = {31, 16};  // the last row that is read is number 30
  problem.nodes[0].loops[0].trip = 31;
  EXPECT_EQ(banks_of(problem, {{1, 1}, {1, 1}, {16, 1, 1}})[0], (std::vector<int64_t>{31, 1}));
  problem.nodes[2].accesses[0].index[0] = {-1, 1, 30};
  EXPECT_EQ(banks_of(problem, {{1, 1}, {1, 1}, {16, 1, 1}})[0], (std::vector<int64_t>{1, 1}));
}

TEST(UnrollProblem, CheckNamesAllThatIsWrong) {
  UnrollProblem problem = lecture_example();
  problem.most_parallel = 0;
  problem.most_unroll = -1;
  problem.most_banks = int64_t{1} << 21;
  problem.arrays[2].shape[1] = 0;
  problem.nodes[0].loops[1].trip = 0;
  problem.nodes[0].accesses[0].index[0].loop = 2;
  problem.nodes[1].accesses[0].array = 3;
  problem.nodes[2].accesses[0].index[0].stride = 3;
  problem.nodes[2].accesses[1].index[0].offset = 16;
  problem.nodes[2].accesses[1].index[1].stride = 0;
  problem.nodes[2].accesses[2].index.pop_back();
  EXPECT_EQ(
      problems_of(problem.check()),
      (Lines{
          "E0320 largest parallel factor 0 is not in 1..1048576",
          "E0320 largest unroll factor -1 is not in 1..1048576",
          "E0320 largest number of banks 2097152 is not in 1..1048576",
          "E0320 size 0 is not in 1..1099511627776 @ array 'C'",
          "E0320 trip count 0 is not in 1..1073741824 @ node 'node0', loop 'k'",
          "E0320 loop 2 is not in -1..1 @ node 'node0', access 0, dimension 0 of array 'A'",
          "E0320 array 3 is not in 0..2 @ node 'node1', access 0",
          "E0320 last element 45 is not in 0..31 @ node 'node2', access 0, dimension 0 of array "
          "'A'",
          "E0320 offset 16 is not in 0..15 @ node 'node2', access 1, dimension 0 of array 'B'",
          "E0320 stride 0 is not in 1..1073741824 @ node 'node2', access 1, dimension 1 of array "
          "'B'",
          "E0320 1 indices into array 'C' of 2 dimensions @ node 'node2', access 2",
      }));
}

TEST(UnrollProblem, CheckBoundsWorkAndTheBanksOfStrides) {
  UnrollProblem problem;
  problem.nodes = {{"big", {{"i", 1 << 30}, {"j", 1 << 30}, {"k", 1 << 30}}, {}}};
  EXPECT_EQ(problems_of(problem.check()),
            Lines{"E0320 number of iterations 9223372036854775807 is not in 1..1125899906842624 @ "
                  "node 'big'"});
  problem = two_walkers(6, 1);
  problem.most_banks = 5;
  EXPECT_EQ(problems_of(problem.check()),
            Lines{"E0320 banks for the strides alone 6 is not in 1..5 @ array 'x'"});
  problem.most_banks = 6;
  EXPECT_TRUE(problem.check().ok());
}

TEST(UnrollProblem, CheckTakesLoopsWithoutAccessesAndScalars) {
  UnrollProblem problem;
  EXPECT_TRUE(problem.check().ok());
  problem.arrays = {{"scalar", {}}};
  problem.nodes = {{"n", {{"i", 4}}, {{0, {}}}}};
  EXPECT_TRUE(problem.check().ok());
  EXPECT_TRUE(refusals(problem, {{4}}).empty());
}

TEST(UnrollVerify, RefusesFactorsThatDoNotDivide) {
  const UnrollProblem problem = two_walkers(1, 1);
  EXPECT_TRUE(refusals(problem, {{4}, {2}}).empty());
  for (const int64_t bad : {int64_t{-4}, int64_t{0}, int64_t{5}, int64_t{24}}) {
    EXPECT_EQ(problems_of(verify(problem, {{{bad}, {1}}, {{1}}}, {})),
              Lines{"E0320 unroll factor " + std::to_string(bad) +
                    " does not divide the trip count 12 @ node 'a', loop 'i'"});
  }
}

TEST(UnrollVerify, RefusesMoreThanTheBounds) {
  UnrollProblem problem = two_walkers(2, 1);
  problem.most_unroll = 5;
  EXPECT_EQ(refusals(problem, {{6}, {1}}),
            Lines{"E0320 unrolled 6 times, at most 5 are allowed @ node 'a'"});
  problem.most_unroll = 6;
  problem.most_banks = 11;
  EXPECT_EQ(refusals(problem, {{6}, {1}}),
            Lines{"E0320 more banks than the 11 that are allowed @ array 'x'"});
  EXPECT_TRUE(refusals(problem, {{3}, {6}}).empty());
}

TEST(UnrollVerify, RefusesReachesThatDoNotFitWhereConnectionsCount) {
  const UnrollProblem problem = two_walkers(2, 1);
  EXPECT_EQ(refusals(problem, {{2}, {6}}),
            Lines{"E0320 'a' and 'b' step over 4 and 6 elements, and neither is a multiple of the "
                  "other @ array 'x', dimension 0"});
  EXPECT_TRUE(refusals(problem, {{2}, {6}}, {.connection_aware = false}).empty());
  EXPECT_TRUE(refusals(problem, {{2}, {12}}).empty());
  EXPECT_TRUE(refusals(two_walkers(2, 3), {{2}, {1}}).empty()) << "strides that never fit";
}

TEST(UnrollVerify, RefusesDifferentFactorsOnExternalArrays) {
  UnrollProblem problem = two_walkers(1, 1);
  problem.arrays[0].external = true;
  EXPECT_EQ(refusals(problem, {{4}, {2}}, {.connection_aware = false}),
            Lines{"E0320 'a' and 'b' unroll by 4 and 2, and an external array moves vectors of one "
                  "shape @ array 'x', dimension 0"});
  EXPECT_TRUE(refusals(problem, {{4}, {4}}).empty());
}

TEST(UnrollVerify, RefusesOtherBanksAndOtherForms) {
  const UnrollProblem problem = two_walkers(1, 1);
  EXPECT_EQ(problems_of(verify(problem, {{{4}, {2}}, {{2}}}, {})),
            Lines{"E0320 dimension 0 has 2 banks, its accesses ask for 4 @ array 'x'"});
  const Lines other{"E0320 the solution is for another problem"};
  EXPECT_EQ(problems_of(verify(problem, {{{4}}, {{4}}}, {})), other);
  EXPECT_EQ(problems_of(verify(problem, {{{4}, {}}, {{4}}}, {})), other);
  EXPECT_EQ(problems_of(verify(problem, {{{4}, {2}}, {}}, {})), other);
  EXPECT_EQ(problems_of(verify(problem, {{{4}, {2}}, {{4, 1}}}, {})), other);
}

}  // namespace
}  // namespace st
