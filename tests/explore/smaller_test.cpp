// SPDX-License-Identifier: Apache-2.0
#include "core/explore/smaller.h"

#include <gtest/gtest.h>

#include "core/platform/target.h"
#include "core/resources/kernel_resources.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/tool.h"

namespace st {
namespace {

Design adder_on(const std::string& target) {
  Design design;
  auto graph = read_onnx_json(test::source("examples/adder/model.json").string(), {});
  EXPECT_TRUE(graph.ok());
  design.graph = std::move(*graph);
  design.target = *find_target(target);
  design.options.fifo = "lp";
  return design;
}

constexpr OpenChoices Everything = {true, true, true};

TEST(Smaller, TheLeastChangeThatFitsIsTaken) {
  const auto on_zcu104 = smaller_design(adder_on("zcu104"), Everything);
  ASSERT_TRUE(on_zcu104.has_value());
  EXPECT_TRUE(on_zcu104->problems.empty());
  EXPECT_EQ(on_zcu104->how, "--fold-layers");
  const auto on_kv260 = smaller_design(adder_on("kv260"), Everything);
  ASSERT_TRUE(on_kv260.has_value());
  EXPECT_TRUE(on_kv260->problems.empty());
  EXPECT_EQ(on_kv260->how.find("--fold-layers, --parameter-ports 1, linear layers of "), 0u)
      << on_kv260->how;
  Design design = on_kv260->design;
  ASSERT_TRUE(compile_up_to("place-kernels", design).ok());
  const ResourceCounts need = resources_of(design.program), budget = design.target.budget();
  for (const ResourceKind& kind : ResourceKinds)
    EXPECT_LE(need.*kind.count, budget.*kind.count) << kind.name;
}

TEST(Smaller, WhatIsGivenStays) {
  EXPECT_FALSE(smaller_design(adder_on("zcu104"), {}).has_value());
  const auto unfolded = smaller_design(adder_on("kv260"), {false, true, true});
  ASSERT_TRUE(unfolded.has_value());
  EXPECT_FALSE(unfolded->problems.empty());
  EXPECT_FALSE(unfolded->design.options.fold_layers);
  EXPECT_EQ(unfolded->how, "--parameter-ports 1, linear layers of 1 value at once");
  const auto ports = smaller_design(adder_on("kv260"), {true, false, true});
  ASSERT_TRUE(ports.has_value());
  EXPECT_EQ(ports->design.options.parameter_ports, 4);
}

TEST(Smaller, WhatNeverFitsSaysWhatIsMissingAtLeast) {
  Design start = adder_on("kv260");
  start.target.slrs[0].usable.lut.value = 50'000;
  const auto smaller = smaller_design(start, Everything);
  ASSERT_TRUE(smaller.has_value());
  ASSERT_EQ(smaller->problems.size(), 1u);
  EXPECT_EQ(smaller->problems[0].code, "E0403");
  EXPECT_EQ(smaller->problems[0].details.at(0).find("LUT: needs "), 0u);
}

TEST(Smaller, OtherProblemsAreNotItsBusiness) {
  Design broken = adder_on("kv260");
  broken.graph.nodes[0].op = "Unknown";
  EXPECT_FALSE(smaller_design(broken, Everything).has_value());
}

}  // namespace
}  // namespace st
