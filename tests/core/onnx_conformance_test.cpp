// SPDX-License-Identifier: Apache-2.0
// The references of operators against the ONNX project's own cases. A form that is not implemented
// must be refused by name, and never give a wrong value; so must what has no kernel, in a design.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "core/ops/check.h"
#include "core/ops/element.h"
#include "core/ops/interpreter.h"
#include "core/ops/record.h"
#include "core/passes/infer.h"
#include "tests/common/tool.h"
#include "tests/core/onnx_case.h"

namespace st {
namespace {
namespace fs = std::filesystem;

/// What came of a case.
struct Verdict {
  std::vector<Tensor> values;  ///< in order of the graph's outputs, if it ran
  Diagnostics refusal;
};

Verdict run_case(const test::OnnxCase& given) {
  Graph graph = given.graph;
  if (Status status = graph.check_and_sort(); !status.ok()) return {{}, status.errors()};
  std::map<std::string, Tensor> inputs;
  for (size_t i = 0; i < given.inputs.size(); ++i)
    inputs[graph.values[graph.inputs[i]].name] = given.inputs[i];
  auto outputs = GraphInterpreter(graph).run(inputs);
  if (!outputs.ok()) return {{}, outputs.errors()};
  Verdict verdict;
  for (ValueId id : graph.outputs) verdict.values.push_back(outputs->at(graph.values[id].name));
  return verdict;
}

/// What the compiler says of a case before it lowers it.
Diagnostics refusal_of_design(const test::OnnxCase& given) {
  Graph graph = given.graph;
  for (const Status& status : {graph.check_and_sort(), check_operators(graph)}) {
    if (!status.ok()) return status.errors();
  }
  const Status status = infer_types(graph);
  return status.ok() ? Diagnostics{} : status.errors();
}

/// Fails the test where the values differ, and says whether they do not.
bool is_close(const Tensor& value, const Tensor& expected, const std::string& name) {
  EXPECT_EQ(value.shape, expected.shape) << name;
  EXPECT_EQ(value.dtype(), expected.dtype()) << name;
  if (value.shape != expected.shape || value.dtype() != expected.dtype()) return false;
  if (!is_real(value.dtype())) {
    EXPECT_EQ(value, expected) << name;
    return value == expected;
  }
  // The rule of ONNX's own runner is 1e-3 relative; references in double come far closer. 16-bit
  // floats have 11 bits or less, and the expected values were rounded after each step.
  const bool half = value.dtype() == DType::F16 || value.dtype() == DType::BF16;
  const double absolute = half ? 1e-5 : 2e-6, relative = half ? 2e-3 : 1e-5;
  const std::vector<double> is = doubles_of(value), should = doubles_of(expected);
  for (size_t i = 0; i < is.size(); ++i) {
    if (is[i] == should[i] || (std::isnan(is[i]) && std::isnan(should[i]))) continue;
    if (std::fabs(is[i] - should[i]) <= absolute + relative * std::fabs(should[i])) continue;
    ADD_FAILURE() << name << " element " << i << " is " << is[i] << ", not " << should[i];
    return false;
  }
  return true;
}

void expect_close(const Tensor& value, const Tensor& expected, const std::string& name) {
  is_close(value, expected, name);
}

std::vector<fs::path> all_cases() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(test::shared("onnx_node_tests/node")))
    folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

test::OnnxCase named(const std::string& name) {
  return test::read_onnx_case(test::shared("onnx_node_tests/node/" + name));
}

TEST(OnnxConformance, EveryCaseIsComputedRightOrRefusedByName) {
  ST_NEEDS_SHARED();
  static const std::set<std::string> Refusals = {"E0305", "E0306", "E0307", "E0309"};
  int right = 0;
  std::vector<std::string> refused;
  for (const fs::path& folder : all_cases()) {
    const test::OnnxCase given = test::read_onnx_case(folder);
    if (!given.beyond.empty()) {
      refused.push_back(given.name + ": " + given.beyond);
      continue;
    }
    const Verdict verdict = run_case(given);
    for (const Diagnostic& problem : verdict.refusal) {
      refused.push_back(given.name + ": " + problem.code + " " + problem.message);
      EXPECT_TRUE(Refusals.count(problem.code)) << given.name << ": " << problem.code;
      const bool names = std::any_of(
          given.graph.nodes.begin(), given.graph.nodes.end(),
          [&](const Node& node) { return problem.message.find(node.op) != std::string::npos; });
      EXPECT_TRUE(names) << given.name << ": " << problem.message;
    }
    if (!verdict.refusal.empty()) continue;
    ASSERT_EQ(verdict.values.size(), given.expected.size()) << given.name;
    bool fits = true;
    for (size_t i = 0; i < verdict.values.size(); ++i)
      fits = is_close(verdict.values[i], given.expected[i], given.name) && fits;
    right += fits ? 1 : 0;
  }
  std::cout << "ONNX cases: " << right << " right, " << refused.size() << " refused\n";
  for (const std::string& name : refused) std::cout << "  " << name << "\n";
  EXPECT_GE(right, 400);
}

TEST(OnnxConformance, OtherAxesAndOutputsForTrainingHaveNoKernel) {
  ST_NEEDS_SHARED();
  for (const char* name : {"2d_axis0", "3d_axis1_epsilon", "4d_axis_negative_3"}) {
    test::OnnxCase given = named(std::string("test_layer_normalization_") + name);
    const Diagnostics refusal = refusal_of_design(given);
    ASSERT_FALSE(refusal.empty()) << name;
    EXPECT_NE(refusal[0].message.find("axis"), std::string::npos);
  }
  test::OnnxCase given = named("test_layer_normalization_default_axis");
  EXPECT_FALSE(refusal_of_design(given).empty());
  given.graph.nodes[0].outputs.resize(1);
  given.graph.outputs.resize(1);
  EXPECT_TRUE(refusal_of_design(given).empty());
}

/// [batch, heads, rows, head] to batch b as [1, rows, heads * head], of which the first `rows`.
Tensor joined_heads(const Tensor& x, int64_t b, int64_t rows) {
  const int64_t heads = x.shape[1], all = x.shape[2], head = x.shape[3];
  Tensor y = Tensor::zeros(DType::F32, {1, rows, heads * head});
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < head; ++i)
        y.f32()[(r * heads + h) * head + i] = x.f32()[((b * heads + h) * all + r) * head + i];
  return y;
}

/// Rows [first, last) of batch b of [batch, rows, ...], as a batch of one.
Tensor rows_of(const Tensor& x, int64_t b, int64_t first, int64_t last) {
  const int64_t row = x.shape[2], all = x.shape[1];
  Tensor y = Tensor::zeros(x.dtype(), {1, last - first, row});
  std::copy_n(x.f32().begin() + (b * all + first) * row, (last - first) * row, y.f32().begin());
  return y;
}

/// A graph of one node with inputs of the given tensors' types ("" leaves one out).
test::OnnxCase one_node(const std::string& op, const std::map<std::string, Attribute>& attributes,
                        const std::vector<std::optional<Tensor>>& inputs,
                        const std::vector<Tensor>& expected) {
  test::OnnxCase made;
  made.graph.opset = 24;
  Node node;
  node.name = "node";
  node.op = op;
  node.attributes = attributes;
  for (const auto& input : inputs) {
    node.inputs.push_back(NoValue);
    if (!input) continue;
    node.inputs.back() = made.graph.add_value(
        "in" + std::to_string(node.inputs.size()),
        TensorType{input->dtype(), {input->shape.begin(), input->shape.end()}});
    made.graph.inputs.push_back(node.inputs.back());
    made.inputs.push_back(*input);
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    node.outputs.push_back(made.graph.add_value("out" + std::to_string(i)));
    made.graph.outputs.push_back(node.outputs.back());
  }
  made.expected = expected;
  made.graph.nodes.push_back(node);
  return made;
}

void expect_right(const test::OnnxCase& given, const std::string& name) {
  const Verdict verdict = run_case(given);
  ASSERT_TRUE(verdict.refusal.empty()) << name << ": " << verdict.refusal[0].message;
  for (size_t i = 0; i < given.expected.size(); ++i)
    expect_close(verdict.values[i], given.expected[i], name);
}

TEST(OnnxConformance, RotaryEmbeddingInItsThreeDimensionalForm) {
  ST_NEEDS_SHARED();
  for (const char* name : {"test_rotary_embedding", "test_rotary_embedding_interleaved",
                           "test_rotary_embedding_no_position_ids",
                           "test_rotary_embedding_no_position_ids_interleaved"}) {
    // The case has [batch, heads, rows, head]; ONNX gives [batch, rows, heads * head] the same
    // meaning.
    const test::OnnxCase given = named(name);
    const Tensor& x = given.inputs[0];
    const int64_t rows = x.shape[2], half = x.shape[3] / 2;
    for (int64_t b = 0; b < x.shape[0]; ++b) {
      std::vector<std::optional<Tensor>> inputs = {joined_heads(x, b, rows)};
      for (int table : {1, 2}) {
        inputs.emplace_back(given.inputs[table].shape.size() == 2
                                ? given.inputs[table]
                                : rows_of(given.inputs[table], b, 0, rows));
      }
      if (given.inputs.size() > 3) {
        Tensor positions = Tensor::zeros(DType::I64, {1, rows});
        std::copy_n(given.inputs[3].as<int64_t>().begin() + b * rows, rows,
                    positions.as<int64_t>().begin());
        inputs.emplace_back(positions);
      }
      ASSERT_EQ(given.inputs[1].shape.back(), half);
      auto attributes = given.graph.nodes[0].attributes;
      attributes["num_heads"] = x.shape[1];
      expect_right(one_node("RotaryEmbedding", attributes, inputs,
                            {joined_heads(given.expected[0], b, rows)}),
                   name);
    }
  }
}

/// Runs causal cases of ONNX in two launches, the second of which finds the first one's keys in a
/// cache. The cases have more keys than queries, aligned at the upper left, so that the keys behind
/// the last query take no part.
void expect_causal(const std::string& name, int64_t heads, int64_t kv_heads, int64_t cached) {
  const test::OnnxCase given = named(name);
  const bool four = given.inputs[0].shape.size() == 4;
  const int64_t tokens = four ? given.inputs[0].shape[2] : given.inputs[0].shape[1];
  for (int64_t b = 0; b < given.inputs[0].shape[0]; ++b) {
    auto batch = [&](const Tensor& t) {
      return four ? joined_heads(t, b, tokens) : rows_of(t, b, 0, tokens);
    };
    const Tensor q = batch(given.inputs[0]), k = batch(given.inputs[1]), v = batch(given.inputs[2]);
    const Tensor y = batch(given.expected[0]);
    const int64_t head = k.shape[2] / kv_heads;
    auto cache = [&](const Tensor& rows, int64_t count) {
      Tensor c = Tensor::zeros(DType::F32, {1, kv_heads, count, head});
      for (int64_t h = 0; h < kv_heads; ++h)
        for (int64_t r = 0; r < count; ++r)
          std::copy_n(rows.f32().begin() + (r * kv_heads + h) * head, head,
                      c.f32().begin() + (h * count + r) * head);
      return c;
    };
    const std::map<std::string, Attribute> attributes = {
        {"is_causal", int64_t{1}}, {"q_num_heads", heads}, {"kv_num_heads", kv_heads}};
    std::optional<Tensor> past_keys, past_values;
    if (cached > 0) past_keys = cache(k, cached), past_values = cache(v, cached);
    auto part = [&](const Tensor& t) { return rows_of(t, 0, cached, tokens); };
    expect_right(one_node("Attention", attributes,
                          {part(q), part(k), part(v), std::nullopt, past_keys, past_values},
                          {part(y), cache(k, tokens), cache(v, tokens)}),
                 name + " after " + std::to_string(cached));
  }
}

TEST(OnnxConformance, CausalAttentionWithAndWithoutACache) {
  ST_NEEDS_SHARED();
  for (int64_t cached = 0; cached < 4; ++cached) {
    expect_causal("test_attention_4d_causal", 3, 3, cached);
    expect_causal("test_attention_3d_gqa_causal", 9, 3, cached);
  }
}

// The compiler must not follow what a file says without looking at it.
TEST(OnnxConformance, ElementTypesThatKernelsDoNotHaveAreRefused) {
  for (const DType type :
       {DType::I8, DType::I32, DType::I64, DType::F16, DType::F64, DType::Bool}) {
    const Tensor matrix = Tensor::zeros(type, {2, 4}), index = Tensor::zeros(DType::I64, {1, 2});
    const Tensor wide = Tensor::zeros(type, {1, 2, 4});
    auto refused = [](const test::OnnxCase& given) { return !refusal_of_design(given).empty(); };
    EXPECT_TRUE(refused(one_node("MatMul", {}, {wide, Tensor::zeros(type, {4, 4})}, {wide})));
    for (const char* op : {"Gelu", "Swish", "Sigmoid", "Tanh", "Relu", "Transpose"})
      EXPECT_TRUE(refused(one_node(op, {}, {matrix}, {matrix}))) << op;
    for (const char* op : {"LayerNormalization", "RMSNormalization"})
      EXPECT_TRUE(refused(one_node(op, {}, {wide, Tensor::zeros(type, {4})}, {wide}))) << op;
    EXPECT_TRUE(refused(one_node("Gather", {}, {matrix, index}, {wide})));
    EXPECT_TRUE(refused(one_node("Split", {{"axis", int64_t{-1}}}, {wide}, {wide, wide})));
    EXPECT_TRUE(refused(one_node("Concat", {{"axis", int64_t{-1}}}, {wide, wide}, {wide})));
    for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
      test::OnnxCase given = one_node(op, {}, {wide, Tensor::zeros(type, {4})}, {wide});
      ASSERT_FALSE(refused(given)) << op;  // its types are known; what it lacks is a kernel
      ASSERT_TRUE(infer_types(given.graph).ok());
      Program program;
      Lowering lowering(given.graph, program, "s", "p", Tiling());
      const Status status = find_op(op, "")->lower(lowering, given.graph.nodes[0]);
      ASSERT_FALSE(status.ok()) << op;
      EXPECT_NE(status.errors()[0].message.find("float32"), std::string::npos);
    }
  }
}

TEST(OnnxConformance, OperatorsWithoutKernelsAreRefusedByNameInADesign) {
  const Tensor x = Tensor::zeros(DType::F32, {1, 2, 4});
  test::OnnxCase given = one_node("Erf", {}, {x}, {x});
  given.graph.nodes.push_back(given.graph.nodes[0]);
  given.graph.nodes[1].op = "Softmax";
  given.graph.nodes[1].outputs = {given.graph.add_value("more")};
  const Diagnostics refusal = refusal_of_design(given);
  ASSERT_EQ(refusal.size(), 2u);
  EXPECT_EQ(refusal[0].code, "E0305");
  EXPECT_NE(refusal[0].message.find("operator 'Erf' is not supported"), std::string::npos);
  EXPECT_NE(refusal[1].message.find("operator 'Softmax' is not supported"), std::string::npos);
  EXPECT_NE(refusal[1].help.find("no kernel"), std::string::npos);
  EXPECT_TRUE(run_case(given).refusal.empty());
}

TEST(OnnxConformance, ConcatOfWhatDoesNotFitIsRefused) {
  const Tensor x = Tensor::zeros(DType::F32, {1, 2, 4}),
               longer = Tensor::zeros(DType::F32, {1, 3, 4});
  const Tensor matrix = Tensor::zeros(DType::F32, {2, 4});
  auto refusal = [](std::map<std::string, Attribute> attributes,
                    const std::vector<std::optional<Tensor>>& inputs) {
    const test::OnnxCase given = one_node("Concat", attributes, inputs, {*inputs[0]});
    EXPECT_FALSE(run_case(given).refusal.empty());
    const Diagnostics refusal = refusal_of_design(given);
    EXPECT_FALSE(refusal.empty());
    return refusal.empty() ? "" : refusal[0].message;
  };
  const std::map<std::string, Attribute> last = {{"axis", int64_t{-1}}};
  EXPECT_NE(refusal(last, {x, longer}).find("differ in dimension 2 only"), std::string::npos);
  EXPECT_NE(refusal(last, {x, matrix}).find("same rank"), std::string::npos);
  EXPECT_NE(refusal(last, {x, std::nullopt}).find("left out"), std::string::npos);
  EXPECT_NE(refusal({{"axis", int64_t{3}}}, {x, x}).find("axis"), std::string::npos);
  EXPECT_NE(refusal({}, {x, x}).find("axis"), std::string::npos);
  EXPECT_NE(refusal(last, std::vector<std::optional<Tensor>>(65, x)).find("1 to 64 inputs"),
            std::string::npos);
}

TEST(OnnxConformance, PositionsThatDoNotFitTheRowsAreRefused) {
  const Tensor x = Tensor::zeros(DType::F32, {1, 3, 4}), table = Tensor::zeros(DType::F32, {8, 2});
  const std::map<std::string, Attribute> heads = {{"num_heads", int64_t{1}}};
  const Tensor rows = Tensor::zeros(DType::F32, {1, 2, 2});  // two rows of angles for three rows
  std::vector<test::OnnxCase> cases = {one_node("RotaryEmbedding", heads, {x, rows, rows}, {x})};
  for (const Tensor& positions :
       {Tensor::zeros(DType::I64, {1, 2}), Tensor::zeros(DType::F32, {1, 3})})
    cases.push_back(one_node("RotaryEmbedding", heads, {x, table, table, positions}, {x}));
  for (const test::OnnxCase& given : cases) {
    EXPECT_FALSE(run_case(given).refusal.empty());
    EXPECT_FALSE(refusal_of_design(given).empty());
  }
  Tensor outside = Tensor::zeros(DType::I64, {1, 3});
  outside.as<int64_t>()[2] = 8;
  EXPECT_FALSE(run_case(one_node("RotaryEmbedding", heads, {x, table, table, outside}, {x}))
                   .refusal.empty());
}

TEST(OnnxConformance, OperatorsOfPassesAreUnknownInAModel) {
  const Tensor scalar = Tensor::zeros(DType::F32, {});
  for (const char* op : {"QuantizeRows", "MatMulInt8", "DequantizeRows", "QuantizeGroups",
                         "MatMulScaledGroups", "RMSNormalization"}) {
    test::OnnxCase made = one_node(op, {}, {scalar, scalar, scalar}, {scalar});
    made.graph.nodes[0].domain = "streamtensor";
    const Diagnostics refusal = refusal_of_design(made);
    ASSERT_FALSE(refusal.empty());
    EXPECT_EQ(refusal[0].code, "E0305");
  }
}

}  // namespace
}  // namespace st
