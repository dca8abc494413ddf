// SPDX-License-Identifier: Apache-2.0
#include "tests/core/stages.h"

#include <gtest/gtest.h>

#include "tests/common/builds.h"

namespace st::test {

Design design_of(uint64_t seed, const std::string& precision) {
  constexpr int FewPorts = 13;
  Design design;
  design.graph = random_decoder(seed);
  design.options.precision = precision;
  // The search needs several groups far less often than the published way does.
  if (seed % 2 != 0) design.options.fusion = "greedy";
  // The search for depths takes most of the time where it is done again from every stage.
  if (seed % 7 != 1) design.options.fifo = "lp";
  auto target = find_target(seed % 2 == 0 ? "u280" : target_with_ports(FewPorts).string());
  EXPECT_TRUE(target.ok());
  if (target.ok()) design.target = *target;
  return design;
}

std::vector<std::string> stages_of(uint64_t seed, const std::string& precision) {
  Design design = design_of(seed, precision);
  std::vector<std::string> stages;
  const Status status =
      compile(design, [&](int, const std::string& text) { stages.push_back(text); });
  if (status.ok()) return stages;
  EXPECT_EQ(status.errors()[0].code, "E0403")
      << "seed " << seed << ": " << status.errors()[0].message;
  return {};
}

const std::string& stage_after(const std::vector<std::string>& stages, std::string_view pass) {
  size_t index = 0;
  while (passes().at(index).name != pass) ++index;
  return stages.at(index);
}

}  // namespace st::test
