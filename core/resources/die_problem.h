// SPDX-License-Identifier: Apache-2.0
/// Kernels to dies (StreamTensor §5.3; AutoBridge): the problem, what a solution is, and its check.
/// The solver is behind assign_dies(); it adds up resources and wires on its own.
///
/// A device is a stack of dies, the SLRs: wires join neighbours only, so that a stream from die i
/// to die j takes its width in wires at each of the |i - j| boundaries between them. Minimised is
///
///     sum over streams   width * |die(source) - die(target)|
///   + sum over memory ports   MemoryPortWires * |die of its kernel - die of its channel|
///   + ImbalanceWires * sum over resources (largest - smallest used share over the SLRs)
///
/// so that all terms are in wires. The paper gives the first and the last term in words; the second
/// is ours: a channel of device memory is beside one SLR, and a port far from it crosses as a
/// stream does. The last one only chooses between assignments that cross alike.
///
/// Hard limits: each SLR's budget of each resource, and the wires of each boundary.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/platform/target.h"
#include "core/support/result.h"

namespace st {

/// Wires of an m_axi port between two SLRs: 512 of data each way. Addresses and handshakes are left
/// out.
inline constexpr int64_t MemoryPortWires = 1024;
/// What a resource costs that fills one SLR and leaves another empty, in wires. Our choice: all
/// resources together weigh less than one 512-bit stream.
inline constexpr double ImbalanceWires = 64;

/// Kernels that are to be assigned to the SLRs of a device.
struct DieProblem {
  struct Slr {
    std::string name;
    ResourceCounts budget;
  };
  struct Kernel {
    std::string name;  ///< untrusted
    ResourceCounts need;
    std::vector<int> memory_ports;  ///< of each: the SLR that its channel is next to
  };
  struct Stream {
    int source = -1;  ///< index of a kernel
    int target = -1;  ///< index of a kernel
    int64_t wires = 1;
  };
  std::vector<Slr> slrs;                ///< in the order of the stack
  std::vector<int64_t> boundary_wires;  ///< [b]: between SLR b and SLR b + 1
  std::vector<Kernel> kernels;
  std::vector<Stream> streams;

  /// Bad indices, counts out of range. Errors: E0320, all at once.
  [[nodiscard]] Status check() const;
};

/// The SLRs of a target with their budgets, and no kernels.
DieProblem die_problem_of(const Target& target);

struct DieSolution {
  std::vector<int> die;  ///< per kernel: index of an SLR
  double cost = 0;       ///< in wires, as above
  double bound = 0;      ///< no assignment costs less; proven by the solver, not by verify()
};

/// What an assignment takes of the device.
struct DieUse {
  std::vector<ResourceCounts> used;  ///< per SLR
  std::vector<int64_t> crossing;     ///< per boundary: wires of streams and memory ports
  double cost = 0;                   ///< in wires
};
/// Requires a problem that passes check(), and an SLR per kernel.
DieUse use_of(const DieProblem& problem, const std::vector<int>& die);

/// What an assignment takes beyond the budgets, a line each: "DSP on SLR1: needs 3000 (predicted),
/// the budget is 2301: 699 too many".
std::vector<std::string> shortages(const DieProblem& problem, const DieUse& use);

/// Whether a solution is one: an SLR for each kernel, the cost that it states and a bound not above
/// it (E0320), no budget and no boundary exceeded (E0403, with resource, SLR and both numbers). All
/// at once.
Status verify(const DieProblem& problem, const DieSolution& solution);

/// Effort of the search. Results depend on all but `seconds`, which only keeps a run from going on
/// for hours: on equal input, machines give equal results unless it ends them.
struct DieEffort {
  int moves = 6'000;       ///< of the tabu search, from each start
  int kicks = 300;         ///< searches from a disturbed best assignment
  int rounds = 40;         ///< of prices, for the bound by cuts
  int branches = 40;       ///< of the bound by cuts
  int branch_rounds = 10;  ///< of prices, for each of them
  int nodes = 2'000;       ///< of the mixed-integer program; fewer where it is large
  int seconds = 60;        ///< that it takes at most
};

/// The assignment of least cost that was found, and a proven bound. Deterministic. Errors: those of
/// check(); E0403 if a kernel fits no SLR, by name, if all kernels together exceed the SLRs, or if
/// no assignment was found, with what the nearest one lacks where; E0901 if the solver fails.
Result<DieSolution> assign_dies(const DieProblem& problem, const DieEffort& effort = {});

}  // namespace st
