// SPDX-License-Identifier: Apache-2.0
/// Sampling on the device: the node `streamtensor.Sample` picks the token that follows each row of
/// logits, so that the host reads an id and not a vocabulary of logits.
///
/// With top_k 1 it is the largest logit, the first of equals. With more, the host gives a row of
/// draws for each token: temperature (0: the largest), a number from 0 to 1 (exclusive) that
/// decides, and how many of the largest logits take part; the fourth number is unused.
#pragma once

#include <cstdint>

namespace st {

inline constexpr const char* SampleOp = "Sample";
/// Names of the graph's input and output; a model's own have no dot in front.
inline constexpr const char* DrawsInput = "streamtensor.draws";
inline constexpr const char* NextIdsOutput = "streamtensor.next_ids";

inline constexpr int DrawWidth = 4;      ///< numbers of a row of draws
inline constexpr int64_t MostTopK = 64;  ///< logits that take part at most

}  // namespace st
