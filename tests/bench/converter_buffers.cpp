// SPDX-License-Identifier: Apache-2.0
// What converters between random views of one tensor hold, as multiples of what any converter must:
// the live-range buffer, and the paper's ping-pong.
#include <cstdio>

#include "tests/itensor/buffer_sizes.h"

int main() {
  constexpr int Pairs = 10000;
  std::vector<double> ours, paper;
  for (const st::test::BufferSizes& sizes : st::test::buffer_sizes(Pairs)) {
    ours.push_back(static_cast<double>(sizes.ours) / static_cast<double>(sizes.bound));
    paper.push_back(static_cast<double>(sizes.paper) / static_cast<double>(sizes.bound));
  }
  std::printf("elements held / lower bound, %d random pairs of types (seed %llu)\n", Pairs,
              static_cast<unsigned long long>(st::test::PairsSeed));
  std::printf("%-32s %8s %8s %8s\n", "", "median", "90 %", "worst");
  auto row = [](const char* name, const std::vector<double>& ratios) {
    std::printf("%-32s %8.2f %8.2f %8.2f\n", name, st::test::quantile(ratios, 0.5),
                st::test::quantile(ratios, 0.9), st::test::quantile(ratios, 1.0));
  };
  row("live-range buffer", ours);
  row("ping-pong by the loop prefix", paper);
  return 0;
}
