// SPDX-License-Identifier: Apache-2.0
// Kernels against what their records, their templates and the interpreter ask for.
#include <algorithm>
#include <cmath>

#include "core/dataflow/kernels/elementwise.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/dataflow/verify.h"
#include "core/itensor/conversion.h"

namespace st {
namespace {

/// How many operands of a kind ("in", "out", "memory") a record names, and whether it takes any
/// number of them ("in*", "in1*").
struct Demand {
  size_t count = 0;
  bool any = false;
  size_t more = 0;  ///< beside those that may be any number ("out-last")
  [[nodiscard]] bool met_by(size_t given) const {
    return any ? given >= count + more + 1 : given == count;
  }
  [[nodiscard]] std::string text() const {
    return any ? std::to_string(count + more + 1) + " or more" : std::to_string(count);
  }
};

Demand demand(const KernelRecord& record, std::string_view kind) {
  Demand demand;
  for (std::string_view argument : record.arguments) {
    if (!argument.starts_with(kind) || argument.size() == kind.size()) continue;
    const std::string_view which = argument.substr(kind.size());
    if (which.starts_with('*') || which == "1*" || which == "2*") demand.any = true;
    if (which == "-last") ++demand.more;
    if (which.size() == 1 && which[0] >= '0' && which[0] <= '9')
      demand.count = std::max<size_t>(demand.count, static_cast<size_t>(which[0] - '0') + 1);
  }
  return demand;
}

/// Ports that get sizes of their own, as in "sizes Part*".
size_t numbered(const Kernel& kernel, const KernelRecord& record) {
  if (record.holds_row) return kernel.outputs.size() - demand(record, "out").more;
  return std::max(kernel.inputs.size(), kernel.outputs.size());
}

/// "Heads*L" -> the product of these sizes; 0 if one is missing.
int64_t product_of(const Kernel& kernel, const std::string& text) {
  int64_t product = 1;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('*', begin), text.size());
    const auto size = kernel.sizes.find(text.substr(begin, end - begin));
    product *= size == kernel.sizes.end() ? 0 : size->second;
    begin = end + 1;
  }
  return product;
}

void check_sizes(const Program& program, const Kernel& kernel, const KernelRecord& record,
                 const Report& report) {
  std::vector<std::string> needed;
  for (std::string_view argument : record.template_arguments) {
    if (argument.starts_with("type of")) continue;
    if (argument == "body") continue;
    if (argument.starts_with("sizes ")) {
      const std::string prefix(argument.substr(6, argument.size() - 7));
      for (size_t i = 0; i < numbered(kernel, record); ++i)
        needed.push_back(prefix + std::to_string(i));
    } else {
      needed.emplace_back(argument);
    }
  }
  for (std::string_view argument : record.arguments)
    if (argument.starts_with("size:")) needed.emplace_back(argument.substr(5));
  for (const std::string& name : needed) {
    if (kernel.sizes.count(name) == 0)
      report(kernel.name, kernel.kind + " needs size '" + name + "'");
  }
  // Cycles and bits are products of sizes, positions and small factors.
  constexpr int64_t MostWork = int64_t{1} << 56;
  int64_t work = program.max_positions;
  for (const auto& [name, size] : kernel.sizes) {
    const bool flag = name == "Interleaved", may_be_zero = flag || name == "Window";
    if (size < (may_be_zero ? 0 : 1) || (flag && size > 1)) {
      report(kernel.name, "size '" + printable(name) + "' cannot be " + std::to_string(size));
    } else if (name == "MaxPositions") {
      if (size != program.max_positions)
        report(kernel.name, "size 'MaxPositions' is not the program's");
    } else if (name == "Vocabulary") {
      if (size > product_of(kernel, "L*Beats"))
        report(kernel.name, "size 'Vocabulary' is larger than a row");
    } else if (size > 0 && work > MostWork / size) {
      report(kernel.name, "the sizes are too large");
      return;
    } else if (size > 0) {
      work *= size;
    }
  }
}

/// Sizes that differ from layer to layer are those that calls take, one for each layer.
void check_layer_sizes(const Program& program, const Kernel& kernel, const KernelRecord& record,
                       const Report& report) {
  for (const auto& [name, sizes] : kernel.layer_sizes) {
    const std::string what = "size '" + printable(name) + "' by layer: ";
    const std::string argument = "size:" + name;
    if (std::find(record.arguments.begin(), record.arguments.end(), argument) ==
        record.arguments.end())
      report(kernel.name, what + kernel.kind + " has none that may differ");
    if (!kernel.layered || static_cast<int64_t>(sizes.size()) != program.layers.count) {
      report(kernel.name,
             what + std::to_string(sizes.size()) + " layers are not those it works for");
      continue;
    }
    const auto first = kernel.sizes.find(name);
    if (first == kernel.sizes.end() || first->second != sizes[0])
      report(kernel.name, what + "the first is not the kernel's");
    if (std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size < 0; }))
      report(kernel.name, what + "there are none below 0");
  }
}

using Dimensions = std::vector<std::string>;

/// What a port carries: a type, and extents as products of sizes. T stands for the rows of a
/// launch, C for all positions so far, ? for any extent.
struct PortShape {
  DType dtype;
  Dimensions extents;
};

/// The ports of a kind of kernel, in order.
struct KernelShape {
  std::string_view kind;
  std::vector<PortShape> inputs, outputs;
};

constexpr DType F32 = DType::F32, I4 = DType::I4, I8 = DType::I8, I32 = DType::I32;

std::vector<KernelShape> make_kernel_shapes() {
  const Dimensions rows = {"T", "L*Beats"}, heads = {"T", "Heads*HeadBeats*L"};
  const Dimensions scores = {"Heads", "T", "C"}, cached = {"?", "C", "HeadBeats*L"};
  const Dimensions angles = {"T", "CL*CBeats"}, row = {"L*Beats"}, parts = {"T", "Heads*Beats*L"};
  const Dimensions depth = {"T", "KL*KBeats"}, weight = {"NP*Steps*Tiles", "KL*KBeats"};
  const Dimensions width = {"T", "?"};
  const Dimensions grouped_depth = {"T", "KL*GroupBeats*Groups"}, scales = {"?", "Groups"};
  const Dimensions grouped_weight = {"NP*Steps*Tiles", "KL*GroupBeats*Groups"};
  std::vector<KernelShape> shapes = {
      {"gather_rows", {{I32, {"T"}}}, {{F32, rows}}},
      {"cache_rows", {{F32, heads}}, {{F32, {"Heads", "C", "HeadBeats*L"}}}},
      {"layer_norm", {{F32, rows}, {F32, row}, {F32, row}}, {{F32, rows}}},
      {"rms_norm", {{F32, rows}, {F32, row}}, {{F32, rows}}},
      {"rms_norm_heads", {{F32, parts}, {F32, row}}, {{F32, parts}}},
      {"quantize_rows", {{F32, rows}}, {{I8, rows}, {F32, {"T"}}}},
      {"dequantize_rows", {{I32, rows}, {F32, {"T"}}, {F32, row}}, {{F32, rows}}},
      {"rotary", {{F32, heads}, {F32, angles}, {F32, angles}}, {{F32, heads}}},
      {"matmul", {{F32, depth}, {F32, weight}}, {{F32, width}}},
      {"matmul", {{I8, depth}, {I8, weight}}, {{I32, width}}},
      {"matmul", {{I8, depth}, {I4, weight}}, {{I32, width}}},
      {"matmul_groups",
       {{I8, grouped_depth}, {GroupScaleType, scales}, {I4, grouped_weight}},
       {{F32, width}}},
      {"scale_rows", {{F32, rows}, {F32, {"T"}}}, {{F32, rows}}},
      {"attention_scores", {{F32, heads}, {F32, cached}}, {{F32, scores}}},
      {"softmax_rows", {{F32, scores}}, {{F32, scores}}},
      {"attention_context", {{F32, scores}, {F32, cached}}, {{F32, heads}}},
      {"greedy_rows", {{F32, rows}}, {{I32, {"T"}}}},
      {"sample_rows", {{F32, rows}, {F32, {"T", "Draw"}}}, {{I32, {"T"}}}},
  };
  return shapes;
}

Extent extent_of(const Kernel& kernel, const std::string& text) {
  if (text == "T") return Extent::symbol(Sequence);
  if (text == "C") return Extent::symbol(Past) + Extent::symbol(Sequence);
  return {product_of(kernel, text)};
}

bool fits(const Program& program, const Kernel& kernel, const Port& port, const PortShape& shape) {
  const DataTensor& tensor = program.tensors[port.tensor];
  if (tensor.dtype != shape.dtype) return false;
  std::vector<Extent> extents = tensor.shape;
  // A row may be of several dimensions.
  while (extents.size() > shape.extents.size() && extents.size() > 1) {
    const Extent last = extents.back();
    extents.pop_back();
    if (!last.is_constant() || !extents.back().is_constant()) return false;
    extents.back() = Extent(extents.back().offset() * last.offset());
  }
  if (extents.size() != shape.extents.size()) return false;
  for (size_t d = 0; d < extents.size(); ++d) {
    const std::string& wanted = shape.extents[d];
    if (wanted != "?" && extents[d] != extent_of(kernel, wanted)) return false;
  }
  return true;
}

bool fits(const Program& program, const Kernel& kernel, const KernelShape& shape) {
  // A row that is held goes to any number of outputs.
  std::vector<PortShape> outputs = shape.outputs;
  if (const size_t rows = kernel.sizes_named("Repeat").size(); rows > 1)
    outputs.insert(outputs.begin(), rows - 1, shape.outputs[0]);
  // A matrix comes in any number of streams.
  std::vector<PortShape> inputs = shape.inputs;
  const bool matmul = shape.kind == "matmul" || shape.kind == "matmul_groups";
  if (matmul && kernel.inputs.size() > inputs.size())
    inputs.insert(inputs.end(), kernel.inputs.size() - inputs.size(), shape.inputs.back());
  if (outputs.size() != kernel.outputs.size() || inputs.size() != kernel.inputs.size())
    return false;
  auto all = [&](const std::vector<Port>& ports, const std::vector<PortShape>& shapes) {
    for (size_t i = 0; i < ports.size(); ++i) {
      if (i >= shapes.size() || !fits(program, kernel, ports[i], shapes[i])) return false;
    }
    return true;
  };
  return all(kernel.inputs, inputs) && all(kernel.outputs, outputs);
}

/// A kernel whose shapes are not in the table says what is wrong with it; nothing, if all is right.
using Rule = std::string (*)(const Program&, const Kernel&);

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
           segment.layered == kernel.layered;
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
  if (result.itensor.dtype != F32 || result.lanes != kernel.sizes.at("L"))
    return "its result is not of f32 in beats of L";
  for (const Port& port : kernel.inputs) {
    if (port.type.itensor.dtype != F32 || port.type.lanes != result.lanes)
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
      memory.beats * memory.lanes != product_of(kernel, "L*Beats") || memory.dtype != F32)
    return "the memory is no table of rows f32[L*Beats]";
  if (index != "input_ids" && index != "position_ids")
    return "the index is neither input_ids nor position_ids";
  return "";
}

std::string check_cache(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  const bool fits = memory.role == MemoryRole::Cache && memory.dtype == F32 &&
                    memory.lanes == kernel.sizes.at("L") &&
                    memory.beats == kernel.sizes.at("HeadBeats") &&
                    memory.rows == product_of(kernel, "Heads*MaxPositions");
  return fits ? "" : "the memory is no cache of MaxPositions rows for each head";
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
  const bool grouped = shape.group_beats > 0;
  const DType weights = kernel.inputs.back().type.itensor.dtype;
  const DType result = grouped ? F32 : sums_of(weights);
  bool fits = same(kernel.inputs[0], shape.x_type(rows, rows_for(weights))) &&
              same(kernel.outputs[0], shape.y_type(rows, result));
  if (grouped) fits = fits && same(kernel.inputs[1], shape.scale_type(rows));
  for (size_t i = grouped ? 2 : 1; i < kernel.inputs.size(); ++i)
    fits = fits && same(kernel.inputs[i], shape.weight_type(rows, weights));
  return fits ? "" : "its streams are not those of its sizes";
}

/// Query heads share the key and value heads evenly.
std::string check_attention(const Program& program, const Kernel& kernel) {
  const Extent& heads = program.tensors[kernel.inputs[1].tensor].shape[0];
  return heads.is_constant() && kernel.sizes.at("Heads") % heads.offset() == 0
             ? ""
             : "Heads is no multiple of the heads of keys and values";
}

/// All heads of a row take the same scale, beat after beat.
std::string check_head_norm(const Program& program, const Kernel& kernel) {
  const int lanes = static_cast<int>(kernel.sizes.at("L"));
  const StreamType& scale = kernel.inputs[1].type;
  const StreamType wanted = {{{lanes},
                              F32,
                              {{Extent::symbol(Sequence), program.max_sequence},
                               kernel.sizes.at("Heads"),
                               kernel.sizes.at("Beats")},
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

const std::vector<std::pair<std::string_view, Rule>>& rules() {
  static const std::vector<std::pair<std::string_view, Rule>> all = {
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
      {"matmul", check_matmul},
      {"matmul_groups", check_matmul},
      {"attention_scores", check_attention},
      {"attention_context", check_attention},
      {"rms_norm_heads", check_head_norm},
      {"rotary", check_rotary},
  };
  return all;
}

}  // namespace

void verify_record(const Program& program, const Kernel& kernel, const Report& report) {
  const KernelRecord* record = find_kernel_record(kernel.kind);
  if (!record) {
    report(kernel.name, "there is no kind of kernel '" + printable(kernel.kind) + "'");
    return;
  }
  auto check = [&](const char* what, std::string_view kind, size_t given) {
    const Demand need = demand(*record, kind);
    if (need.met_by(given)) return;
    report(kernel.name, kernel.kind + " has " + std::to_string(given) + " " + what +
                            ", and takes " + need.text());
  };
  check("inputs", "in", kernel.inputs.size());
  check("outputs", "out", kernel.outputs.size());
  check("memories", "memory", kernel.memories.size());
  check_sizes(program, kernel, *record, report);
  check_layer_sizes(program, kernel, *record, report);
  for (std::string_view argument : record->arguments) {
    if (!argument.starts_with("real:")) continue;
    const auto real = kernel.reals.find(std::string(argument.substr(5)));
    if (real == kernel.reals.end() || !std::isfinite(real->second))
      report(kernel.name,
             kernel.kind + " needs " + std::string(argument.substr(5)) + ", a finite real number");
  }
}

void verify_shapes(const Program& program, const Kernel& kernel, const Report& report) {
  static const std::vector<KernelShape> shapes = make_kernel_shapes();
  bool listed = false, right = false;
  for (const KernelShape& shape : shapes) {
    if (shape.kind != kernel.kind) continue;
    listed = true;
    right = right || fits(program, kernel, shape);
  }
  if (listed && !right) {
    std::string carried;
    for (const auto* ports : {&kernel.inputs, &kernel.outputs}) {
      for (const Port& port : *ports) {
        const DataTensor& tensor = program.tensors[port.tensor];
        carried += (carried.empty() ? "" : ", ") + text_of(TensorType{tensor.dtype, tensor.shape});
      }
    }
    report(kernel.name, "the sizes of this " + kernel.kind + " are not those of " + carried);
    return;
  }
  std::string problem;
  for (const auto& [kind, rule] : rules()) {
    if (kind == kernel.kind) problem = rule(program, kernel);
  }
  if (kernel.kind == "map" || find_elementwise(kernel.kind) != nullptr)
    problem = check_elementwise(program, kernel);
  if (!problem.empty()) {
    report(kernel.name, kernel.kind + ": " + problem);
    return;
  }
  verify_nest(program, kernel, report);
  verify_storage(program, kernel, report);
}

}  // namespace st
