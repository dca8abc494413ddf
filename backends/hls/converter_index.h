// SPDX-License-Identifier: Apache-2.0
/// Where the elements of a stream lie in a converter's buffer, as expressions of emitted code over
/// the loop counters "d0"..., "beat", "lane" and "received".
///
/// `shared`: loops of the type outside the block; `source`: its trip counts inside are constant.
#pragma once

#include <string>
#include <vector>

#include "backends/hls/index_sum.h"
#include "core/itensor/itensor.h"

namespace st::hls {

/// Block coordinates of the element in lane `lane` of beat `beat` of the token at hand.
std::vector<IndexSum> beat_coordinates(const ItensorType& type, int shared, int lanes);
/// Block coordinates of the last element of the token at hand.
std::vector<IndexSum> last_coordinates(const ItensorType& type, int shared);

/// Number of the first source token with the element at `x`.
IndexSum token_number(const ItensorType& source, int shared, const std::vector<IndexSum>& x);
/// Number of the element at `x` among first arrivals.
IndexSum arrival_number(const ItensorType& source, int shared, const std::vector<IndexSum>& x);

/// Source tokens of a block.
int64_t tokens_inside(const ItensorType& source, int shared);
/// Those before the source comes back to the whole of it.
int64_t tokens_of_first_pass(const ItensorType& source, int shared);
/// True if the source streams parts of a block again.
bool repeats_inside(const ItensorType& source, int shared);
/// True for source token `received` if it is the first copy of its tile. Empty if all are up to the
/// last first copy: further passes over the whole block lie behind it.
std::string first_copy_condition(const ItensorType& source, int shared);

}  // namespace st::hls
