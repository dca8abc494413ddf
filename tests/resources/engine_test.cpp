// SPDX-License-Identifier: Apache-2.0
// Binding to the shared engine: against all ports and all sizes of blocks, and what the verifier
// refuses.
#include "core/binding/engine.h"

#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <limits>
#include <random>

namespace st {
namespace {

constexpr int64_t None = std::numeric_limits<int64_t>::max();

EngineProblem random_problem(std::mt19937& random) {
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  EngineProblem problem;
  problem.word_rows = between(1, 2);
  problem.group_words = between(1, 3);
  problem.least_ports = between(1, 4);
  problem.most_ports = problem.least_ports + between(0, 5);
  problem.slices = between(1, 4);
  problem.most_rows = between(8, 40);
  problem.most_scale_words = between(2, 12);
  problem.apart = between(1, 8);
  for (int64_t steps = between(1, 4); steps > 0; --steps) {
    EngineProblem::Step step;
    step.name = "step" + std::to_string(steps);
    step.rows = between(1, 400);
    step.groups = between(1, 9);
    step.times = between(1, 3);
    problem.steps.push_back(step);
  }
  return problem;
}

/// The fewest words of a step's layouts on as many ports, by the rules that a slice sets.
int64_t fewest_words(const EngineProblem& problem, const EngineProblem::Step& step, int64_t ports) {
  int64_t fewest = None;
  for (int64_t rows = problem.word_rows; rows <= problem.most_rows; rows += problem.word_rows) {
    const int64_t pairs = rows / problem.word_rows;
    const int64_t scale_words = (rows * step.groups + 31) / 32;
    if (scale_words > problem.most_scale_words || pairs * problem.group_words < problem.apart)
      continue;
    const int64_t blocks = (step.rows + ports * rows - 1) / (ports * rows);
    fewest = std::min(fewest, blocks * (scale_words + pairs * step.groups * problem.group_words));
  }
  return fewest;
}

int64_t fewest_words(const EngineProblem& problem, int64_t ports) {
  int64_t words = 0;
  for (const EngineProblem::Step& step : problem.steps) {
    const int64_t of_step = fewest_words(problem, step, ports);
    if (of_step == None) return None;
    words += step.times * of_step;
  }
  return words;
}

/// One more row in each block of each step, and words of scales that are filled in part.
int64_t slack(const EngineProblem& problem, const EngineSolution& solution) {
  int64_t words = 0;
  for (size_t s = 0; s < problem.steps.size(); ++s) {
    const EngineProblem::Step& step = problem.steps[s];
    words += step.times * solution.layouts[s].blocks *
             (step.groups * problem.group_words + (step.groups * problem.word_rows + 31) / 32);
  }
  return words;
}

std::string message_of(const Status& status) {
  std::string text;
  if (status.ok()) return text;
  for (const Diagnostic& problem : status.errors()) {
    EXPECT_EQ(problem.code, "E0320");
    text += problem.message + "\n";
  }
  return text;
}

TEST(Engine, SolutionsVerifyAndAreNearTheBestOfAll) {
  std::mt19937 random(1);
  int solved = 0, unsolvable = 0, best = 0;
  double worst = 1;
  for (int n = 0; n < 3000; ++n) {
    SCOPED_TRACE(n);
    const EngineProblem problem = random_problem(random);
    int64_t fewest = None;
    for (int64_t ports = problem.least_ports; ports <= problem.most_ports; ++ports)
      fewest = std::min(fewest, fewest_words(problem, ports));
    const auto solution = bind_engine(problem);
    ASSERT_EQ(solution.ok(), fewest != None);
    if (!solution.ok()) {
      ++unsolvable;
      continue;
    }
    ++solved;
    EXPECT_EQ(message_of(verify(problem, *solution)), "");
    EXPECT_EQ(solution->words, words_of(problem, solution->layouts));
    ASSERT_GE(solution->words, fewest);
    EXPECT_LE(solution->words, fewest + slack(problem, *solution));
    best += solution->words == fewest;
    worst = std::max(worst, static_cast<double>(solution->words) / static_cast<double>(fewest));
  }
  std::cout << best << " of " << solved << " have the fewest words; " << worst
            << " times as many at most; " << unsolvable << " have no solution\n";
  EXPECT_GT(solved, 1000);
  EXPECT_GT(unsolvable, 10);
}

/// Layers of Llama 2 7B in int4 with groups of 128, on up to 28 ports.
EngineProblem large_problem() {
  EngineProblem problem;
  problem.word_rows = 2;
  problem.group_words = 2;
  problem.least_ports = 1;
  problem.most_ports = 28;
  problem.slices = 4;
  problem.steps = {{"qkv", 3 * 4096, 32, 32},
                   {"o", 4096, 32, 32},
                   {"gate_up", 2 * 11008, 32, 32},
                   {"down", 4096, 86, 32},
                   {"head", 32000, 32, 1}};
  return problem;
}

TEST(Engine, OfALargeModelWastesLittle) {
  const EngineProblem problem = large_problem();
  const auto solution = bind_engine(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(message_of(verify(problem, *solution)), "");
  int64_t fewest = None;
  double least = 0;  // no rows of zeroes, scales packed
  for (int64_t ports = 1; ports <= 28; ++ports)
    fewest = std::min(fewest, fewest_words(problem, ports));
  for (const EngineProblem::Step& step : problem.steps)
    least += static_cast<double>(step.times * step.rows * step.groups) * (1.0 + 1.0 / 32) / 28;
  std::cout << solution->ports << " ports; words: " << solution->words << ", fewest " << fewest
            << ", without waste " << least << "\n";
  EXPECT_LE(static_cast<double>(solution->words), 1.001 * static_cast<double>(fewest));
  EXPECT_LE(static_cast<double>(solution->words), 1.02 * least);
  EXPECT_EQ(solution->slice_ports.size(), 4U);
}

TEST(Engine, SlicesHaveEvenNumbersOfPorts) {
  const auto slices_of = [](int64_t ports, int64_t slices) {
    EngineProblem problem = large_problem();
    problem.least_ports = problem.most_ports = ports;
    problem.slices = slices;
    const auto solution = bind_engine(problem);
    EXPECT_EQ(message_of(verify(problem, *solution)), "");
    return solution->slice_ports;
  };
  using Ports = std::vector<int64_t>;
  EXPECT_EQ(slices_of(28, 3), (Ports{10, 8, 10}));
  EXPECT_EQ(slices_of(27, 4), (Ports{6, 8, 6, 7}));
  EXPECT_EQ(slices_of(7, 2), (Ports{4, 3}));
  // Fewer than two for each.
  EXPECT_EQ(slices_of(5, 3), (Ports{1, 2, 2}));
  EXPECT_EQ(slices_of(2, 4), (Ports{1, 1}));
}

EngineProblem small_problem() {
  EngineProblem problem;
  problem.word_rows = 2;
  problem.group_words = 1;
  problem.least_ports = problem.most_ports = 3;
  problem.slices = 2;
  problem.steps = {{"a", 200, 4, 3}, {"b", 70, 2, 1}};
  return problem;
}

void expect_refused(const std::function<void(EngineSolution&)>& breaks, const std::string& text) {
  const EngineProblem problem = small_problem();
  auto solution = bind_engine(problem);
  ASSERT_TRUE(solution.ok());
  ASSERT_EQ(message_of(verify(problem, *solution)), "");
  breaks(*solution);
  const std::string message = message_of(verify(problem, *solution));
  EXPECT_NE(message.find(text), std::string::npos) << text << ", but: " << message;
}

TEST(Engine, BrokenSolutionsAreRefused) {
  using Solution = EngineSolution;
  expect_refused([](Solution& s) { s.ports = 4; }, "4 ports are out of range");
  expect_refused([](Solution& s) { s.slice_ports = {1, 1}; }, "slices are not made of its ports");
  expect_refused([](Solution& s) { s.slice_ports = {3, 0}; }, "slices are not made of its ports");
  expect_refused([](Solution& s) { s.slice_ports = {1, 1, 1}; }, "not made of its ports");
  expect_refused([](Solution& s) { s.layouts.pop_back(); }, "not every step has a layout");
  expect_refused([](Solution& s) { s.layouts[1].ports = 2; }, "step 'b' has another layout");
  expect_refused([](Solution& s) { s.layouts[0].groups = 5; }, "step 'a' has another layout");
  expect_refused([](Solution& s) { s.layouts[0].word_rows = 1; }, "step 'a' has another layout");
  expect_refused([](Solution& s) { s.layouts[0].group_words = 2; }, "step 'a' has another layout");
  expect_refused([](Solution& s) { s.layouts[0].rows += 1; }, "step 'a' has another layout");
  expect_refused([](Solution& s) { s.layouts[0].blocks = 0; }, "step 'a' has another layout");
  expect_refused([](Solution& s) { s.layouts[0].rows -= 2; }, "step 'a' has rows without a place");
  expect_refused([](Solution& s) { s.layouts[0].rows = 130; }, "step 'a' has blocks that are too");
  expect_refused([](Solution& s) { s.layouts[1] = {3, 2, 1, 2, 22, 2}; }, "'b' adds to a total");
  expect_refused([](Solution& s) { s.words -= 1; }, "other words than it streams");
  expect_refused([](Solution& s) { s.layouts[1].blocks += 1; }, "other words than it streams");
}

TEST(Engine, ProblemsOutOfRangeAreRefused) {
  const auto refused = [](const std::function<void(EngineProblem&)>& breaks) {
    EngineProblem problem = small_problem();
    breaks(problem);
    const auto solution = bind_engine(problem);
    EXPECT_FALSE(solution.ok());
    return solution.ok() ? "" : solution.errors()[0].message;
  };
  const std::string begin = "the shared engine: ";
  EXPECT_EQ(refused([](EngineProblem& p) { p.word_rows = 3; }), begin + "words of 3 rows");
  EXPECT_EQ(refused([](EngineProblem& p) { p.most_ports = 2; }),
            begin + "there are no ports to choose from");
  EXPECT_EQ(refused([](EngineProblem& p) { p.slices = 0; }),
            begin + "there are no ports to choose from");
  EXPECT_EQ(refused([](EngineProblem& p) { p.steps.clear(); }),
            begin + "there are no linear layers");
  EXPECT_EQ(refused([](EngineProblem& p) { p.steps[1].rows = 0; }), begin + "step 'b' is empty");
  EXPECT_EQ(refused([](EngineProblem& p) { p.most_rows = 22; }),
            begin + "a slice is too small for a block of a step");
}

}  // namespace
}  // namespace st
