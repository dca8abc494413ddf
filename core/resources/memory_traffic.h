// SPDX-License-Identifier: Apache-2.0
/// What a program's memories move in a launch, and the assignment of channels that follows.
#pragma once

#include <vector>

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/resources/channel_problem.h"

namespace st {

/// Bytes that the longest launch moves between the device and a memory, positions at their bound:
/// parameters once per row, as loaders read the whole file for each; of a table the rows that are
/// fetched; of a cache each row that is appended, and all rows as often as heads share them, for
/// each row of the launch; everything else once per kernel that reads or writes it. At most 2^50.
int64_t bytes_per_launch(const Program& program, MemoryId m);

/// The memories of a program that one kind of the target's device memory holds.
struct ChannelsOfKind {
  ChannelProblem problem;
  std::vector<MemoryId> memories;  ///< by index in the problem
  int first_channel = 0;           ///< number of the problem's channel 0 on the target
};

/// One problem for the target's memory; one for its large memory as well if some memories do not
/// fit a channel of the other one.
std::vector<ChannelsOfKind> channel_problems_of(const Program& program, const Target& target);

}  // namespace st
