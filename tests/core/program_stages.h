// SPDX-License-Identifier: Apache-2.0
/// Programs as each pass leaves them, and what they compute.
#pragma once

#include <functional>
#include <optional>

#include "tests/core/compiled.h"

namespace st::test {

/// Rows of one launch, and its graph inputs.
struct Launch {
  int64_t tokens = 1, past = 0;
  std::map<TensorId, Tensor> inputs;
};

/// What a program computes in its launches, one after another.
struct ProgramOutcome {
  std::map<std::string, Tensor> results;  ///< by tensor or cache, and launch
  /// All tensors of the last launch, where the program is not connected.
  std::map<TensorId, Tensor> tensors;
};

/// Runs a program of any stage. Results are the tensors `watched`, and the caches. Errors: those of
/// the interpreter; E0901 if a watched tensor is nowhere.
Result<ProgramOutcome> outcome_of(const Program& program, const std::vector<Launch>& launches,
                                  const std::vector<TensorId>& watched);

/// Where two outcomes differ, to the last bit; empty if they do not.
std::string difference(const ProgramOutcome& before, const ProgramOutcome& after);

/// How often something occurred.
using Counts = std::map<std::string, int>;

/// Counts what a pass has done: kernels by what they are for.
void count_changes(const std::string& pass, const Program& before, const Program& after,
                   Counts& counts);
/// Prints the counts.
void print(const std::string& title, const Counts& counts);

}  // namespace st::test
