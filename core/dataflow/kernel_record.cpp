// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernel_record.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace st {

const std::vector<KernelRecord>& kernel_records() {
  static const std::vector<KernelRecord> records = [] {
    std::vector<KernelRecord> all;
    add_memory_kernels(all);
    add_routing_kernels(all);
    add_converter_kernels(all);
    add_elementwise_kernels(all);
    add_row_kernels(all);
    add_matmul_kernels(all);
    add_grouped_matmul_kernels(all);
    add_stripe_kernels(all);
    add_multiply_stripes_kernel(all);
    add_layer_kernels(all);
    add_matmul_scaled_groups_kernels(all);
    add_quantize_groups_kernels(all);
    add_attention_kernels(all);
    add_quantised_cache_kernels(all);
    add_int8_attention_kernels(all);
    add_striped_cache_kernels(all);
    add_merge_kernels(all);
    add_striped_heads_kernels(all);
    add_striped_attention_kernels(all);
    add_sample_kernels(all);
    return all;
  }();
  return records;
}

const KernelRecord* find_kernel_record(std::string_view kind) {
  for (const KernelRecord& record : kernel_records()) {
    if (record.kind == kind) return &record;
  }
  return nullptr;
}

const KernelRecord& kernel_record(std::string_view kind) {
  if (const KernelRecord* record = find_kernel_record(kind)) return *record;
  std::fprintf(stderr, "internal: no kernel record '%.*s'\n", static_cast<int>(kind.size()),
               kind.data());
  std::abort();
}

Nest nest_of(const Program& program, const Kernel& kernel) {
  return kernel_record(kernel.kind).nest(program, kernel);
}

std::vector<Buffer> buffers_of(const Program& program, const Kernel& kernel) {
  const KernelRecord& record = kernel_record(kernel.kind);
  return record.buffers ? record.buffers(program, kernel) : std::vector<Buffer>();
}

Datapath datapath_of(const Program& program, const Kernel& kernel) {
  const KernelRecord& record = kernel_record(kernel.kind);
  return record.datapath ? record.datapath(program, kernel) : Datapath();
}

int64_t local_bits_of(const Program& program, const Kernel& kernel) {
  int64_t bits = 0;
  for (const Buffer& buffer : buffers_of(program, kernel)) bits += buffer.bits();
  return bits;
}

KernelCost cost_of(const Program& program, const Kernel& kernel) {
  const KernelRecord& record = kernel_record(kernel.kind);
  const int64_t row_cycles = record.row_cycles
                                 ? record.row_cycles(program, kernel)
                                 : max_cycles(record.nest(program, kernel)) / program.max_sequence;
  return {row_cycles, record.row_barrier, local_bits_of(program, kernel)};
}

bool has_products(const Kernel& kernel) {
  const auto& arguments = kernel_record(kernel.kind).template_arguments;
  return std::find(arguments.begin(), arguments.end(), "products") != arguments.end();
}

}  // namespace st
