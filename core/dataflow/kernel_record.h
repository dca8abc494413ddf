// SPDX-License-Identifier: Apache-2.0
/// One record per kind of kernel: its template, how it is called, what it computes, what it costs.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/dataflow/datapath.h"
#include "core/dataflow/nest.h"
#include "core/dataflow/program.h"

namespace st {

/// Cycles between float additions into one sum (csynth 2023.2, xcu280, 300 MHz), and how many
/// partial sums take turns: as in hls_templates/streamtensor/vec.h.
inline constexpr int64_t FloatAddInterval = 7;
inline constexpr int64_t PartialSums = 8;

/// An array inside a kernel, as its template or its emitted code declares and partitions it.
struct Buffer {
  std::string_view name;   ///< of the C++ variable
  int64_t width_bits = 1;  ///< of a word: an element, or a vector of them where it is aggregated
  int64_t words = 1;       ///< of all banks
  int64_t banks = 1;       ///< of a cyclic partition: word i lies in bank i mod banks
  int64_t copies = 1;      ///< 2 for a ping-pong
  bool two_reads = false;  ///< a bank may have to give two words in a cycle

  [[nodiscard]] int64_t bits() const { return width_bits * words * copies; }
  [[nodiscard]] int64_t words_per_bank() const { return (words + banks - 1) / banks; }
  /// An array that is partitioned completely is no memory.
  [[nodiscard]] bool in_registers() const { return words_per_bank() == 1; }
};

/// Cycles and storage of one kernel, all predicted from its loop nest.
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
  /// Template arguments in order: a name of Kernel::sizes, "type of in0" for an element type,
  /// "sizes Part*" for all sizes of that form, "body" for the operations of a folded kernel,
  /// "products" for the multipliers of an instance, where its nodes take turns on them.
  std::vector<std::string_view> template_arguments;
  /// Arguments in order: "in0", "in*", "in1*" (all from the second on), "in2*", ..., "out0",
  /// "out*", "out-last", "out*-last" (all but the last), "memory0", "memory*" (any number of equal
  /// ones, behind the word at which the copy begins), "real:<name>", "size:<name>" (a size that
  /// folded layers may differ in), "tokens", "past".
  std::vector<std::string_view> arguments;
  /// When it reads and writes, and what it computes: the template's loops and arithmetic, operation
  /// by operation.
  std::function<Nest(const Program&, const Kernel&)> nest;
  /// The same where its parameters, all inputs from `first_parameter` on, come as whole tensors
  /// (Firing::parameters) and not as beats; absent where it has no such form.
  std::function<Nest(const Program&, const Kernel&)> whole_nest = nullptr;
  int first_parameter = 1;
  /// Cycles of a row where they are not those of the nest, because parts of it overlap.
  std::function<int64_t(const Program&, const Kernel&)> row_cycles = nullptr;
  /// Its arrays, registers included; absent where it has none. Single beats and sums on their way
  /// through a loop do not count.
  std::function<std::vector<Buffer>(const Program&, const Kernel&)> buffers = nullptr;
  /// Its operators; absent where it only moves values.
  std::function<Datapath(const Program&, const Kernel&)> datapath = nullptr;
  bool row_barrier = false;
  /// Its rows stay in a buffer until the next one: sizes Repeat0, Repeat1, ... say how often each
  /// of its row outputs gets them, one output after another.
  bool holds_row = false;
  /// Where layers are streamed: it moves only some of its streams for a layer.
  bool by_layer = false;
};

/// All records, in a fixed order.
const std::vector<KernelRecord>& kernel_records();
/// The record of `kind`, or nullptr.
const KernelRecord* find_kernel_record(std::string_view kind);
/// The record of `kind`; asking for an unknown kind is a bug, and aborts.
const KernelRecord& kernel_record(std::string_view kind);
/// The loop nest of a kernel.
Nest nest_of(const Program& program, const Kernel& kernel);
/// The arrays inside a kernel.
std::vector<Buffer> buffers_of(const Program& program, const Kernel& kernel);
/// The operators inside a kernel.
Datapath datapath_of(const Program& program, const Kernel& kernel);
/// The bits of all its arrays.
int64_t local_bits_of(const Program& program, const Kernel& kernel);
/// What a kernel costs.
KernelCost cost_of(const Program& program, const Kernel& kernel);

// One function per file of core/dataflow/kernels/.
void add_memory_kernels(std::vector<KernelRecord>& records);
void add_routing_kernels(std::vector<KernelRecord>& records);
void add_converter_kernels(std::vector<KernelRecord>& records);
void add_elementwise_kernels(std::vector<KernelRecord>& records);
void add_row_kernels(std::vector<KernelRecord>& records);
void add_matmul_kernels(std::vector<KernelRecord>& records);
void add_grouped_matmul_kernels(std::vector<KernelRecord>& records);
void add_stripe_kernels(std::vector<KernelRecord>& records);
void add_multiply_stripes_kernel(std::vector<KernelRecord>& records);
void add_layer_kernels(std::vector<KernelRecord>& records);
void add_matmul_scaled_groups_kernels(std::vector<KernelRecord>& records);
void add_quantize_groups_kernels(std::vector<KernelRecord>& records);
void add_attention_kernels(std::vector<KernelRecord>& records);
void add_quantised_cache_kernels(std::vector<KernelRecord>& records);
void add_int8_attention_kernels(std::vector<KernelRecord>& records);
void add_striped_cache_kernels(std::vector<KernelRecord>& records);
void add_merge_kernels(std::vector<KernelRecord>& records);
void add_striped_heads_kernels(std::vector<KernelRecord>& records);
void add_striped_attention_kernels(std::vector<KernelRecord>& records);
void add_sample_kernels(std::vector<KernelRecord>& records);

/// Whether kernels of that kind multiply by a function of their instance, which the nodes of one
/// share: the template argument "products".
bool has_products(const Kernel& kernel);

}  // namespace st
