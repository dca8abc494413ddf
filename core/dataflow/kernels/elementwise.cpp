// SPDX-License-Identifier: Apache-2.0
// Kernels that treat each element alone: two operands, or one.
#include <cmath>

#include "core/dataflow/kernel_record.h"

namespace st {
namespace {

/// Element i of `b` may be that of a parameter row, which is streamed again for each token.
float repeated(const Tensor& tensor, int64_t i) { return tensor.f32()[i % tensor.size()]; }

KernelCost beats_cost(const Program&, const Kernel& kernel) {
  return {.row_cycles = kernel.sizes.at("Beats"), .row_barrier = false, .local_bits = 0};
}

void add_binary(std::vector<KernelRecord>& records, std::string_view kind, std::string_view summary,
                float (*op)(float, float)) {
  records.push_back({kind,
                     "streamtensor/elementwise.h",
                     summary,
                     {"L", "Beats"},
                     {"in0", "in1", "out0", "tokens"},
                     [op](const Evaluation& e) -> Result<std::vector<Tensor>> {
                       const int64_t width = e.size("L") * e.size("Beats");
                       Tensor y = Tensor::zeros(DType::F32, {e.tokens, width});
                       for (int64_t i = 0; i < y.size(); ++i) {
                         y.f32()[i] = op(repeated(*e.inputs[0], i), repeated(*e.inputs[1], i));
                       }
                       return std::vector{std::move(y)};
                     },
                     beats_cost});
}

void add_unary(std::vector<KernelRecord>& records, std::string_view kind, std::string_view summary,
               float (*op)(float)) {
  records.push_back({kind,
                     "streamtensor/elementwise.h",
                     summary,
                     {"L", "Beats"},
                     {"in0", "out0", "tokens"},
                     [op](const Evaluation& e) -> Result<std::vector<Tensor>> {
                       Tensor y = *e.inputs[0];
                       for (float& value : y.f32()) value = op(value);
                       return std::vector{std::move(y)};
                     },
                     beats_cost});
}

}  // namespace

void add_elementwise_kernels(std::vector<KernelRecord>& records) {
  add_binary(records, "add", "a + b", [](float a, float b) { return a + b; });
  add_binary(records, "subtract", "a - b", [](float a, float b) { return a - b; });
  add_binary(records, "multiply", "a * b", [](float a, float b) { return a * b; });
  add_binary(records, "divide", "a / b", [](float a, float b) { return a / b; });
  add_unary(records, "gelu_tanh", "Gelu, tanh form", [](float x) {
    return 0.5f * x * (1.0f + std::tanh(0.7978845608028654f * (x + 0.044715f * x * x * x)));
  });
  add_unary(records, "gelu_erf", "Gelu, exact form",
            [](float x) { return 0.5f * x * (1.0f + std::erf(x * 0.7071067811865476f)); });
  add_unary(records, "silu", "x * sigmoid(x)", [](float x) { return x / (1.0f + std::exp(-x)); });
  add_unary(records, "sigmoid", "1 / (1 + exp(-x))",
            [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
  add_unary(records, "tanh_act", "tanh(x)", [](float x) { return std::tanh(x); });
  add_unary(records, "relu", "max(x, 0)", [](float x) { return x > 0.0f ? x : 0.0f; });
}

}  // namespace st
