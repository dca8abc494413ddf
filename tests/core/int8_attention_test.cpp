// SPDX-License-Identifier: Apache-2.0
// Attention over int8 keys and values: the reference against the definition written down again, and
// the kernels against the reference, bit for bit.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "core/graph/attention.h"
#include "core/graph/quantised_value.h"
#include "core/passes/quantise_caches.h"
#include "tests/core/bench.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::Bench;
using test::Random;
using test::random_f32;
using test::row_stream;
using test::sequence;
using test::Tensors;

/// Operands of a causal, grouped Attention behind `past` positions.
struct Problem {
  int64_t kv_heads = 2, repeat = 2, head = 6, past = 3, tokens = 2, window = 0;
  float scale = 0.3f;
  Tensor q, k, v, past_keys, past_values;

  [[nodiscard]] int64_t heads() const { return kv_heads * repeat; }
  void draw(Random& random) {
    q = random_f32(random, {1, tokens, heads() * head}, 2.0f);
    k = random_f32(random, {1, tokens, kv_heads * head}, 2.0f);
    v = random_f32(random, {1, tokens, kv_heads * head});
    past_keys = random_f32(random, {1, kv_heads, past, head}, 2.0f);
    past_values = random_f32(random, {1, kv_heads, past, head});
  }
  [[nodiscard]] Node node() const {
    Node made;
    made.op = "Attention";
    made.domain = OwnDomain;
    made.attributes = {{"is_causal", int64_t{1}},
                       {"q_num_heads", heads()},
                       {"kv_num_heads", kv_heads},
                       {"scale", scale},
                       {AttentionCache, std::string(Int8Cache)}};
    return made;
  }
  [[nodiscard]] Result<Tensors> reference() const {
    const Tensor seen = {{}, std::vector<int64_t>{window}};
    return find_op("Attention", OwnDomain)
        ->reference(node(), {&q, &k, &v, nullptr, &past_keys, &past_values, nullptr, &seen});
  }
  /// Row `j` of a key or value head, cached or new.
  [[nodiscard]] const float* row(const Tensor& cached, const Tensor& fresh, int64_t g,
                                 int64_t j) const {
    if (j < past) return cached.f32().data() + (g * past + j) * head;
    return fresh.f32().data() + ((j - past) * kv_heads + g) * head;
  }
};

/// The float of a float's upper 16 bits, rounded to even.
float nearest_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rest = bits & 0xffffU, even = bits >> 16 & 1U;
  const uint32_t up = rest > 0x8000U || (rest == 0x8000U && even == 1) ? 1 : 0;
  return std::bit_cast<float>(((bits >> 16) + up) << 16);
}

int64_t nearest_integer(float x, float inverse) {
  return std::clamp<int64_t>(std::llround(static_cast<double>(x * inverse)), -127, 127);
}

/// The definition, one element of the result at a time.
float element(const Problem& p, int64_t t, int64_t h, int64_t d) {
  const int64_t g = h / p.repeat, end = p.past + t + 1;
  const int64_t first = p.window > 0 ? std::max<int64_t>(0, end - p.window) : 0;
  const auto peak = [&](const float* row) {
    float most = 0;
    for (int64_t i = 0; i < p.head; ++i) most = std::fmax(most, std::fabs(row[i]));
    return most;
  };
  const auto kept_scale = [&](const float* row) { return nearest_bfloat16(peak(row) / 127.0f); };
  const auto kept = [&](const float* row, int64_t i) {
    const float scale = kept_scale(row);
    return nearest_integer(row[i], scale == 0 ? 0.0f : 1.0f / scale);
  };
  const float* query = p.q.f32().data() + (t * p.heads() + h) * p.head;
  const float most = peak(query), factor = most / 127.0f * p.scale;
  std::vector<float> score;
  float m = -INFINITY, big = 0;
  for (int64_t j = first; j < end; ++j) {
    const float* key = p.row(p.past_keys, p.k, g, j);
    int64_t dot = 0;
    for (int64_t i = 0; i < p.head; ++i)
      dot += nearest_integer(query[i], most == 0 ? 0.0f : 127.0f / most) * kept(key, i);
    score.push_back(static_cast<float>(dot) * (factor * kept_scale(key)));
    m = std::fmax(m, score.back());
    big = std::fmax(big, kept_scale(p.row(p.past_values, p.v, g, j)));
  }
  int64_t total = 0, sum = 0;
  for (int64_t j = end - 1; j >= first; --j) {  // any order
    const float* value = p.row(p.past_values, p.v, g, j);
    const float e = expf(score[static_cast<size_t>(j - first)] - m);
    total += (static_cast<int64_t>(e * 65534.0f) + 1) / 2;
    const float inverse = big == 0 ? 0.0f : 65534.0f / big;
    sum += (static_cast<int64_t>(e * (kept_scale(value) * inverse)) + 1) / 2 * kept(value, d);
  }
  return static_cast<float>(sum) * (big / static_cast<float>(total));
}

TEST(Int8Attention, TheReferenceIsItsDefinition) {
  Random random(1);
  for (int turn = 0; turn < 60; ++turn) {
    Problem p;
    p.kv_heads = random.between(1, 3), p.repeat = random.between(1, 3);
    p.head = random.between(1, 9), p.past = random.between(0, 6);
    p.tokens = random.between(1, 4), p.window = random.between(0, 5);
    p.draw(random);
    if (turn % 4 == 0) std::fill(p.v.f32().begin(), p.v.f32().end(), 0.0f);
    if (turn % 8 == 0) std::fill(p.k.f32().begin(), p.k.f32().end(), 0.0f);
    const auto made = p.reference();
    ASSERT_TRUE(made.ok());
    ASSERT_EQ((*made)[0].shape, p.q.shape);
    for (int64_t i = 0; i < p.q.size(); ++i)
      ASSERT_EQ((*made)[0].f32()[static_cast<size_t>(i)],
                element(p, i / p.head / p.heads(), i / p.head % p.heads(), i % p.head))
          << "turn " << turn << " element " << i;
    // What is handed on are the rows as they were.
    const int64_t last = p.past + p.tokens - 1;
    const float* row = p.row(p.past_keys, p.k, p.kv_heads - 1, last);
    const std::vector<float>& keys = (*made)[1].f32();
    EXPECT_TRUE(std::equal(row, row + p.head, keys.end() - p.head));
  }
}

TEST(Int8Attention, IsNearThatOfFloats) {
  Random random(2);
  Problem p;
  p.head = 64, p.past = 40;
  p.draw(random);
  Node plain = p.node();
  plain.attributes.erase(AttentionCache);
  const auto exact =
      find_op("Attention", OwnDomain)
          ->reference(plain, {&p.q, &p.k, &p.v, nullptr, &p.past_keys, &p.past_values});
  const auto made = p.reference();
  ASSERT_TRUE(exact.ok() && made.ok());
  EXPECT_LE(test::distance((*made)[0], (*exact)[0]), 0.03);
}

TEST(Int8Attention, WhatIsBeforeTheWindowHasNoPart) {
  Random random(3);
  Problem p;
  p.past = 6, p.tokens = 1, p.window = 3;
  p.draw(random);
  const auto before = p.reference();
  for (int64_t g = 0; g < p.kv_heads; ++g) {
    for (int64_t i = 0; i < 4 * p.head; ++i) {
      p.past_keys.f32()[static_cast<size_t>(g * p.past * p.head + i)] = NAN;
      p.past_values.f32()[static_cast<size_t>(g * p.past * p.head + i)] = 1e30f;
    }
  }
  const auto after = p.reference();
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ((*before)[0], (*after)[0]);
}

TEST(Int8Attention, RefusesWhatItDoesNotHave) {
  Random random(4);
  Problem p;
  p.draw(random);
  const auto refused = [&](const std::map<std::string, Attribute>& attributes, const Tensor* mask) {
    Node node = p.node();
    for (const auto& [name, value] : attributes) node.attributes[name] = value;
    const auto made = find_op("Attention", OwnDomain)
                          ->reference(node, {&p.q, &p.k, &p.v, mask, &p.past_keys, &p.past_values});
    return !made.ok() && made.errors()[0].code == "E0306";
  };
  const Tensor mask = Tensor::zeros(DType::F32, {1, 1});
  EXPECT_FALSE(refused({}, nullptr));
  EXPECT_TRUE(refused({}, &mask));
  EXPECT_TRUE(refused({{"is_causal", int64_t{0}}}, nullptr));
  EXPECT_TRUE(refused({{"softcap", 2.0f}}, nullptr));
  p.window = -1;
  EXPECT_FALSE(p.reference().ok());
}

/// Types of streams beside those of bench.h: of a value for each head, and of scales in a cache.
StreamType head_stream(int64_t heads, DType dtype) {
  return {{{1, 1}, dtype, {test::each_row(), heads}, {1, 1}, {0, 1}}, 1};
}
StreamType scale_stream(int64_t heads, int64_t repeat) {
  return {{{1, 1},
           DType::BF16,
           {test::each_row(), heads, repeat, test::each_position()},
           {1, 1, 1, 1},
           {1, 3}},
          1};
}
StreamType with_type(StreamType type, DType dtype) {
  type.itensor.dtype = dtype;
  return type;
}

/// The kernels of a node, joined by hand.
struct Chain {
  explicit Chain(const Problem& p) {
    const int64_t lanes = lanes_for(p.head), width = p.kv_heads * p.head;
    const int beat = static_cast<int>(lanes);
    const std::map<std::string, int64_t> sizes = {
        {"L", lanes},         {"HeadBeats", p.head / lanes},         {"Heads", p.kv_heads},
        {"Repeat", p.repeat}, {"MaxPositions", test::MostPositions}, {"Window", p.window}};
    for (Bench* bench : {&query, &key, &value, &keys, &values, &key_scales, &value_scales, &scores,
                         &weights, &context})
      bench->kernel.sizes = sizes;
    for (Bench* bench : {&query, &scores, &weights, &context}) bench->size("Heads", p.heads());
    const auto quantised = [&](Bench& bench, int64_t heads, DType scale) {
      bench.in(row_stream(heads * p.head, DType::F32, beat));
      bench.out_rows(heads * p.head, DType::I8, beat);
      bench.out(head_stream(heads, scale), {sequence(), heads});
    };
    quantised(query, p.heads(), DType::F32);
    quantised(key, p.kv_heads, DType::BF16);
    quantised(value, p.kv_heads, DType::BF16);
    const Extent positions = test::past() + sequence();
    const StreamType cached =
        with_type(test::cache_stream(p.kv_heads, p.repeat, p.head), DType::I8);
    const StreamType scales = scale_stream(p.kv_heads, p.repeat);
    const StreamType scored = test::score_stream(p.heads());
    const std::vector<Extent> score_shape = {p.heads(), sequence(), positions};
    for (Bench* bench : {&keys, &values}) {
      bench->cache(p.kv_heads, p.head).in(row_stream(width, DType::I8, beat));
      bench->program.memories[0].dtype = DType::I8;
      bench->out(cached, {p.kv_heads, positions, p.head});
    }
    for (Bench* bench : {&key_scales, &value_scales}) {
      bench->cache(p.kv_heads, 1).in(head_stream(p.kv_heads, DType::BF16));
      Memory& memory = bench->program.memories[0];
      memory.dtype = DType::BF16, memory.beats = test::MostPositions, memory.rows = p.kv_heads;
      bench->out(scales, {p.kv_heads, positions});
    }
    scores.real("scale", p.scale).in(row_stream(p.heads() * p.head, DType::I8, beat));
    scores.in(head_stream(p.heads(), DType::F32)).in(cached).in(scales).out(scored, score_shape);
    weights.in(scored).in(scales).out(with_type(scored, DType::I16), score_shape);
    weights.out(head_stream(p.heads(), DType::F32), {sequence(), p.heads()});
    context.in(with_type(scored, DType::I16)).in(cached).in(head_stream(p.heads(), DType::F32));
    context.out_rows(p.heads() * p.head, DType::F32, beat);
  }

  Tensor run(const Tensor& q, const Tensor& k, const Tensor& v, int64_t tokens, int64_t past) {
    const Tensors query_heads = query.run({q}, tokens, past);
    const Tensors key_heads = key.run({k}, tokens, past),
                  value_heads = value.run({v}, tokens, past);
    const Tensor all_keys = keys.run({key_heads[0]}, tokens, past)[0];
    const Tensor all_values = values.run({value_heads[0]}, tokens, past)[0];
    const Tensor key_units = key_scales.run({key_heads[1]}, tokens, past)[0];
    const Tensor value_units = value_scales.run({value_heads[1]}, tokens, past)[0];
    const Tensor score =
        scores.run({query_heads[0], query_heads[1], all_keys, key_units}, tokens, past)[0];
    const Tensors weight = weights.run({score, value_units}, tokens, past);
    return context.run({weight[0], all_values, weight[1]}, tokens, past)[0];
  }

  Bench query{"quantize_heads"}, key{"quantize_heads"}, value{"quantize_heads"}, keys{"cache_rows"},
      values{"cache_rows"}, key_scales{"cache_scales"}, value_scales{"cache_scales"},
      scores{"attention_scores_int8"}, weights{"attention_weights_int8"},
      context{"attention_context_int8"};
};

TEST(Int8Attention, KernelsComputeTheReferenceBitForBit) {
  Random random(5);
  for (const int64_t head : {1, 6, 16, 24}) {
    for (const int64_t repeat : {1, 2, 3}) {
      Problem p;
      p.head = head, p.repeat = repeat, p.past = 0, p.window = head == 6 ? repeat : 0;
      Chain chain(p);
      p.past_keys = Tensor::zeros(DType::F32, {1, p.kv_heads, 0, head});
      p.past_values = p.past_keys;
      for (const int64_t tokens : {3, 1, 1, 4}) {
        Problem now = p;
        now.tokens = tokens;
        now.draw(random);
        now.past_keys = p.past_keys, now.past_values = p.past_values;
        const auto expected = now.reference();
        ASSERT_TRUE(expected.ok());
        Tensor q = now.q, k = now.k, v = now.v;
        for (Tensor* t : {&q, &k, &v}) t->shape.erase(t->shape.begin());
        Tensor y = (*expected)[0];
        y.shape.erase(y.shape.begin());
        EXPECT_EQ(chain.run(q, k, v, tokens, p.past), y) << head << " past " << p.past;
        p.past_keys = (*expected)[1], p.past_values = (*expected)[2];
        p.past += tokens;
      }
    }
  }
}

TEST(Int8Attention, ThePassChangesAttentionsAlone) {
  Graph graph;
  graph.nodes.resize(2);
  graph.nodes[0].op = "Attention";
  graph.nodes[1].op = "MatMul";
  quantise_caches(graph, "f32");
  EXPECT_EQ(kv_cache_of(graph), "f32");
  EXPECT_EQ(graph.nodes[0].domain, "");
  quantise_caches(graph, Int8Cache);
  EXPECT_EQ(kv_cache_of(graph), "int8");
  EXPECT_TRUE(has_int8_cache(graph.nodes[0]));
  EXPECT_EQ(graph.nodes[1].domain, "");
  EXPECT_TRUE(graph.nodes[1].attributes.empty());
}

}  // namespace
}  // namespace st
