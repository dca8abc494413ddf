// SPDX-License-Identifier: Apache-2.0
/// One cut of a design between two dies, with one resource exact: see die_bound.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/resources/die_search.h"

namespace st {

/// The cost of what cannot be.
inline constexpr double NoCut = std::numeric_limits<double>::infinity();
/// Of sums of doubles, relative: far above what rounding can add up to.
inline constexpr double SumTolerance = 1e-9;

/// What is the same for all boundaries: the order, and which kernels are split.
struct CutLayout {
  struct Step {
    int kernel;
    std::vector<std::pair<int, int64_t>> cut;  ///< bit in the frontier, wires
    bool joins = false;                        ///< the frontier, as its highest bit
    int bit = 0;                               ///< if it joins
    std::vector<int> leaving;                  ///< bits, each after the ones before have gone
  };
  struct Copy {
    int original, host;  ///< the copy of `original` that only `host` sees
    int64_t wires;
  };
  std::vector<bool> split;
  std::vector<Step> steps;
  std::vector<Copy> copies;
  int width = 0;  ///< of the widest frontier
};

/// A layout whose frontier is at most `most` wide: kernels with most neighbours are split until it
/// is.
CutLayout cut_layout(const DieModel& model, int most);

/// A resource on a grid, for one boundary: what kernels take below it, in steps, and how many steps
/// may be taken.
struct Knapsack {
  std::vector<int> weight;  ///< per kernel
  int least = 0, most = 0;  ///< steps below the boundary
  [[nodiscard]] bool bounds() const { return most > 0 || least > 0; }
};

/// The knapsack of a resource at a boundary, on a grid of about `levels` steps. Weights are rounded
/// to the grid and limits widened by all that this may hide.
Knapsack knapsack_of(const DieModel& model, int boundary, size_t resource, int64_t levels);

/// What kernels cost on either side of a boundary; NoCut forbids a side.
struct SideCosts {
  std::vector<double> below, above;
};

/// Least cost of one cut, and its sides.
struct Cut {
  double cost = NoCut;
  std::vector<bool> above;
};

/// The cheapest cut that the knapsack allows, by dynamic programming. Its sides are left out unless
/// they are asked for. Cost NoCut: there is none.
Cut cheapest_cut(const CutLayout& layout, const Knapsack& sack, const SideCosts& costs,
                 bool want_sides);

}  // namespace st
