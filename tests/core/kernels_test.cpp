// SPDX-License-Identifier: Apache-2.0
// Each kernel's arithmetic against its operator's reference, which computes in another precision
// and order.
#include <gtest/gtest.h>

#include <cmath>

#include "core/graph/constant.h"
#include "core/graph/sample.h"
#include "core/ops/matmul.h"
#include "core/ops/record.h"
#include "tests/core/bench.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::Bench;
using test::Random;
using test::random_f32;
using test::random_i8;
using test::reference;
using test::row_stream;
using test::sequence;
using test::Tensors;

constexpr int64_t Widths[] = {1, 2, 3, 7, 13, 16, 17, 32, 48, 60, 97};
constexpr double Close = 1e-5;

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
      for (const Tensors& inputs : {Tensors{a, b}, Tensors{a, row}, Tensors{row, b}}) {
        Bench bench(kind);
        bench.rows(width).out_rows(width);
        for (const Tensor& input : inputs)
          bench.in(input.shape.size() == 1 ? test::repeated_stream(width) : row_stream(width));
        EXPECT_EQ(bench.run(inputs, 3), reference(op, {}, inputs)) << kind;
      }
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
      const Tensor y = Bench(pair.kind).rows(48).in(row_stream(48)).out_rows(48).run({x}, 4)[0];
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
      Bench layer("layer_norm"), rms("rms_norm");
      for (Bench* bench : {&layer, &rms}) {
        bench->rows(width).real("epsilon", epsilon).out_rows(width);
        bench->in(row_stream(width)).in(test::repeated_stream(width));
      }
      layer.in(test::repeated_stream(width));
      EXPECT_LE(test::distance(layer.run({x, scale, bias}, 3)[0],
                               reference("LayerNormalization", attributes, {x, scale, bias})[0]),
                Close)
          << width;
      EXPECT_LE(test::distance(rms.run({x, scale}, 3)[0],
                               reference("RMSNormalization", attributes, {x, scale})[0]),
                Close)
          << width;
    }
  }
}

TEST(Kernels, NormalisationOfEachHead) {
  Random random(21);
  for (const int64_t head : Widths) {
    for (const int64_t heads : {1, 3}) {
      const int lanes = lanes_for(head);
      const Tensor x = random_f32(random, {3, heads * head}, 5.0f);
      const Tensor scale = random_f32(random, {head});
      Bench bench("rms_norm_heads");
      bench.rows(head).size("Heads", heads).real("epsilon", 1e-5f);
      bench.in(row_stream(heads * head, DType::F32, lanes));
      bench.in({{{lanes}, DType::F32, {test::each_row(), heads, head / lanes}, {1, 1, lanes}, {2}},
                lanes});
      bench.out_rows(heads * head, DType::F32, lanes);
      const Tensor y = bench.run({x, scale}, 3)[0];
      const std::map<std::string, Attribute> epsilon = {{"epsilon", 1e-5f}};
      Tensor cut = x;
      cut.shape = {3, heads, head};
      Tensor expected = reference("RMSNormalization", epsilon, {cut, scale})[0];
      expected.shape = x.shape;
      EXPECT_LE(test::distance(y, expected), Close) << heads << " of " << head;
      EXPECT_EQ(reference("RMSNormalization", {{"num_heads", heads}, {"epsilon", 1e-5f}},
                          {x, scale}, "streamtensor")[0],
                expected);
    }
  }
}

/// A matmul of that shape, with group scales if it has groups.
Bench linear(const MatmulShape& shape, DType weights) {
  const bool grouped = shape.group_beats > 0;
  Bench bench(grouped ? "matmul_groups" : "matmul");
  const Trip rows = {Extent::symbol(Sequence), bench.program.max_sequence};
  bench.kernel.sizes = shape.sizes();
  bench.in(shape.x_type(rows, rows_for(weights)));
  if (grouped) bench.in(shape.scale_type(rows));
  for (int64_t s = 0; s < shape.streams; ++s) bench.in(shape.weight_type(rows, weights));
  return bench.out_rows(shape.width(), grouped ? DType::F32 : sums_of(weights),
                        static_cast<int>(shape.out_lanes));
}

Tensor random_i4(Random& random, std::vector<int64_t> shape) {
  Tensor tensor = Tensor::zeros(DType::I4, std::move(shape));
  for (Int4& value : tensor.as<Int4>()) value = Int4(random.between(-8, 7));
  return tensor;
}

/// The operands of that matmul: x, and the rows of w dealt to its streams.
Tensors operands(const MatmulShape& shape, const Tensor& x, const Tensor& w) {
  Tensors all = {x};
  const TransformRecord* deal = find_transform("dealt");
  for (int64_t s = 0; s < shape.streams; ++s)
    all.push_back(deal->apply(w, {shape.rows, shape.streams, s + 1}));
  return all;
}

void check_linear(Random& random, const MatmulShape& shape) {
  const int64_t depth = shape.depth(), width = shape.width();
  ASSERT_TRUE(shape.fits());
  const Tensor x = random_f32(random, {3, depth}), w = random_f32(random, {width, depth});
  Tensor columns = Tensor::zeros(DType::F32, {depth, width});
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t n = 0; n < width; ++n) columns.f32()[k * width + n] = w.f32()[n * depth + k];
  Bench floats = linear(shape, DType::F32);
  EXPECT_LE(test::distance(floats.run(operands(shape, x, w), 3)[0],
                           reference("MatMul", {}, {x, columns})[0]),
            Close)
      << depth << " to " << width;
  const Tensors bytes = {random_i8(random, {3, depth}), random_i8(random, {width, depth})};
  Bench ints = linear(shape, DType::I8);
  EXPECT_EQ(ints.run(operands(shape, bytes[0], bytes[1]), 3),
            reference("MatMulInt8", {}, bytes, "streamtensor"));
  const Tensors nibbles = {bytes[0], random_i4(random, {width, depth})};
  Bench narrow = linear(shape, DType::I4);
  EXPECT_EQ(narrow.run(operands(shape, nibbles[0], nibbles[1]), 3),
            reference("MatMulInt8", {}, nibbles, "streamtensor"));
}

TEST(Kernels, LinearLayers) {
  Random random(4);
  for (const int64_t depth : Widths)
    for (const int64_t width : {1, 5, 16, 33}) check_linear(random, default_matmul(depth, width));
}

TEST(Kernels, LinearLayersOfManyResultsAtOnce) {
  Random random(5);
  for (const int64_t rows : {1, 2, 4}) {
    for (const int64_t streams : {1, 2, 3}) {
      for (const int64_t steps : {1, 2, 7}) {
        MatmulShape shape{.depth_lanes = 4, .depth_beats = 3, .out_lanes = rows * streams};
        shape.rows = rows, shape.streams = streams, shape.steps = steps, shape.tiles = 2;
        check_linear(random, shape);
        if (steps % 2 != 0) continue;
        shape.out_lanes *= 2;
        check_linear(random, shape);
      }
    }
  }
}

TEST(Kernels, LinearLayersWithGroupScalesAreExact) {
  Random random(6);
  for (const int64_t streams : {1, 2, 3}) {
    for (const int64_t group_beats : {1, 2, 3}) {
      for (const int64_t steps : {1, 4}) {
        MatmulShape shape{.depth_lanes = 4, .depth_beats = 6, .out_lanes = 2 * streams};
        shape.rows = 2, shape.streams = streams, shape.steps = steps, shape.tiles = 3;
        shape.group_beats = group_beats;
        Tensor scales = Tensor::zeros(DType::BF16, {shape.width(), shape.groups()});
        for (BFloat16& scale : scales.as<BFloat16>())
          scale = BFloat16(static_cast<double>(random.between(1, 1000)) / 977);
        const Tensor x = random_i8(random, {3, shape.depth()});
        const Tensor w = random_i4(random, {shape.width(), shape.depth()});
        Tensors inputs = operands(shape, x, w);
        inputs.insert(inputs.begin() + 1, scales);
        EXPECT_EQ(linear(shape, DType::I4).run(inputs, 3),
                  reference("MatMulGroups", {}, {x, w, scales}, "streamtensor"))
            << streams << " streams, " << group_beats << " beats, " << steps << " steps";
      }
    }
  }
}

TEST(Kernels, ScalingOfRowsIsExact) {
  Random random(7);
  for (const int64_t width : Widths) {
    const Tensors inputs = {random_f32(random, {4, width}), random_f32(random, {4})};
    Bench bench("scale_rows");
    bench.rows(width).in(row_stream(width)).in(test::value_stream(DType::F32)).out_rows(width);
    EXPECT_EQ(bench.run(inputs, 4), reference("ScaleRows", {}, inputs, "streamtensor")) << width;
  }
}

/// quantize_rows of rows of `width` elements.
Bench quantiser(int64_t width) {
  Bench bench("quantize_rows");
  bench.rows(width).in(row_stream(width)).out_rows(width, DType::I8);
  bench.out(test::value_stream(DType::F32), {sequence()});
  return bench;
}

TEST(Kernels, QuantisationIsExact) {
  Random random(5);
  for (const int64_t width : Widths) {
    for (const float scale : {1e-30f, 1e-3f, 1.0f, 300.0f, 1e30f}) {
      const Tensor x = random_f32(random, {4, width}, scale);
      EXPECT_EQ(quantiser(width).run({x}, 4), reference("QuantizeRows", {}, {x}, "streamtensor"));
    }
    Tensor sums = Tensor::zeros(DType::I32, {4, width});
    for (int32_t& sum : sums.as<int32_t>())
      sum = static_cast<int32_t>(random.between(-5'000'000, 5'000'000));
    const Tensors inputs = {sums, random_f32(random, {4}), random_f32(random, {width})};
    Bench bench("dequantize_rows");
    bench.rows(width).in(row_stream(width, DType::I32)).in(test::value_stream(DType::F32));
    bench.in(test::repeated_stream(width)).out_rows(width);
    EXPECT_EQ(bench.run(inputs, 4), reference("DequantizeRows", {}, inputs, "streamtensor"));
  }
}

TEST(Kernels, QuantisationRoundsHalfAwayFromZeroAndNeverReachesMinus128) {
  const Tensor x = {{1, 7}, std::vector<float>{127.0f, 0.5f, -0.5f, 1.5f, -2.5f, -127.0f, 0.49f}};
  const Tensors out = quantiser(7).run({x}, 1);
  EXPECT_EQ(out[0].as<int8_t>(), (std::vector<int8_t>{127, 1, -1, 2, -3, -127, 0}));
  EXPECT_EQ(out[1].f32(), std::vector<float>{1.0f});
  const Tensor zeros = Tensor::zeros(DType::F32, {1, 7});
  const Tensors nothing = quantiser(7).run({zeros}, 1);
  EXPECT_EQ(nothing[0], Tensor::zeros(DType::I8, {1, 7}));
  EXPECT_EQ(nothing[1].f32()[0], 0.0f);
}

TEST(Kernels, QuantisationOfTinyRowsIsDefined) {
  // 127 divided by a subnormal peak is infinite, and a zero times that is not a number.
  const Tensor x = {{1, 3}, std::vector<float>{1e-40f, 0.0f, -1e-40f}};
  const Tensors out = quantiser(3).run({x}, 1);
  EXPECT_EQ(out[0].as<int8_t>()[0], 127);
  EXPECT_EQ(out[0].as<int8_t>()[2], -127);
  EXPECT_EQ(out, reference("QuantizeRows", {}, {x}, "streamtensor"));
}

TEST(Kernels, HeldRowsAreSentAsOftenAsTheyAreTaken) {
  Random random(13);
  for (const int64_t width : Widths) {
    const Tensor x = random_f32(random, {3, width});
    const Tensors plain = quantiser(width).run({x}, 3);
    Bench several("quantize_rows");
    several.rows(width).in(row_stream(width));
    int64_t port = 0;
    for (const int64_t times : {2, 1, 3}) {
      several.size("Repeat" + std::to_string(port++), times);
      several.out(test::replayed_row_stream(width, times, DType::I8), {sequence(), width});
    }
    several.out(test::value_stream(DType::F32), {sequence()});
    EXPECT_EQ(several.run({x}, 3), (Tensors{plain[0], plain[0], plain[0], plain[1]})) << width;

    const Tensor scale = random_f32(random, {width});
    Bench once("rms_norm"), twice("rms_norm");
    for (Bench* bench : {&once, &twice}) {
      bench->rows(width).real("epsilon", 1e-5f);
      bench->in(row_stream(width)).in(test::repeated_stream(width));
    }
    once.out_rows(width);
    twice.size("Repeat0", 2).size("Repeat1", 1);
    twice.out(test::replayed_row_stream(width, 2), {sequence(), width}).out_rows(width);
    const Tensor y = once.run({x, scale}, 3)[0];
    EXPECT_EQ(twice.run({x, scale}, 3), (Tensors{y, y})) << width;
  }
}

TEST(Kernels, FoldedOperationsFollowEachOther) {
  Random random(17);
  for (const int64_t width : Widths) {
    const Tensors inputs = {random_f32(random, {3, width}), random_f32(random, {width}),
                            random_f32(random, {3, width})};
    Bench bench("map");
    bench.kernel.body = {"subtract", "relu", "multiply"};
    bench.rows(width).out_rows(width);
    bench.in(row_stream(width)).in(test::repeated_stream(width)).in(row_stream(width));
    const Tensor less = reference("Sub", {}, {inputs[0], inputs[1]})[0];
    const Tensor positive = reference("Relu", {}, {less})[0];
    EXPECT_EQ(bench.run(inputs, 3), reference("Mul", {}, {positive, inputs[2]})) << width;
  }
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
                            {"Interleaved", interleaved},
                            {"CL", lanes_for(head / 2)},
                            {"CBeats", head / 2 / lanes_for(head / 2)}};
      const int beat = static_cast<int>(lanes);
      bench.in(row_stream(heads * head, DType::F32, beat)).out_rows(heads * head, DType::F32, beat);
      bench.in(row_stream(head / 2)).in(row_stream(head / 2));
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
      const int64_t window = head == 6 ? repeat : 0;  // 0: all positions
      const std::map<std::string, int64_t> sizes = {
          {"L", lanes},       {"HeadBeats", head / lanes},           {"Heads", heads},
          {"Repeat", repeat}, {"MaxPositions", test::MostPositions}, {"Window", window}};
      Bench keys("cache_rows"), values("cache_rows"), scores("attention_scores"),
          softmax("softmax_rows"), context("attention_context");
      for (Bench* bench : {&keys, &values, &scores, &softmax, &context})
        bench->kernel.sizes = sizes;
      const Extent positions = test::past() + sequence();
      const StreamType cached = test::cache_stream(kv_heads, repeat, head);
      const StreamType scored = test::score_stream(heads);
      const int beat = static_cast<int>(lanes);
      for (Bench* bench : {&keys, &values}) {
        bench->cache(kv_heads, head).size("Heads", kv_heads);
        bench->in(row_stream(kv_heads * head, DType::F32, beat));
        bench->out(cached, {kv_heads, positions, head});
      }
      scores.real("scale", scale).in(row_stream(heads * head, DType::F32, beat)).in(cached);
      scores.out(scored, {heads, sequence(), positions});
      softmax.in(scored).out(scored, {heads, sequence(), positions});
      context.in(scored).in(cached).out_rows(heads * head, DType::F32, beat);
      Tensor past_keys = Tensor::zeros(DType::F32, {1, kv_heads, 0, head}), past_values = past_keys;
      int64_t past = 0;
      for (const int64_t tokens : {3, 1, 1, 4}) {
        const Tensor q = random_f32(random, {tokens, heads * head}, 2.0f);
        const Tensor k = random_f32(random, {tokens, kv_heads * head}, 2.0f);
        const Tensor v = random_f32(random, {tokens, kv_heads * head});
        Node node;
        node.domain = OwnDomain;
        node.attributes = {{"is_causal", int64_t{1}},
                           {"q_num_heads", heads},
                           {"kv_num_heads", kv_heads},
                           {"scale", scale}};
        const Tensor seen = {{}, std::vector<int64_t>{window}};
        const Tensor bq = batched(q), bk = batched(k), bv = batched(v);
        const auto expected = find_op("Attention", OwnDomain)
                                  ->reference(node, {&bq, &bk, &bv, nullptr, &past_keys,
                                                     &past_values, nullptr, &seen});
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

TEST(Kernels, Sample) {
  Random random(11);
  for (const int64_t width : {13, 24, 64}) {
    for (const int64_t most : {1, 2, 7, 40}) {
      for (const int64_t vocabulary : {width, width - 2}) {
        constexpr int64_t Tokens = 5;
        Bench bench(most > 1 ? "sample_rows" : "greedy_rows");
        bench.rows(width).size("Vocabulary", vocabulary).in(row_stream(width));
        // Few values, so that many are equal.
        Tensor logits = random_f32(random, {Tokens, width}, 1.0f);
        for (float& logit : logits.f32()) logit = std::round(4 * logit) / 4;
        Tensor draws = Tensor::zeros(DType::F32, {Tokens, DrawWidth});
        for (int64_t t = 0; t < Tokens; ++t) {
          float* draw = draws.f32().data() + t * DrawWidth;
          draw[0] = 0.5f * static_cast<float>(random.below(3));
          draw[1] = static_cast<float>(random.below(1 << 24)) / (1 << 24);
          draw[2] = static_cast<float>(random.between(1, most));
        }
        Tensors inputs = {logits}, operands = {batched(logits)};
        if (most > 1) {
          bench.size("K", most).size("Draw", DrawWidth).in(row_stream(DrawWidth));
          inputs.push_back(draws);
          operands.push_back(batched(draws));
        }
        bench.out(test::value_stream(DType::I32), {sequence()});
        const Tensor expected = reference("Sample", {{"top_k", most}, {"vocabulary", vocabulary}},
                                          operands, OwnDomain)[0];
        const Tensor ids = bench.run(inputs, Tokens)[0];
        for (int64_t t = 0; t < Tokens; ++t)
          EXPECT_EQ(ids.as<int32_t>()[t], expected.as<int64_t>()[t]) << width << " " << most;
      }
    }
  }
}

}  // namespace
}  // namespace st
