// SPDX-License-Identifier: Apache-2.0
// Linear layers: rows times a matrix that is streamed from memory once per row.
#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/arithmetic.h"

namespace st {
namespace {

template <typename T, typename Acc>
Tensor multiply(const Evaluation& e, DType result) {
  const int64_t lanes = e.size("KL");
  const int64_t depth = lanes * e.size("KBeats"), rows = e.size("NL") * e.size("NBeats");
  const auto& x = e.inputs[0]->as<T>();
  const auto& w = e.inputs[1]->as<T>();  // [rows, depth]
  Tensor y = Tensor::zeros(result, {e.tokens, rows});
  for (int64_t t = 0; t < e.tokens; ++t) {
    for (int64_t n = 0; n < rows; ++n) {
      const T* a = x.data() + t * depth;
      const T* b = w.data() + n * depth;
      y.as<Acc>()[t * rows + n] = row_sum<Acc>(depth, lanes, [&](int64_t i) {
        return static_cast<Acc>(static_cast<Acc>(a[i]) * static_cast<Acc>(b[i]));
      });
    }
  }
  return y;
}

}  // namespace

void add_matmul_kernels(std::vector<KernelRecord>& records) {
  records.push_back({"matmul",
                     "streamtensor/matmul.h",
                     "row times streamed matrix; f32, or i8 into i32",
                     {"type of in0", "type of out0", "KL", "KBeats", "NL", "NBeats"},
                     {"in0", "in1", "out0", "tokens"},
                     [](const Evaluation& e) -> Result<std::vector<Tensor>> {
                       if (e.inputs[0]->dtype() == DType::I8) {
                         return std::vector{multiply<int8_t, int32_t>(e, DType::I32)};
                       }
                       return std::vector{multiply<float, float>(e, DType::F32)};
                     },
                     [](const Program&, const Kernel& k) {
                       const int64_t lanes = k.sizes.at("NL");
                       const int64_t interval = k.inputs[0].type.itensor.dtype == DType::F32
                                                    ? (FloatAddInterval + lanes - 1) / lanes
                                                    : 1;
                       const int64_t cycles =
                           interval * k.sizes.at("NBeats") * k.sizes.at("KBeats") * lanes;
                       return KernelCost{cycles, false, k.sizes.at("NL") * 32};
                     }});
}

}  // namespace st
