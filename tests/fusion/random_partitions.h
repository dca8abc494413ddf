// SPDX-License-Identifier: Apache-2.0
/// Random and hand-made problems of kernel fusion, and a search that misses nothing.
#pragma once

#include <optional>
#include <vector>

#include "core/fusion/partition_problem.h"
#include "tests/common/random.h"

namespace st::test {

/// A chain of units of equal bits and pace; tensor i is between units i and i + 1.
PartitionProblem chain(int units);

/// Adds a tensor of `bytes` from `producer` to `consumers`, without converters.
PartitionProblem::Tensor& join(PartitionProblem& problem, int producer,
                               const std::vector<int>& consumers, int64_t bytes);

/// A directed acyclic graph with a few sources, converters on a third of the tensors, and limits
/// that hold a part of the units, by bits, by ports or by both. Some tensors may not be cut.
PartitionProblem random_partition(Random& random, int units);

/// Blocks like a decoder's, until there are `units`: a norm, three branches into an attention, a
/// sum with the residual, a norm, two branches into a product, a sum.
PartitionProblem decoder_partition(Random& random, int units);

/// The least cost of all partitions that fit, by trying each; nothing if none does. For up to nine
/// units.
std::optional<PartitionCost> least_partition_cost(const PartitionProblem& problem);

}  // namespace st::test
