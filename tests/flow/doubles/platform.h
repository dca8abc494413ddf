// SPDX-License-Identifier: Apache-2.0
/// A platform file in a form of the doubles' own: lines "part P", "slrs N", "memory TAG COUNT".
#pragma once

#include "tests/flow/doubles/double.h"

namespace st::doubles {

struct Platform {
  std::string part;
  int slrs = 1;
  std::map<std::string, int> memories;  ///< how many channels a tag has; 0: only the tag itself

  /// Whether there is "HBM[3]", "HBM[0:3]" or "HP0".
  [[nodiscard]] bool has_memory(const std::string& tag) const;
};

/// Ends the program where it is no such file.
Platform read_platform(const std::string& path);

}  // namespace st::doubles
