// SPDX-License-Identifier: Apache-2.0
/// Unroll factors by intensity and connections, as HIDA chooses them: the solver.
///
/// Nodes take their turn, those with most connections first, then in order. A node starts from
/// factors of 1 and grows them until their product reaches its parallel_factor() or no step is
/// legal. A node that follows finds its neighbours fixed, and prefers steps whose reach still
/// divides theirs: it then needs no bank that is not there. HIDA's published rule has no such
/// preference; with it alone, its table of factors comes out.
///
/// Where a factor is shared by an external array, a step of one node may change another that had
/// its turn. That one is queued again: it keeps what is shared and grows the rest anew, within its
/// own parallel factor where that is still possible. Shared factors only grow, so this ends.
///
/// Trip counts that are no powers of two: HIDA doubles only, which leaves 3 x 256 at 256. Here a
/// step may also be by another prime, if the product stays within the parallel factor. A doubling
/// may exceed it, as HIDA's does, by less than a factor of two.
#pragma once

#include "core/tiling/unroll_problem.h"

namespace st {

/// Deterministic. Errors: those of check().
Result<UnrollSolution> unroll(const UnrollProblem& problem, const UnrollOptions& options = {});

}  // namespace st
