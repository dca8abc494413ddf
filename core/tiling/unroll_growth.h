// SPDX-License-Identifier: Apache-2.0
/// Unroll factors that grow step by step and are legal after each one: what both solvers stand on.
///
/// A step multiplies one factor by a prime, so that it doubles where the trip count allows that.
/// Loops that walk one dimension of an external array have one factor together: a step of one is a
/// step of all, in whichever node they are.
#pragma once

#include <vector>

#include "core/tiling/unroll_problem.h"

namespace st {

/// A legal step of a node.
struct UnrollStep {
  int node = -1;
  int loop = -1;
  int64_t ratio = 1;  ///< new factor / old factor, a prime
  /// The new reach no longer divides that of a fixed neighbour: a dimension that the neighbour
  /// splits into few banks would be split into more. Always false without connections.
  bool exceeds = false;
};

class UnrollGrowth {
 public:
  /// All factors 1. Requires a problem that passes check() and outlives this.
  UnrollGrowth(const UnrollProblem& problem, bool connection_aware);

  /// Product of the factors of a node.
  [[nodiscard]] int64_t unroll_of(int node) const { return unroll_[static_cast<size_t>(node)]; }
  /// The number of arrays that a node shares, counted once per other node.
  [[nodiscard]] int connections_of(int node) const {
    return connections_[static_cast<size_t>(node)];
  }

  /// The legal steps of a node, best first: one that does not exceed a neighbour, a parallel loop,
  /// a small ratio, a small factor, an inner loop. Only nodes in `fixed` count as neighbours that
  /// can be exceeded. Legal are steps after which verify() accepts the factors, and still does when
  /// any node has been reset().
  [[nodiscard]] std::vector<UnrollStep> steps(int node, const std::vector<bool>& fixed) const;

  /// The nodes whose factors a step changes, in order, and the sum that their products grow by.
  [[nodiscard]] std::vector<int> changed_by(const UnrollStep& step) const;
  [[nodiscard]] int64_t growth_by(const UnrollStep& step) const;

  void take(const UnrollStep& step);

  /// Back to 1 for all loops of a node, except those that share a factor with another node.
  void reset(int node);

  [[nodiscard]] UnrollSolution solution() const;

 private:
  struct LoopRef {
    int node;
    int loop;
  };
  /// Loops with one factor.
  struct Group {
    int64_t factor = 1;
    std::vector<LoopRef> loops;    ///< by node, then by loop
    std::vector<int64_t> primes;   ///< of the greatest common divisor of the trips, with repeats
    std::vector<size_t> arrays;    ///< that the loops walk, in order
    bool shared_by_nodes = false;  ///< has loops of several nodes
  };
  /// A loop of another node that walks the same dimension.
  struct Facing {
    LoopRef other;
    int64_t own_stride;
    int64_t other_stride;
  };

  void make_groups();
  void find_facing();
  [[nodiscard]] size_t group_of(const LoopRef& loop) const;
  [[nodiscard]] const std::vector<Facing>& facing(const LoopRef& loop) const;
  [[nodiscard]] int64_t unroll_with(int node, size_t group, int64_t ratio) const;
  [[nodiscard]] bool is_legal(size_t group, int64_t ratio) const;
  [[nodiscard]] bool fits_banks(size_t group, int64_t ratio) const;
  [[nodiscard]] bool is_aligned(size_t group, int64_t ratio) const;
  [[nodiscard]] bool exceeds(int node, size_t group, int64_t ratio,
                             const std::vector<bool>& fixed) const;

  const UnrollProblem& problem_;
  bool connection_aware_;
  std::vector<Group> groups_;
  std::vector<std::vector<size_t>> group_;              ///< [node][loop]
  std::vector<std::vector<std::vector<Facing>>> face_;  ///< [node][loop]
  /// Walkers of each dimension, [array][dimension]: (loop, stride).
  std::vector<std::vector<std::vector<std::pair<LoopRef, int64_t>>>> walkers_;
  std::vector<int64_t> unroll_;   ///< per node
  std::vector<int> connections_;  ///< per node
};

}  // namespace st
