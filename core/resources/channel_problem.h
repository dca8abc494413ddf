// SPDX-License-Identifier: Apache-2.0
/// Memories to the (pseudo-)channels of device memory: the problem, what a solution is, and its
/// check. The solver is behind assign_channels().
///
/// A channel has a capacity and a bandwidth of its own. A launch cannot end before its busiest
/// channel has moved all its bytes, so the largest sum of bytes per launch over the channels is
/// minimised. Groups are taken together, as if their launches overlapped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/support/result.h"

namespace st {

/// Memories that are to be assigned to channels.
struct ChannelProblem {
  struct Memory {
    std::string name;         ///< untrusted
    int64_t bytes = 0;        ///< that it takes
    int64_t traffic = 0;      ///< bytes that a launch moves
    std::vector<int> groups;  ///< each of them reaches it by an m_axi port
  };
  std::string device;         ///< for messages
  int channels = 1;           ///< of equal size and speed
  int64_t channel_bytes = 1;  ///< capacity of one
  int64_t total_bytes = 0;    ///< of all channels together; 0: what they have one by one
  int most_ports = 1;         ///< of one group
  int channel_ports = 1024;   ///< of all groups, to one channel
  std::vector<Memory> memories;

  /// Capacity of all channels together.
  [[nodiscard]] int64_t all_bytes() const {
    return total_bytes > 0 ? total_bytes : channel_bytes * channels;
  }
  /// Counts out of range. Errors: E0320, all at once.
  [[nodiscard]] Status check() const;
};

struct ChannelSolution {
  std::vector<int> channel;  ///< per memory
  int64_t load = 0;          ///< bytes per launch of the busiest channel
  int64_t bound = 0;         ///< no assignment has less; proven by the solver, not by verify()
};

/// Whether a solution is one: a channel for each memory, the load that it states and a bound not
/// above it (E0320), no channel over its capacity or with too many ports, not too much in all, and
/// no group with too many ports (E0403, with the name and both numbers). All at once.
Status verify(const ChannelProblem& problem, const ChannelSolution& solution);

/// The assignment of least load that was found, and a bound. Deterministic. Errors: those of
/// check(); E0403 if a memory exceeds a channel, if a group or all together have too many ports, or
/// if there is no room.
Result<ChannelSolution> assign_channels(const ChannelProblem& problem);

}  // namespace st
