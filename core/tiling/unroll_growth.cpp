// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll_growth.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace st {
namespace {

std::vector<int64_t> prime_factors(int64_t n) {
  std::vector<int64_t> primes;
  for (int64_t p = 2; p * p <= n; ++p) {
    for (; n % p == 0; n /= p) primes.push_back(p);
  }
  if (n > 1) primes.push_back(n);
  return primes;
}

bool one_divides_the_other(int64_t a, int64_t b) { return a % b == 0 || b % a == 0; }

}  // namespace

UnrollGrowth::UnrollGrowth(const UnrollProblem& problem, bool connection_aware)
    : problem_(problem),
      connection_aware_(connection_aware),
      unroll_(problem.nodes.size(), 1),
      connections_(problem.nodes.size(), 0) {
  for (const UnrollProblem::Array& array : problem.arrays)
    walkers_.emplace_back(array.shape.size());
  for (size_t n = 0; n < problem.nodes.size(); ++n) {
    for (const UnrollProblem::Access& access : problem.nodes[n].accesses) {
      for (size_t d = 0; d < access.index.size(); ++d) {
        const UnrollProblem::Index& index = access.index[d];
        if (index.loop < 0) continue;
        walkers_[static_cast<size_t>(access.array)][d].push_back(
            {{static_cast<int>(n), index.loop}, index.stride});
      }
    }
  }
  make_groups();
  find_facing();
}

void UnrollGrowth::make_groups() {
  // A forest: each loop points to one of its group, and the first of a group to itself.
  std::vector<size_t> first_of_node;
  std::vector<LoopRef> loops;
  for (size_t n = 0; n < problem_.nodes.size(); ++n) {
    first_of_node.push_back(loops.size());
    for (size_t l = 0; l < problem_.nodes[n].loops.size(); ++l)
      loops.push_back({static_cast<int>(n), static_cast<int>(l)});
  }
  std::vector<size_t> parent(loops.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](size_t i) {
    for (; parent[i] != i; i = parent[i]) parent[i] = parent[parent[i]];
    return i;
  };
  const auto number = [&](const LoopRef& loop) {
    return first_of_node[static_cast<size_t>(loop.node)] + static_cast<size_t>(loop.loop);
  };
  for (size_t a = 0; a < problem_.arrays.size(); ++a) {
    if (!problem_.arrays[a].external) continue;
    for (const auto& walkers : walkers_[a]) {
      for (const auto& [loop, stride] : walkers) {
        const size_t one = root(number(walkers.front().first)), other = root(number(loop));
        parent[std::max(one, other)] = std::min(one, other);
      }
    }
  }
  std::map<size_t, size_t> group_of_root;
  for (const UnrollProblem::Node& node : problem_.nodes) group_.emplace_back(node.loops.size(), 0);
  for (size_t i = 0; i < loops.size(); ++i) {
    const auto [entry, is_new] = group_of_root.emplace(root(i), groups_.size());
    if (is_new) groups_.emplace_back();
    groups_[entry->second].loops.push_back(loops[i]);
    group_[static_cast<size_t>(loops[i].node)][static_cast<size_t>(loops[i].loop)] = entry->second;
  }
  for (Group& group : groups_) {
    int64_t trips = 0;
    for (const LoopRef& loop : group.loops) {
      trips = std::gcd(trips, problem_.nodes[static_cast<size_t>(loop.node)]
                                  .loops[static_cast<size_t>(loop.loop)]
                                  .trip);
    }
    group.primes = prime_factors(trips);
    group.shared_by_nodes = group.loops.front().node != group.loops.back().node;
  }
  for (size_t a = 0; a < walkers_.size(); ++a) {
    for (const auto& walkers : walkers_[a]) {
      for (const auto& [loop, stride] : walkers) {
        std::vector<size_t>& arrays = groups_[group_of(loop)].arrays;
        if (arrays.empty() || arrays.back() != a) arrays.push_back(a);
      }
    }
  }
}

void UnrollGrowth::find_facing() {
  for (const UnrollProblem::Node& node : problem_.nodes) face_.emplace_back(node.loops.size());
  for (const Connection& connection : connections(problem_)) {
    ++connections_[static_cast<size_t>(connection.a)];
    ++connections_[static_cast<size_t>(connection.b)];
    if (!connection_aware_) continue;
    for (const Connection::Loops& loops : connection.loops) {
      if (!loops.binding()) continue;
      const LoopRef a{connection.a, loops.a}, b{connection.b, loops.b};
      face_[static_cast<size_t>(a.node)][static_cast<size_t>(a.loop)].push_back(
          {b, loops.stride_a, loops.stride_b});
      face_[static_cast<size_t>(b.node)][static_cast<size_t>(b.loop)].push_back(
          {a, loops.stride_b, loops.stride_a});
    }
  }
}

size_t UnrollGrowth::group_of(const LoopRef& loop) const {
  return group_[static_cast<size_t>(loop.node)][static_cast<size_t>(loop.loop)];
}

const std::vector<UnrollGrowth::Facing>& UnrollGrowth::facing(const LoopRef& loop) const {
  return face_[static_cast<size_t>(loop.node)][static_cast<size_t>(loop.loop)];
}

int64_t UnrollGrowth::unroll_with(int node, size_t group, int64_t ratio) const {
  int64_t unroll = unroll_of(node);
  for (const LoopRef& loop : groups_[group].loops)
    if (loop.node == node) unroll *= ratio;
  return unroll;
}

bool UnrollGrowth::fits_banks(size_t group, int64_t ratio) const {
  for (const size_t a : groups_[group].arrays) {
    int64_t product = 1;
    for (size_t d = 0; d < walkers_[a].size(); ++d) {
      int64_t banks = 1;
      for (const auto& [loop, stride] : walkers_[a][d]) {
        const size_t own = group_of(loop);
        banks = std::max(banks, groups_[own].factor * (own == group ? ratio : 1) * stride);
      }
      banks = std::min(banks, problem_.arrays[a].shape[d]);
      // Divided, not multiplied: the product of many dimensions might not fit 64 bits.
      if (banks > problem_.most_banks / product) return false;
      product *= banks;
    }
  }
  return true;
}

bool UnrollGrowth::is_aligned(size_t group, int64_t ratio) const {
  const int64_t factor = groups_[group].factor * ratio;
  for (const LoopRef& loop : groups_[group].loops) {
    for (const Facing& face : facing(loop)) {
      const size_t other = group_of(face.other);
      const int64_t other_factor = other == group ? factor : groups_[other].factor;
      const int64_t reach = factor * face.own_stride;
      if (!one_divides_the_other(reach, other_factor * face.other_stride)) return false;
      // The other node may be reset.
      if (other != group && !one_divides_the_other(reach, face.other_stride)) return false;
    }
  }
  return true;
}

bool UnrollGrowth::is_legal(size_t group, int64_t ratio) const {
  for (const LoopRef& loop : groups_[group].loops)
    if (unroll_with(loop.node, group, ratio) > problem_.most_unroll) return false;
  return is_aligned(group, ratio) && fits_banks(group, ratio);
}

bool UnrollGrowth::exceeds(int node, size_t group, int64_t ratio,
                           const std::vector<bool>& fixed) const {
  const int64_t factor = groups_[group].factor * ratio;
  for (const LoopRef& loop : groups_[group].loops) {
    if (loop.node != node) continue;
    for (const Facing& face : facing(loop)) {
      const size_t other = group_of(face.other);
      if (other == group || !fixed[static_cast<size_t>(face.other.node)]) continue;
      if (groups_[other].factor * face.other_stride % (factor * face.own_stride) != 0) return true;
    }
  }
  return false;
}

std::vector<UnrollStep> UnrollGrowth::steps(int node, const std::vector<bool>& fixed) const {
  const std::vector<UnrollProblem::Loop>& loops = problem_.nodes[static_cast<size_t>(node)].loops;
  std::vector<UnrollStep> legal;
  for (int l = 0; l < static_cast<int>(loops.size()); ++l) {
    const size_t group = group_of({node, l});
    int64_t left = groups_[group].factor, last = 1;
    for (const int64_t prime : groups_[group].primes) {
      // The factor has some of the primes already, and of equal ones it has the first.
      if (left % prime == 0) {
        left /= prime;
      } else if (prime != last) {
        last = prime;
        if (is_legal(group, prime))
          legal.push_back({node, l, prime, exceeds(node, group, prime, fixed)});
      }
    }
  }
  const auto rank = [&](const UnrollStep& step) {
    const bool reduction = loops[static_cast<size_t>(step.loop)].reduction;
    const int64_t factor = groups_[group_of({node, step.loop})].factor;
    return std::tuple(step.exceeds, reduction, step.ratio, factor, -step.loop);
  };
  std::sort(legal.begin(), legal.end(),
            [&](const UnrollStep& a, const UnrollStep& b) { return rank(a) < rank(b); });
  return legal;
}

std::vector<int> UnrollGrowth::changed_by(const UnrollStep& step) const {
  std::vector<int> nodes;
  for (const LoopRef& loop : groups_[group_of({step.node, step.loop})].loops)
    if (nodes.empty() || nodes.back() != loop.node) nodes.push_back(loop.node);
  return nodes;
}

int64_t UnrollGrowth::growth_by(const UnrollStep& step) const {
  int64_t growth = 0;
  for (const int node : changed_by(step)) {
    growth += unroll_with(node, group_of({step.node, step.loop}), step.ratio) - unroll_of(node);
  }
  return growth;
}

void UnrollGrowth::take(const UnrollStep& step) {
  Group& group = groups_[group_of({step.node, step.loop})];
  group.factor *= step.ratio;
  for (const LoopRef& loop : group.loops) unroll_[static_cast<size_t>(loop.node)] *= step.ratio;
}

void UnrollGrowth::reset(int node) {
  const auto n = static_cast<size_t>(node);
  unroll_[n] = 1;
  for (const size_t group : group_[n]) {
    if (!groups_[group].shared_by_nodes) groups_[group].factor = 1;
    unroll_[n] *= groups_[group].factor;
  }
}

UnrollSolution UnrollGrowth::solution() const {
  UnrollSolution solution;
  for (const std::vector<size_t>& groups : group_) {
    std::vector<int64_t>& factors = solution.unroll.emplace_back();
    for (const size_t group : groups) factors.push_back(groups_[group].factor);
  }
  solution.banks = banks_of(problem_, solution.unroll);
  return solution;
}

}  // namespace st
