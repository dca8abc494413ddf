// SPDX-License-Identifier: Apache-2.0
// The text of emitted converters, and of the index expressions in it.
#include <gtest/gtest.h>

#include "backends/hls/emit_group.h"
#include "backends/hls/index_sum.h"

namespace st::hls {
namespace {

Kernel converter(const StreamType& from, const StreamType& to, int64_t window) {
  Kernel kernel;
  kernel.name = "widen";
  kernel.kind = "convert";
  kernel.inputs = {{0, from, -1}};
  kernel.outputs = {{0, to, -1}};
  kernel.sizes["Window"] = window;
  return kernel;
}

const Trip Rows(Extent::symbol(Sequence), 64);

TEST(ConverterText, ALiveRangeBufferIsOneShortFunction) {
  const StreamType fours = {{{1, 4}, DType::F32, {Rows, 3}, {1, 4}, {0, 1}}, 4};
  const StreamType sixes = {{{1, 6}, DType::F32, {Rows, 2}, {1, 6}, {0, 1}}, 2};
  EXPECT_EQ(emit_converter(converter(fours, sixes, 8)),
            R"(// itensor<1x4xf32, iter_space: [sequence<=64,3]*[1,4], iter_map: (d0,d1)->(d0,d1)>
// to itensor<1x6xf32, iter_space: [sequence<=64,2]*[1,6], iter_map: (d0,d1)->(d0,d1)>
// through one buffer of 8 of the 12 elements inside 1 shared loop; ping-pong buffers would hold 24.
static void widen(hls::stream<vec<float, 4>>& in, hls::stream<vec<float, 2>>& out, int tokens) {
  for (int d0 = 0; d0 < tokens; ++d0) {
#pragma HLS LOOP_TRIPCOUNT min=1 max=64
    float buffer[8];
#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic factor=4
    int received = 0;  // tokens
    int write = 0;     // cell of the next element
    for (int d1 = 0; d1 < 2; ++d1) {
      const int last = (d1 * 6 + 1) / 4 + 1;
      for (; received <= last; ++received) {
#pragma HLS PIPELINE II=1
        const vec<float, 4> beat_in = in.read();
        for (int lane = 0; lane < 4; ++lane) {
#pragma HLS UNROLL
          buffer[write + lane] = beat_in[lane];
        }
        write = write == 4 ? 0 : write + 4;
      }
      for (int beat = 0; beat < 3; ++beat) {
#pragma HLS PIPELINE II=1
        vec<float, 2> beat_out;
        for (int lane = 0; lane < 2; ++lane) {
#pragma HLS UNROLL
          beat_out[lane] = buffer[(d1 * 6 + beat * 2 + lane) % 8];
        }
        out.write(beat_out);
      }
    }
  }
}
)");
}

TEST(ConverterText, TheChosenMemoryIsBound) {
  const StreamType fours = {{{1, 4}, DType::F32, {Rows, 3}, {1, 4}, {0, 1}}, 4};
  const StreamType sixes = {{{1, 6}, DType::F32, {Rows, 2}, {1, 6}, {0, 1}}, 2};
  const StreamType ones = {{{1, 6}, DType::F32, {Rows, 2}, {1, 6}, {0, 1}}, 1};
  const auto binding = [](Kernel kernel, MemoryKind kind) {
    kernel.storage["buffer"] = kind;
    const std::string text = emit_converter(kernel);
    const size_t at = text.find("#pragma HLS BIND_STORAGE");
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
  };
  // Two lanes may come from one bank.
  EXPECT_EQ(binding(converter(fours, sixes, 8), MemoryKind::Bram),
            "#pragma HLS BIND_STORAGE variable=buffer type=ram_2p impl=bram");
  EXPECT_EQ(binding(converter(fours, ones, 0), MemoryKind::Uram),
            "#pragma HLS BIND_STORAGE variable=buffer type=ram_s2p impl=uram");
}

TEST(ConverterText, RepeatsOfTheSourceAreDropped) {
  const StreamType twice = {{{1, 4}, DType::I8, {Rows, 2, 3, 2}, {1, 1, 4, 1}, {0, 2}}, 4};
  const StreamType once = {{{1, 12}, DType::I8, {Rows}, {1}, {0, Zero}}, 1};
  EXPECT_EQ(
      emit_converter(converter(twice, once, 12)),
      R"(// itensor<1x4xi8, iter_space: [sequence<=64,2,3,2]*[1,1,4,1], iter_map: (d0,d1,d2,d3)->(d0,d2)>
// to itensor<1x12xi8, iter_space: [sequence<=64]*[1], iter_map: (d0)->(d0,0)>
// through one buffer of 12 of the 12 elements inside 1 shared loop; ping-pong buffers would hold 24.
static void widen(hls::stream<vec<int8_t, 4>>& in, hls::stream<vec<int8_t, 1>>& out, int tokens) {
  for (int d0 = 0; d0 < tokens; ++d0) {
#pragma HLS LOOP_TRIPCOUNT min=1 max=64
    int8_t buffer[12];
#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic factor=4
    int received = 0;  // tokens
    int write = 0;     // cell of the next element
    for (; received < 6; ++received) {
#pragma HLS PIPELINE II=1
      const bool fresh = received % 2 == 0;
      const vec<int8_t, 4> beat_in = in.read();
      if (fresh) {
        for (int lane = 0; lane < 4; ++lane) {
#pragma HLS UNROLL
          buffer[write + lane] = beat_in[lane];
        }
        write += 4;
      }
    }
    for (; received < 12; ++received) {
#pragma HLS PIPELINE II=1
      in.read();
    }
    for (int beat = 0; beat < 12; ++beat) {
#pragma HLS PIPELINE II=1
      vec<int8_t, 1> beat_out;
      beat_out[0] = buffer[beat];
      out.write(beat_out);
    }
  }
}
)");
}

TEST(IndexSum, OmitsWhatDoesNothing) {
  const IndexSum d1 = IndexSum::variable("d1", 3, 8), lane = IndexSum::variable("lane", 7);
  EXPECT_EQ(IndexSum::variable("d0", 0).text(), "0");
  EXPECT_EQ((d1 + lane).text(), "d1 * 8 + lane");
  EXPECT_EQ((d1 + lane).divided(8).text(), "d1");
  EXPECT_EQ((d1 + lane).modulo(8).text(), "lane");
  EXPECT_EQ((d1 + lane).divided(4).text(), "d1 * 2 + lane / 4");
  EXPECT_EQ((d1 + lane + IndexSum(1)).divided(8).text(), "d1 + (lane + 1) / 8");
  EXPECT_EQ((d1 + lane).modulo(3).text(), "(d1 * 2 + lane) % 3");
  EXPECT_EQ((d1 + d1).text(), "d1 * 16");
  EXPECT_EQ(IndexSum(5).divided(2).text(), "2");
  EXPECT_EQ((d1 + IndexSum(9)).max(), 33);
}

}  // namespace
}  // namespace st::hls
