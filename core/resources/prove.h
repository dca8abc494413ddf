// SPDX-License-Identifier: Apache-2.0
/// Makes certificates (core/network/certificate.h): runs the tasks of a network one at a time, each
/// as far as it can. If the network can run at all, that ends with all firings done.
#pragma once

#include "core/network/certificate.h"

namespace st {

/// A proof for `depths`: by rows where the network has them, which covers launches of all lengths;
/// otherwise for its own launches. `proof` has not been checked by verify(). Errors: E0333 if some
/// launch deadlocks, with the circle of tasks that wait for each other, and the depth that would
/// free them; E0334 if a task fires too often.
Result<DeadlockCertificate> prove_free_of_deadlock(const Network& network,
                                                   const std::vector<int64_t>& depths);

/// What a proof covers.
struct ProvenLengths {
  int64_t positions = 0;  ///< rows at as many positions, and so launches of all lengths
  int64_t launches = 0;   ///< where launches are no sequences of rows
};

/// The same, checked as it is made and not kept. Errors: those of prove_free_of_deadlock() and of
/// verify().
Result<ProvenLengths> prove_and_check(const Network& network, const std::vector<int64_t>& depths);

/// A network in which nothing overlaps: every firing takes a cycle, and issues after the one before
/// it completed. What it can do at given depths, it can do whatever the latencies are.
Network without_time(const Network& network);

}  // namespace st
