// SPDX-License-Identifier: Apache-2.0
/// The order of additions that emitted kernels keep (hls_templates/README.md), written a second
/// time so that each checks the other; and what most nests share.
#pragma once

#include <cstdint>
#include <vector>

#include "core/dataflow/kernel_record.h"

namespace st {

/// Sum of `count` values as a binary tree over neighbours; destroys them. Emitted code adds the
/// lanes of a beat this way.
template <typename T>
T tree_sum(T* values, int64_t count) {
  for (int64_t stride = 1; stride < count; stride *= 2) {
    for (int64_t i = 0; i + stride < count; i += 2 * stride) values[i] += values[i + stride];
  }
  return values[0];
}

/// Adds term number `n` to one of PartialSums sums (partial_sums.h).
inline void add_partial(std::vector<float>& sums, int64_t n, float term) {
  float& sum = sums[static_cast<size_t>(n % PartialSums)];
  sum = (n < PartialSums ? 0.0f : sum) + term;
}
/// The sum of `count` terms that add_partial() took; destroys the sums.
inline float total_of(std::vector<float>& sums, int64_t count) {
  for (int64_t i = count; i < PartialSums; ++i) sums[static_cast<size_t>(i)] = 0.0f;
  return tree_sum(sums.data(), PartialSums);
}

/// A size of a kernel, or `otherwise` where its kind does not have it.
inline int64_t size_of(const Kernel& kernel, const char* name, int64_t otherwise) {
  const auto size = kernel.sizes.find(name);
  return size == kernel.sizes.end() ? otherwise : size->second;
}

/// What the ports of a kernel's memories move in a cycle.
inline int64_t port_bits(const Program& program, const Kernel& kernel) {
  return kernel.memories.empty()
             ? WordBits
             : program.memories[static_cast<size_t>(kernel.memories[0])].port_bits;
}
/// `words` words that a port moves in parts, one in a cycle: `move` comes with the last one.
inline NestItem moved_by_parts(const Trip& words, int64_t parts, NestItem move) {
  if (parts == 1) return pipelined(words, 1, {std::move(move)});
  return flattened(words, 1, {loop(parts - 1, {step({}, nullptr, {})}), std::move(move)});
}

/// The trip count of the loop over the rows of a launch that a kernel works on: behind layers that
/// are streamed there is one, if any.
inline Trip rows_of(const Program& program, const Kernel& kernel) {
  return kernel.behind ? Trip(1) : Trip{Extent::symbol(Sequence), program.max_sequence};
}
/// The trip count of a loop over the positions that a row may look at; the row loop is d0.
inline Trip positions_of(const Program& program) {
  return {Extent::symbol(Past) + Extent::symbol("d0") + Extent(1), program.max_positions};
}

/// Storage of a kernel between its steps. Bodies are copied, so they share it.
template <typename T>
using Local = std::shared_ptr<std::vector<T>>;
template <typename T>
Local<T> local(int64_t size) {
  return std::make_shared<std::vector<T>>(static_cast<size_t>(size));
}

}  // namespace st
