// SPDX-License-Identifier: Apache-2.0
// Designs over their budget, and the knobs that are named for them.
#include "core/explore/knobs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/resources/kernel_resources.h"
#include "core/resources/shortage.h"
#include "core/resources/storage.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/tool.h"

namespace st {
namespace {

Design adder() {
  Design design;
  auto graph = read_onnx_json(test::source("examples/adder/model.json").string(), {});
  EXPECT_TRUE(graph.ok());
  design.graph = std::move(*graph);
  design.target = *find_target("u280");
  design.options.fifo = "lp";
  design.options.tiling.row_lanes = 4;
  return design;
}

/// Gives the target so many LUTs within its budget, on one die.
void limit_luts(Target& target, int64_t luts) {
  target.slrs.resize(1);
  target.crossing_wires.reset();
  for (Number ResourceNumbers::*number : {&ResourceNumbers::ff, &ResourceNumbers::dsp,
                                          &ResourceNumbers::bram18, &ResourceNumbers::uram})
    (target.slrs[0].usable.*number).value *= 10;
  target.slrs[0].usable.lut.value = static_cast<double>(luts);
  target.budget_percent.lut.value = 100;
}

/// What all memories of a program take of LUT.
int64_t luts_of_memories(const Program& program) {
  int64_t luts = 0;
  for (int group = 0; group < program.groups; ++group) luts += storage_of(program, group).cost.lut;
  return luts;
}

TEST(TooLarge, GroupsOfOneBitstreamShareABudget) {
  Design whole = adder();
  whole.target.memory.ports.value = 8;
  const Design start = whole;
  ASSERT_TRUE(compile_up_to("place-kernels", whole).ok());
  ASSERT_GE(whole.program.groups, 2);
  int64_t largest = 0;
  for (int group = 0; group < whole.program.groups; ++group)
    largest = std::max(largest, resources_of(whole.program, group).lut);
  const int64_t all = resources_of(whole.program).lut;
  ASSERT_LT(largest, all);
  EXPECT_FALSE(too_large(whole.program, whole.target));

  Design enough = start, short_by_one = start;
  limit_luts(enough.target, all);
  EXPECT_TRUE(compile_up_to("place-kernels", enough).ok());
  // Without the memories of LUT, which could be of BRAM as well, it would just fit.
  const int64_t least = all - luts_of_memories(whole.program);
  limit_luts(short_by_one.target, least - 1);
  const Status refused = compile_up_to("place-kernels", short_by_one);
  ASSERT_FALSE(refused.ok());
  ASSERT_EQ(refused.errors().size(), 1U);
  const Diagnostic& problem = refused.errors()[0];
  EXPECT_EQ(problem.code, "E0403");
  EXPECT_EQ(problem.message, "the design does not fit u280");
  ASSERT_EQ(problem.details.size(), 1U);
  EXPECT_EQ(problem.details[0].find("LUT: needs " + std::to_string(all) +
                                    " (predicted), the budget is " + std::to_string(least - 1) +
                                    ": " + std::to_string(all - least + 1) + " too many; kernel '"),
            0U)
      << problem.details[0];
  // The kernel that is named does take the most.
  int64_t most = 0;
  std::string name;
  for (const Kernel& kernel : whole.program.kernels) {
    const int64_t taken = resources_of(whole.program, kernel).lut;
    if (taken > most) most = taken, name = kernel.name;
  }
  EXPECT_NE(problem.details[0].find("kernel '" + name + "'"), std::string::npos);
  EXPECT_TRUE(problem.details[0].ends_with("takes most, " + std::to_string(most)));
}

TEST(Knobs, TheSmallestChangeOfEachIsNamed) {
  Design start = adder();
  Design probe = start;
  probe.options.tiling.row_lanes = 2;
  ASSERT_TRUE(compile_up_to("place-kernels", probe).ok());
  // Two lanes fit just so; four do not.
  limit_luts(start.target, resources_of(probe.program).lut);
  Design over = start;
  const Status refused = compile_up_to("place-kernels", over);
  ASSERT_FALSE(refused.ok());
  const Diagnostics line = with_knobs(refused.errors(), start, KnobPlace::CommandLine);
  ASSERT_EQ(line.size(), 1U);
  EXPECT_EQ(line[0].help.find("it fits (predicted) with --row-lanes 2"), 0U) << line[0].help;
  EXPECT_EQ(line[0].details, refused.errors()[0].details);
  const Diagnostics file = with_knobs(refused.errors(), start, KnobPlace::DesignFile);
  EXPECT_EQ(file[0].help.find("it fits (predicted) with \"row_lanes\": 2 in the design file"), 0U)
      << file[0].help;
  // Twice the same.
  EXPECT_EQ(with_knobs(refused.errors(), start, KnobPlace::CommandLine)[0].help, line[0].help);
}

TEST(Knobs, OtherProblemsStayAsTheyAre) {
  const Diagnostics given = {{"E0314", "no such layer", "", {}, "help"}};
  const Diagnostics same = with_knobs(given, adder(), KnobPlace::CommandLine);
  EXPECT_EQ(same[0].help, "help");
  EXPECT_TRUE(same[0].details.empty());
  // A graph that does not get as far as kernels has no knobs.
  Design broken = adder();
  broken.graph.nodes[0].op = "Unknown";
  const Diagnostics infeasible = {{"E0403", "too large", "", {}, "help"}};
  EXPECT_EQ(with_knobs(infeasible, broken, KnobPlace::CommandLine)[0].help, "help");
}

}  // namespace
}  // namespace st
