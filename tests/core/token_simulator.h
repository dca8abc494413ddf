// SPDX-License-Identifier: Apache-2.0
/// An untimed execution of a connected program beat by beat, with bounded FIFOs and without values:
/// does it end, or does every kernel wait for another one?
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st::test {

/// How a launch of one group ended.
struct Execution {
  bool finished = false;
  /// Who waits at which channel, where it did not finish; or what is wrong with the counts.
  std::string blocked;
  std::vector<int64_t> beats;    ///< per channel of the program
  std::vector<int64_t> highest;  ///< per channel: most beats held at once
};

/// Runs one group. Each kernel reads and writes in the order of accesses_of(), one beat after
/// another. A network of such processes ends in one state however it is scheduled, so one schedule
/// decides.
Execution execute(const Program& program, int group, int64_t tokens, int64_t past);

}  // namespace st::test
