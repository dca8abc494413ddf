// SPDX-License-Identifier: Apache-2.0
/// One record per kind of kernel: its template, how it is called, what it computes, what it costs.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// What device memory holds between launches: inputs, outputs, caches, activations, by memory.
using DeviceState = std::map<MemoryId, Tensor>;

/// What a kernel may look at while it is interpreted.
struct Evaluation {
  const Program& program;
  const Kernel& kernel;
  std::vector<const Tensor*> inputs;  ///< whole tensors, in order of the kernel's inputs
  DeviceState& state;
  int64_t tokens = 1;  ///< rows of this launch
  int64_t past = 0;    ///< rows before it
  /// The value of a parameter tensor.
  std::function<Result<const Tensor*>(TensorId)> constant;

  [[nodiscard]] int64_t size(const char* name) const { return kernel.sizes.at(name); }
  [[nodiscard]] float real(const char* name) const { return kernel.reals.at(name); }
};

/// Cycles between float additions into one sum, and between comparisons for one maximum (csynth
/// 2023.2, xcu280, 300 MHz). The initiation intervals of hls_templates/streamtensor/vec.h.
inline constexpr int64_t FloatAddInterval = 7;
inline constexpr int64_t FloatMaxInterval = 2;

/// Cycles and storage of one kernel, all predicted from its loop structure.
struct KernelCost {
  int64_t row_cycles = 1;    ///< for one row, with the context at its bound
  bool row_barrier = false;  ///< a whole row is read before the first output
  int64_t local_bits = 0;    ///< buffers inside the kernel
};

struct KernelRecord {
  std::string_view kind;
  std::string_view
      header;  ///< below hls_templates/; empty where the code is generated for each kernel
  std::string_view summary;
  /// Template arguments in order: a name of Kernel::sizes, or "type of in0" for an element type.
  std::vector<std::string_view> template_arguments;
  /// Arguments in order: "in0", "in*", "out0", "out*", "memory0", "real:<name>", "tokens", "past".
  std::vector<std::string_view> arguments;
  /// Mirrors the template's arithmetic operation by operation, on whole tensors. Outputs in order
  /// of the kernel's.
  std::function<Result<std::vector<Tensor>>(const Evaluation&)> evaluate;
  std::function<KernelCost(const Program&, const Kernel&)> cost;
};

/// All records, in a fixed order.
const std::vector<KernelRecord>& kernel_records();
/// The record of `kind`, or nullptr.
const KernelRecord* find_kernel_record(std::string_view kind);
/// The record of `kind`; asking for an unknown kind is a bug, and aborts.
const KernelRecord& kernel_record(std::string_view kind);

// One function per file of core/dataflow/kernels/.
void add_memory_kernels(std::vector<KernelRecord>& records);
void add_routing_kernels(std::vector<KernelRecord>& records);
void add_elementwise_kernels(std::vector<KernelRecord>& records);
void add_row_kernels(std::vector<KernelRecord>& records);
void add_matmul_kernels(std::vector<KernelRecord>& records);
void add_attention_kernels(std::vector<KernelRecord>& records);

}  // namespace st
