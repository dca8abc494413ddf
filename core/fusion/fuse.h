// SPDX-License-Identifier: Apache-2.0
/// Which kernels share a group: stream-based fusion under the target's on-chip memory and ports
/// (StreamTensor §4.2, Algorithm 2).
#pragma once

#include "core/dataflow/program.h"
#include "core/support/result.h"

namespace st {

/// What one group may use.
struct FusionLimits {
  int64_t on_chip_bits = 0;  ///< block RAM and UltraRAM of the target, within its budget
  int max_ports = 28;        ///< memory ports of a group
};

/// Assigns Kernel::group. Kernels are visited in topological order; each joins the latest group
/// among its producers while that has room, and starts a new group otherwise. Unlike the printed
/// algorithm, a kernel's own buffers are charged too (as in the lecture's table), and so are ports.
/// Groups only read from earlier ones. Errors: E0403 with the kernel and both numbers.
Status fuse(Program& program, const FusionLimits& limits);

}  // namespace st
