// SPDX-License-Identifier: Apache-2.0
// What ports of kernels carry, as products of their sizes.
#include <algorithm>

#include "core/dataflow/kernels/matmul.h"
#include "core/dataflow/verify.h"

namespace st {
namespace {

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

constexpr DType F32 = DType::F32, BF16 = DType::BF16, I4 = DType::I4, I8 = DType::I8,
                I16 = DType::I16, I32 = DType::I32;

std::vector<KernelShape> make_kernel_shapes() {
  const Dimensions rows = {"T", "L*Beats"}, heads = {"T", "Heads*HeadBeats*L"};
  const Dimensions scores = {"Heads", "T", "C"}, cached = {"?", "C", "HeadBeats*L"};
  const Dimensions per_head = {"T", "Heads"}, cached_scales = {"?", "C"};
  const Dimensions angles = {"T", "CL*CBeats"}, row = {"L*Beats"}, parts = {"T", "Heads*Beats*L"};
  const Dimensions depth = {"T", "KL*KBeats"}, weight = {"NP*Steps*Tiles", "KL*KBeats"};
  const Dimensions width = {"T", "?"}, any = {"?", "?"};
  const Dimensions grouped_depth = {"T", "KL*GroupBeats*Groups"}, scales = {"?", "Groups"};
  const Dimensions grouped_weight = {"NP*Steps*Tiles", "KL*GroupBeats*Groups"};
  std::vector<KernelShape> shapes = {
      {"gather_rows", {{I32, {"T"}}}, {{F32, rows}}},
      {"cache_rows", {{F32, heads}}, {{F32, {"Heads", "C", "HeadBeats*L"}}}},
      {"cache_rows", {{I8, heads}}, {{I8, {"Heads", "C", "HeadBeats*L"}}}},
      {"cache_scales", {{BF16, per_head}}, {{BF16, {"Heads", "C"}}}},
      {"quantize_heads", {{F32, heads}}, {{I8, heads}, {F32, per_head}}},
      {"quantize_heads", {{F32, heads}}, {{I8, heads}, {BF16, per_head}}},
      {"layer_norm", {{F32, rows}, {F32, row}, {F32, row}}, {{F32, rows}}},
      {"rms_norm", {{F32, rows}, {F32, row}}, {{F32, rows}}},
      {"rms_norm_heads", {{F32, parts}, {F32, row}}, {{F32, parts}}},
      {"quantize_rows", {{F32, rows}}, {{I8, rows}, {F32, {"T"}}}},
      {"quantize_groups", {{F32, rows}}, {{I8, rows}, {F32, width}}},
      {"dequantize_rows", {{I32, rows}, {F32, {"T"}}, {F32, row}}, {{F32, rows}}},
      {"rotary", {{F32, heads}, {F32, angles}, {F32, angles}}, {{F32, heads}}},
      {"matmul", {{F32, depth}, {F32, weight}}, {{F32, width}}},
      {"matmul", {{I8, depth}, {I8, weight}}, {{I32, width}}},
      {"matmul", {{I8, depth}, {I4, weight}}, {{I32, width}}},
      {"matmul_groups",
       {{I8, grouped_depth}, {GroupScaleType, scales}, {I4, grouped_weight}},
       {{F32, width}}},
      {"matmul_scaled_groups",
       {{I8, depth}, {F32, width}, {GroupScaleType, any}, {I8, weight}},
       {{F32, width}}},
      {"matmul_scaled_groups",
       {{I8, depth}, {F32, width}, {GroupScaleType, any}, {I4, weight}},
       {{F32, width}}},
      {"scale_rows", {{F32, rows}, {F32, {"T"}}}, {{F32, rows}}},
      {"attention_scores", {{F32, heads}, {F32, cached}}, {{F32, scores}}},
      {"softmax_rows", {{F32, scores}}, {{F32, scores}}},
      {"attention_context", {{F32, scores}, {F32, cached}}, {{F32, heads}}},
      {"attention_scores_int8",
       {{I8, heads}, {F32, per_head}, {I8, cached}, {BF16, cached_scales}},
       {{F32, scores}}},
      {"attention_weights_int8",
       {{F32, scores}, {BF16, cached_scales}},
       {{I16, scores}, {F32, per_head}}},
      {"attention_context_int8", {{I16, scores}, {I8, cached}, {F32, per_head}}, {{F32, heads}}},
      {"greedy_rows", {{F32, rows}}, {{I32, {"T"}}}},
      {"sample_rows", {{F32, rows}, {F32, {"T", "Draw"}}}, {{I32, {"T"}}}},
  };
  return shapes;
}

Extent extent_of(const Kernel& kernel, const std::string& text) {
  if (text == "T") return kernel.behind ? Extent(1) : Extent::symbol(Sequence);
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
  if (is_matmul(kernel) && kernel.inputs.size() > inputs.size())
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

}  // namespace

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
  if (const std::string problem = check_rule(program, kernel); !problem.empty()) {
    report(kernel.name, kernel.kind + ": " + problem);
    return;
  }
  verify_nest(program, kernel, report);
  verify_storage(program, kernel, report);
}

}  // namespace st
