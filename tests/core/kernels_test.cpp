// SPDX-License-Identifier: Apache-2.0
// Each kernel's arithmetic against its operator's reference, which computes in another precision
// and order.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/dataflow/interpreter.h"
#include "core/ops/lowering.h"
#include "core/ops/record.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::Random;
using test::random_f32;
using test::random_i8;
using Tensors = std::vector<Tensor>;

constexpr int64_t Widths[] = {1, 2, 3, 7, 13, 16, 17, 32, 48, 60, 97};
constexpr double Close = 1e-5;

std::vector<const Tensor*> pointers_to(const Tensors& tensors) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& tensor : tensors) pointers.push_back(&tensor);
  return pointers;
}

/// A kernel without a program around it.
struct Bench {
  Program program;
  Kernel kernel;
  DeviceState state;

  explicit Bench(const std::string& kind) { kernel.kind = kind; }
  Bench& rows(int64_t width) {
    kernel.sizes["L"] = lanes_for(width);
    kernel.sizes["Beats"] = width / lanes_for(width);
    return *this;
  }
  Bench& real(const std::string& name, float value) {
    kernel.reals[name] = value;
    return *this;
  }
  Bench& output(std::vector<Extent> shape) {
    program.tensors.push_back({"out", DType::F32, std::move(shape), nullptr});
    kernel.outputs.push_back({static_cast<TensorId>(program.tensors.size()) - 1, {}, -1});
    return *this;
  }
  /// A memory that the kernel uses; the table is its content where it has one.
  Bench& memory(const Tensor* table = nullptr) {
    program.memories.emplace_back();
    kernel.memories.push_back(static_cast<MemoryId>(program.memories.size()) - 1);
    if (table != nullptr) {
      program.tensors.push_back({"table", DType::F32, {}, constant_of(*table)});
      program.memories.back().tensor = static_cast<TensorId>(program.tensors.size()) - 1;
    }
    return *this;
  }
  Tensors run(const Tensors& inputs, int64_t tokens, int64_t past = 0) {
    ProgramInterpreter interpreter(program);
    interpreter.state() = state;
    auto outputs = interpreter.evaluate(kernel, pointers_to(inputs), tokens, past);
    EXPECT_TRUE(outputs.ok()) << kernel.kind;
    state = interpreter.state();
    return outputs.ok() ? std::move(*outputs) : Tensors{};
  }
};

Tensors reference(const std::string& op, std::map<std::string, Attribute> attributes,
                  const Tensors& inputs, const std::string& domain = "", size_t outputs = 1) {
  Node node;
  node.op = op;
  node.domain = domain;
  node.attributes = std::move(attributes);
  node.outputs.assign(outputs, 0);
  auto results = find_op(op, domain)->reference(node, pointers_to(inputs));
  EXPECT_TRUE(results.ok()) << op;
  return results.ok() ? std::move(*results) : Tensors{};
}

/// The same elements as [1, ...], as the graph has them.
Tensor batched(Tensor tensor) {
  tensor.shape.insert(tensor.shape.begin(), 1);
  return tensor;
}
Tensor unbatched(Tensor tensor) {
  tensor.shape.erase(tensor.shape.begin());
  return tensor;
}

TEST(Kernels, PairsOfValues) {
  const std::map<std::string, std::string> kinds = {
      {"add", "Add"}, {"subtract", "Sub"}, {"multiply", "Mul"}, {"divide", "Div"}};
  Random random(1);
  for (const auto& [kind, op] : kinds) {
    for (const int64_t width : Widths) {
      const Tensor a = random_f32(random, {3, width}), b = random_f32(random, {3, width});
      const Tensor row = random_f32(random, {width});
      for (const Tensors& inputs : {Tensors{a, b}, Tensors{a, row}, Tensors{row, b}})
        EXPECT_EQ(Bench(kind).rows(width).run(inputs, 3), reference(op, {}, inputs)) << kind;
    }
  }
}

TEST(Kernels, SingleValues) {
  struct Pair {
    std::string kind, op;
    std::map<std::string, Attribute> attributes;
  };
  const std::vector<Pair> pairs = {
      {"gelu_erf", "Gelu", {}}, {"gelu_tanh", "Gelu", {{"approximate", std::string("tanh")}}},
      {"silu", "Swish", {}},    {"sigmoid", "Sigmoid", {}},
      {"tanh_act", "Tanh", {}}, {"relu", "Relu", {}}};
  Random random(2);
  for (const Pair& pair : pairs) {
    for (const float scale : {0.01f, 1.0f, 10.0f, 100.0f}) {
      const Tensor x = random_f32(random, {4, 48}, scale);
      const Tensor y = Bench(pair.kind).rows(48).run({x}, 4)[0];
      const Tensor expected = reference(pair.op, pair.attributes, {x})[0];
      for (int64_t i = 0; i < x.size(); ++i) {
        ASSERT_NEAR(y.f32()[i], expected.f32()[i], 1e-6 + Close * std::fabs(expected.f32()[i]))
            << pair.kind << " of " << x.f32()[i];
      }
    }
  }
}

TEST(Kernels, Normalisations) {
  Random random(3);
  for (const int64_t width : Widths) {
    const Tensor x = random_f32(random, {3, width}, 5.0f), scale = random_f32(random, {width});
    const Tensor bias = random_f32(random, {width});
    for (const float epsilon : {1e-5f, 1e-3f}) {
      const std::map<std::string, Attribute> attributes = {{"epsilon", epsilon}};
      EXPECT_LE(
          test::distance(
              Bench("layer_norm").rows(width).real("epsilon", epsilon).run({x, scale, bias}, 3)[0],
              reference("LayerNormalization", attributes, {x, scale, bias})[0]),
          Close)
          << width;
      EXPECT_LE(test::distance(
                    Bench("rms_norm").rows(width).real("epsilon", epsilon).run({x, scale}, 3)[0],
                    reference("RMSNormalization", attributes, {x, scale})[0]),
                Close)
          << width;
    }
  }
}

TEST(Kernels, LinearLayers) {
  Random random(4);
  for (const int64_t depth : Widths) {
    for (const int64_t width : {1, 5, 16, 33}) {
      Bench bench("matmul");
      bench.kernel.sizes = {{"KL", lanes_for(depth)},
                            {"KBeats", depth / lanes_for(depth)},
                            {"NL", lanes_for(width)},
                            {"NBeats", width / lanes_for(width)}};
      const Tensor x = random_f32(random, {3, depth}), w = random_f32(random, {width, depth});
      Tensor columns = Tensor::zeros(DType::F32, {depth, width});
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t n = 0; n < width; ++n) columns.f32()[k * width + n] = w.f32()[n * depth + k];
      EXPECT_LE(test::distance(bench.run({x, w}, 3)[0], reference("MatMul", {}, {x, columns})[0]),
                Close)
          << depth << " to " << width;
      const Tensors bytes = {random_i8(random, {3, depth}), random_i8(random, {width, depth})};
      EXPECT_EQ(bench.run(bytes, 3), reference("MatMulInt8", {}, bytes, "streamtensor"));
    }
  }
}

TEST(Kernels, QuantisationIsExact) {
  Random random(5);
  for (const int64_t width : Widths) {
    for (const float scale : {1e-30f, 1e-3f, 1.0f, 300.0f, 1e30f}) {
      const Tensor x = random_f32(random, {4, width}, scale);
      EXPECT_EQ(Bench("quantize_rows").rows(width).run({x}, 4),
                reference("QuantizeRows", {}, {x}, "streamtensor"));
    }
    Tensor sums = Tensor::zeros(DType::I32, {4, width});
    for (int32_t& sum : sums.as<int32_t>())
      sum = static_cast<int32_t>(random.between(-5'000'000, 5'000'000));
    const Tensors inputs = {sums, random_f32(random, {4}), random_f32(random, {width})};
    EXPECT_EQ(Bench("dequantize_rows").rows(width).run(inputs, 4),
              reference("DequantizeRows", {}, inputs, "streamtensor"));
  }
}

TEST(Kernels, QuantisationRoundsHalfAwayFromZeroAndNeverReachesMinus128) {
  const Tensor x = {{1, 7}, std::vector<float>{127.0f, 0.5f, -0.5f, 1.5f, -2.5f, -127.0f, 0.49f}};
  const Tensors out = Bench("quantize_rows").rows(7).run({x}, 1);
  EXPECT_EQ(out[0].as<int8_t>(), (std::vector<int8_t>{127, 1, -1, 2, -3, -127, 0}));
  EXPECT_EQ(out[1].f32(), std::vector<float>{1.0f});
  const Tensor zeros = Tensor::zeros(DType::F32, {1, 7});
  const Tensors nothing = Bench("quantize_rows").rows(7).run({zeros}, 1);
  EXPECT_EQ(nothing[0], Tensor::zeros(DType::I8, {1, 7}));
  EXPECT_EQ(nothing[1].f32()[0], 0.0f);
}

TEST(Kernels, QuantisationOfTinyRowsIsDefined) {
  // 127 divided by a subnormal peak is infinite, and a zero times that is not a number.
  const Tensor x = {{1, 3}, std::vector<float>{1e-40f, 0.0f, -1e-40f}};
  const Tensors out = Bench("quantize_rows").rows(3).run({x}, 1);
  EXPECT_EQ(out[0].as<int8_t>()[0], 127);
  EXPECT_EQ(out[0].as<int8_t>()[2], -127);
  EXPECT_EQ(out, reference("QuantizeRows", {}, {x}, "streamtensor"));
}

TEST(Kernels, SplitsAndForks) {
  Random random(6);
  const Tensor x = random_f32(random, {3, 20});
  Bench split("split");
  split.output({Extent(3), 8}).output({Extent(3), 4}).output({Extent(3), 8});
  const Tensors expected = reference(
      "Split", {{"axis", int64_t{-1}}, {"split", std::vector<int64_t>{8, 4, 8}}}, {x}, "", 3);
  EXPECT_EQ(split.run({x}, 3), expected);
  Bench fork("fork");
  fork.output({}).output({});
  EXPECT_EQ(fork.run({x}, 3), (Tensors{x, x}));
  EXPECT_EQ(Bench("convert").run({x}, 3), Tensors{x});
}

TEST(Kernels, ConcatOfRows) {
  Random random(12);
  const Tensors parts = {random_f32(random, {3, 8}), random_f32(random, {3, 4}),
                         random_f32(random, {3, 8})};
  Bench concat("concat");
  concat.output({Extent(3), 20});
  EXPECT_EQ(concat.run(parts, 3), reference("Concat", {{"axis", int64_t{-1}}}, parts));
}

TEST(Kernels, RowsOfATable) {
  Random random(7);
  const Tensor table = random_f32(random, {9, 6});
  const Tensor ids = {{4}, std::vector<int32_t>{8, 0, 3, 8}};
  Bench gather("gather_rows");
  gather.rows(6).memory(&table);
  EXPECT_EQ(gather.run({ids}, 4), reference("Gather", {}, {table, ids}));
}

TEST(Kernels, MemoryKeepsWhatIsStored) {
  Random random(8);
  const Tensor x = random_f32(random, {2, 5});
  Bench store("store_rows");
  store.memory();
  EXPECT_TRUE(store.run({x}, 2).empty());
  Bench load("load_rows");
  load.memory();
  load.state = store.state;
  EXPECT_EQ(load.run({}, 2), Tensors{x});
}

TEST(Kernels, RotaryEmbeddings) {
  Random random(9);
  for (const int64_t head : {2, 6, 16, 20, 34}) {
    for (const int64_t interleaved : {0, 1}) {
      const int64_t heads = 3, tokens = 4, lanes = lanes_for(head);
      const Tensor x = random_f32(random, {tokens, heads * head});
      const Tensor cosine = random_f32(random, {tokens, head / 2});
      const Tensor sine = random_f32(random, {tokens, head / 2});
      Bench bench("rotary");
      bench.kernel.sizes = {{"L", lanes},
                            {"HeadBeats", head / lanes},
                            {"Heads", heads},
                            {"Interleaved", interleaved}};
      const Tensors expected =
          reference("RotaryEmbedding", {{"num_heads", heads}, {"interleaved", interleaved}},
                    {batched(x), batched(cosine), batched(sine)});
      EXPECT_LE(test::distance(bench.run({x, cosine, sine}, tokens)[0], unbatched(expected[0])),
                Close)
          << head << " " << interleaved;
    }
  }
}

TEST(Kernels, AttentionAsAChain) {
  Random random(10);
  for (const int64_t head : {1, 6, 16, 24}) {
    for (const int64_t repeat : {1, 2, 3}) {
      const int64_t kv_heads = 2, heads = kv_heads * repeat, lanes = lanes_for(head);
      const float scale = 0.3f;
      const std::map<std::string, int64_t> sizes = {
          {"L", lanes}, {"HeadBeats", head / lanes}, {"Heads", heads}, {"MaxPositions", 10}};
      Bench keys("cache_rows"), values("cache_rows"), scores("attention_scores"),
          softmax("softmax_rows"), context("attention_context");
      for (Bench* bench : {&keys, &values, &scores, &softmax, &context})
        bench->kernel.sizes = sizes;
      for (Bench* bench : {&keys, &values}) {
        bench->memory();
        bench->kernel.sizes["Heads"] = kv_heads;
      }
      scores.real("scale", scale);
      Tensor past_keys = Tensor::zeros(DType::F32, {1, kv_heads, 0, head}), past_values = past_keys;
      int64_t past = 0;
      for (const int64_t tokens : {3, 1, 1, 4}) {
        const Tensor q = random_f32(random, {tokens, heads * head}, 2.0f);
        const Tensor k = random_f32(random, {tokens, kv_heads * head}, 2.0f);
        const Tensor v = random_f32(random, {tokens, kv_heads * head});
        Node node;
        node.attributes = {{"is_causal", int64_t{1}},
                           {"q_num_heads", heads},
                           {"kv_num_heads", kv_heads},
                           {"scale", scale}};
        const Tensor bq = batched(q), bk = batched(k), bv = batched(v);
        const auto expected =
            find_op("Attention", "")
                ->reference(node, {&bq, &bk, &bv, nullptr, &past_keys, &past_values});
        ASSERT_TRUE(expected.ok());
        const Tensor cached_keys = keys.run({k}, tokens, past)[0];
        const Tensor cached_values = values.run({v}, tokens, past)[0];
        const Tensor raw = scores.run({q, cached_keys}, tokens, past)[0];
        const Tensor p = softmax.run({raw}, tokens, past)[0];
        const Tensor y = context.run({p, cached_values}, tokens, past)[0];
        EXPECT_LE(test::distance(y, unbatched((*expected)[0])), Close) << head << " past " << past;
        past_keys = (*expected)[1];
        past_values = (*expected)[2];
        EXPECT_EQ(cached_keys, unbatched(past_keys));
        EXPECT_EQ(cached_values, unbatched(past_values));
        past += tokens;
      }
    }
  }
}

TEST(Streams, ElementsComeBackFromTheirBytes) {
  Random random(11);
  const Tensor x = random_f32(random, {4, 12});
  const StreamType rows = {
      {{1, 4}, DType::F32, {Trip(Extent::symbol(Sequence), 8), 3}, {1, 4}, {0, 1}}, 4};
  StreamType again = rows;  // each row twice
  again.itensor.trips = {Trip(Extent::symbol(Sequence), 8), 2, 3};
  again.itensor.steps = {1, 1, 4};
  again.itensor.map = {0, 2};
  for (const StreamType& type : {rows, again}) {
    std::vector<uint8_t> bytes = stream_bytes(x, type, 4, 0);
    EXPECT_EQ(static_cast<int64_t>(bytes.size()),
              token_count(type.itensor, {{Sequence, 4}}) * token_bits(type.itensor) / 8);
    const auto back = tensor_from_stream(bytes, type, {4, 12}, 4, 0);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, x);
    std::vector<uint8_t> longer = bytes;
    longer.push_back(0);
    bytes.pop_back();
    for (const auto& wrong : {bytes, longer}) {
      const auto refused = tensor_from_stream(wrong, type, {4, 12}, 4, 0);
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.errors()[0].code, "E0701");
    }
  }
}

TEST(Streams, AnElementThatChangesBetweenPassesIsReported) {
  const StreamType again = {{{2}, DType::F32, {2, 2}, {1, 2}, {1}}, 2};
  const Tensor x = {{4}, std::vector<float>{1, 2, 3, 4}};
  std::vector<uint8_t> bytes = stream_bytes(x, again, 1, 0);
  ASSERT_TRUE(tensor_from_stream(bytes, again, {4}, 1, 0).ok());
  bytes[20] ^= 1;
  const auto changed = tensor_from_stream(bytes, again, {4}, 1, 0);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.errors()[0].code, "E0701");
}

}  // namespace
}  // namespace st
