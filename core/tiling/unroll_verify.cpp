// SPDX-License-Identifier: Apache-2.0
/// The check of a solution. It walks the accesses itself and uses none of what solvers derive.
#include <algorithm>

#include "core/tiling/unroll_problem.h"

namespace st {
namespace {

__extension__ using Wide = __int128;

class Verifier {
 public:
  Verifier(const UnrollProblem& problem, const UnrollSolution& solution)
      : problem_(problem), solution_(solution) {}

  Status run(const UnrollOptions& options) {
    if (!has_the_form()) {
      broken("the solution is for another problem", "");
      return problems_;
    }
    for (size_t n = 0; n < problem_.nodes.size(); ++n) check_node(n);
    // A factor that is no divisor may be any number, and what follows multiplies.
    if (!problems_.empty()) return problems_;
    for (size_t a = 0; a < problem_.arrays.size(); ++a) {
      Walks walks(problem_.arrays[a].shape.size());
      collect(a, walks);
      check_banks(a, walks);
      for (size_t d = 0; d < walks.size(); ++d) {
        const std::string where =
            "array '" + printable(problem_.arrays[a].name) + "', dimension " + std::to_string(d);
        if (problem_.arrays[a].external) check_equal(walks[d], where);
        if (options.connection_aware) check_alignment(walks[d], where);
      }
    }
    return problems_;
  }

 private:
  /// A loop that walks a dimension.
  struct Walk {
    size_t node;
    int64_t factor;
    int64_t stride;
  };
  using Walks = std::vector<std::vector<Walk>>;

  void broken(const std::string& message, const std::string& where) {
    problems_.push_back({"E0320", message, where, {}, ""});
  }

  [[nodiscard]] std::string name(size_t node) const {
    return "'" + printable(problem_.nodes[node].name) + "'";
  }

  [[nodiscard]] bool has_the_form() const {
    if (solution_.unroll.size() != problem_.nodes.size()) return false;
    if (solution_.banks.size() != problem_.arrays.size()) return false;
    for (size_t n = 0; n < problem_.nodes.size(); ++n)
      if (solution_.unroll[n].size() != problem_.nodes[n].loops.size()) return false;
    for (size_t a = 0; a < problem_.arrays.size(); ++a)
      if (solution_.banks[a].size() != problem_.arrays[a].shape.size()) return false;
    return true;
  }

  void check_node(size_t n) {
    Wide copies = 1;
    for (size_t l = 0; l < problem_.nodes[n].loops.size(); ++l) {
      const UnrollProblem::Loop& loop = problem_.nodes[n].loops[l];
      const int64_t factor = solution_.unroll[n][l];
      if (factor < 1 || factor > loop.trip || loop.trip % factor != 0) {
        broken("unroll factor " + std::to_string(factor) + " does not divide the trip count " +
                   std::to_string(loop.trip),
               "node " + name(n) + ", loop '" + printable(loop.name) + "'");
        return;
      }
      copies *= factor;  // divides the iterations of the node, which are within 64 bits
    }
    if (copies > problem_.most_unroll) {
      broken("unrolled " + std::to_string(static_cast<int64_t>(copies)) + " times, at most " +
                 std::to_string(problem_.most_unroll) + " are allowed",
             "node " + name(n));
    }
  }

  void collect(size_t array, Walks& walks) const {
    for (size_t n = 0; n < problem_.nodes.size(); ++n) {
      for (const UnrollProblem::Access& access : problem_.nodes[n].accesses) {
        if (static_cast<size_t>(access.array) != array) continue;
        for (size_t d = 0; d < walks.size(); ++d) {
          const int loop = access.index[d].loop;
          if (loop < 0) continue;
          walks[d].push_back(
              {n, solution_.unroll[n][static_cast<size_t>(loop)], access.index[d].stride});
        }
      }
    }
  }

  void check_banks(size_t a, const Walks& walks) {
    const std::string where = "array '" + printable(problem_.arrays[a].name) + "'";
    Wide product = 1;
    for (size_t d = 0; d < walks.size(); ++d) {
      int64_t needed = 1;
      for (const Walk& walk : walks[d]) needed = std::max(needed, walk.factor * walk.stride);
      needed = std::min(needed, problem_.arrays[a].shape[d]);
      if (solution_.banks[a][d] != needed) {
        broken("dimension " + std::to_string(d) + " has " + std::to_string(solution_.banks[a][d]) +
                   " banks, its accesses ask for " + std::to_string(needed),
               where);
      }
      // Capped one above the bound, so that the product of many dimensions stays exact below it.
      product = std::min<Wide>(product * needed, Wide{problem_.most_banks} + 1);
    }
    if (product > problem_.most_banks) {
      broken("more banks than the " + std::to_string(problem_.most_banks) + " that are allowed",
             where);
    }
  }

  void check_equal(const std::vector<Walk>& walks, const std::string& where) {
    for (const Walk& walk : walks) {
      if (walk.factor == walks.front().factor) continue;
      broken(name(walks.front().node) + " and " + name(walk.node) + " unroll by " +
                 std::to_string(walks.front().factor) + " and " + std::to_string(walk.factor) +
                 ", and an external array moves vectors of one shape",
             where);
      return;
    }
  }

  void check_alignment(const std::vector<Walk>& walks, const std::string& where) {
    for (size_t i = 0; i < walks.size(); ++i) {
      for (size_t j = i + 1; j < walks.size(); ++j) {
        const Walk &p = walks[i], &q = walks[j];
        if (p.node == q.node) continue;
        if (p.stride % q.stride != 0 && q.stride % p.stride != 0) continue;
        const int64_t reach_p = p.factor * p.stride, reach_q = q.factor * q.stride;
        if (reach_p % reach_q == 0 || reach_q % reach_p == 0) continue;
        broken(name(p.node) + " and " + name(q.node) + " step over " + std::to_string(reach_p) +
                   " and " + std::to_string(reach_q) +
                   " elements, and neither is a multiple of the other",
               where);
      }
    }
  }

  const UnrollProblem& problem_;
  const UnrollSolution& solution_;
  Diagnostics problems_;
};

}  // namespace

Status verify(const UnrollProblem& problem, const UnrollSolution& solution,
              const UnrollOptions& options) {
  ST_CHECK(problem.check());
  return Verifier(problem, solution).run(options);
}

}  // namespace st
