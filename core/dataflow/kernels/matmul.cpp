// SPDX-License-Identifier: Apache-2.0
// Linear layers: rows times a matrix that is streamed from memory once per row.
#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

/// T: of rows and weights; Acc: of the sums.
template <typename T, typename Acc>
Nest matmul_of(const Program& program, const Kernel& kernel, int64_t interval) {
  const int64_t depth = kernel.sizes.at("KL"), lanes = kernel.sizes.at("NL");
  const auto products = local<Acc>(depth);
  const auto clear = [=](Firing& f) {
    if (f.counter(2) == 0) std::fill_n(f.out<Acc>(0), lanes, Acc(0));
  };
  const auto add = [=](Firing& f) {
    const T *x = f.in<T>(0), *w = f.in<T>(1);
    for (int64_t i = 0; i < depth; ++i)
      (*products)[i] = static_cast<Acc>(static_cast<Acc>(x[i]) * static_cast<Acc>(w[i]));
    f.out<Acc>(0)[f.counter(3)] += tree_sum(products->data(), depth);
  };
  return {loop(rows_of(program),
               {loop(kernel.sizes.at("NBeats"),
                     {loop(kernel.sizes.at("KBeats"),
                           {read(0, clear), pipelined(lanes, interval, {read(1, add)})}),
                      write(0)})})};
}

Nest matmul(const Program& program, const Kernel& kernel) {
  if (kernel.inputs[0].type.itensor.dtype == DType::I8)
    return matmul_of<int8_t, int32_t>(program, kernel, 1);
  const int64_t lanes = kernel.sizes.at("NL");
  return matmul_of<float, float>(program, kernel, (FloatAddInterval + lanes - 1) / lanes);
}

}  // namespace

void add_matmul_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "matmul",
       .header = "streamtensor/matmul.h",
       .summary = "row times streamed matrix; f32, or i8 into i32",
       .template_arguments = {"type of in0", "type of out0", "KL", "KBeats", "NL", "NBeats"},
       .arguments = {"in0", "in1", "out0", "tokens"},
       .nest = matmul,
       .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
         const int64_t lanes = k.sizes.at("NL");
         return {{.name = "sums", .width_bits = 32, .words = lanes, .banks = lanes}};
       }});
}

}  // namespace st
