// SPDX-License-Identifier: Apache-2.0
/// FIFO depths with the least storage at which a network runs as fast as with unbounded FIFOs, or
/// with given ones, within a tolerance (beyond StreamTensor §5.3, whose model of one rate per task
/// misses bursts).
///
/// Whether depths are enough is asked of the exact simulator. It is monotone: deeper FIFOs never
/// make a network of blocking reads and writes slower. (With memories that several tasks share, and
/// that serve first who comes first, that is a heuristic, and nothing is called optimal unless all
/// depths were tried; the result is simulated all the same.) Depths are enough, too, only if the
/// network runs to its end at them whatever its latencies are (prove.h). So each simulation that
/// fails at depths d says: some channel must be deeper than in d. To say more, d is raised as far
/// as it still fails. These statements are the rows of an integer program, whose optimum is a lower
/// bound of the storage; once its depths run, they are optimal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/network/network.h"
#include "core/support/result.h"

namespace st {

/// Cost of a FIFO of `depth` tokens of `width_bits` bits; grows with the depth.
using FifoCost = std::function<double(int64_t width_bits, int64_t depth)>;

/// Bits that a FIFO can hold.
double held_bits(int64_t width_bits, int64_t depth);

/// What the memory of such a FIFO takes of the device, in LUTs: a BRAM18 or URAM counts as many as
/// the device has for each of them. It grows in steps; within one, slots are free.
double memory_luts(int64_t width_bits, int64_t depth);

struct FifoSearchOptions {
  /// Depths to start from, by channel, with which the network runs: none becomes deeper, and the
  /// run time is measured against that with these. Empty: unbounded FIFOs.
  std::vector<int64_t> start;
  double tolerance = 0.01;  ///< run time beyond that with unbounded FIFOs, as a part of it
  int64_t least_depth = 2;  ///< of a stream in Vitis HLS that sustains a token per cycle
  /// Token events to simulate at most before the best depths so far are taken.
  int64_t most_events = 200'000'000;
  int64_t most_statements = 300;  ///< rows of the integer program at most
  FifoCost cost = held_bits;
};

struct FifoSearchResult {
  std::vector<int64_t> depths;  ///< by channel; fixed ones as they were
  int64_t cycles = 0;           ///< simulated at these depths
  int64_t start_cycles = 0;     ///< with the depths that were started from, or unbounded
  double cost = 0;              ///< of channels that are not fixed
  double least_cost = 0;        ///< proven lower bound
  bool optimal = false;
  /// By channel: the least depth at which the network runs in time if all others are unbounded.
  std::vector<int64_t> least_alone;
  int64_t simulations = 0;
};

/// Finds depths for all channels that are not fixed. Deterministic. Errors: E0332 if the network
/// does not run to its end even with unbounded FIFOs, with the tasks that wait for each other;
/// E0901 if the solver fails.
Result<FifoSearchResult> search_fifo_depths(const Network& network,
                                            const FifoSearchOptions& options = {});

}  // namespace st
