// SPDX-License-Identifier: Apache-2.0
/// Kernels of a program to the dies of its target (StreamTensor §5.3).
#pragma once

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/resources/die_problem.h"

namespace st {

/// A group's kernels, with what they take (kernel_resources.h), and its streams, with their width
/// in wires, as a problem of dies. Kernels are in the order of Program::kernels_of(); the group's
/// control registers count to the first one.
DieProblem die_problem_of(const Program& program, int group, const Target& target);

/// The assignment that a group has, where all its kernels are placed; else empty.
std::vector<int> dies_of(const Program& program, int group);

/// Chooses Kernel::slr for every kernel. All groups together stay within the device's budget, as
/// one bitstream holds them; dies are chosen for each group by itself. Needs depths and memories.
/// Errors: E0403 if they do not fit, with resource, both numbers, the largest kernel or the SLR.
Status place_kernels(Program& program, const Target& target);

}  // namespace st
