// SPDX-License-Identifier: Apache-2.0
/// How messages say that something is not enough: what, need, limit and the difference, in one
/// line.
#pragma once

#include <cstdint>
#include <string>

namespace st {

/// "LUT: needs 131000 (predicted), the budget is 81984: 49016 too many". `limit` is what `have` is:
/// "the budget is", "it has".
std::string shortfall(const std::string& what, int64_t need, int64_t have,
                      const std::string& limit = "the budget is");

/// What to do about it.
inline constexpr const char* LargerTarget = "choose a larger target, or smaller bounds with --dim";

}  // namespace st
