// SPDX-License-Identifier: Apache-2.0
/// What a network looks like to methods that know tasks by a few numbers: each kernel profiled
/// alone, as the vendor's tools do in the middle of the flow (StreamTensor §5.3.1).
#pragma once

#include "core/network/network.h"
#include "core/resources/paper_fifo.h"

namespace st {

/// A network as the paper sees it. Tasks that channels of fixed depth join are one kernel: the two
/// halves of a ping-pong converter, for example.
struct NetworkProfile {
  PaperFifoProblem problem;
  std::vector<int> channels;  ///< by edge: the network's channel
};

/// Runs each kernel alone, inputs always there and outputs never full, on the first launch.
NetworkProfile profile_alone(const Network& network);

/// Depths of all channels by the paper's method, at least `least_depth`; fixed ones keep theirs.
/// Errors: those of paper_depths().
Result<std::vector<int64_t>> paper_network_depths(const Network& network, Equalisation strategy,
                                                  int64_t least_depth);

}  // namespace st
