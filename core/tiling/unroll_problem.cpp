// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll_problem.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

namespace st {
namespace {

// So that the reach of an access and the work of a node stay in 64 bits.
constexpr int64_t MostTrip = int64_t{1} << 30;
constexpr int64_t MostStride = int64_t{1} << 30;
constexpr int64_t MostElements = int64_t{1} << 40;
constexpr int64_t MostWork = int64_t{1} << 50;
constexpr int64_t MostFactor = int64_t{1} << 20;
constexpr size_t MostParts = size_t{1} << 16;
constexpr size_t MostDepth = 64;

/// A product of two counts, both within 64 bits.
__extension__ using Wide = __int128;

int64_t saturating_product(int64_t a, int64_t b) {
  const Wide product = Wide{a} * b;
  constexpr int64_t Most = std::numeric_limits<int64_t>::max();
  return product > Most ? Most : static_cast<int64_t>(product);
}

std::string name_of_node(const UnrollProblem& problem, size_t node) {
  return "node '" + printable(problem.nodes[node].name) + "'";
}

std::string name_of_array(const UnrollProblem& problem, size_t array) {
  return "array '" + printable(problem.arrays[array].name) + "'";
}

/// Notes what is out of range.
class Checker {
 public:
  void add(const std::string& message, const std::string& where) {
    problems_.push_back({"E0320", message, where, {}, ""});
  }
  bool bound(const std::string& what, int64_t value, int64_t low, int64_t high,
             const std::string& where) {
    if (value >= low && value <= high) return true;
    add(what + " " + std::to_string(value) + " is not in " + std::to_string(low) + ".." +
            std::to_string(high),
        where);
    return false;
  }
  bool count(const std::string& what, size_t value, size_t high, const std::string& where) {
    return bound(what, static_cast<int64_t>(value), 0, static_cast<int64_t>(high), where);
  }
  [[nodiscard]] bool clean() const { return problems_.empty(); }
  [[nodiscard]] Status result() const { return problems_; }

 private:
  Diagnostics problems_;
};

void check_index(const UnrollProblem::Node& node, const UnrollProblem::Index& index, int64_t size,
                 const std::string& where, Checker& checker) {
  if (!checker.bound("loop", index.loop, -1, static_cast<int64_t>(node.loops.size()) - 1, where) ||
      !checker.bound("offset", index.offset, 0, size - 1, where)) {
    return;
  }
  if (index.loop < 0 || !checker.bound("stride", index.stride, 1, MostStride, where)) return;
  const int64_t trip = node.loops[static_cast<size_t>(index.loop)].trip;
  if (trip < 1 || trip > MostTrip) return;  // told with the loop
  checker.bound("last element", (trip - 1) * index.stride + index.offset, 0, size - 1, where);
}

void check_node(const UnrollProblem& problem, size_t n, Checker& checker) {
  const UnrollProblem::Node& node = problem.nodes[n];
  const std::string where = name_of_node(problem, n);
  checker.count("number of loops", node.loops.size(), MostDepth, where);
  checker.count("number of accesses", node.accesses.size(), MostParts, where);
  int64_t work = 1;
  bool trips_are_fine = true;
  for (const UnrollProblem::Loop& loop : node.loops) {
    const std::string at = where + ", loop '" + printable(loop.name) + "'";
    trips_are_fine &= checker.bound("trip count", loop.trip, 1, MostTrip, at);
    work = saturating_product(work, std::max<int64_t>(1, loop.trip));
  }
  if (trips_are_fine) checker.bound("number of iterations", work, 1, MostWork, where);
  for (size_t x = 0; x < node.accesses.size(); ++x) {
    const UnrollProblem::Access& access = node.accesses[x];
    const std::string at = where + ", access " + std::to_string(x);
    if (!checker.bound("array", access.array, 0, static_cast<int64_t>(problem.arrays.size()) - 1,
                       at)) {
      continue;
    }
    const auto array = static_cast<size_t>(access.array);
    const std::vector<int64_t>& shape = problem.arrays[array].shape;
    if (access.index.size() != shape.size()) {
      checker.add(std::to_string(access.index.size()) + " indices into " +
                      name_of_array(problem, array) + " of " + std::to_string(shape.size()) +
                      " dimensions",
                  at);
      continue;
    }
    for (size_t d = 0; d < shape.size(); ++d) {
      if (shape[d] < 1 || shape[d] > MostElements) continue;  // told with the array
      check_index(node, access.index[d], shape[d],
                  at + ", dimension " + std::to_string(d) + " of " + name_of_array(problem, array),
                  checker);
    }
  }
}

/// An access with its node.
struct Use {
  int node;
  const UnrollProblem::Access* access;
};

std::vector<std::vector<Use>> uses_by_array(const UnrollProblem& problem) {
  std::vector<std::vector<Use>> uses(problem.arrays.size());
  for (size_t n = 0; n < problem.nodes.size(); ++n) {
    for (const UnrollProblem::Access& access : problem.nodes[n].accesses)
      uses[static_cast<size_t>(access.array)].push_back({static_cast<int>(n), &access});
  }
  return uses;
}

/// The fields of a Connection::Loops, in the order that it is sorted by.
using Order = std::tuple<int, int, int, int64_t, int64_t>;

/// Adds the loops that walk the same dimensions in both accesses.
void add_loops(const UnrollProblem::Access& a, const UnrollProblem::Access& b,
               std::set<Order>& found) {
  for (size_t d = 0; d < a.index.size(); ++d) {
    const UnrollProblem::Index &of_a = a.index[d], &of_b = b.index[d];
    if (of_a.loop < 0 || of_b.loop < 0) continue;
    found.insert({static_cast<int>(d), of_a.loop, of_b.loop, of_a.stride, of_b.stride});
  }
}

}  // namespace

Status UnrollProblem::check() const {
  Checker checker;
  const bool nodes_are_few = checker.count("number of nodes", nodes.size(), MostParts, "");
  const bool arrays_are_few = checker.count("number of arrays", arrays.size(), MostParts, "");
  if (!nodes_are_few || !arrays_are_few) return checker.result();
  checker.bound("largest parallel factor", most_parallel, 1, MostFactor, "");
  checker.bound("largest unroll factor", most_unroll, 1, MostFactor, "");
  checker.bound("largest number of banks", most_banks, 1, MostFactor, "");
  for (size_t a = 0; a < arrays.size(); ++a) {
    checker.count("number of dimensions", arrays[a].shape.size(), MostDepth,
                  name_of_array(*this, a));
    for (const int64_t size : arrays[a].shape)
      checker.bound("size", size, 1, MostElements, name_of_array(*this, a));
  }
  for (size_t n = 0; n < nodes.size(); ++n) check_node(*this, n, checker);
  if (!checker.clean()) return checker.result();
  UnrollTable ones;
  for (const Node& node : nodes) ones.emplace_back(node.loops.size(), 1);
  const UnrollTable banks = banks_of(*this, ones);
  for (size_t a = 0; a < arrays.size(); ++a) {
    checker.bound("banks for the strides alone", product_of_banks(banks[a]), 1, most_banks,
                  name_of_array(*this, a));
  }
  return checker.result();
}

int64_t intensity(const UnrollProblem& problem, int node) {
  int64_t work = 1;
  for (const UnrollProblem::Loop& loop : problem.nodes[static_cast<size_t>(node)].loops)
    work *= loop.trip;
  return work;
}

int64_t parallel_factor(const UnrollProblem& problem, int node, const UnrollOptions& options) {
  if (!options.intensity_aware) return problem.most_parallel;
  int64_t most = 1;
  for (size_t n = 0; n < problem.nodes.size(); ++n)
    most = std::max(most, intensity(problem, static_cast<int>(n)));
  const Wide share = Wide{problem.most_parallel} * intensity(problem, node) / most;
  return std::max<int64_t>(1, static_cast<int64_t>(share));
}

bool Connection::Loops::binding() const {
  return stride_a % stride_b == 0 || stride_b % stride_a == 0;
}

std::vector<Connection> connections(const UnrollProblem& problem) {
  std::vector<Connection> all;
  const std::vector<std::vector<Use>> uses = uses_by_array(problem);
  for (size_t array = 0; array < uses.size(); ++array) {
    // Uses are in the order of nodes, so that those of a node are together.
    const std::vector<Use>& all_uses = uses[array];
    const auto end_of_node = [&](size_t first) {
      size_t end = first;
      while (end < all_uses.size() && all_uses[end].node == all_uses[first].node) ++end;
      return end;
    };
    for (size_t a = 0, end_a = 0; a < all_uses.size(); a = end_a) {
      end_a = end_of_node(a);
      for (size_t b = end_a, end_b = 0; b < all_uses.size(); b = end_b) {
        end_b = end_of_node(b);
        std::set<Order> found;
        for (size_t x = a; x < end_a; ++x) {
          for (size_t y = b; y < end_b; ++y)
            add_loops(*all_uses[x].access, *all_uses[y].access, found);
        }
        Connection connection{static_cast<int>(array), all_uses[a].node, all_uses[b].node, {}};
        for (const auto& [dimension, loop_a, loop_b, stride_a, stride_b] : found)
          connection.loops.push_back({dimension, loop_a, loop_b, stride_a, stride_b});
        all.push_back(std::move(connection));
      }
    }
  }
  return all;
}

UnrollTable banks_of(const UnrollProblem& problem, const UnrollTable& unroll) {
  UnrollTable banks;
  for (const UnrollProblem::Array& array : problem.arrays)
    banks.emplace_back(array.shape.size(), 1);
  for (size_t n = 0; n < problem.nodes.size(); ++n) {
    for (const UnrollProblem::Access& access : problem.nodes[n].accesses) {
      const auto array = static_cast<size_t>(access.array);
      for (size_t d = 0; d < access.index.size(); ++d) {
        const UnrollProblem::Index& index = access.index[d];
        if (index.loop < 0) continue;
        const int64_t reach = unroll[n][static_cast<size_t>(index.loop)] * index.stride;
        banks[array][d] =
            std::max(banks[array][d], std::min(reach, problem.arrays[array].shape[d]));
      }
    }
  }
  return banks;
}

int64_t product_of_banks(const std::vector<int64_t>& banks) {
  int64_t product = 1;
  for (const int64_t factor : banks) product = saturating_product(product, factor);
  return product;
}

}  // namespace st
