// SPDX-License-Identifier: Apache-2.0
#include "core/support/shortfall.h"

namespace st {

std::string shortfall(const std::string& what, int64_t need, int64_t have,
                      const std::string& limit) {
  std::string line = what + ": needs " + std::to_string(need) + " (predicted), " + limit + " " +
                     std::to_string(have);
  if (need > have) line += ": " + std::to_string(need - have) + " too many";
  return line;
}

}  // namespace st
