// SPDX-License-Identifier: Apache-2.0
#include "core/binding/engine.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace st {
namespace {

int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

Diagnostic fault(const std::string& what) {
  return {"E0320",
          "the shared engine: " + what,
          "",
          {},
          "this is a fault of the compiler; please report it"};
}

/// The layout of a step with fewest words on `ports` ports.
std::optional<StripeLayout> layout_of(const EngineProblem& problem, const EngineProblem::Step& step,
                                      int64_t ports) {
  StripeLayout layout;
  layout.ports = ports;
  layout.word_rows = problem.word_rows;
  layout.group_words = problem.group_words;
  layout.groups = step.groups;
  // A total comes again after all pairs of rows of its block.
  const int64_t least = divided_up(problem.apart, problem.group_words) * problem.word_rows;
  const int64_t of_scales = problem.most_scale_words * StripeScales / step.groups;
  const int64_t most =
      std::min(problem.most_rows, of_scales) / problem.word_rows * problem.word_rows;
  if (most < least) return std::nullopt;
  layout.blocks = divided_up(step.rows, ports * most);
  layout.rows = divided_up(divided_up(step.rows, ports * layout.blocks), problem.word_rows) *
                problem.word_rows;
  layout.rows = std::max(layout.rows, least);
  layout.blocks = divided_up(step.rows, ports * layout.rows);
  return layout;
}

std::optional<std::vector<StripeLayout>> layouts_of(const EngineProblem& problem, int64_t ports) {
  std::vector<StripeLayout> layouts;
  for (const EngineProblem::Step& step : problem.steps) {
    const auto layout = layout_of(problem, step, ports);
    if (!layout) return std::nullopt;
    layouts.push_back(*layout);
  }
  return layouts;
}

}  // namespace

int64_t words_of(const EngineProblem& problem, const std::vector<StripeLayout>& layouts) {
  int64_t words = 0;
  for (size_t s = 0; s < layouts.size(); ++s) words += problem.steps[s].times * layouts[s].words();
  return words;
}

Status EngineProblem::check() const {
  Diagnostics problems;
  if (word_rows < 1 || word_rows > 2 || group_words < 1)
    problems.push_back(fault("words of " + std::to_string(word_rows) + " rows"));
  if (least_ports < 1 || most_ports < least_ports || slices < 1)
    problems.push_back(fault("there are no ports to choose from"));
  if (steps.empty()) problems.push_back(fault("there are no linear layers"));
  for (const Step& step : steps) {
    if (step.rows < 1 || step.groups < 1 || step.times < 1)
      problems.push_back(fault("step '" + printable(step.name) + "' is empty"));
  }
  return problems;
}

Status verify(const EngineProblem& problem, const EngineSolution& solution) {
  Diagnostics problems;
  if (solution.ports < problem.least_ports || solution.ports > problem.most_ports)
    problems.push_back(fault(std::to_string(solution.ports) + " ports are out of range"));
  const auto& slices = solution.slice_ports;
  if (std::accumulate(slices.begin(), slices.end(), int64_t{0}) != solution.ports ||
      std::any_of(slices.begin(), slices.end(), [](int64_t n) { return n < 1; }) ||
      static_cast<int64_t>(slices.size()) > problem.slices)
    problems.push_back(fault("the slices are not made of its ports"));
  if (solution.layouts.size() != problem.steps.size())
    return Diagnostic(fault("not every step has a layout"));
  int64_t words = 0;
  for (size_t s = 0; s < problem.steps.size(); ++s) {
    const EngineProblem::Step& step = problem.steps[s];
    const StripeLayout& layout = solution.layouts[s];
    const int64_t pairs = layout.rows / problem.word_rows;
    const int64_t scale_words = (layout.rows * step.groups + 31) / 32;
    const bool right = layout.ports == solution.ports && layout.groups == step.groups &&
                       layout.word_rows == problem.word_rows &&
                       layout.group_words == problem.group_words &&
                       layout.rows % problem.word_rows == 0 && layout.blocks >= 1;
    if (!right) problems.push_back(fault("step '" + printable(step.name) + "' has another layout"));
    if (solution.ports * layout.rows * layout.blocks < step.rows)
      problems.push_back(fault("step '" + printable(step.name) + "' has rows without a place"));
    if (layout.rows > problem.most_rows || scale_words > problem.most_scale_words)
      problems.push_back(
          fault("step '" + printable(step.name) + "' has blocks that are too large"));
    if (pairs * problem.group_words < problem.apart)
      problems.push_back(fault("step '" + printable(step.name) + "' adds to a total too soon"));
    words += step.times * layout.blocks * (scale_words + pairs * step.groups * problem.group_words);
  }
  if (problems.empty() && words != solution.words)
    problems.push_back(fault("it states other words than it streams"));
  return problems;
}

Result<EngineSolution> bind_engine(const EngineProblem& problem) {
  ST_CHECK(problem.check());
  EngineSolution best;
  for (int64_t ports = problem.least_ports; ports <= problem.most_ports; ++ports) {
    const auto layouts = layouts_of(problem, ports);
    if (!layouts) break;
    const int64_t words = words_of(problem, *layouts);
    if (!best.layouts.empty() && words >= best.words) continue;
    best.ports = ports;
    best.layouts = *layouts;
    best.words = words;
  }
  if (best.layouts.empty()) return fault("a slice is too small for a block of a step");
  const int64_t slices = std::min(problem.slices, best.ports);
  // A slice of an odd number of ports needs more adders: one port has no chains of DSPs.
  const int64_t block = best.ports >= 2 * slices ? 2 : 1;
  int64_t begin = 0;
  for (int64_t s = 1; s <= slices; ++s) {
    const int64_t even = best.ports * s / slices;
    const int64_t end = s == slices ? best.ports : (even + block / 2) / block * block;
    best.slice_ports.push_back(end - begin);
    begin = end;
  }
  return best;
}

}  // namespace st
