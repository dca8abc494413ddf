// SPDX-License-Identifier: Apache-2.0
// Exports with a random change: whatever is raised computes what it did, and nothing crashes.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/ops/interpreter.h"
#include "core/passes/raise/raise.h"
#include "tests/core/attention_export.h"

namespace st::test {
namespace {

constexpr uint32_t Seed = 20261130;

/// One change of an operator, an operand, an attribute or a constant.
void change(Graph& graph, std::mt19937& random) {
  const auto below = [&](size_t count) { return static_cast<size_t>(random() % count); };
  const size_t n = below(graph.nodes.size());
  Node& node = graph.nodes[n];
  static const std::vector<std::string> Ops = {"Add",    "Sub",     "Mul",  "Div",
                                               "Concat", "Where",   "Less", "Slice",
                                               "Cast",   "Reshape", "Neg",  "Cos"};
  switch (below(5)) {
    case 0:
      node.op = Ops[below(Ops.size())];
      return;
    case 1: {  // something that is there before the node
      std::vector<ValueId> earlier = graph.inputs;
      for (size_t v = 0; v < graph.values.size(); ++v)
        if (graph.values[v].constant) earlier.push_back(static_cast<ValueId>(v));
      for (size_t m = 0; m < n; ++m)
        earlier.insert(earlier.end(), graph.nodes[m].outputs.begin(), graph.nodes[m].outputs.end());
      node.inputs[below(node.inputs.size())] = earlier[below(earlier.size())];
      return;
    }
    case 2:
      if (below(2) == 0 && node.inputs.size() > 1) {
        std::swap(node.inputs[0], node.inputs[1]);
      } else {
        node.inputs.pop_back();
        if (node.inputs.empty()) node.inputs.push_back(NoValue);
      }
      return;
    case 3:
      for (auto& [name, attribute] : node.attributes) {
        if (auto* integer = std::get_if<int64_t>(&attribute)) {
          *integer += static_cast<int64_t>(below(3)) - 1;
        } else if (auto* list = std::get_if<std::vector<int64_t>>(&attribute)) {
          std::swap(list->front(), list->back());
        }
      }
      return;
    default: {
      Value& value = graph.values[below(graph.values.size())];
      if (!value.constant) return;
      Tensor tensor = *value.constant->load();
      if (tensor.size() == 0) return;
      const size_t at = below(static_cast<size_t>(tensor.size()));
      if (tensor.dtype() == DType::F32) tensor.f32()[at] += below(2) == 0 ? 0.5f : -1.0f;
      if (tensor.dtype() == DType::I64)
        tensor.as<int64_t>()[at] += static_cast<int64_t>(below(3)) - 1;
      value.constant = constant_of(std::move(tensor));
    }
  }
}

Form random_form(std::mt19937& random) {
  const auto pick = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  Form form;
  form.kv_heads = 1 + pick(2);
  form.heads = form.kv_heads * (1 + pick(2));
  form.mask = static_cast<Mask>(pick(7));
  form.rotary = static_cast<Rotary>(pick(7));
  form.split = pick(2) == 1;
  form.scaled_before = pick(2) == 1;
  return form;
}

TEST(RaiseFuzz, ChangedExportsComputeWhatTheyDid) {
  std::mt19937 random(Seed);
#ifdef ST_TEST_SANITIZED
  constexpr int Cases = 300;
#else
  constexpr int Cases = 3000;
#endif
  int fired = 0, compared = 0;
  for (int i = 0; i < Cases; ++i) {
    Export model(random_form(random));
    Graph before = model.s.graph();
    if (!before.check_and_sort().ok()) continue;
    change(before, random);
    if (!before.check_and_sort().ok()) continue;
    Graph after = before;
    if (!raise(after).ok()) continue;
    const bool attends = operators_of(after).find("Attention") != std::string::npos;
    for (const auto& [rows, past] : {std::pair(2, 3), {3, 0}, {4, 6}}) {
      const auto inputs = model.inputs(rows, past);
      const auto expected = GraphInterpreter(before).run(inputs);
      if (!expected.ok()) continue;
      auto all = inputs;
      const auto positions = Export({.rotary = Rotary::Fused}).inputs(rows, past);
      all["position_ids"] = positions.at("position_ids");
      const auto actual = GraphInterpreter(after).run(all);
      ASSERT_TRUE(actual.ok()) << i << ": " << actual.errors().front().message;
      for (const auto& [name, tensor] : *expected) {
        ASSERT_EQ(actual->at(name).shape, tensor.shape) << i << " " << name;
        if (tensor.dtype() != DType::F32) continue;
        for (size_t at = 0; at < tensor.f32().size(); ++at) {
          const float a = tensor.f32()[at], b = actual->at(name).f32()[at];
          if (!std::isfinite(a)) continue;  // what follows from overflows is not kept
          ASSERT_NEAR(b, a, 1e-4f * (1 + std::fabs(a))) << i << " " << name << " " << at << "\n"
                                                        << text_of(before) << text_of(after);
        }
      }
      ++compared;
      if (attends) ++fired;
    }
  }
  // Many changes leave an attention, and many do not.
  EXPECT_GT(fired, Cases / 10);
  EXPECT_GT(compared - fired, Cases / 10);
}

}  // namespace
}  // namespace st::test
