// SPDX-License-Identifier: Apache-2.0
#include "core/resources/memory_problem.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace st {
namespace {

using enum MemoryKind;
using Item = MemoryProblem::Item;
using Lines = std::vector<std::string>;

constexpr int64_t Plenty = 1'000'000;

Item fifo(int64_t width, int64_t depth) {
  return {
      .name = "f", .width_bits = width, .words = depth, .fifo = true, .used_bits = width * depth};
}
Item array(int64_t width, int64_t words, int64_t banks = 1) {
  return {.name = "a",
          .width_bits = width,
          .words = words,
          .banks = banks,
          .used_bits = width * words * banks};
}

MemoryProblem problem_of(std::vector<Item> items, int64_t lut, int64_t bram18, int64_t uram) {
  return {std::move(items), {.lut = lut, .bram18 = bram18, .uram = uram}};
}

Lines located_messages_of(const Status& status) {
  Lines messages;
  if (status.ok()) return messages;
  for (const Diagnostic& problem : status.errors()) {
    EXPECT_EQ(problem.code, "E0320");
    messages.push_back((problem.where.empty() ? "" : problem.where + ": ") + problem.message);
  }
  return messages;
}

/// A choice that passes the verifier.
MemoryPlan chosen(const MemoryProblem& problem) {
  const Result<MemoryPlan> plan = choose_kinds(problem);
  EXPECT_TRUE(plan.ok());
  if (!plan.ok()) return {};
  EXPECT_EQ(located_messages_of(verify(problem, *plan)), Lines());
  return *plan;
}

TEST(MemoryChoice, EachItemGetsTheKindThatSuitsItsShape) {
  const MemoryProblem problem =
      problem_of({fifo(512, 2), fifo(512, 64), fifo(32, 512), array(32, 16), array(72, 16384, 2)},
                 Plenty, Plenty, Plenty);
  const MemoryPlan plan = chosen(problem);
  EXPECT_EQ(plan.kind, (std::vector{Srl, LutRam, Bram, LutRam, Uram}));
  // 256 + 2, 592 + 12, 18 of the pointers, 24; a BRAM18; 2 banks of 4 URAM.
  EXPECT_EQ(plan.cost, (MemoryCost{904, 1, 8}));
}

TEST(MemoryChoice, WasteIsWhatBlocksHoldBeyondTheirItems) {
  const MemoryPlan plan = chosen(
      problem_of({fifo(32, 160), array(32, 16, 3), array(64, 9000)}, Plenty, Plenty, Plenty));
  EXPECT_EQ(plan.kind, (std::vector{Bram, LutRam, Uram}));
  EXPECT_EQ(plan.bits[static_cast<size_t>(Srl)], (BitsUse{0, 0}));
  EXPECT_EQ(plan.bits[static_cast<size_t>(Bram)], (BitsUse{18'432, 5'120}));
  // 3 banks of 3 slices of 8 LUTs of 64 bits.
  EXPECT_EQ(plan.bits[static_cast<size_t>(LutRam)], (BitsUse{4'608, 1'536}));
  EXPECT_EQ(plan.bits[static_cast<size_t>(Uram)], (BitsUse{3 * 294'912, 576'000}));
  EXPECT_EQ(plan.bits[static_cast<size_t>(Uram)].wasted(), 308'736);
}

TEST(MemoryChoice, OneItemMovesWhereBramIsOneShort) {
  // 4 + 15 BRAM18 for 18; the small one costs 1 of 100 URAM, the other one 8.
  const MemoryPlan plan = chosen(problem_of({array(32, 2048), array(512, 512)}, 100, 18, 100));
  EXPECT_EQ(plan.kind, (std::vector{Uram, Bram}));
  EXPECT_EQ(plan.cost, (MemoryCost{0, 15, 1}));
}

TEST(MemoryChoice, TheMostWastefulItemLeavesUram) {
  // Both suit URAM: 8 blocks for 512 x 4096, 16 for one word more. Of 16 there is room for one.
  const MemoryPlan plan = chosen(problem_of({array(512, 4096), array(512, 4097)}, 0, 142, 16));
  EXPECT_EQ(plan.kind, (std::vector{Uram, Bram}));
}

TEST(MemoryChoice, AFifoMovesFromShiftRegistersToBram) {
  const MemoryPlan plan = chosen(problem_of({fifo(512, 32), fifo(32, 32)}, 100, 20, 0));
  EXPECT_EQ(plan.kind, (std::vector{Bram, Srl}));
  EXPECT_EQ(plan.cost, (MemoryCost{10 + 42, 15, 0}));
}

TEST(MemoryChoice, WhatIsInitialisedStaysOutOfUram) {
  Item table = array(512, 8192);
  EXPECT_EQ(chosen(problem_of({table}, Plenty, Plenty, Plenty)).kind, std::vector{Uram});
  table.initialised = true;
  EXPECT_EQ(chosen(problem_of({table}, Plenty, Plenty, Plenty)).kind, std::vector{Bram});
  // Neither would it spill there.
  EXPECT_FALSE(choose_kinds(problem_of({table}, 100, 200, Plenty)).ok());
}

TEST(MemoryChoice, ArraysAreNeverShiftRegisters) {
  // 8 LUTs for two shift registers would fit.
  EXPECT_FALSE(choose_kinds(problem_of({array(16, 16)}, 8, 0, 0)).ok());
  EXPECT_TRUE(choose_kinds(problem_of({fifo(16, 16)}, 16, 0, 0)).ok());
}

TEST(MemoryChoice, ImpossibleNamesEachResourceWithBothNumbers) {
  const Result<MemoryPlan> plan =
      choose_kinds(problem_of({array(512, 512), array(32, 2048)}, 0, 10, 0));
  ASSERT_FALSE(plan.ok());
  ASSERT_EQ(plan.errors().size(), 1U);
  EXPECT_EQ(plan.errors()[0].code, "E0403");
  EXPECT_EQ(plan.errors()[0].details, Lines{"BRAM18 of storage alone: needs 19 (predicted), the "
                                            "budget is 10: 9 too many; 'a' takes most, 15"});
  const Result<MemoryPlan> fifos = choose_kinds(problem_of({fifo(32, 3)}, 12, 0, 0));
  ASSERT_FALSE(fifos.ok());
  EXPECT_EQ(fifos.errors()[0].details, Lines{"LUT of storage alone: needs 20 (predicted), the "
                                             "budget is 12: 8 too many; 'f' takes most, 20"});
}

TEST(MemoryChoice, NothingToChooseIsAPlan) {
  EXPECT_TRUE(chosen(problem_of({}, 0, 0, 0)).kind.empty());
}

/// Every choice, one after another, until one fits.
bool some_choice_fits(const MemoryProblem& problem) {
  size_t choices = 1;
  for (size_t i = 0; i < problem.items.size(); ++i) choices *= AllMemoryKinds.size();
  for (size_t c = 0; c < choices; ++c) {
    std::vector<MemoryKind> kind;
    for (size_t rest = c; kind.size() < problem.items.size(); rest /= AllMemoryKinds.size())
      kind.push_back(AllMemoryKinds[rest % AllMemoryKinds.size()]);
    if (verify(problem, plan_of(problem, std::move(kind))).ok()) return true;
  }
  return false;
}

TEST(MemoryChoice, FindsAChoiceExactlyWhereThereIsOne) {
  constexpr unsigned Seed = 20'260'401;
  std::mt19937 random(Seed);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  int moved = 0, impossible = 0;
  for (int round = 0; round < 300; ++round) {
    MemoryProblem problem;
    MemoryCost sum;
    for (int64_t i = pick(1, 5); i > 0; --i) {
      Item item = pick(0, 1) == 0 ? fifo(pick(1, 600), pick(2, 6'000))
                                  : array(pick(1, 600), pick(2, 6'000), pick(1, 4));
      item.initialised = !item.fifo && pick(0, 3) == 0;
      if (!item.fifo && pick(0, 1) == 0) item.ports = MemoryPorts::TwoReadOrWrite;
      const auto kind = AllMemoryKinds[static_cast<size_t>(pick(1, 3))];
      accumulate(sum, cost_of(item, is_legal(item, kind) ? kind : Bram));
      problem.items.push_back(item);
    }
    // About what a random choice takes, so that few others fit.
    problem.budget.lut = sum.lut * pick(80, 130) / 100;
    problem.budget.bram18 = sum.bram18 * pick(80, 130) / 100;
    problem.budget.uram = sum.uram * pick(80, 130) / 100;
    const Result<MemoryPlan> plan = choose_kinds(problem);
    ASSERT_EQ(plan.ok(), some_choice_fits(problem)) << "seed " << Seed << ", round " << round;
    if (!plan.ok()) {
      ++impossible;
      continue;
    }
    ASSERT_EQ(located_messages_of(verify(problem, *plan)), Lines()) << "round " << round;
    for (size_t i = 0; i < problem.items.size(); ++i)
      moved += plan->kind[i] != preferred_kind(problem.items[i]);
  }
  EXPECT_GT(moved, 50);
  EXPECT_GT(impossible, 20);
}

TEST(MemoryVerifier, CountsAsTheCostsDo) {
  for (const MemoryKind kind : AllMemoryKinds) {
    for (int64_t width = 1; width <= 600; width = width * 3 / 2 + 1) {
      for (int64_t words = 1; words <= 70'000; words = words * 5 / 4 + 1) {
        for (const MemoryPorts ports : {MemoryPorts::ReadAndWrite, MemoryPorts::TwoReadOrWrite}) {
          Item item = kind == Srl ? fifo(width, words) : array(width, words, 3);
          if (kind != Srl) item.ports = ports;
          const MemoryProblem problem =
              problem_of({item}, int64_t{1} << 40, int64_t{1} << 40, int64_t{1} << 40);
          ASSERT_EQ(located_messages_of(verify(problem, plan_of(problem, {kind}))), Lines())
              << width << " x " << words;
        }
      }
    }
  }
}

TEST(MemoryVerifier, RefusesAnotherNumberOfItems) {
  const MemoryProblem problem = problem_of({fifo(32, 16)}, 100, 0, 0);
  EXPECT_EQ(located_messages_of(verify(problem, MemoryPlan())),
            Lines{"the plan is for other memories"});
}

TEST(MemoryVerifier, RefusesKindsThatAreNotLegal) {
  Item table = array(72, 4096);
  table.initialised = true;
  const MemoryProblem problem = problem_of({array(32, 16), table}, Plenty, Plenty, Plenty);
  EXPECT_EQ(located_messages_of(verify(problem, plan_of(problem, {Srl, Uram}))),
            (Lines{"memory 'a': shift registers cannot be addressed freely",
                   "memory 'a': URAM cannot be initialised"}));
}

TEST(MemoryVerifier, RefusesMoreThanABudget) {
  const MemoryProblem problem =
      problem_of({fifo(32, 32), array(36, 512), array(72, 4096)}, 41, 0, 0);
  EXPECT_EQ(located_messages_of(verify(problem, plan_of(problem, {Srl, Bram, Uram}))),
            (Lines{"LUT: 42 exceed the budget of 41", "BRAM18: 1 exceed the budget of 0",
                   "URAM: 1 exceed the budget of 0"}));
}

TEST(MemoryVerifier, RefusesTotalsThatAreNotThoseOfTheItems) {
  const MemoryProblem problem =
      problem_of({fifo(32, 32), array(36, 512), array(72, 4096)}, Plenty, Plenty, Plenty);
  MemoryPlan plan = plan_of(problem, {Srl, Bram, Uram});
  plan.cost = {41, 2, 0};
  plan.bits[static_cast<size_t>(Bram)].used -= 1;
  EXPECT_EQ(located_messages_of(verify(problem, plan)),
            (Lines{"LUT: the plan says 41, its memories take 42",
                   "BRAM18: the plan says 2, its memories take 1",
                   "URAM: the plan says 0, its memories take 1",
                   "bram: the plan says 18431 of 18432 bits, its memories hold 18432 of 18432"}));
}

TEST(MemoryProblem, SizesOutOfRangeAreRefusedAllAtOnce) {
  Item half = array(32, 16), more = array(32, 16), long_one = fifo(512, int64_t{1} << 30);
  Item many = array(1, 1, (int64_t{1} << 17) + 1), two = fifo(32, 16);
  half.words = 0;
  more.used_bits = 513;
  two.ports = MemoryPorts::TwoReadOrWrite;
  MemoryProblem problem = problem_of({half, more, long_one, many, two}, 0, 0, 0);
  problem.budget.uram = -1;
  EXPECT_EQ(
      located_messages_of(problem.check()),
      (Lines{"memory 'a': width, words and banks are at least 1",
             "memory 'a': it stores 513 bits, and has 512",
             "memory 'f': more bits than 17179869184", "memory 'a': more banks than 131072",
             "memory 'f': a FIFO has one port to read and one to write", "a budget is negative"}));
  EXPECT_EQ(located_messages_of(verify(problem, MemoryPlan())),
            located_messages_of(problem.check()));
  problem.items.assign(MostItems + 1, array(1, 1));
  problem.budget.uram = 0;
  EXPECT_EQ(located_messages_of(problem.check()), Lines{"more memories than 65536"});
}

}  // namespace
}  // namespace st
