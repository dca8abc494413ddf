// SPDX-License-Identifier: Apache-2.0
/// The shared matrix engine of a design: the problem, what a solution is, its check, and a solver
/// (notes/roofline.md, "What follows for the design").
///
/// All linear layers of a decoder run on one engine, a *step* each; layers that read one row are
/// one step. Their weights lie on all ports alike (core/graph/stripes.h). What is chosen is the
/// number of ports, how these fall into slices, and the blocks of rows of each step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph/stripes.h"
#include "core/support/result.h"

namespace st {

struct EngineProblem {
  struct Step {
    std::string name;    ///< untrusted
    int64_t rows = 0;    ///< of all of its layers together
    int64_t groups = 1;  ///< of a row
    int64_t times = 1;   ///< in a launch
  };
  int64_t word_rows = 1;  ///< of weights: 2 of i4, 1 of i8
  int64_t group_words = 1;
  int64_t least_ports = 1, most_ports = 1;
  int64_t slices = 1;             ///< at most; a slice has at least one port
  int64_t most_rows = 128;        ///< of a port in a block: what a slice keeps totals of
  int64_t most_scale_words = 96;  ///< of a port in a block
  /// Iterations between two additions to a total, at least.
  int64_t apart = 12;
  std::vector<Step> steps;

  /// Counts out of range. Errors: E0320, all at once.
  [[nodiscard]] Status check() const;
};

struct EngineSolution {
  int64_t ports = 1;
  std::vector<int64_t> slice_ports;   ///< one after another; together `ports`
  std::vector<StripeLayout> layouts;  ///< by step
  int64_t words = 0;                  ///< that a port streams in a launch
};

/// The words of a launch on the busiest port.
int64_t words_of(const EngineProblem& problem, const std::vector<StripeLayout>& layouts);

/// Whether a solution is one: the ports are within bounds and all in slices; each step has room for
/// its rows, in blocks that a slice can hold and whose totals come again late enough. Errors:
/// E0320, all at once.
Status verify(const EngineProblem& problem, const EngineSolution& solution);

/// As many ports as make launches shortest, and blocks as large as a slice can hold, so that few
/// scales and rows of zeroes are streamed. Slices are nearly alike, and all but the last one have
/// even numbers of ports where there are enough. Deterministic. Errors: those of check().
Result<EngineSolution> bind_engine(const EngineProblem& problem);

}  // namespace st
