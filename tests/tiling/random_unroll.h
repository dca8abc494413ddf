// SPDX-License-Identifier: Apache-2.0
/// Problems of unrolling: the example of HIDA's lecture, and random ones.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/tiling/unroll_problem.h"
#include "tests/common/random.h"

namespace st::test {

/// A[32][16] and B[16][16] are loaded, then C[i][j] += A[i * 2][k] * B[k][j].
inline UnrollProblem lecture_example() {
  UnrollProblem problem;
  problem.arrays = {{"A", {32, 16}}, {"B", {16, 16}}, {"C", {16, 16}}};
  problem.nodes = {
      {"node0", {{"i", 32}, {"k", 16}}, {{0, {{0}, {1}}}}},
      {"node1", {{"k", 16}, {"j", 16}}, {{1, {{0}, {1}}}}},
      {"node2",
       {{"i", 16}, {"j", 16}, {"k", 16, true}},
       {{0, {{0, 2}, {2}}}, {1, {{2}, {1}}}, {2, {{0}, {1}}}}},
  };
  problem.most_parallel = 32;
  return problem;
}

/// What random problems are made of.
struct UnrollKind {
  bool powers_of_two = false;  ///< trips and strides
  bool external = true;        ///< some arrays are external
};

/// 1 to 6 nodes with 1 to 4 loops each, and arrays of 1 to 3 dimensions that they share. Passes
/// check().
inline UnrollProblem random_unroll(uint64_t seed, const UnrollKind& kind) {
  Random random(seed);
  const std::vector<int64_t> trips = kind.powers_of_two
                                         ? std::vector<int64_t>{1, 2, 4, 8, 16, 32, 64}
                                         : std::vector<int64_t>{1, 2, 3, 6, 7, 8, 12, 16, 30, 64};
  const std::vector<int64_t> strides =
      kind.powers_of_two ? std::vector<int64_t>{1, 2, 4} : std::vector<int64_t>{1, 1, 1, 2, 3, 6};
  UnrollProblem problem;
  problem.most_parallel = random.between(1, 128);
  problem.most_unroll = int64_t{1} << random.between(2, 8);
  // The strides of three dimensions alone may take 6 * 6 * 6 banks.
  problem.most_banks = random.between(216, 512);
  const auto arrays = random.between(1, 4);
  for (int a = 0; a < arrays; ++a) {
    UnrollProblem::Array array{"array" + std::to_string(a), {}, false};
    array.shape.assign(random.between(1, 3), 1);
    array.external = kind.external && random.chance(0.3);
    problem.arrays.push_back(array);
  }
  const auto nodes = random.between(1, 6);
  for (int n = 0; n < nodes; ++n) {
    UnrollProblem::Node node{"node" + std::to_string(n), {}, {}};
    const auto loops = random.between(1, 4);
    for (int l = 0; l < loops; ++l)
      node.loops.push_back({"l" + std::to_string(l), random.pick(trips), random.chance(0.3)});
    const auto accesses = random.between(1, 3);
    for (int x = 0; x < accesses; ++x) {
      UnrollProblem::Access access{static_cast<int>(random.below(arrays)), {}};
      for (int64_t& size : problem.arrays[access.array].shape) {
        UnrollProblem::Index index{-1, 1, random.between(0, 2)};
        if (!random.chance(0.15)) {
          index.loop = static_cast<int>(random.below(loops));
          index.stride = random.pick(strides);
        }
        const int64_t trip = index.loop < 0 ? 1 : node.loops[index.loop].trip;
        size = std::max(size, (trip - 1) * index.stride + index.offset + 1);
        access.index.push_back(index);
      }
      node.accesses.push_back(access);
    }
    problem.nodes.push_back(node);
  }
  return problem;
}

/// Copies of the body of a node.
inline int64_t copies(const std::vector<int64_t>& factors) {
  int64_t product = 1;
  for (const int64_t factor : factors) product *= factor;
  return product;
}

/// "code message @ where" per problem.
inline std::vector<std::string> problems_of(const Status& status) {
  std::vector<std::string> lines;
  if (status.ok()) return lines;
  for (const Diagnostic& problem : status.errors()) {
    lines.push_back(problem.code + " " + problem.message +
                    (problem.where.empty() ? "" : " @ " + problem.where));
  }
  return lines;
}

}  // namespace st::test
