// SPDX-License-Identifier: Apache-2.0
/// Texts as models take them.
#pragma once

#include <cstdint>
#include <vector>

namespace st {

/// Texts of token ids in pieces of at most `most` ids, each of which starts with an empty cache.
std::vector<std::vector<int64_t>> pieces_of(const std::vector<std::vector<int64_t>>& texts,
                                            int64_t most);

}  // namespace st
