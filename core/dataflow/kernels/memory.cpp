// SPDX-License-Identifier: Apache-2.0
// Kernels at the edge of a group: device memory to streams and back.
#include <algorithm>

#include "core/dataflow/kernel_record.h"

namespace st {
namespace {

Result<std::vector<Tensor>> load_rows(const Evaluation& e) {
  return std::vector{e.state.at(e.kernel.memories[0])};
}

Result<std::vector<Tensor>> store_rows(const Evaluation& e) {
  e.state[e.kernel.memories[0]] = *e.inputs[0];
  return std::vector<Tensor>{};
}

Result<std::vector<Tensor>> load_params(const Evaluation& e) {
  std::vector<Tensor> outputs;
  for (const Port& port : e.kernel.outputs) {
    ST_TRY(value, e.constant(port.tensor));
    outputs.push_back(*value);
  }
  return outputs;
}

Result<std::vector<Tensor>> gather_rows(const Evaluation& e) {
  ST_TRY(table, e.constant(e.program.memories[e.kernel.memories[0]].tensor));
  const int64_t width = e.size("L") * e.size("Beats");
  Tensor rows = Tensor::zeros(DType::F32, {e.tokens, width});
  for (int64_t t = 0; t < e.tokens; ++t) {
    const int64_t row = e.inputs[0]->integer(t);
    std::copy_n(table->f32().begin() + row * width, width, rows.f32().begin() + t * width);
  }
  return std::vector{std::move(rows)};
}

Result<std::vector<Tensor>> cache_rows(const Evaluation& e) {
  const int64_t heads = e.size("Heads"), head = e.size("L") * e.size("HeadBeats");
  const int64_t positions = e.size("MaxPositions"), visible = e.past + e.tokens;
  Tensor& cache = e.state[e.kernel.memories[0]];
  if (cache.shape.empty()) cache = Tensor::zeros(DType::F32, {heads, positions, head});
  Tensor out = Tensor::zeros(DType::F32, {heads, visible, head});
  for (int64_t g = 0; g < heads; ++g) {
    float* rows = cache.f32().data() + g * positions * head;
    for (int64_t t = 0; t < e.tokens; ++t) {
      std::copy_n(e.inputs[0]->f32().begin() + (t * heads + g) * head, head,
                  rows + (e.past + t) * head);
    }
    std::copy_n(rows, visible * head, out.f32().begin() + g * visible * head);
  }
  return std::vector{std::move(out)};
}

KernelCost beats_cost(const Program&, const Kernel& kernel) {
  return {.row_cycles = kernel.sizes.at("Beats"), .row_barrier = false, .local_bits = 0};
}

}  // namespace

void add_memory_kernels(std::vector<KernelRecord>& records) {
  records.push_back({"load_rows",
                     "streamtensor/memory.h",
                     "device memory to stream, row by row",
                     {"type of out0", "L", "Beats"},
                     {"memory0", "out0", "tokens"},
                     load_rows,
                     beats_cost});
  records.push_back({"store_rows",
                     "streamtensor/memory.h",
                     "stream to device memory, row by row",
                     {"type of in0", "L", "Beats"},
                     {"in0", "memory0", "tokens"},
                     store_rows,
                     beats_cost});
  records.push_back({"gather_rows",
                     "streamtensor/memory.h",
                     "rows of a table by index",
                     {"type of out0", "L", "Beats"},
                     {"in0", "memory0", "out0", "tokens"},
                     gather_rows,
                     beats_cost});
  records.push_back(
      {"cache_rows",
       "streamtensor/memory.h",
       "appends a row to a key or value cache, then streams the cache",
       {"type of in0", "L", "HeadBeats", "Heads", "Repeat", "MaxPositions"},
       {"in0", "memory0", "out0", "tokens", "past"},
       cache_rows,
       [](const Program& p, const Kernel& k) {
         const int64_t row = k.sizes.at("Heads") * k.sizes.at("HeadBeats");
         return KernelCost{row * (1 + k.sizes.at("Repeat") * p.max_positions), true, 0};
       }});
  records.push_back({"load_params",
                     "",
                     "one parameter port: all its segments once per row",
                     {},
                     {"memory0", "out*", "tokens"},
                     load_params,
                     [](const Program& p, const Kernel& k) {
                       int64_t beats = 0;
                       for (const Port& port : k.outputs) beats += beats_per_row(p, port.type);
                       return KernelCost{beats, false, 0};
                     }});
}

}  // namespace st
