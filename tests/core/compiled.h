// SPDX-License-Identifier: Apache-2.0
/// Random decoders through the passes, and their programs run as a device would.
#pragma once

#include <functional>

#include "core/dataflow/interpreter.h"
#include "core/fusion/fuse.h"
#include "core/graph/decoder.h"
#include "core/passes/quantise.h"
#include "tests/core/random_decoder.h"

namespace st::test {

/// What the passes were asked for.
struct Choices {
  std::string precision = "f32";
  int64_t weight_group = 64;
  ActivationScales scales = ActivationScales::Token;
  std::string kv_cache = "f32";  ///< of kv_caches()
  FusionLimits limits = {int64_t{1} << 30, 1000};
  int parameter_ports = 4;
  std::string fusion = "search";  ///< of fusion_methods()
  int64_t top_k = 0;              ///< of sampling in the program; 0: none
};

/// A graph and its program.
struct Compiled {
  Graph graph;  ///< canonical, quantised where that was asked for
  Decoder decoder;
  Program program;  ///< connected, FIFOs sized
};

/// Gets the name of a pass, as in the pipeline, and the program that it left.
using AfterPass = std::function<void(const std::string& pass, const Program& program)>;

/// A pass of the pipeline on programs.
struct ProgramPass {
  std::string name;
  std::function<Status(Program&)> run;
};
/// Those from `vectorise` to `size-fifos`, in the pipeline's order.
std::vector<ProgramPass> program_passes(const Choices& choices);

/// Runs all passes, and verify() after each that makes a program. Errors: those of the passes, and
/// of verify().
Result<Compiled> compiled(Graph graph, const Choices& choices, const AfterPass& after = nullptr);

/// Activation scales of groups of 32, for every second program of a precision that has them.
void group_some(Choices& choices, uint64_t seed);

/// On-chip memory and ports that are tight enough for several groups, for some of the programs.
Choices random_choices(Random& random, const std::string& precision);

/// The tensor of a decoder's logits; -1 if there is none.
TensorId logits_of(const Program& program);

/// A program of any stage with its device memory between launches.
class Device {
 public:
  explicit Device(const Program& program) : program_(program), interpreter_(program) {}
  /// Feeds tokens and returns their logits [tokens, vocabulary].
  Result<Tensor> feed(const std::vector<int64_t>& ids);
  ProgramInterpreter& interpreter() { return interpreter_; }

 private:
  const Program& program_;
  ProgramInterpreter interpreter_;
  int64_t past_ = 0;
};

/// Writes token ids and positions where the program reads them: to memories, or to tensors where it
/// is not connected.
void set_inputs(const Program& program, ProgramInterpreter& interpreter,
                const std::vector<int64_t>& ids, int64_t past);

/// Largest difference over largest magnitude; infinite if shapes differ or a value is no number.
double distance(const Tensor& a, const Tensor& b);

/// Rows of one launch each: a prefill and decode steps, within the decoder's bounds.
std::vector<std::vector<int64_t>> random_launches(Random& random, const Graph& graph,
                                                  const Decoder& decoder);

}  // namespace st::test
