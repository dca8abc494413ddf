// SPDX-License-Identifier: Apache-2.0
#include "backends/host/launch_plan.h"

#include <algorithm>

namespace st {

std::string parameter_file(const Memory& memory) {
  const bool has_file = memory.role == MemoryRole::Parameters || memory.role == MemoryRole::Table;
  return has_file ? "params/" + memory.name + ".bin" : "";
}

MemoryId find_memory(const Program& program, MemoryRole role, const std::string& tensor) {
  for (size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = program.memories[m];
    if (memory.role == role && memory.tensor >= 0 &&
        program.tensors[memory.tensor].name == tensor) {
      return static_cast<MemoryId>(m);
    }
  }
  return -1;
}

int64_t logits_width(const Program& program) {
  if (program.vocabulary > 0) return program.vocabulary;
  const MemoryId logits = find_memory(program, MemoryRole::Output, "logits");
  return logits < 0 ? 0 : program.memories[logits].beats * program.memories[logits].lanes;
}

int64_t vocabulary_of(const Program& program) {
  const MemoryId logits = find_memory(program, MemoryRole::Output, "logits");
  if (logits < 0) return 0;
  int64_t vocabulary = logits_width(program);
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != "gather_rows" || kernel.inputs.empty() || kernel.memories.empty()) continue;
    const TensorId index = kernel.inputs[0].tensor;
    if (index < 0 || program.tensors[index].name != "input_ids") continue;
    vocabulary = std::min(vocabulary, program.memories[kernel.memories[0]].rows);
  }
  return vocabulary;
}

int64_t top_k_of(const Program& program) {
  int64_t most = 0;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind == "greedy_rows") most = 1;
    if (kernel.kind == "sample_rows") most = kernel.sizes.at("K");
  }
  return most;
}

}  // namespace st
