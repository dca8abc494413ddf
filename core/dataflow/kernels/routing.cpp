// SPDX-License-Identifier: Apache-2.0
// Kernels that move a stream without changing its values: forks, splits, joins, converters.
#include <algorithm>

#include "core/dataflow/kernel_record.h"

namespace st {
namespace {

Result<std::vector<Tensor>> fork(const Evaluation& e) {
  return std::vector<Tensor>(e.kernel.outputs.size(), *e.inputs[0]);
}

Result<std::vector<Tensor>> split(const Evaluation& e) {
  const Tensor& x = *e.inputs[0];
  const int64_t width = x.shape[1];
  std::vector<Tensor> parts;
  int64_t first = 0;
  for (const Port& port : e.kernel.outputs) {
    const int64_t part = e.program.tensors[port.tensor].shape[1].offset();
    Tensor y = Tensor::zeros(DType::F32, {e.tokens, part});
    for (int64_t t = 0; t < e.tokens; ++t) {
      std::copy_n(x.f32().begin() + t * width + first, part, y.f32().begin() + t * part);
    }
    parts.push_back(std::move(y));
    first += part;
  }
  return parts;
}

Result<std::vector<Tensor>> concat(const Evaluation& e) {
  int64_t width = 0;
  for (const Tensor* x : e.inputs) width += x->shape[1];
  Tensor y = Tensor::zeros(DType::F32, {e.tokens, width});
  auto to = y.f32().begin();
  for (int64_t t = 0; t < e.tokens; ++t) {
    for (const Tensor* x : e.inputs)
      to = std::copy_n(x->f32().begin() + t * x->shape[1], x->shape[1], to);
  }
  return std::vector{std::move(y)};
}

}  // namespace

void add_routing_kernels(std::vector<KernelRecord>& records) {
  records.push_back({"fork",
                     "streamtensor/fork.h",
                     "each beat to every output",
                     {"type of in0", "L", "Beats"},
                     {"in0", "tokens", "out*"},
                     fork,
                     [](const Program&, const Kernel& k) {
                       return KernelCost{k.sizes.at("Beats"), false, 0};
                     }});
  records.push_back({"split",
                     "streamtensor/fork.h",
                     "each row in parts, one after another",
                     {"type of in0", "L", "sizes Part*"},
                     {"in0", "tokens", "out*"},
                     split,
                     [](const Program& p, const Kernel& k) {
                       return KernelCost{beats_per_row(p, k.inputs[0].type), false, 0};
                     }});
  records.push_back({"concat",
                     "streamtensor/join.h",
                     "rows side by side, one after another",
                     {"type of in0", "L", "sizes Part*"},
                     {"out0", "tokens", "in*"},
                     concat,
                     [](const Program& p, const Kernel& k) {
                       return KernelCost{beats_per_row(p, k.outputs[0].type), false, 0};
                     }});
  records.push_back(
      {"convert",
       "",
       "from one itensor type to another, through a ping-pong buffer",
       {},
       {"in0", "out0", "tokens"},
       [](const Evaluation& e) -> Result<std::vector<Tensor>> { return std::vector{*e.inputs[0]}; },
       [](const Program& p, const Kernel& k) {
         const ItensorType& from = k.inputs[0].type.itensor;
         const Conversion conversion = infer_conversion(from, k.outputs[0].type.itensor);
         const int64_t elements = buffer_elements(conversion);
         const int64_t cycles =
             std::max(beats_per_row(p, k.inputs[0].type), beats_per_row(p, k.outputs[0].type));
         return KernelCost{cycles, true, 2 * elements * bits_of(from.dtype)};
       }});
}

}  // namespace st
