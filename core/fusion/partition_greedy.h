// SPDX-License-Identifier: Apache-2.0
/// The paper's kernel fusion (StreamTensor §4.2, Algorithm 2), to compare with.
#pragma once

#include "core/fusion/partition_problem.h"

namespace st {

/// Units are taken in order. Each joins the latest of the groups of those that it reads from if
/// that has room; otherwise, and if it reads from none, it opens a new group. No group is ever
/// merged, and no choice is taken back. Beyond the printed algorithm: units' own bits count, as in
/// the authors' lecture; a group also is full when its ports are, where a tensor counts as stored
/// as long as a reader is not in the group; units that have to share a group are taken as one.
///
/// The bound of the result is 0: none is proven. Errors: those of check(); E0403 if a unit fits no
/// group, by name, and if a group that was opened for a unit has too many ports.
Result<Partition> partition_greedily(const PartitionProblem& problem);

}  // namespace st
