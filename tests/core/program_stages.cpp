// SPDX-License-Identifier: Apache-2.0
#include "tests/core/program_stages.h"

#include <cstring>
#include <iostream>

#include "core/dataflow/kernels/convert.h"

namespace st::test {
namespace {

/// Equal to the last bit, where a NaN equals itself.
bool same(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape && a.dtype() == b.dtype() &&
         std::memcmp(bytes_of(a), bytes_of(b),
                     static_cast<size_t>(a.size() * bits_of(a.dtype()) / 8)) == 0;
}

/// The memory that holds a result or an input, or -1.
MemoryId memory_of(const Program& program, TensorId tensor) {
  for (MemoryId m = 0; m < static_cast<MemoryId>(program.memories.size()); ++m) {
    if (program.memories[m].tensor == tensor) return m;
  }
  return -1;
}

Status run_launch(const Program& program, ProgramInterpreter& interpreter, const Launch& launch) {
  interpreter.tensors().clear();
  for (const auto& [id, value] : launch.inputs) {
    const MemoryId memory = memory_of(program, id);
    if (memory >= 0) {
      interpreter.state()[memory] = value;
    } else {
      interpreter.tensors()[id] = value;
    }
  }
  return interpreter.launch(launch.tokens, launch.past);
}

}  // namespace

Result<ProgramOutcome> outcome_of(const Program& program, const std::vector<Launch>& launches,
                                  const std::vector<TensorId>& watched) {
  ProgramOutcome outcome;
  ProgramInterpreter interpreter(program);
  for (size_t l = 0; l < launches.size(); ++l) {
    ST_CHECK(run_launch(program, interpreter, launches[l]));
    const std::string in_launch = " in launch " + std::to_string(l);
    for (const TensorId id : watched) {
      const std::string name = "tensor " + std::to_string(id) + in_launch;
      const MemoryId memory = memory_of(program, id);
      const auto value = interpreter.tensors().find(id);
      if (memory >= 0) {
        outcome.results[name] = interpreter.state().at(memory);
      } else if (value != interpreter.tensors().end()) {
        outcome.results[name] = value->second;
      } else {
        return Diagnostic{"E0901", name + " is nowhere", "", {}, ""};
      }
    }
    for (MemoryId m = 0; m < static_cast<MemoryId>(program.memories.size()); ++m) {
      if (program.memories[m].role != MemoryRole::Cache) continue;
      outcome.results["cache " + std::to_string(m) + in_launch] = interpreter.state().at(m);
    }
  }
  outcome.tensors = interpreter.tensors();
  return outcome;
}

std::string difference(const ProgramOutcome& before, const ProgramOutcome& after) {
  if (before.results.size() != after.results.size()) return "another number of results";
  for (const auto& [id, value] : before.tensors) {
    const auto found = after.tensors.find(id);
    if (found != after.tensors.end() && !same(found->second, value))
      return "tensor " + std::to_string(id) + " in the last launch";
  }
  for (const auto& [name, value] : before.results) {
    const auto found = after.results.find(name);
    if (found == after.results.end()) return name + " is missing";
    if (!same(found->second, value)) return name;
  }
  return "";
}

void count_changes(const std::string& pass, const Program& before, const Program& after,
                   Counts& counts) {
  counts[pass + ": programs"] += text_of(before) != text_of(after);
  auto kind_of = [](const Kernel& kernel) -> std::string {
    if (kernel.kind == "convert") {
      if (kernel.outputs.size() > 1) return "shared converters";
      const int64_t window = converter_window(kernel);
      if (window == 0) return "ping-pongs";
      return window < block_elements(plan_of_converter(kernel)) ? "small windows" : "whole blocks";
    }
    for (const int64_t repeat : kernel.sizes_named("Repeat"))
      if (repeat > 1 && kernel.kind != "cache_rows") return "kernels that repeat rows";
    for (const char* kind : {"adapt", "fork", "map", "load_rows", "store_rows", "load_params"})
      if (kernel.kind == kind) return kind;
    return "other";
  };
  Counts kinds;
  for (const Kernel& kernel : after.kernels) ++kinds[kind_of(kernel)];
  for (const Kernel& kernel : before.kernels) --kinds[kind_of(kernel)];
  for (const auto& [kind, more] : kinds) {
    if (more > 0 && kind != "other") counts[pass + ": " + kind] += more;
  }
  if (after.kernels.size() < before.kernels.size())
    counts[pass + ": kernels gone"] +=
        static_cast<int>(before.kernels.size() - after.kernels.size());
  counts[pass + ": several groups"] += before.groups == 1 && after.groups > 1;
}

void print(const std::string& title, const Counts& counts) {
  std::cout << title << "\n";
  for (const auto& [what, count] : counts) {
    if (count > 0) std::cout << "  " << what << " " << count << "\n";
  }
}

}  // namespace st::test
