// SPDX-License-Identifier: Apache-2.0
/// Runs a program with the arithmetic of the emitted templates: a connected one token by token, its
/// kernels side by side and its FIFOs as deep as declared; one that is not connected yet kernel by
/// kernel, on whole tensors.
#pragma once

#include <map>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/process.h"
#include "core/dataflow/program.h"
#include "core/dataflow/stream_values.h"
#include "core/graph/constant_cache.h"

namespace st {

/// What device memory holds between launches: inputs, outputs, caches, activations, by memory.
using DeviceState = std::map<MemoryId, Tensor>;

/// What a channel carried in a launch.
struct ChannelUse {
  int64_t beats = 0;  ///< moved through it
  int64_t peak = 0;   ///< most beats held at once, in the order of execution that was taken
};

/// How linear layers of a connected program take their parameters.
enum class Parameters {
  Streamed,  ///< beat by beat, as the design does; they are loaded once
  /// As tensors, for as long as a group runs: values are the same, and a large model takes seconds;
  /// the channels of these parameters carry nothing.
  Whole,
};

/// A program and what its device memory holds.
class ProgramInterpreter {
 public:
  explicit ProgramInterpreter(const Program& program, Parameters parameters = Parameters::Streamed)
      : program_(program), parameters_(parameters) {}

  /// Device memory between launches: write inputs before a launch, read outputs after it.
  DeviceState& state() { return state_; }
  /// The same for a program that is not connected, whose inputs and results are tensors.
  std::map<TensorId, Tensor>& tensors() { return tensors_; }

  /// Launches from now on keep all beats of these channels, in order; see recorded(). Layers are
  /// not folded.
  void record(const std::vector<ChannelId>& channels) {
    for (const ChannelId c : channels) recorded_[c];
  }
  /// What the channels carried in the last launch, as the bytes of beats.
  [[nodiscard]] const std::map<ChannelId, std::vector<uint8_t>>& recorded() const {
    return recorded_;
  }

  /// Runs every group once, those of folded layers once for each layer. `results`: as of the symbol
  /// Results. Errors: those of constants; E0321 if kernels wait for each other, with who waits for
  /// what; beats that are left in a channel.
  Status launch(int64_t tokens, int64_t past, int64_t results = 1);

  /// Runs one kernel alone, for one layer, on the given inputs and without limits of its queues.
  /// Errors: those of constants; E0701 if its outputs are not what their types say.
  Result<std::vector<Tensor>> evaluate(const Kernel& kernel,
                                       const std::vector<const Tensor*>& inputs, int64_t tokens,
                                       int64_t past, int64_t layer = 0);

  /// A parameter's value in a layer, loaded once.
  Result<const Tensor*> constant(TensorId id, int64_t layer = 0);

  /// What each channel carried in the last launch.
  [[nodiscard]] const std::map<ChannelId, ChannelUse>& channels() const { return uses_; }

 private:
  Status run_group(const GroupRunOf& run, int64_t tokens, int64_t past, int64_t results);
  Status run_tensors(int64_t tokens, int64_t past);
  Status run_tensors_of(const Kernel& kernel, int64_t tokens, int64_t past, int64_t layer);
  /// Gives the process its memories, constants and lengths. `skipped`: outputs of a loader that
  /// others take whole.
  Status bind(Process& process, const Kernel& kernel, int64_t tokens, int64_t past, int64_t layer,
              const std::vector<int>& skipped = {});
  /// What a copy of a memory holds: state_ has the first one.
  Tensor& contents(MemoryId m, int64_t copy) { return copy == 0 ? state_[m] : copies_[{m, copy}]; }

  const Program& program_;
  Parameters parameters_;
  DeviceState state_;
  std::map<TensorId, Tensor> tensors_;
  std::map<std::pair<MemoryId, int64_t>, Tensor> copies_;
  ConstantCache constants_;
  std::map<ChannelId, ChannelUse> uses_;
  std::map<ChannelId, std::vector<uint8_t>> recorded_;
};

/// What each channel of a program with depths carries in a launch, without computing: the order of
/// execution is that of C simulation, which does not depend on values. Errors: E0321 if kernels
/// wait for each other.
Result<std::map<ChannelId, ChannelUse>> untimed_schedule(const Program& program, int64_t tokens,
                                                         int64_t past, int64_t results = 1);

}  // namespace st
