// SPDX-License-Identifier: Apache-2.0
#include "core/ops/lowering.h"

#include <algorithm>

#include "core/graph/decoder.h"
#include "core/graph/layers.h"
#include "core/ops/record.h"
#include "core/support/names.h"

namespace st {

int lanes_for(int64_t extent, int limit) {
  for (int lanes = static_cast<int>(std::min<int64_t>(extent, limit)); lanes > 1; --lanes) {
    if (extent % lanes == 0) return lanes;
  }
  return 1;
}

Lowering::Lowering(const Graph& graph, Program& program, std::string sequence_symbol,
                   std::string past_symbol, Tiling tiling)
    : graph_(graph),
      tiling_(std::move(tiling)),
      padded_(padded_widths(graph)),
      keys_(node_keys(graph)),
      program_(program),
      sequence_(std::move(sequence_symbol)),
      past_(std::move(past_symbol)) {}

Result<int64_t> Lowering::row_width(const Node& node, ValueId value) {
  const TensorType& type = graph_.type(value);
  const size_t rank = type.shape.size();
  const bool rows = rank >= 2 && type.shape[rank - 2] == Extent::symbol(sequence_) &&
                    type.shape[rank - 1].is_constant();
  // Leading dimensions are the batch, which find_decoder holds to 1.
  const bool unit =
      rank >= 2 && rank <= 3 && (rank == 2 || type.shape[0].constant().value_or(1) == 1);
  if (!rows || !unit || graph_.values[value].constant) {
    return unsupported(node, "operand '" + printable(graph_.values[value].name) + "' is " +
                                 text_of(type) + ", not an activation [1, " + printable(sequence_) +
                                 ", width]");
  }
  return padded(type.shape[rank - 1].offset());
}

Trip Lowering::rows() const { return {Extent::symbol(Sequence), program_.max_sequence}; }

Trip Lowering::visible_positions() const {
  return {Extent::symbol(Past) + Extent::symbol("d0") + Extent(1), program_.max_positions};
}

StreamType Lowering::row_stream(int64_t width, DType dtype, int lanes) const {
  if (lanes == 0) lanes = this->lanes(width);
  return {{{1, lanes}, dtype, {rows(), width / lanes}, {1, lanes}, {0, 1}}, lanes};
}

StreamType Lowering::repeated_row_stream(int64_t width, int lanes) const {
  if (lanes == 0) lanes = this->lanes(width);
  return {{{lanes}, DType::F32, {rows(), width / lanes}, {1, lanes}, {1}}, lanes};
}

StreamType Lowering::per_row_stream(DType dtype) const {
  return {{{1}, dtype, {rows()}, {1}, {0}}, 1};
}

TensorId Lowering::new_tensor(const std::string& name, DType dtype, std::vector<Extent> shape) {
  program_.tensors.push_back({name, dtype, std::move(shape), nullptr});
  return static_cast<TensorId>(program_.tensors.size()) - 1;
}

TensorId Lowering::tensor(ValueId value, DType dtype, std::vector<Extent> shape) {
  auto [entry, fresh] = tensors_.try_emplace({value, ""}, -1);
  if (fresh) entry->second = new_tensor(graph_.values[value].name, dtype, std::move(shape));
  return entry->second;
}

TensorId Lowering::row_tensor(ValueId value, int64_t width, DType dtype) {
  return tensor(value, dtype, {Extent::symbol(Sequence), width});
}

TensorId Lowering::parameter(ValueId value, const std::string& role, DType dtype,
                             std::vector<int64_t> shape, const std::vector<Step>& steps) {
  auto [entry, fresh] = tensors_.try_emplace({value, role}, -1);
  if (fresh) {
    entry->second = new_tensor(graph_.values[value].name, dtype, {shape.begin(), shape.end()});
    auto source = graph_.values[value].constant;
    for (const Step& step : steps)
      source = derived_constant(source, step.transform, step.parameters);
    program_.tensors[entry->second].constant = source;
  }
  return entry->second;
}

LinearTiling Lowering::tiling_of(const Node& node) const {
  const auto index = static_cast<size_t>(&node - graph_.nodes.data());
  const auto chosen = tiling_.linear.find(keys_[index]);
  return chosen == tiling_.linear.end() ? LinearTiling() : chosen->second;
}

Result<Port> Lowering::parameter_row(const Node& node, ValueId value, int64_t width, int lanes) {
  const Value& constant = graph_.values[value];
  if (!constant.constant) {
    return unsupported(node, "operand '" + printable(constant.name) + "' must be a constant here");
  }
  const auto& shape = constant.type->shape;
  // A row as wide as what the node makes may be padded like it; others are as wide as they are.
  const int64_t made = graph_.type(node.outputs[0]).shape.back().offset();
  const int64_t own = padded(made) == width ? made : width;
  int64_t size = 1;
  for (const Extent& extent : shape) size *= extent.offset();
  const bool last_only = shape.empty() || size == shape.back().offset();
  if (constant.type->dtype != DType::F32 || !(size == 1 || (size == own && last_only))) {
    return unsupported(node, "constant '" + printable(constant.name) + "' is " +
                                 text_of(*constant.type) + ", neither a scalar nor a row of " +
                                 std::to_string(own));
  }
  std::vector<Step> steps = {{"row", {own}}};
  if (width != own) steps.push_back({"padded_row", {width}});
  const TensorId id =
      parameter(value, "as row of " + std::to_string(own), DType::F32, {width}, steps);
  return Port{id, repeated_row_stream(width, lanes), -1};
}

Kernel& Lowering::add_kernel(const std::string& kind, const Node& node, const std::string& suffix) {
  Kernel kernel;
  kernel.kind = kind;
  kernel.name = node.name + suffix;
  kernel.origin = node.name;
  kernel.layered = node.layered;
  program_.kernels.push_back(std::move(kernel));
  return program_.kernels.back();
}

MemoryId Lowering::add_memory(Memory memory) {
  memory.bytes = bytes_of(memory);
  program_.memories.push_back(std::move(memory));
  return static_cast<MemoryId>(program_.memories.size()) - 1;
}

Result<Program> lower(const Graph& graph, const Tiling& tiling) {
  ST_CHECK(check_keys(tiling, linear_layers(graph)));
  ST_TRY(decoder, find_decoder(graph));
  Program program;
  program.model = graph.name;
  program.max_sequence = decoder.max_sequence;
  program.max_positions = decoder.max_positions;
  program.vocabulary = graph.type(decoder.logits).shape.back().constant().value_or(0);
  Lowering lowering(graph, program, decoder.sequence, decoder.past, tiling);
  Diagnostics problems;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const OpRecord* record = find_op(node.op, node.domain);
    const size_t first = program.kernels.size();
    if (Status status = record->lower(lowering, node); !status.ok()) {
      problems.insert(problems.end(), status.errors().begin(), status.errors().end());
    }
    for (size_t k = first; k < program.kernels.size(); ++k)
      program.kernels[k].node = static_cast<int>(n);
  }
  if (!problems.empty()) return problems;
  if (const Layers layers = layers_of(graph); layers.count > 1) {
    const int64_t width = lowering.padded(graph.type(layers.entry).shape.back().offset());
    const auto tensor = [&](ValueId id) { return lowering.row_tensor(id, width); };
    program.layers = {layers.count, tensor(layers.entry), tensor(layers.carried),
                      tensor(layers.next), tensor(layers.exit)};
  }
  // Names of a model may repeat, and a node may be called like a tensor.
  Names names;
  for (Memory& memory : program.memories) memory.name = names.unique(memory.name);
  for (Kernel& kernel : program.kernels) kernel.name = names.unique(kernel.name);
  return program;
}

}  // namespace st
