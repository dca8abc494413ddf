// SPDX-License-Identifier: Apache-2.0
/// The loop nest of a kernel: in which order it moves beats, and what it computes at each step
/// (StreamTensor §3.1, §4.1). One structure serves all who ask when a kernel reads and writes: the
/// interpreter walks it, the verifier holds it against the types of the ports, the cost model
/// counts its iterations.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/graph/tensor.h"
#include "core/itensor/itensor.h"

namespace st {

/// What a step may look at and change while a kernel runs. Beats are arrays of the port's element
/// type, as wide as its stream.
class Firing {
 public:
  Firing() = default;
  Firing(const Firing&) = delete;
  Firing& operator=(const Firing&) = delete;

  /// The beat that was last read from an input.
  template <typename T>
  [[nodiscard]] const T* in(int port) const {
    return reinterpret_cast<const T*>(in_beats[port].data());
  }
  /// The beat that the next write to an output sends; it keeps its values from write to write.
  template <typename T>
  [[nodiscard]] T* out(int port) {
    return reinterpret_cast<T*>(out_beats[port].data());
  }
  /// The counter of the loop at this depth, 0 being the outermost.
  [[nodiscard]] int64_t counter(int depth) const { return counters[depth]; }

  /// Contents of the kernel's device memories, in order of its pointer arguments.
  std::vector<Tensor*> memories;
  /// Values of the parameters that the kernel loads, in order of its outputs; of a table, the only
  /// one.
  std::vector<const Tensor*> constants;
  /// Of a kernel that takes parameters whole: its tensors, by input; nullptr where it reads beats.
  std::vector<const Tensor*> parameters;
  int64_t tokens = 1;  ///< rows of this launch
  int64_t past = 0;    ///< rows before it
  int64_t results = 1;

  // Filled by who walks the nest; `double` for alignment.
  std::vector<std::vector<double>> in_beats, out_beats;
  std::vector<int64_t> counters;
};

using Body = std::function<void(Firing&)>;

/// A loop around other items, or a step: reads, then a computation, then writes, one beat of each
/// port that is named, in the order named.
struct NestItem {
  // Of a loop.
  Trip trip;  ///< may use the symbols of the launch and counters of outer loops, d0 the outermost
  /// Where it is set, the trip count at each value of the next outer counter instead of `trip`: a
  /// cyclo-static rate.
  std::shared_ptr<const std::vector<int64_t>> trips_by_outer;
  int interval = 0;  ///< cycles between iterations where the loop is pipelined, otherwise 0
  /// The loop and all loops in it are one pipelined loop: each step in them, one that only computes
  /// too, is an iteration of it.
  bool flattened = false;
  /// Register stages of the longest way through the loop's pipeline, where it is shorter than that
  /// of the kernel (KernelRecord::datapath), as of a loop that only moves data; -1: as long.
  int64_t stages = -1;
  std::vector<NestItem> items;

  // Of a step, which has no items.
  std::vector<int> reads;
  std::vector<int> writes;
  Body body;  ///< may be empty

  [[nodiscard]] bool is_loop() const { return !items.empty(); }
};

/// Items that run one after another.
using Nest = std::vector<NestItem>;

/// Builders, so that a nest reads like the loops it stands for.
NestItem loop(const Trip& trip, Nest items);
/// A loop that starts an iteration every `interval` cycles.
NestItem pipelined(const Trip& trip, int64_t interval, Nest items);
/// A pipelined loop that has all loops in it flattened into it; each step takes `interval` cycles.
NestItem flattened(const Trip& trip, int64_t interval, Nest items);
/// A pipelined loop with fewer register stages than the kernel's longest way.
NestItem with_stages(int64_t stages, NestItem loop);
/// `trips[k]` iterations in iteration k of the loop around it.
NestItem cyclo_static(std::vector<int64_t> trips, int64_t interval, Nest items);
/// A step in those iterations of the loop around it whose entry in `when` is 1; 0 in all others.
NestItem sometimes(std::vector<int64_t> when, NestItem step);
NestItem step(std::vector<int> reads, Body body, std::vector<int> writes);
NestItem read(int port, Body body = nullptr);
NestItem write(int port, Body body = nullptr);

/// The nest without the steps that write one of these ports, and without loops around nothing else.
Nest without_writes(const Nest& nest, const std::vector<int>& ports);

/// Beats that a launch moves through each port.
struct Traffic {
  std::vector<int64_t> reads, writes;  ///< by port
  friend bool operator==(const Traffic&, const Traffic&) = default;
};
/// Counts by walking the loops, with symbols as in `bindings`. `inputs`, `outputs`: numbers of
/// ports.
Traffic traffic(const Nest& nest, size_t inputs, size_t outputs, const Bindings& bindings);

/// Cycles of the pipelined loops, symbols at their bounds.
int64_t max_cycles(const Nest& nest);

/// "for d0 < sequence { for d1 < 4 { in0 in1 -> out0 } }": the order of accesses.
std::string text_of(const Nest& nest);

}  // namespace st
