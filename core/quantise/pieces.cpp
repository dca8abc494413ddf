// SPDX-License-Identifier: Apache-2.0
#include "core/quantise/pieces.h"

#include <algorithm>
#include <cstddef>

namespace st {

std::vector<std::vector<int64_t>> pieces_of(const std::vector<std::vector<int64_t>>& texts,
                                            int64_t most) {
  std::vector<std::vector<int64_t>> pieces;
  for (const std::vector<int64_t>& text : texts) {
    for (auto at = text.begin(); at != text.end();) {
      const auto end = at + std::min<std::ptrdiff_t>(most, text.end() - at);
      pieces.emplace_back(at, end);
      at = end;
    }
  }
  return pieces;
}

}  // namespace st
