// SPDX-License-Identifier: Apache-2.0
// Operators of com.microsoft against loops that compute what ONNX Runtime documents.
#include <gtest/gtest.h>

#include <cmath>

#include "core/passes/raise/raise.h"
#include "tests/core/graph_sketch.h"

namespace st::test {
namespace {

const std::string Microsoft = "com.microsoft";

/// Raises the sketch, runs it, and returns its outputs in order.
std::vector<std::vector<float>> results(GraphSketch& sketch, const std::string& operators) {
  const Status status = raise(sketch.graph());
  EXPECT_TRUE(status.ok()) << status.errors().front().message;
  if (!status.ok()) return std::vector<std::vector<float>>(4);
  EXPECT_EQ(operators_of(sketch.graph()), operators);
  const auto outputs = run(sketch.graph(), sketch.inputs());
  std::vector<std::vector<float>> values;
  for (const ValueId id : sketch.graph().outputs) {
    const auto found = outputs.find(sketch.graph().values[static_cast<size_t>(id)].name);
    values.push_back(found == outputs.end() ? std::vector<float>() : found->second.f32());
  }
  return values;
}

std::string error_of(GraphSketch& sketch) {
  const Status status = raise(sketch.graph());
  if (status.ok()) return "none";
  std::string text;
  for (const Diagnostic& problem : status.errors())
    text += (text.empty() ? "" : "\n") + problem.code + " " + problem.message;
  return text;
}

/// Rows normalised one by one.
std::vector<float> normalised(std::vector<float> x, size_t width, const std::vector<float>& scale,
                              const std::vector<float>& shift, double epsilon, bool centred) {
  for (size_t first = 0; first < x.size(); first += width) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < width && centred; ++i) mean += x[first + i] / double(width);
    for (size_t i = 0; i < width; ++i)
      square += (x[first + i] - mean) * (x[first + i] - mean) / double(width);
    for (size_t i = 0; i < width; ++i) {
      const double y = (x[first + i] - mean) / std::sqrt(square + epsilon) * scale[i];
      x[first + i] = static_cast<float>(y + (shift.empty() ? 0 : shift[i]));
    }
  }
  return x;
}

std::vector<float> plus(std::vector<float> a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i % b.size()];
  return a;
}

TEST(MicrosoftOps, Gelus) {
  for (const std::string op : {"Gelu", "FastGelu", "BiasGelu", "QuickGelu"}) {
    SCOPED_TRACE(op);
    GraphSketch s;
    const ValueId x = s.input("x", {2, 3, 8}), b = s.constant("b", {8});
    std::vector<ValueId> operands = {x};
    const bool biased = op == "FastGelu" || op == "BiasGelu";
    if (biased) operands.push_back(b);
    std::map<std::string, Attribute> attributes;
    if (op == "QuickGelu") attributes["alpha"] = 1.5f;
    s.output(s.node(op, operands, attributes, Microsoft));
    std::vector<float> expected = biased ? plus(s.values(x), s.values(b)) : s.values(x);
    for (float& v : expected) {
      const double z = v;
      v = static_cast<float>(
          op == "QuickGelu"  ? z / (1 + std::exp(-1.5 * z))
          : op == "FastGelu" ? 0.5 * z * (1 + std::tanh(0.7978845608 * (z + 0.044715 * z * z * z)))
                             : 0.5 * z * (1 + std::erf(z / std::sqrt(2.0))));
    }
    expect_close(results(s, op == "QuickGelu" ? "Swish"
                            : biased          ? "Add Gelu"
                                              : "Gelu")[0],
                 expected);
    EXPECT_EQ(s.graph().opset, op == "QuickGelu" ? 24 : 20);
  }
}

TEST(MicrosoftOps, SimplifiedLayerNormalization) {
  for (const std::string domain : {"", "com.microsoft"}) {
    GraphSketch s;
    const ValueId x = s.input("x", {2, 8}), scale = s.constant("scale", {8});
    s.output(s.node("SimplifiedLayerNormalization", {x, scale},
                    {{"axis", int64_t{-1}}, {"epsilon", 0.1f}, {"stash_type", int64_t{1}}},
                    domain));
    expect_close(results(s, "RMSNormalization")[0],
                 normalised(s.values(x), 8, s.values(scale), {}, 0.1, false));
    EXPECT_EQ(s.graph().opset, 23);
  }
}

TEST(MicrosoftOps, SkipNorms) {
  for (const bool simplified : {false, true}) {
    for (const bool whole : {false, true}) {  // with all optional operands and outputs
      GraphSketch s;
      const ValueId x = s.input("x", {2, 3, 8}), skip = s.input("skip", {2, 3, 8});
      const ValueId gamma = s.constant("gamma", {8}), beta = s.constant("beta", {8}),
                    bias = s.constant("bias", {8});
      std::vector<ValueId> operands = {x, skip, gamma};
      if (whole && !simplified) operands.push_back(beta);
      if (whole) operands.push_back(bias);
      const auto made = s.node(
          whole ? 4 : 1, simplified ? "SkipSimplifiedLayerNormalization" : "SkipLayerNormalization",
          operands, {{"epsilon", 0.01f}}, Microsoft);
      s.output(made[0]);
      if (whole) {
        s.graph().nodes[0].outputs[1] = s.graph().nodes[0].outputs[2] = NoValue;
        s.output(s.node("Relu", {made[3]}));
        s.output(made[3]);
      }
      std::vector<float> sum = plus(s.values(x), s.values(skip));
      if (whole) sum = plus(sum, s.values(bias));
      const auto values = results(s, std::string(whole ? "Add Add " : "Add ") +
                                         (simplified ? "RMSNormalization" : "LayerNormalization") +
                                         (whole ? " Relu" : ""));
      expect_close(values[0],
                   normalised(sum, 8, s.values(gamma),
                              whole && !simplified ? s.values(beta) : std::vector<float>(), 0.01,
                              !simplified));
      if (whole) expect_close(values[2], sum);
    }
  }
}

TEST(MicrosoftOps, EmbedLayerNormalization) {
  GraphSketch s;
  const ValueId ids = s.input("ids", tensor_of_integers({1, 3}, {4, 0, 2})),
                segments = s.input("segments", tensor_of_integers({1, 3}, {0, 1, 1})),
                positions = s.input("positions", tensor_of_integers({1, 3}, {5, 6, 7}));
  const ValueId words = s.constant("words", {6, 8}), places = s.constant("places", {9, 8}),
                kinds = s.constant("kinds", {2, 8}), gamma = s.constant("gamma", {8}),
                beta = s.constant("beta", {8});
  const auto made =
      s.node(3, "EmbedLayerNormalization",
             {ids, segments, words, places, kinds, gamma, beta, NoValue, positions}, {}, Microsoft);
  s.graph().nodes[0].outputs[1] = NoValue;
  s.output(made[0]);
  s.output(made[2]);
  std::vector<float> sum;
  const size_t rows[3][3] = {{4, 5, 0}, {0, 6, 1}, {2, 7, 1}};
  for (const auto& [word, place, kind] : rows) {
    for (size_t i = 0; i < 8; ++i)
      sum.push_back(s.values(words)[word * 8 + i] + s.values(places)[place * 8 + i] +
                    s.values(kinds)[kind * 8 + i]);
  }
  const auto values = results(s, "Add Add Gather Gather Gather LayerNormalization");
  expect_close(values[1], sum);
  expect_close(values[0], normalised(sum, 8, s.values(gamma), s.values(beta), 1e-12, true));
}

/// Bytes with numbers of `bits` bits, the first in the lowest bits of a byte.
std::vector<int32_t> packed(const std::vector<int>& numbers, int bits) {
  std::vector<int32_t> bytes((numbers.size() * size_t(bits) + 7) / 8);
  for (size_t i = 0; i < numbers.size(); ++i)
    bytes[i * size_t(bits) / 8] |= numbers[i] << (i * size_t(bits) % 8);
  return bytes;
}

TEST(MicrosoftOps, MatMulNBits) {
  enum class Zeros { None, Packed, Floats };
  constexpr int64_t N = 6, Size = 16;
  for (const auto& [bits, depth, zeros] : {std::tuple(4, 40, Zeros::None),
                                           {4, 48, Zeros::Packed},
                                           {4, 32, Zeros::Floats},
                                           {8, 40, Zeros::Packed},
                                           {2, 80, Zeros::Packed},
                                           {8, 16, Zeros::None}}) {
    SCOPED_TRACE(std::to_string(bits) + " bits, depth " + std::to_string(depth));
    const int64_t blocks = (depth + Size - 1) / Size;
    std::mt19937 random(3);
    std::vector<int32_t> bytes, zero_bytes;
    std::vector<int> numbers(size_t(N * blocks * Size)), zero(size_t(N * blocks));
    for (int& q : numbers) q = int(random() % (1U << bits));
    for (int& z : zero) z = zeros == Zeros::None ? 1 << (bits - 1) : int(random() % (1U << bits));
    for (int64_t n = 0; n < N; ++n) {
      const auto first = zero.begin() + n * blocks;
      for (const int32_t byte : packed({first, first + blocks}, bits)) zero_bytes.push_back(byte);
    }
    bytes = packed(numbers, bits);
    GraphSketch s;
    const auto bytes_tensor = [](const std::vector<int32_t>& from, std::vector<int64_t> shape) {
      Tensor tensor = Tensor::zeros(DType::I32, std::move(shape));
      tensor.as<int32_t>() = from;
      return tensor;
    };
    const ValueId x = s.input("x", {2, depth}), scales = s.constant("scales", {N * blocks}),
                  bias = s.constant("bias", {N}),
                  q = s.constant("q", bytes_tensor(bytes, {N, blocks, Size * bits / 8}), DType::U8);
    std::vector<ValueId> operands = {x, q, scales, NoValue, NoValue, bias};
    if (zeros == Zeros::Packed) {
      operands[3] =
          s.constant("z", bytes_tensor(zero_bytes, {int64_t(zero_bytes.size())}), DType::U8);
    } else if (zeros == Zeros::Floats) {
      Tensor floats = Tensor::zeros(DType::F32, {N, blocks});
      for (size_t i = 0; i < zero.size(); ++i) floats.f32()[i] = float(zero[i]);
      operands[3] = s.constant("z", std::move(floats));
    }
    s.output(s.node("MatMulNBits", operands,
                    {{"K", int64_t{depth}},
                     {"N", N},
                     {"bits", int64_t{bits}},
                     {"block_size", Size},
                     {"accuracy_level", int64_t{4}}},
                    Microsoft));
    std::vector<float> expected;
    for (int64_t m = 0; m < 2; ++m) {
      for (int64_t n = 0; n < N; ++n) {
        double sum = s.values(bias)[size_t(n)];
        for (int64_t k = 0; k < depth; ++k) {
          const auto block = size_t(n * blocks + k / Size);
          sum += double(s.values(x)[size_t(m * depth + k)]) * s.values(scales)[block] *
                 (numbers[block * Size + size_t(k % Size)] - zero[block]);
        }
        expected.push_back(float(sum));
      }
    }
    expect_close(results(s, "Add MatMul")[0], expected);
  }
}

/// Heads of rows [rows, heads * head], turned by their positions.
std::vector<float> turned(std::vector<float> x, int64_t heads, int64_t head,
                          const std::vector<float>& cosines, const std::vector<float>& sines,
                          int64_t first_position, bool interleaved) {
  for (int64_t at = 0; at < int64_t(x.size()); at += head) {
    const int64_t position = first_position + at / (heads * head);
    for (int64_t i = 0; i < head / 2; ++i) {
      float &a = x[size_t(at + (interleaved ? 2 * i : i))],
            &b = x[size_t(at + (interleaved ? 2 * i + 1 : i + head / 2))];
      const float c = cosines[size_t(position * head / 2 + i)],
                  s = sines[size_t(position * head / 2 + i)], a0 = a;
      a = a0 * c - b * s;
      b = b * c + a0 * s;
    }
  }
  return x;
}

TEST(MicrosoftOps, RotaryEmbedding) {
  for (const bool interleaved : {false, true}) {
    GraphSketch s;
    const ValueId x = s.input("x", {1, 3, 16}), cosines = s.constant("cos", {9, 4}),
                  sines = s.constant("sin", {9, 4}),
                  positions = s.input("positions", tensor_of_integers({1, 3}, {2, 3, 4}));
    s.output(s.node("RotaryEmbedding", {x, positions, cosines, sines},
                    {{"interleaved", int64_t{interleaved}}}, Microsoft));
    expect_close(results(s, "RotaryEmbedding")[0],
                 turned(s.values(x), 2, 8, s.values(cosines), s.values(sines), 2, interleaved));
  }
}

/// Attention of `rows` queries behind `past` cached positions, by its definition. Caches are
/// [kv_heads, past, head], the others [rows, heads * head].
struct Attended {
  int64_t rows, past, heads, kv_heads, head, window = 0;
  double scale;

  [[nodiscard]] std::vector<float> of(const std::vector<float>& q, const std::vector<float>& k,
                                      const std::vector<float>& v, const std::vector<float>& past_k,
                                      const std::vector<float>& past_v) const {
    std::vector<float> y(q.size());
    const auto at = [&](const std::vector<float>& cache, const std::vector<float>& now,
                        int64_t group, int64_t j, int64_t i) {
      return j < past ? cache[size_t((group * past + j) * head + i)]
                      : now[size_t(((j - past) * kv_heads + group) * head + i)];
    };
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t h = 0; h < heads; ++h) {
        const int64_t group = h * kv_heads / heads, last = past + r;
        const int64_t first = window > 0 ? std::max<int64_t>(0, last - window + 1) : 0;
        std::vector<double> weights;
        double total = 0;
        for (int64_t j = first; j <= last; ++j) {
          double score = 0;
          for (int64_t i = 0; i < head; ++i)
            score += double(q[size_t((r * heads + h) * head + i)]) * at(past_k, k, group, j, i);
          weights.push_back(std::exp(score * scale));
          total += weights.back();
        }
        for (int64_t i = 0; i < head; ++i) {
          double sum = 0;
          for (int64_t j = first; j <= last; ++j)
            sum += weights[size_t(j - first)] / total * at(past_v, v, group, j, i);
          y[size_t((r * heads + h) * head + i)] = float(sum);
        }
      }
    }
    return y;
  }
};

/// seqlens_k and total_sequence_length as exporters compute them from the mask.
std::pair<ValueId, ValueId> lengths(GraphSketch& s, int64_t total) {
  const ValueId mask = s.input(
      "attention_mask", tensor_of_integers({1, total}, std::vector<int64_t>(size_t(total), 1)));
  const ValueId sum = s.node("ReduceSum", {mask, s.integers({1})}, {{"keepdims", int64_t{0}}});
  const ValueId last = s.node("Sub", {sum, s.integers({1})});
  const ValueId shape = s.node("Shape", {mask});
  return {s.node("Cast", {last}, {{"to", int64_t{6}}}),
          s.node("Cast", {s.node("Gather", {shape, s.integers({1})})}, {{"to", int64_t{6}}})};
}

struct GroupQueryForm {
  bool packed, rotary, positions, interleaved;
  int64_t window;
};

class GroupQuery : public testing::TestWithParam<GroupQueryForm> {};

TEST_P(GroupQuery, Attention) {
  const auto [is_packed, rotary, given, interleaved, window] = GetParam();
  const Attended a{3, 5, 4, 2, 8, window, 0.4};
  GraphSketch s;
  const ValueId past_k = s.input("past_key_values.0.key", {1, 2, 5, 8}),
                past_v = s.input("past_key_values.0.value", {1, 2, 5, 8}),
                cosines = s.constant("cos", {16, 4}), sines = s.constant("sin", {16, 4});
  std::vector<float> q = s.noise({3, 32}).f32(), k = s.noise({3, 16}).f32(),
                     v = s.noise({3, 16}).f32();
  const auto tensor = [](const std::vector<float>& data, int64_t width) {
    Tensor made = Tensor::zeros(DType::F32, {1, 3, width});
    made.f32() = data;
    return made;
  };
  s.input("input_ids", tensor_of_integers({1, 3}, {1, 2, 3}));
  std::vector<ValueId> operands;
  if (is_packed) {
    std::vector<float> all;
    for (size_t r = 0; r < 3; ++r) {
      all.insert(all.end(), q.begin() + int64_t(r) * 32, q.begin() + int64_t(r + 1) * 32);
      all.insert(all.end(), k.begin() + int64_t(r) * 16, k.begin() + int64_t(r + 1) * 16);
      all.insert(all.end(), v.begin() + int64_t(r) * 16, v.begin() + int64_t(r + 1) * 16);
    }
    operands = {s.input("qkv", tensor(all, 64)), NoValue, NoValue};
  } else {
    operands = {s.input("q", tensor(q, 32)), s.input("k", tensor(k, 16)),
                s.input("v", tensor(v, 16))};
  }
  const auto [seqlens, total] = lengths(s, 8);
  operands.insert(operands.end(), {past_k, past_v, seqlens, total});
  if (rotary) operands.insert(operands.end(), {cosines, sines});
  if (given) operands.push_back(s.input("positions", tensor_of_integers({1, 3}, {5, 6, 7})));
  std::map<std::string, Attribute> attributes = {
      {"num_heads", int64_t{4}},
      {"kv_num_heads", int64_t{2}},
      {"scale", 0.4f},
      {"softcap", 0.0f},
      {"smooth_softmax", int64_t{0}},
      {"do_rotary", int64_t{rotary}},
      {"rotary_interleaved", int64_t{interleaved}},
      {"local_window_size", window > 0 ? window : int64_t{-1}}};
  const auto made = s.node(3, "GroupQueryAttention", operands, attributes, Microsoft);
  for (const ValueId id : made) s.output(id);
  if (rotary) {
    q = turned(q, 4, 8, s.values(cosines), s.values(sines), 5, interleaved);
    k = turned(k, 2, 8, s.values(cosines), s.values(sines), 5, interleaved);
  }
  const std::vector<float> cached_k = s.values(past_k), cached_v = s.values(past_v);
  const Status status = raise(s.graph());
  ASSERT_TRUE(status.ok()) << status.errors().front().message;
  auto inputs = s.inputs();
  inputs.erase("attention_mask");
  for (const ValueId id : s.graph().inputs) {
    const std::string& name = s.graph().values[static_cast<size_t>(id)].name;
    EXPECT_NE(name, "attention_mask");
    if (name == "position_ids") inputs[name] = tensor_of_integers({1, 3}, {5, 6, 7});
  }
  EXPECT_EQ(inputs.count("position_ids"), rotary && !given ? 1U : 0U);
  const auto outputs = run(s.graph(), inputs);
  const auto value = [&](size_t i) {
    return outputs.at(s.graph().values[static_cast<size_t>(s.graph().outputs[i])].name);
  };
  expect_close(value(0).f32(), a.of(q, k, v, cached_k, cached_v));
  // [kv_heads, past + rows, head]
  EXPECT_EQ(value(1).shape, (std::vector<int64_t>{1, 2, 8, 8}));
  for (int64_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(value(1).f32()[size_t((8 + 5 + j) * 8 + 3)], k[size_t(j * 16 + 8 + 3)], 1e-5);
    EXPECT_NEAR(value(2).f32()[size_t((5 + j) * 8 + 3)], v[size_t(j * 16 + 3)], 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(MicrosoftOps, GroupQuery,
                         testing::Values(GroupQueryForm{false, false, false, false, 0},
                                         GroupQueryForm{true, false, false, false, 3},
                                         GroupQueryForm{false, true, false, false, 0},
                                         GroupQueryForm{true, true, true, true, 0},
                                         GroupQueryForm{false, true, true, false, 2}));

TEST(MicrosoftOps, AttentionWithMergedProjections) {
  for (const bool sizes : {false, true}) {
    GraphSketch s;
    const ValueId x = s.input("x", {1, 4, 6}), w = s.constant("w", {6, 48}),
                  b = s.constant("b", {48});
    std::map<std::string, Attribute> attributes = {{"num_heads", int64_t{2}},
                                                   {"unidirectional", int64_t{1}}};
    if (sizes) attributes["qkv_hidden_sizes"] = std::vector<int64_t>{16, 16, 16};
    s.output(s.node("Attention", {x, w, b}, attributes, Microsoft));
    std::vector<float> parts[3];
    for (size_t r = 0; r < 4; ++r) {
      for (size_t c = 0; c < 48; ++c) {
        double sum = s.values(b)[c];
        for (size_t i = 0; i < 6; ++i)
          sum += double(s.values(x)[r * 6 + i]) * s.values(w)[i * 48 + c];
        parts[c / 16].push_back(float(sum));
      }
    }
    const Attended a{4, 0, 2, 2, 8, 0, 1 / std::sqrt(8.0)};
    expect_close(results(s, "Add Attention MatMul Split")[0],
                 a.of(parts[0], parts[1], parts[2], {}, {}));
  }
}

TEST(MicrosoftOps, MultiHeadAttention) {
  GraphSketch s;
  const ValueId q = s.input("q", {1, 3, 16}), k = s.input("k", {1, 3, 16}),
                v = s.input("v", {1, 3, 16}), past_k = s.input("past_k", {1, 2, 5, 8}),
                past_v = s.input("past_v", {1, 2, 5, 8});
  s.output(s.node(3, "MultiHeadAttention", {q, k, v, NoValue, NoValue, NoValue, past_k, past_v},
                  {{"num_heads", int64_t{2}}, {"unidirectional", int64_t{1}}, {"scale", 0.3f}},
                  Microsoft)[0]);
  const Attended a{3, 5, 2, 2, 8, 0, 0.3};
  expect_close(results(s, "Attention")[0],
               a.of(s.values(q), s.values(k), s.values(v), s.values(past_k), s.values(past_v)));
}

TEST(MicrosoftOps, OtherUsesAreRefusedAllAtOnce) {
  GraphSketch s;
  const ValueId x = s.input("x", {1, 3, 16}), w = s.constant("w", {16});
  s.output(s.node("SkipLayerNormalization", {x, x}, {}, Microsoft));
  s.output(s.node(2, "SimplifiedLayerNormalization", {x, w}, {}, Microsoft)[1]);
  s.output(s.node("FastGelu", {x}, {{"speed", int64_t{1}}}, Microsoft));
  s.output(s.node("GroupQueryAttention", {x, x, x, NoValue, NoValue, x, x},
                  {{"num_heads", int64_t{2}}, {"kv_num_heads", int64_t{2}}}, Microsoft));
  s.output(s.node("GroupQueryAttention", {x, x, x, NoValue, NoValue, NoValue, NoValue},
                  {{"num_heads", int64_t{2}}, {"kv_num_heads", int64_t{2}}, {"softcap", 50.0f}},
                  Microsoft));
  s.output(s.node("MatMulNBits", {x, w, w}, {{"K", int64_t{16}}, {"N", int64_t{1}}}, Microsoft));
  s.output(s.node("RotaryEmbedding", {x, s.integers({0}), w, w}, {}, Microsoft));
  s.output(s.node("Unknown", {x}, {}, Microsoft));
  EXPECT_EQ(
      error_of(s),
      "E0306 node 'SkipLayerNormalization0' (SkipLayerNormalization) takes 3 to 5 inputs and has "
      "an output, it has 2 inputs\n"
      "E0309 node 'SimplifiedLayerNormalization1' (SimplifiedLayerNormalization): the outputs for "
      "training are not made\n"
      "E0309 node 'FastGelu2' (FastGelu): attribute 'speed' is not supported\n"
      "E0309 node 'GroupQueryAttention3' (GroupQueryAttention): 'x' may hide keys: it does not "
      "follow from 'attention_mask' alone\n"
      "E0309 node 'GroupQueryAttention4' (GroupQueryAttention): softcap is not supported\n"
      "E0306 node 'MatMulNBits5' (MatMulNBits): the operands do not fit K = 16, N = 1, bits = 4, "
      "block_size = 0; weights are u8 [N, blocks, bytes of a block], of 2, 4 or 8 bits\n"
      "E0309 node 'RotaryEmbedding6' (RotaryEmbedding): the positions must be [batch, sequence], "
      "a number for each row");
}

}  // namespace
}  // namespace st::test
