// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dataflow/program.h"
#include "tests/itensor/random_pairs.h"

namespace st::test {

/// A stream of integers in the order of a type, with up to 16 lanes.
inline StreamType with_random_lanes(std::mt19937_64& random, ItensorType type) {
  type.dtype = DType::I32;
  const int64_t elements = token_elements(type);
  int64_t lanes = 0;
  do {
    lanes = pick_divisor(random, elements);
  } while (lanes > 16);
  return {type, static_cast<int>(lanes)};
}

}  // namespace st::test
