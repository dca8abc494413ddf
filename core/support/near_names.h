// SPDX-License-Identifier: Apache-2.0
/// "did you mean": names that look like a misspelt one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace st {

/// The at most `limit` names of `candidates` nearest to `wanted` by edit distance, nearest first
/// and in the order given among equals. Names that differ in more than about a third are left out.
/// Long names (over 200 bytes) are never suggested, so that the cost stays small whatever the
/// input.
std::vector<std::string> near_names(std::string_view wanted,
                                    const std::vector<std::string>& candidates, size_t limit = 3);

/// "did you mean 'a', 'b'?", or "" without near names. Names are made printable.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& candidates);

}  // namespace st
