// SPDX-License-Identifier: Apache-2.0
/// Types of streams as tests write them, and single kernels without a program around them.
#pragma once

#include <gtest/gtest.h>

#include "core/dataflow/interpreter.h"
#include "core/ops/lowering.h"
#include "core/ops/record.h"
#include "tests/core/random_values.h"

namespace st::test {

using Tensors = std::vector<Tensor>;

/// Bounds of the launches that these types allow.
inline constexpr int64_t MostRows = 8;
inline constexpr int64_t MostPositions = 16;

inline Extent sequence() { return Extent::symbol(Sequence); }
inline Extent past() { return Extent::symbol(Past); }
/// The loop over the rows of a launch.
inline Trip each_row() { return {sequence(), MostRows}; }
/// The loop over the positions that row d0 looks at.
inline Trip each_position() { return {past() + Extent::symbol("d0") + Extent(1), MostPositions}; }

/// [sequence, width], row by row.
inline StreamType row_stream(int64_t width, DType dtype = DType::F32, int lanes = 0) {
  if (lanes == 0) lanes = lanes_for(width);
  return {{{1, lanes}, dtype, {each_row(), width / lanes}, {1, lanes}, {0, 1}}, lanes};
}
/// [sequence, width], each row `times` times.
inline StreamType replayed_row_stream(int64_t width, int64_t times, DType dtype = DType::F32) {
  const int lanes = lanes_for(width);
  return {{{1, lanes}, dtype, {each_row(), times, width / lanes}, {1, 1, lanes}, {0, 2}}, lanes};
}
/// [width], the same for each row.
inline StreamType repeated_stream(int64_t width) {
  const int lanes = lanes_for(width);
  return {{{lanes}, DType::F32, {each_row(), width / lanes}, {1, lanes}, {1}}, lanes};
}
/// [sequence]: a value per row.
inline StreamType value_stream(DType dtype) { return {{{1}, dtype, {each_row()}, {1}, {0}}, 1}; }
/// [width, depth], the whole matrix for each row, in tiles that a beat of the row meets.
inline StreamType matrix_stream(int64_t width, int64_t depth, DType dtype = DType::F32) {
  const int lanes = lanes_for(depth), rows = lanes_for(width);
  return {
      {{rows, lanes}, dtype, {each_row(), width / rows, depth / lanes}, {1, rows, lanes}, {1, 2}},
      lanes};
}
/// [heads, positions, head]: what each row sees of a cache, each head `repeat` times.
inline StreamType cache_stream(int64_t heads, int64_t repeat, int64_t head) {
  return {{{1, 1, head},
           DType::F32,
           {each_row(), heads, repeat, each_position()},
           {1, 1, 1, 1},
           {1, 3, Zero}},
          lanes_for(head)};
}
/// [heads, sequence, positions]: a value per row, head and position that it sees.
inline StreamType score_stream(int64_t heads) {
  return {{{1, 1, 1}, DType::F32, {each_row(), heads, each_position()}, {1, 1, 1}, {1, 0, 2}}, 1};
}

inline std::vector<const Tensor*> pointers_to(const Tensors& tensors) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& tensor : tensors) pointers.push_back(&tensor);
  return pointers;
}

/// What an operator's reference makes of the inputs.
inline Tensors reference(const std::string& op, std::map<std::string, Attribute> attributes,
                         const Tensors& inputs, const std::string& domain = "",
                         size_t outputs = 1) {
  Node node;
  node.op = op;
  node.domain = domain;
  node.attributes = std::move(attributes);
  node.outputs.assign(outputs, 0);
  auto results = find_op(op, domain)->reference(node, pointers_to(inputs));
  EXPECT_TRUE(results.ok()) << op;
  return results.ok() ? std::move(*results) : Tensors{};
}

/// A kernel without a program around it.
struct Bench {
  Program program;
  Kernel kernel;
  DeviceState state;

  explicit Bench(const std::string& kind) {
    kernel.kind = kernel.name = kind;
    program.max_sequence = MostRows;
    program.max_positions = MostPositions;
  }
  /// Template arguments of a kernel over rows.
  Bench& rows(int64_t width, int lanes = 0) {
    if (lanes == 0) lanes = lanes_for(width);
    kernel.sizes["L"] = lanes;
    kernel.sizes["Beats"] = width / lanes;
    return *this;
  }
  Bench& size(const std::string& name, int64_t value) {
    kernel.sizes[name] = value;
    return *this;
  }
  Bench& real(const std::string& name, float value) {
    kernel.reals[name] = value;
    return *this;
  }
  Bench& in(const StreamType& type) {
    kernel.inputs.push_back({tensor(type.itensor.dtype, {}), type, -1});
    return *this;
  }
  Bench& out(const StreamType& type, std::vector<Extent> shape) {
    kernel.outputs.push_back({tensor(type.itensor.dtype, std::move(shape)), type, -1});
    return *this;
  }
  /// Output [sequence, width], row by row.
  Bench& out_rows(int64_t width, DType dtype = DType::F32, int lanes = 0) {
    return out(row_stream(width, dtype, lanes), {sequence(), width});
  }
  /// A memory of [sequence, width].
  Bench& memory(int64_t width) {
    Memory memory;
    memory.tensor = tensor(DType::F32, {sequence(), width});
    return add(memory);
  }
  Bench& table(const Tensor& value) {
    Memory memory;
    memory.role = MemoryRole::Table;
    memory.tensor = tensor(value.dtype(), {});
    program.tensors.back().constant = constant_of(value);
    return add(memory);
  }
  /// A cache for `heads` heads.
  Bench& cache(int64_t heads, int64_t head) {
    Memory memory;
    memory.role = MemoryRole::Cache;
    memory.lanes = lanes_for(head);
    memory.beats = head / memory.lanes;
    memory.rows = heads * MostPositions;
    return add(memory);
  }

  Tensors run(const Tensors& inputs, int64_t tokens, int64_t past = 0) {
    ProgramInterpreter interpreter(program);
    interpreter.state() = state;
    auto outputs = interpreter.evaluate(kernel, pointers_to(inputs), tokens, past);
    EXPECT_TRUE(outputs.ok()) << kernel.kind << ": " << outputs.errors()[0].message;
    state = interpreter.state();
    return outputs.ok() ? std::move(*outputs) : Tensors{};
  }

 private:
  TensorId tensor(DType dtype, std::vector<Extent> shape) {
    program.tensors.push_back({"tensor", dtype, std::move(shape), nullptr});
    return static_cast<TensorId>(program.tensors.size()) - 1;
  }
  Bench& add(const Memory& memory) {
    program.memories.push_back(memory);
    kernel.memories.push_back(static_cast<MemoryId>(program.memories.size()) - 1);
    return *this;
  }
};

}  // namespace st::test
