// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "streams.h"

using namespace test;

namespace {

constexpr int L = 4, Beats = 3, Tokens = 5, Count = L * Beats * Tokens;
using Stream = hls::stream<st::vec<float, L>>;

void expect_pairs(void (*kernel)(Stream&, Stream&, Stream&, int), float (*plain)(float, float)) {
  const std::vector<float> a = random_floats(Count, 1), b = random_floats(Count, 2);
  Wide<float, L> left, right, out;
  feed(left, a);
  feed(right, b);
  kernel(left, right, out, Tokens);
  const std::vector<float> result = drain(out);
  ASSERT_EQ(result.size(), a.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(result[i], plain(a[i], b[i]));
}

void expect_values(void (*kernel)(Stream&, Stream&, int), double (*plain)(double)) {
  std::vector<float> x = random_floats(Count, 3);
  x[0] = 0.0f;
  x[1] = -9.0f;
  x[2] = 9.0f;
  Wide<float, L> in, out;
  feed(in, x);
  kernel(in, out, Tokens);
  const std::vector<float> result = drain(out);
  ASSERT_EQ(result.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(result[i], plain(static_cast<double>(x[i])), 2e-6) << x[i];
  }
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST(Elementwise, Pairs) {
  expect_pairs(st::add<L, Beats>, [](float a, float b) { return a + b; });
  expect_pairs(st::subtract<L, Beats>, [](float a, float b) { return a - b; });
  expect_pairs(st::multiply<L, Beats>, [](float a, float b) { return a * b; });
  expect_pairs(st::divide<L, Beats>, [](float a, float b) { return a / b; });
}

TEST(Elementwise, Values) {
  expect_values(st::gelu_erf<L, Beats>,
                [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); });
  expect_values(st::gelu_tanh<L, Beats>, [](double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979) * (x + 0.044715 * x * x * x)));
  });
  expect_values(st::silu<L, Beats>, [](double x) { return x * sigma(x); });
  expect_values(st::sigmoid<L, Beats>, sigma);
  expect_values(st::tanh_act<L, Beats>, [](double x) { return std::tanh(x); });
  expect_values(st::relu<L, Beats>, [](double x) { return x > 0 ? x : 0; });
}

TEST(Map, ChainsOperationsInOrder) {
  const std::vector<float> a = random_floats(Count, 6), b = random_floats(Count, 7),
                           c = random_floats(Count, 8);
  Wide<float, L> first, second, third, out;
  feed(first, a);
  feed(second, b);
  feed(third, c);
  TASK(st::map<L, Beats, st::op::subtract, st::op::gelu_tanh, st::op::divide, st::op::relu>)
  (out, Tokens, first, second, third);
  const std::vector<float> result = drain(out);
  ASSERT_EQ(result.size(), a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float gelu = st::op::gelu_tanh::apply(a[i] - b[i]);
    EXPECT_EQ(result[i], gelu / c[i] > 0 ? gelu / c[i] : 0.0f);
  }
}

TEST(Map, OneOperationIsItsKernel) {
  const std::vector<float> x = random_floats(Count, 9);
  Wide<float, L> in[2], out[2];
  for (auto& stream : in) feed(stream, x);
  st::silu<L, Beats>(in[0], out[0], Tokens);
  TASK(st::map<L, Beats, st::op::silu>)(out[1], Tokens, in[1]);
  EXPECT_EQ(drain(out[1]), drain(out[0]));
}

TEST(Map, ReadsItsInputsInOrderAndThenWrites) {
  hls::stream<st::vec<float, 1>, 1> a, b, c, out;
  TASK(st::map<1, 1, st::op::add, st::op::multiply>)(out, 1, a, b, c);
  c.write({{10.0f}});
  b.write({{2.0f}});
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(b.size() + c.size(), 2u);  // still waiting for the first one
  a.write({{1.0f}});
  EXPECT_EQ(out.read()[0], 30.0f);
}

TEST(Fork, EveryOutputGetsEveryBeat) {
  const std::vector<float> x = random_floats(Count, 4);
  Wide<float, L> in, a;
  hls::stream<st::vec<float, L>, 100> b, c;
  feed(in, x);
  TASK(st::fork<float, L, Beats>)(in, Tokens, a, b, c);
  EXPECT_EQ(drain(a), x);
  EXPECT_EQ(drain(b), x);
  EXPECT_EQ(drain(c), x);
}

TEST(Fork, SplitCutsRows) {
  const std::vector<float> x = random_floats(Count, 5);
  Wide<float, L> in, a, b;
  feed(in, x);
  TASK(st::split<float, L, 2, 1>)(in, Tokens, a, b);
  const std::vector<float> first = drain(a), second = drain(b);
  ASSERT_EQ(first.size(), 2u * L * Tokens);
  ASSERT_EQ(second.size(), 1u * L * Tokens);
  for (int t = 0; t < Tokens; ++t) {
    for (int i = 0; i < 3 * L; ++i) {
      const float expected = x[static_cast<std::size_t>(t * 3 * L + i)];
      EXPECT_EQ(i < 2 * L ? first[static_cast<std::size_t>(t * 2 * L + i)]
                          : second[static_cast<std::size_t>(t * L + i - 2 * L)],
                expected);
    }
  }
}
