// SPDX-License-Identifier: Apache-2.0
/// In which order each template of hls_templates/ reads and writes, and the emitted converters and
/// loaders: written from their text, and knowing nothing of the loop nests in core/.
#pragma once

#include <vector>

#include "core/dataflow/program.h"

namespace st::test {

/// Some beats in a row at one port.
struct Access {
  bool write = false;
  int port = 0;
  int64_t beats = 0;
  friend bool operator==(const Access&, const Access&) = default;
};
using Accesses = std::vector<Access>;

/// Appends, to the last access where that is at the same port.
void append(Accesses& accesses, const Access& access);

/// The accesses of one kernel in a launch, in order, no two neighbours at the same port. A
/// ping-pong fills its buffer before it drains it, as in C simulation, where hardware has a second
/// half.
Accesses accesses_of(const Program& program, const Kernel& kernel, int64_t tokens, int64_t past);

}  // namespace st::test
