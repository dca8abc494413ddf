// SPDX-License-Identifier: Apache-2.0
// Kinds of kernels whose ports are related in ways that the table of shapes cannot say.
#include <algorithm>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/elementwise.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/dataflow/verify.h"
#include "core/graph/attention.h"
#include "core/itensor/conversion.h"

namespace st {
namespace {

/// True if one tensor may carry what the other one does: an edge has a tensor of its own.
bool same_elements(const Program& program, TensorId a, TensorId b) {
  return program.tensors[a].dtype == program.tensors[b].dtype &&
         program.tensors[a].shape == program.tensors[b].shape;
}

/// Rows between a memory and a stream.
std::string check_transfer(const Program& program, const Kernel& kernel) {
  const Port& port = kernel.inputs.empty() ? kernel.outputs[0] : kernel.inputs[0];
  const Memory& memory = program.memories[kernel.memories[0]];
  const bool buffer = memory.role == MemoryRole::Input || memory.role == MemoryRole::Output ||
                      memory.role == MemoryRole::Activation;
  if (!buffer || !same_elements(program, memory.tensor, port.tensor))
    return "the memory holds something else";
  if (kernel.sizes.at("L") != memory.lanes || kernel.sizes.at("Beats") != memory.beats ||
      port.type.lanes != memory.lanes || beats_per_row(program, port.type) != memory.beats)
    return "rows of the stream are laid out in another way than in the memory";
  return "";
}

std::string check_loader(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  // Groups that run one after another share a file: each has a loader for its segments, which takes
  // them in the file's order.
  auto next = memory.segments.begin();
  const bool all = std::all_of(kernel.outputs.begin(), kernel.outputs.end(), [&](const Port& port) {
    next = std::find_if(next, memory.segments.end(),
                        [&](const Segment& segment) { return segment.tensor == port.tensor; });
    if (next == memory.segments.end()) return false;
    const Segment& segment = *next++;
    return segment.type == port.type && segment.channel == port.channel &&
           segment.layered == kernel.layered &&
           comes_by_rows(port.type) == comes_by_rows(kernel.outputs[0].type);
  });
  return memory.role == MemoryRole::Parameters && all
             ? ""
             : "the streams are not the segments of its memory";
}

std::string check_fork(const Program& program, const Kernel& kernel) {
  for (const Port& port : kernel.outputs) {
    if (!same_elements(program, port.tensor, kernel.inputs[0].tensor) ||
        port.type != kernel.inputs[0].type)
      return "an output is not what comes in";
  }
  return "";
}

/// Ports of `parts` make up the rows of `whole`, one beside the other: in its last dimension.
std::string check_parts(const Program& program, const Kernel& kernel,
                        const std::vector<Port>& parts, const Port& whole) {
  const int64_t lanes = kernel.sizes.at("L");
  std::vector<Extent> shape = program.tensors[whole.tensor].shape;
  int64_t width = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t part = kernel.sizes.at("Part" + std::to_string(i)) * lanes;
    width += part;
    const DataTensor& tensor = program.tensors[parts[i].tensor];
    shape.back() = Extent(part);
    if (tensor.dtype != whole.type.itensor.dtype || tensor.shape != shape ||
        parts[i].type.lanes != lanes)
      return "part " + std::to_string(i) + " is not as wide as its size says";
  }
  return program.tensors[whole.tensor].shape.back() == Extent(width) && whole.type.lanes == lanes
             ? ""
             : "the parts do not make up the whole";
}

std::string check_split(const Program& program, const Kernel& kernel) {
  return check_parts(program, kernel, kernel.outputs, kernel.inputs[0]);
}
std::string check_concat(const Program& program, const Kernel& kernel) {
  return check_parts(program, kernel, kernel.inputs, kernel.outputs[0]);
}

/// Inputs in turn, `Beats` beats of each.
std::string check_join(const Program& program, const Kernel& kernel) {
  const int64_t beats = kernel.sizes.at("Beats");
  for (const Port& port : kernel.inputs) {
    if (port.type != kernel.inputs[0].type || beats_per_row(program, port.type) != beats)
      return "the inputs differ in type, or are not of Beats beats";
  }
  const StreamType &in = kernel.inputs[0].type, &out = kernel.outputs[0].type;
  const bool all =
      beats_per_row(program, out) == beats * static_cast<int64_t>(kernel.inputs.size());
  return all && in.lanes == out.lanes && in.itensor.dtype == out.itensor.dtype
             ? ""
             : "the output does not take the beats of all inputs";
}

/// Expanded or collapsed dimensions (itensor_reassociate): as many elements, of the same type, in
/// the same beats.
std::string check_reassociate(const Program& program, const Kernel& kernel) {
  const StreamType &in = kernel.inputs[0].type, &out = kernel.outputs[0].type;
  const int64_t beats = kernel.sizes.at("Beats");
  if (in.itensor.dtype != out.itensor.dtype || in.lanes != out.lanes ||
      beats_per_row(program, in) != beats || beats_per_row(program, out) != beats)
    return "the beats of both shapes differ";
  // A stream that repeats elements, or takes them in another order, is no reshape.
  const bool whole = distinct_tiles(in.itensor) == max_tokens(in.itensor) &&
                     distinct_tiles(out.itensor) == max_tokens(out.itensor);
  return whole && row_major(in.itensor) && row_major(out.itensor)
             ? ""
             : "only streams in the order of their tensor are reshaped";
}

/// Elements meet where they are equal in number and order; those of a parameter come once per row.
std::string check_elementwise(const Program& program, const Kernel& kernel) {
  const std::vector<std::string> body =
      kernel.kind == "map" ? kernel.body : std::vector<std::string>{kernel.kind};
  size_t operands = 1;
  for (const std::string& name : body) {
    const ElementwiseOp* op = find_elementwise(name);
    if (op == nullptr) return "there is no operation '" + printable(name) + "'";
    operands += op->binary != nullptr ? 1 : 0;
  }
  if (body.empty() || operands != kernel.inputs.size())
    return "its operations take " + std::to_string(operands) + " operands, it has " +
           std::to_string(kernel.inputs.size());
  const StreamType& result = kernel.outputs[0].type;
  if (result.itensor.dtype != DType::F32 || result.lanes != kernel.sizes.at("L"))
    return "its result is not of f32 in beats of L";
  for (const Port& port : kernel.inputs) {
    if (port.type.itensor.dtype != DType::F32 || port.type.lanes != result.lanes)
      return "an operand is not of f32 in beats of L";
    const bool parameter = program.tensors[port.tensor].constant != nullptr;
    if (!parameter && !same_order(port.type.itensor, result.itensor))
      return "an operand comes in another order than the result goes";
  }
  return "";
}

/// An index that the host draws, and a table with a row for each of its values.
std::string check_gather(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  const std::string& index = program.tensors[kernel.inputs[0].tensor].name;
  if (memory.role != MemoryRole::Table ||
      memory.beats * memory.lanes != product_of(kernel, "L*Beats") || memory.dtype != DType::F32)
    return "the memory is no table of rows f32[L*Beats]";
  if (index != "input_ids" && index != "position_ids")
    return "the index is neither input_ids nor position_ids";
  return "";
}

std::string check_cache(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  const bool fits =
      memory.role == MemoryRole::Cache && memory.dtype == kernel.inputs[0].type.itensor.dtype &&
      memory.lanes == kernel.sizes.at("L") && memory.beats == kernel.sizes.at("HeadBeats") &&
      memory.rows == product_of(kernel, "Heads*MaxPositions");
  return fits ? "" : "the memory is no cache of MaxPositions rows for each head";
}

std::string check_scale_cache(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  const bool fits = memory.role == MemoryRole::Cache && memory.dtype == DType::BF16 &&
                    memory.lanes == 1 && memory.beats == kernel.sizes.at("MaxPositions") &&
                    memory.rows == kernel.sizes.at("Heads");
  return fits ? "" : "the memory is no cache of a row of MaxPositions scales for each head";
}

/// The streams of its shape, and beats that are whole.
std::string check_matmul(const Program& program, const Kernel& kernel) {
  const MatmulShape shape = matmul_shape_of(kernel);
  if (!shape.fits())
    return "its beats of results are not whole steps, or its tiles not whole beats";
  const Trip rows = {Extent::symbol(Sequence), program.max_sequence};
  // Before `vectorise`, a type is of tiles; only the form of an element differs.
  const auto same = [](const Port& port, StreamType wanted) {
    wanted.itensor.form = port.type.itensor.form;
    return port.type == wanted;
  };
  if (shape.group_beats > shape.depth_beats) return "a group is longer than a row";
  const bool grouped = shape.group_beats > 0;
  const DType weights = kernel.inputs.back().type.itensor.dtype;
  const DType result = grouped ? DType::F32 : sums_of(weights);
  bool fits = same(kernel.inputs[0], shape.x_type(rows, rows_for(weights))) &&
              same(kernel.outputs[0], shape.y_type(rows, result));
  const auto first = static_cast<size_t>(shape.first_weights());
  if (shape.x_scales) fits = fits && same(kernel.inputs[1], shape.x_scale_type(rows));
  if (grouped) fits = fits && same(kernel.inputs[first - 1], shape.scale_type(rows));
  for (size_t i = first; i < kernel.inputs.size(); ++i)
    fits = fits && same(kernel.inputs[i], shape.weight_type(rows, weights));
  return fits ? "" : "its streams are not those of its sizes";
}

/// A scale for each group.
std::string check_quantize_groups(const Program& program, const Kernel& kernel) {
  const int64_t beats = kernel.sizes.at("Beats"), group = kernel.sizes.at("GroupBeats");
  if (group > beats) return "a group is longer than a row";
  const Port& scales = kernel.outputs.back();
  const int64_t groups = (beats + group - 1) / group;
  return scales.type.lanes == 1 && beats_per_row(program, scales.type) == groups
             ? ""
             : "its scales are not one for each group";
}

/// Query heads share the key and value heads evenly.
std::string check_attention(const Program& program, const Kernel& kernel) {
  const Extent& heads = program.tensors[kernel.inputs[1].tensor].shape[0];
  return heads.is_constant() && kernel.sizes.at("Heads") % heads.offset() == 0
             ? ""
             : "Heads is no multiple of the heads of keys and values";
}

/// The same, and sums that fit. `cached`: the inputs that come from caches.
std::string check_int8_attention(const Program& program, const Kernel& kernel,
                                 const std::vector<size_t>& cached) {
  for (const size_t in : cached) {
    const Extent& heads = program.tensors[kernel.inputs[in].tensor].shape[0];
    if (!heads.is_constant() || kernel.sizes.at("Heads") % heads.offset() != 0)
      return "Heads is no multiple of the heads of keys and values";
  }
  if (program.max_positions > MostInt8Positions) return "sums over all positions do not fit";
  const auto beats = kernel.sizes.find("HeadBeats");
  const bool fits =
      beats == kernel.sizes.end() || product_of(kernel, "HeadBeats*L") <= MostInt8Head;
  return fits ? "" : "sums over a head do not fit";
}
std::string check_int8_scores(const Program& program, const Kernel& kernel) {
  return check_int8_attention(program, kernel, {2, 3});
}
std::string check_int8_weights(const Program& program, const Kernel& kernel) {
  return check_int8_attention(program, kernel, {1});
}
std::string check_int8_context(const Program& program, const Kernel& kernel) {
  return check_int8_attention(program, kernel, {1});
}

/// All heads of a row take the same scale, beat after beat.
std::string check_head_norm(const Program& program, const Kernel& kernel) {
  const int lanes = static_cast<int>(kernel.sizes.at("L"));
  const StreamType& scale = kernel.inputs[1].type;
  const StreamType wanted = {
      {{lanes},
       DType::F32,
       {rows_of(program, kernel), kernel.sizes.at("Heads"), kernel.sizes.at("Beats")},
       {1, 1, lanes},
       {2},
       scale.itensor.form},
      lanes};
  return scale == wanted ? "" : "the scale does not come once for each head";
}

std::string check_rotary(const Program&, const Kernel& kernel) {
  return product_of(kernel, "HeadBeats*L") == 2 * product_of(kernel, "CL*CBeats")
             ? ""
             : "a head has not two elements for each angle";
}

using Rule = std::string (*)(const Program&, const Kernel&);

constexpr std::pair<std::string_view, Rule> Rules[] = {
    {"load_rows", check_transfer},
    {"store_rows", check_transfer},
    {"load_params", check_loader},
    {"fork", check_fork},
    {"join", check_join},
    {"split", check_split},
    {"concat", check_concat},
    {"reassociate", check_reassociate},
    {"convert", check_converter},
    {"adapt", check_adapter},

    {"gather_rows", check_gather},
    {"cache_rows", check_cache},
    {"cache_scales", check_scale_cache},
    {"matmul", check_matmul},
    {"matmul_groups", check_matmul},
    {"matmul_scaled_groups", check_matmul},
    {"quantize_groups", check_quantize_groups},
    {"attention_scores", check_attention},
    {"attention_context", check_attention},
    {"attention_scores_int8", check_int8_scores},
    {"attention_weights_int8", check_int8_weights},
    {"attention_context_int8", check_int8_context},
    {"rms_norm_heads", check_head_norm},
    {"rotary", check_rotary},

    {"enter_layers", check_layer_switch},
    {"leave_layers", check_layer_switch},
    {"feed_rows", check_feed},
    {"multiply_stripes", check_slice},
    {"collect_rows", check_collect},
    {"load_cache", check_striped},
    {"merge_rounds", check_striped},
    {"store_position", check_striped},
    {"feed_heads", check_striped},
    {"attend", check_striped},
    {"share_peaks", check_striped},
    {"merge_heads", check_striped},
};

}  // namespace

std::string check_rule(const Program& program, const Kernel& kernel) {
  if (kernel.kind == "map" || find_elementwise(kernel.kind) != nullptr)
    return check_elementwise(program, kernel);
  for (const auto& [kind, rule] : Rules) {
    if (kind == kernel.kind) return rule(program, kernel);
  }
  return "";
}

}  // namespace st
