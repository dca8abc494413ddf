// SPDX-License-Identifier: Apache-2.0
#include "core/resources/fifo_problem.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "core/resources/broken.h"

namespace st {
namespace {

constexpr int64_t MostCycles = MostFifoCycles;
constexpr int64_t MostTokens = MostFifoTokens;
constexpr int64_t MostBits = int64_t{1} << 24;

/// A product of cycles and tokens exceeds 64 bits.
__extension__ using Wide = __int128;

std::string name_of_task(const FifoProblem& problem, int task) {
  return "'" + printable(problem.tasks[static_cast<size_t>(task)].name) + "'";
}

std::string name_of_edge(const FifoProblem& problem, size_t edge) {
  const FifoProblem::Edge& e = problem.edges[edge];
  return "FIFO " + std::to_string(edge) + " from " + name_of_task(problem, e.source) + " to " +
         name_of_task(problem, e.target);
}

std::string range(int64_t low, int64_t high) {
  return std::to_string(low) + ".." + std::to_string(high);
}

/// D is at the rate of the inputs and may exceed L, which is of the task alone.
int64_t duration(const FifoProblem::Task& task) {
  return std::max(task.latency, task.initial_delay);
}

void check_tasks(const FifoProblem& problem, Diagnostics& problems) {
  int64_t sum = 0;
  for (size_t i = 0; i < problem.tasks.size(); ++i) {
    const FifoProblem::Task& task = problem.tasks[i];
    const std::string where = "task " + std::to_string(i) + " '" + printable(task.name) + "'";
    if (task.latency < 1 || task.latency > MostCycles) {
      problems.push_back(broken(
          "latency " + std::to_string(task.latency) + " is not in " + range(1, MostCycles), where));
    } else if (task.initial_delay < 0 || task.initial_delay > MostCycles) {
      problems.push_back(broken("initial delay " + std::to_string(task.initial_delay) +
                                    " is not in " + range(0, MostCycles),
                                where));
    } else if (sum <= MostCycles) {
      sum += duration(task);
    }
  }
  if (sum > MostCycles) {
    problems.push_back(broken(
        "all latencies and initial delays add up to more than " + std::to_string(MostCycles), ""));
  }
}

void check_edges(const FifoProblem& problem, Diagnostics& problems) {
  const auto tasks = static_cast<int64_t>(problem.tasks.size());
  for (size_t i = 0; i < problem.edges.size(); ++i) {
    const FifoProblem::Edge& edge = problem.edges[i];
    const std::string where = "FIFO " + std::to_string(i);
    const auto bound = [&](const char* what, int64_t value, int64_t low, int64_t high) {
      if (value >= low && value <= high) return;
      problems.push_back(
          broken(std::string(what) + " " + std::to_string(value) + " is not in " + range(low, high),
                 where));
    };
    bound("source", edge.source, 0, tasks - 1);
    bound("target", edge.target, 0, tasks - 1);
    bound("token count", edge.tokens, 1, MostTokens);
    bound("width", edge.width_bits, 1, MostBits);
    bound("floor", edge.floor, 0, MostTokens);
    bound("span of pulls", edge.pull_cycles, 0, MostCycles);
  }
}

}  // namespace

Status FifoProblem::check() const {
  Diagnostics problems;
  check_tasks(*this, problems);
  check_edges(*this, problems);
  // Order is defined only once all indices are good.
  if (!problems.empty()) return problems;
  const std::vector<int> order = task_order(*this);
  if (order.size() < tasks.size()) {
    Diagnostic cycle = broken("the tasks form a cycle", "");
    std::vector<bool> placed(tasks.size(), false);
    for (const int task : order) placed[static_cast<size_t>(task)] = true;
    std::string names;
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (!placed[i])
        names += (names.empty() ? "" : ", ") + name_of_task(*this, static_cast<int>(i));
    }
    cycle.details.push_back("in or behind the cycle: " + names);
    return cycle;
  }
  return {};
}

int64_t EdgeRates::jitter() const {
  const int64_t steps = tokens - 1;
  return steps == 0 || (push_cycles % steps == 0 && pull_cycles % steps == 0) ? 0 : 1;
}

EdgeRates rates_of(const FifoProblem& problem, const FifoProblem::Edge& edge) {
  const FifoProblem::Task& source = problem.tasks[static_cast<size_t>(edge.source)];
  const FifoProblem::Task& target = problem.tasks[static_cast<size_t>(edge.target)];
  const int64_t pulls = edge.pull_cycles != 0
                            ? edge.pull_cycles
                            : std::max(target.initial_delay, target.latency - target.initial_delay);
  return {edge.tokens, source.initial_delay,
          std::max(source.latency - source.initial_delay, edge.tokens - 1),
          std::max(pulls, edge.tokens - 1)};
}

int64_t tokens_held(const EdgeRates& rates, int64_t delay) {
  const int64_t steps = rates.tokens - 1;
  if (steps == 0 || delay >= rates.last_push()) return rates.tokens;
  if (rates.source_faster()) {
    const Wide cycles = rates.last_push() - delay - rates.jitter();
    return std::min(rates.tokens,
                    rates.tokens - static_cast<int64_t>(cycles * steps / rates.pull_cycles));
  }
  // Push k is in cycle D + floor(k * push_cycles / steps), so the pushes up to `delay` are those
  // with k * push_cycles < (delay - D + 1) * steps. For a whole interval that is Eq. 2.
  const Wide cycles = delay - rates.first_push + 1;
  const auto pushed =
      static_cast<int64_t>((cycles * steps + rates.push_cycles - 1) / rates.push_cycles);
  return std::clamp<int64_t>(pushed + rates.jitter(), 1, rates.tokens);
}

Depth depth_for(const FifoProblem& problem, const FifoProblem::Edge& edge, int64_t delay) {
  const EdgeRates rates = rates_of(problem, edge);
  Depth depth{LeastDepth, DepthReason::Minimum};
  const auto raise = [&](int64_t tokens, DepthReason reason) {
    if (tokens > depth.tokens) depth = {tokens, reason};
  };
  const int64_t held = tokens_held(rates, delay);
  if (held == edge.tokens) {
    raise(held, DepthReason::WholeRun);
  } else {
    raise(held, rates.source_faster() ? DepthReason::SourceFaster : DepthReason::SourceSlower);
  }
  raise(std::min(edge.floor, edge.tokens), DepthReason::Floor);
  return depth;
}

std::vector<int> task_order(const FifoProblem& problem) {
  std::vector<int> missing(problem.tasks.size(), 0);
  std::vector<std::vector<int>> successors(problem.tasks.size());
  for (const FifoProblem::Edge& edge : problem.edges) {
    ++missing[static_cast<size_t>(edge.target)];
    successors[static_cast<size_t>(edge.source)].push_back(edge.target);
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] == 0) ready.push(static_cast<int>(i));
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int task = ready.top();
    ready.pop();
    order.push_back(task);
    for (const int target : successors[static_cast<size_t>(task)]) {
      if (--missing[static_cast<size_t>(target)] == 0) ready.push(target);
    }
  }
  return order;
}

std::vector<int64_t> earliest_starts(const FifoProblem& problem) {
  std::vector<std::vector<int>> successors(problem.tasks.size());
  for (const FifoProblem::Edge& edge : problem.edges) {
    successors[static_cast<size_t>(edge.source)].push_back(edge.target);
  }
  std::vector<int64_t> start(problem.tasks.size(), 0);
  for (const int task : task_order(problem)) {
    const auto from = static_cast<size_t>(task);
    for (const int target : successors[from]) {
      int64_t& time = start[static_cast<size_t>(target)];
      time = std::max(time, start[from] + problem.tasks[from].initial_delay);
    }
  }
  return start;
}

int64_t cycles_of(const FifoProblem& problem, const std::vector<int64_t>& start) {
  int64_t end = 0;
  for (size_t i = 0; i < start.size(); ++i) {
    end = std::max(end, start[i] + duration(problem.tasks[i]));
  }
  return end;
}

Status verify(const FifoProblem& problem, const FifoSolution& solution) {
  ST_CHECK(problem.check());
  if (solution.start.size() != problem.tasks.size() ||
      solution.depth.size() != problem.edges.size() ||
      solution.reason.size() != problem.edges.size()) {
    return broken("the solution is for another network", "");
  }
  Diagnostics problems;
  for (size_t i = 0; i < problem.tasks.size(); ++i) {
    if (solution.start[i] < 0 || solution.start[i] > MostCycles) {
      problems.push_back(broken("starts in cycle " + std::to_string(solution.start[i]),
                                name_of_task(problem, static_cast<int>(i))));
    }
  }
  if (!problems.empty()) return problems;
  std::vector<bool> fed(problem.tasks.size(), false);
  for (size_t i = 0; i < problem.edges.size(); ++i) {
    const FifoProblem::Edge& edge = problem.edges[i];
    const auto source = static_cast<size_t>(edge.source);
    fed[static_cast<size_t>(edge.target)] = true;
    const std::string where = name_of_edge(problem, i);
    const int64_t delay = solution.start[static_cast<size_t>(edge.target)] - solution.start[source];
    if (delay < problem.tasks[source].initial_delay) {
      problems.push_back(broken("delay " + std::to_string(delay) + " is below the initial delay " +
                                    std::to_string(problem.tasks[source].initial_delay),
                                where));
      continue;  // the equations hold for possible delays only
    }
    const int64_t needed = std::max({tokens_held(rates_of(problem, edge), delay),
                                     std::min(edge.floor, edge.tokens), LeastDepth});
    const int64_t most = std::max(LeastDepth, edge.tokens);
    if (solution.depth[i] < needed || solution.depth[i] > most) {
      problems.push_back(
          broken("depth " + std::to_string(solution.depth[i]) + " is not in " + range(needed, most),
                 where));
    }
  }
  const int64_t cycles = cycles_of(problem, earliest_starts(problem));
  for (size_t i = 0; i < problem.tasks.size(); ++i) {
    const std::string where = name_of_task(problem, static_cast<int>(i));
    if (!fed[i] && solution.start[i] != 0) {
      problems.push_back(broken("a task without inputs starts in cycle " +
                                    std::to_string(solution.start[i]) + ", not at once",
                                where));
    }
    if (solution.start[i] + duration(problem.tasks[i]) > cycles) {
      problems.push_back(
          broken("ends after cycle " + std::to_string(cycles) + ", the end of the fastest schedule",
                 where));
    }
  }
  return problems;
}

std::string describe(const FifoProblem& problem, const FifoSolution& solution, int edge) {
  const auto index = static_cast<size_t>(edge);
  const FifoProblem::Edge& e = problem.edges[index];
  const EdgeRates rates = rates_of(problem, e);
  const int64_t delay =
      solution.start[static_cast<size_t>(e.target)] - solution.start[static_cast<size_t>(e.source)];
  switch (solution.reason[index]) {
    case DepthReason::Minimum:
      return "the least depth that moves a token per cycle";
    case DepthReason::SourceFaster:
      return "Eq. 1: faster than its target (delay " + std::to_string(delay) + ", " +
             std::to_string(rates.push_cycles) + " cycles of pushes, " +
             std::to_string(rates.pull_cycles) + " of pulls)";
    case DepthReason::SourceSlower:
      return "Eq. 2: waits for its target to start (delay " + std::to_string(delay) +
             ", first push after " + std::to_string(rates.first_push) + ")";
    case DepthReason::Floor:
      return "the least depth without deadlock";
    case DepthReason::WholeRun:
      return "all " + std::to_string(e.tokens) + " tokens wait (delay " + std::to_string(delay) +
             ")";
  }
  return "";
}

}  // namespace st
