// SPDX-License-Identifier: Apache-2.0
/// What kernels have in common that keep a row and stream it several times.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {

/// A kernel that computes over rows of `beats` beats of `lanes` elements, which it holds.
struct RowShape {
  explicit RowShape(const Kernel& kernel)
      : lanes(kernel.sizes.at("L")), beats(kernel.sizes.at("Beats")), width(lanes * beats) {}
  int64_t lanes, beats, width;
};

/// What is left to stream of a row after its first pass to output 0: each output in turn gets the
/// whole row as often as Repeat<output> says. `emit(port)` makes the body that sends beat d1 or d2
/// of the row.
inline Nest further_passes(const Kernel& kernel, int64_t beats,
                           const std::function<Body(int port, int depth)>& emit) {
  Nest items;
  const std::vector<int64_t> repeats = kernel.sizes_named("Repeat");
  for (int port = 0; port < static_cast<int>(repeats.size()); ++port) {
    const int64_t passes = repeats[port] - (port == 0 ? 1 : 0);
    if (passes > 0)
      items.push_back(loop(passes, {pipelined(beats, 1, {write(port, emit(port, 2))})}));
  }
  return items;
}

/// The loop over rows around `first` items and the further passes.
inline Nest held_rows(const Program& program, const Kernel& kernel, Nest first, Nest further) {
  first.insert(first.end(), std::make_move_iterator(further.begin()),
               std::make_move_iterator(further.end()));
  return {loop(rows_of(program, kernel), std::move(first))};
}

/// How often a row is sent in all.
inline int64_t passes_of(const Kernel& kernel) {
  int64_t passes = 0;
  for (const int64_t repeat : kernel.sizes_named("Repeat")) passes += repeat;
  return passes;
}

/// Sends beats of a row of T.
template <typename T>
std::function<Body(int, int)> sender(const Local<T>& row, int64_t lanes) {
  return [=](int port, int depth) -> Body {
    return [=](Firing& f) {
      std::copy_n(row->begin() + f.counter(depth) * lanes, lanes, f.out<T>(port));
    };
  };
}

}  // namespace st
