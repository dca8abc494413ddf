// SPDX-License-Identifier: Apache-2.0
/// FIFO sizing exactly as published (StreamTensor §5.3.1-5.3.4, Eq. 1-5): the baseline that ours is
/// compared with, and `--fifo paper`. Known faults are kept: delays of tasks that were profiled
/// alone, free delays per edge, roots that nothing ties together, one slot too few where a push
/// meets a pull. Its depths may deadlock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/support/result.h"

namespace st {

/// Tasks as the vendor's tools profile them, each alone. Times in cycles.
struct PaperFifoProblem {
  struct Task {
    std::string name;
    double latency = 1;        ///< L: from start to the last output
    double initial_delay = 0;  ///< D: from start to the first output
  };
  struct Edge {
    int source = -1, target = -1;
    double tokens = 1;           ///< T: per run
    double source_interval = 1;  ///< II of the source: cycles between its pushes
    double target_interval = 1;  ///< II of the target: cycles between its pulls
  };
  std::vector<Task> tasks;
  std::vector<Edge> edges;
};

/// The strategies of §5.3.3: rates as profiled, or all at the pace of the slowest.
enum class Equalisation { Normal, Conservative };

/// The problem with its rates equalised. Conservative: each edge moves its tokens within the
/// longest time that any takes, II' = max over edges of II * T, divided by T; L and D of a task
/// grow by the factor of its slowest-growing rate, which is the reading under which the published
/// example runs.
PaperFifoProblem equalised(const PaperFifoProblem& problem, Equalisation strategy);

/// Eq. 1 where the source is at least as fast as the target, Eq. 2 otherwise; at most T, at least
/// 0.
double paper_tokens(const PaperFifoProblem& problem, int edge, double delay);

/// The LP (Eq. 3-5): the least sum of delays such that all paths from u to v add up to at least the
/// longest sum of D between them. Paths are not enumerated: for each fork u, variables bound the
/// shortest path to each task behind it. Errors: E0331 if the edges have a cycle; E0901 if the
/// solver fails.
Result<std::vector<double>> paper_delays(const PaperFifoProblem& problem);

/// Depths: equalised, delays, tokens, rounded up. Errors: those of paper_delays().
Result<std::vector<int64_t>> paper_depths(const PaperFifoProblem& problem, Equalisation strategy);

}  // namespace st
