// SPDX-License-Identifier: Apache-2.0
// Kernels that treat each element alone: two operands, or one, or a chain of such operations.
#include <cmath>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/elementwise.h"

namespace st {
namespace {

const std::vector<ElementwiseOp>& all_ops() {
  using enum Operator;
  static const std::vector<ElementwiseOp> ops = {
      {"add", "a + b", [](float a, float b) { return a + b; }, nullptr, {FloatAdd}},
      {"subtract", "a - b", [](float a, float b) { return a - b; }, nullptr, {FloatAdd}},
      {"multiply", "a * b", [](float a, float b) { return a * b; }, nullptr, {FloatMultiply}},
      {"divide", "a / b", [](float a, float b) { return a / b; }, nullptr, {FloatDivide}},
      // tanh is counted as (e^2x - 1) / (e^2x + 1), erf as a rational function and an exponential:
      // there is no report of either.
      {"gelu_tanh",
       "Gelu, tanh form",
       nullptr,
       [](float x) {
         return 0.5f * x * (1.0f + std::tanh(0.7978845608028654f * (x + 0.044715f * x * x * x)));
       },
       {FloatMultiply, FloatMultiply, FloatMultiply, FloatAdd, FloatMultiply, FloatExp, FloatAdd,
        FloatAdd, FloatDivide, FloatAdd, FloatMultiply, FloatMultiply}},
      {"gelu_erf",
       "Gelu, exact form",
       nullptr,
       [](float x) { return 0.5f * x * (1.0f + std::erf(x * 0.7071067811865476f)); },
       {FloatMultiply, FloatMultiply, FloatAdd, FloatDivide, FloatMultiply, FloatAdd, FloatMultiply,
        FloatAdd, FloatMultiply, FloatAdd, FloatExp, FloatMultiply, FloatAdd, FloatAdd,
        FloatMultiply, FloatMultiply}},
      {"silu",
       "x * sigmoid(x)",
       nullptr,
       [](float x) { return x / (1.0f + std::exp(-x)); },
       {FloatExp, FloatAdd, FloatDivide}},
      {"sigmoid",
       "1 / (1 + exp(-x))",
       nullptr,
       [](float x) { return 1.0f / (1.0f + std::exp(-x)); },
       {FloatExp, FloatAdd, FloatDivide}},
      {"tanh_act",
       "tanh(x)",
       nullptr,
       [](float x) { return std::tanh(x); },
       {FloatMultiply, FloatExp, FloatAdd, FloatAdd, FloatDivide}},
      {"relu", "max(x, 0)", nullptr, [](float x) { return x > 0.0f ? x : 0.0f; }, {FloatCompare}}};
  return ops;
}

/// The operations in order, on a value that starts as the first input: a binary one takes the next
/// input as its second operand.
Nest chain(const Program& program, const Kernel& kernel, const std::vector<std::string>& body) {
  const int64_t lanes = kernel.sizes.at("L");
  std::vector<const ElementwiseOp*> ops;
  int inputs = 1;
  for (const std::string& name : body) {
    ops.push_back(find_elementwise(name));
    inputs += ops.back()->binary != nullptr;
  }
  std::vector<int> ports(static_cast<size_t>(inputs));
  for (int i = 0; i < inputs; ++i) ports[i] = i;
  const auto compute = [=](Firing& f) {
    float* value = f.out<float>(0);
    std::copy_n(f.in<float>(0), lanes, value);
    int next = 1;
    for (const ElementwiseOp* op : ops) {
      const float* operand = op->binary != nullptr ? f.in<float>(next++) : nullptr;
      for (int64_t i = 0; i < lanes; ++i)
        value[i] = operand != nullptr ? op->binary(value[i], operand[i]) : op->unary(value[i]);
    }
  };
  return {loop(rows_of(program, kernel),
               {pipelined(kernel.sizes.at("Beats"), 1, {step(ports, compute, {0})})})};
}

/// Each lane has the operators of each function.
Datapath chain_datapath(const Kernel& kernel, const std::vector<std::string>& body) {
  Datapath made;
  for (const std::string& name : body) {
    for (Operator op : find_elementwise(name)->operators) {
      made.add(op, kernel.sizes.at("L"));
      made.then(op);
    }
  }
  return made;
}

}  // namespace

const ElementwiseOp* find_elementwise(std::string_view kind) {
  for (const ElementwiseOp& op : all_ops()) {
    if (op.kind == kind) return &op;
  }
  return nullptr;
}

void add_elementwise_kernels(std::vector<KernelRecord>& records) {
  for (const ElementwiseOp& op : all_ops()) {
    records.push_back(
        {.kind = op.kind,
         .header = "streamtensor/elementwise.h",
         .summary = op.summary,
         .template_arguments = {"L", "Beats"},
         .arguments = op.binary != nullptr
                          ? std::vector<std::string_view>{"in0", "in1", "out0", "tokens"}
                          : std::vector<std::string_view>{"in0", "out0", "tokens"},
         .nest = [](const Program& p, const Kernel& k) { return chain(p, k, {k.kind}); },
         .datapath = [](const Program&, const Kernel& k) { return chain_datapath(k, {k.kind}); }});
  }
  records.push_back(
      {.kind = "map",
       .header = "streamtensor/elementwise.h",
       .summary = "several operations on each element, one after another",
       .template_arguments = {"L", "Beats", "body"},
       .arguments = {"out0", "tokens", "in*"},
       .nest = [](const Program& p, const Kernel& k) { return chain(p, k, k.body); },
       .datapath = [](const Program&, const Kernel& k) { return chain_datapath(k, k.body); }});
}

}  // namespace st
