// SPDX-License-Identifier: Apache-2.0
/// Programs that no model would lower to: kernels whose streams go through a tensor in any order.
#pragma once

#include "core/dataflow/program.h"
#include "tests/core/random_values.h"

namespace st::test {

/// A program that is not connected, and what to look at.
struct Streams {
  Program program;
  TensorId input = -1;
  std::vector<TensorId> results;  ///< tensors that nobody reads, row by row
  bool by_rows = true;            ///< all streams have the rows of a launch outermost, or one row
};

/// One tensor and up to a dozen kernels that come from it: functions of single elements and of
/// pairs, normalisations, parts and wholes, other shapes. Their types have random tiles, permuted
/// and split loops, and re-access; the loop over rows is outermost in most programs, or there is
/// one row only.
Streams random_streams(uint64_t seed);

}  // namespace st::test
