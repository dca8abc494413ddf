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

/// Replaces the tensors between kernels by channels: forks where a stream has several readers,
/// converters where types differ, DMAs where a tensor leaves or enters a group, loaders for
/// parameters. Names become unique identifiers, and kernels are sorted topologically within groups.
/// `graph_inputs` are read from, `logits` is written to device memory. `parameter_ports`: most
/// parameter files of one group.
Status connect(Program& program, const FusionLimits& limits, TensorId logits, int parameter_ports);

}  // namespace st
