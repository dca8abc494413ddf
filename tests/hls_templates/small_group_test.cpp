// SPDX-License-Identifier: Apache-2.0
/// A group as it would be emitted, built twice: with concurrent tasks and bounded FIFOs, and as
/// plain calls. Both have to give the values that the plain loops below give.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "streamtensor/kernels.h"
using st::vec;

static void load_params0(const ap_uint<512>* params0, hls::stream<vec<float, 16>>& weight,
                         hls::stream<vec<float, 8>>& bias, int tokens) {
  for (int t = 0; t < tokens; ++t) {
    for (int n = 0; n < 2; ++n) {
      st::load_segment<float, 16, 16>(params0, n * 16, weight);
      st::load_segment<float, 8, 1>(params0, 32 + n, bias);
    }
  }
}

static void replay(hls::stream<vec<float, 16>>& in, hls::stream<vec<float, 16>>& out, int tokens) {
  for (int t = 0; t < tokens; ++t) {
    vec<float, 16> row[2];
    for (int b = 0; b < 2; ++b) row[b] = in.read();
    for (int i = 0; i < 4; ++i) out.write(row[i % 2]);
  }
}

// Rows of 32 values; y = relu(x W' + bias) in rows of 16, and x itself is passed on.
extern "C" void group0(const ap_uint<512>* params0, const ap_uint<512>* input, ap_uint<512>* output,
                       ap_uint<512>* passed, int tokens) {
#pragma HLS INTERFACE mode = m_axi port = params0 bundle = params0 offset = slave
#pragma HLS INTERFACE mode = s_axilite port = return
#pragma HLS DATAFLOW
  hls::stream<vec<float, 16>, 2> x("x");
  TASK(st::load_rows<float, 16, 2>)(input, x, tokens);
  hls::stream<vec<float, 16>, 2> weight("weight");
  hls::stream<vec<float, 8>, 2> bias("bias");
  TASK(load_params0)(params0, weight, bias, tokens);
  hls::stream<vec<float, 16>, 2> here("here");
  hls::stream<vec<float, 16>, 4> skip("skip");
  TASK(st::fork<float, 16, 2>)(x, tokens, here, skip);
  hls::stream<vec<float, 16>, 2> again("again");
  TASK(replay)(here, again, tokens);
  hls::stream<vec<float, 8>, 2> product("product");
  TASK(st::matmul<float, float, float, 16, 2, 8, 1, 8, 2>)(again, product, tokens, weight);
  hls::stream<vec<float, 8>, 2> sum("sum");
  TASK(st::add<8, 2>)(product, bias, sum, tokens);
  hls::stream<vec<float, 8>, 2> y("y");
  TASK(st::relu<8, 2>)(sum, y, tokens);
  TASK(st::store_rows<float, 8, 2>)(y, output, tokens);
  TASK(st::store_rows<float, 16, 2>)(skip, passed, tokens);
}

namespace {

// Small integers: every order of additions gives the same float.
float small(int i) { return static_cast<float>((i * 37 + i / 7) % 17 - 8); }

void put(ap_uint<512>& word, int slot, float value) {
  std::memcpy(reinterpret_cast<char*>(&word) + slot * 4, &value, 4);
}
float get(const ap_uint<512>& word, int slot) {
  float value;
  std::memcpy(&value, reinterpret_cast<const char*>(&word) + slot * 4, 4);
  return value;
}

}  // namespace

TEST(SmallGroup, GivesTheValuesOfPlainLoops) {
  constexpr int Tokens = 7;
  // Weight (n, k) = small(n * 32 + k) and bias n = small(n + 5); beats are (n-beat, k-beat,
  // n-lane).
  std::vector<ap_uint<512>> params(34), input(Tokens * 2), output(Tokens), passed(Tokens * 2);
  for (int n = 0; n < 16; ++n) {
    for (int k = 0; k < 32; ++k) {
      const int word = n / 8 * 16 + k / 16 * 8 + n % 8;
      put(params[static_cast<std::size_t>(word)], k % 16, small(n * 32 + k));
    }
    put(params[static_cast<std::size_t>(32 + n / 8)], n % 8, small(n + 5));
  }
  for (int i = 0; i < Tokens * 32; ++i)
    put(input[static_cast<std::size_t>(i / 16)], i % 16, small(3 * i));

  group0(params.data(), input.data(), output.data(), passed.data(), Tokens);

  for (int t = 0; t < Tokens; ++t) {
    for (int n = 0; n < 16; ++n) {
      float sum = small(n + 5);
      for (int k = 0; k < 32; ++k) sum += small(3 * (t * 32 + k)) * small(n * 32 + k);
      EXPECT_EQ(get(output[static_cast<std::size_t>(t)], n), sum > 0 ? sum : 0) << t << ' ' << n;
    }
  }
  EXPECT_EQ(std::memcmp(passed.data(), input.data(), input.size() * 64), 0);
}
