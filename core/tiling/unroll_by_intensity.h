// SPDX-License-Identifier: Apache-2.0
/// Unroll factors by latency (StreamTensor §5.1): the paper's driver.
///
/// The paper says: kernels are in a heap with the slowest on top; it is taken off, unrolled
/// further, and put back, until a hyper-parameter `overall_unroll_size` is reached. It leaves open,
/// and we chose:
///
///   * the latency of a kernel: iterations of its nest / copies of its body, a cycle each;
///   * what the size bounds: the sum of the copies over all nodes, which is in proportion to the
///     compute units. It is never exceeded: a step that does not fit is not taken;
///   * which loop grows, and by how much: the first legal step of UnrollGrowth::steps(). No node
///     is fixed before another here, so none is exceeded; the order is parallel loops, then the
///     smallest ratio, which is 2 wherever the trip count is even, the smallest factor, the
///     innermost loop;
///   * a node without a legal step that fits is not put back, and the next slowest goes on: the
///     network gets no faster in steady state, but the first token arrives earlier;
///   * of nodes with equal latency the first one grows.
#pragma once

#include "core/tiling/unroll_problem.h"

namespace st {

/// `overall_unroll_size` is at least the number of nodes, as each has one copy of its body. P_max
/// of the problem has no part in this. Deterministic. Errors: those of check(); E0320 for a size
/// that is too small.
Result<UnrollSolution> unroll_by_intensity(const UnrollProblem& problem,
                                           int64_t overall_unroll_size,
                                           bool connection_aware = true);

}  // namespace st
