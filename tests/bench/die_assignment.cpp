// SPDX-License-Identifier: Apache-2.0
// Kernels to dies on random designs like decoders: CPU time, cost, bound and gap.
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "tests/resources/random_designs.h"

int main() {
  std::printf("%8s %8s %6s %10s %8s %10s %10s %8s\n", "kernels", "streams", "full", "loaders",
              "CPU s", "cost", "bound", "gap");
  for (const int kernels : {8, 20, 50, 100, 200, 400}) {
    const int designs = kernels == 200 ? 12 : 3;
    for (const st::test::Loading loading :
         {st::test::Loading::PerLayer, st::test::Loading::Dealt}) {
      for (int seed = 1; seed <= designs; ++seed) {
        const int full = 60 + 10 * seed / designs;
        const st::DieProblem problem = st::test::random_design(seed, kernels, full, loading);
        const std::clock_t begin = std::clock();
        const auto solution = st::assign_dies(problem);
        const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        std::printf("%8zu %8zu %5d%% %10s %8.2f", problem.kernels.size(), problem.streams.size(),
                    full, loading == st::test::Loading::Dealt ? "dealt" : "per layer", seconds);
        if (!solution.ok()) {
          std::printf("  %s\n", solution.errors().at(0).message.c_str());
          for (const std::string& line : solution.errors().at(0).details)
            std::printf("    %s\n", line.c_str());
          continue;
        }
        std::printf(" %10.1f %10.1f %7.2f%%\n", solution->cost, solution->bound,
                    100 * (solution->cost - solution->bound) / std::max(1.0, solution->bound));
        std::fflush(stdout);
      }
    }
  }
  return 0;
}
