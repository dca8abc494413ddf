// SPDX-License-Identifier: Apache-2.0
// What Yosys maps operators of the shared engine to, against the table of costs
// (core/dataflow/datapath.h): each as a Verilog module, pipelined as HLS would pipeline it, of what
// scale_products.h, round.h and quads.h of the HLS library compute.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "core/dataflow/datapath.h"
#include "tests/resources/yosys.h"

namespace st {
namespace {

constexpr const char* ScaleMultiplyModule = R"(
module operator_(input clk, input [31:0] factor, input [15:0] scale, output reg [31:0] result);
  reg [23:0] a; reg [7:0] b; reg [31:0] product; reg [23:0] kept; reg up;
  reg negative1, negative2, negative3, zero1, zero2, zero3;
  reg signed [9:0] exponent1, exponent2, exponent3;
  always @(posedge clk) begin
    a <= {1'b1, factor[22:0]}; b <= {1'b1, scale[6:0]};
    negative1 <= factor[31] ^ scale[15]; exponent1 <= factor[30:23] + scale[14:7] - 10'd127;
    zero1 <= factor[30:23] == 0 || scale[14:7] == 0;
    product <= a * b; negative2 <= negative1; exponent2 <= exponent1; zero2 <= zero1;
    if (product[31]) begin
      kept <= product[31:8]; up <= product[7] && (product[8] || product[6:0] != 0);
      exponent3 <= exponent2 + 1;
    end else begin
      kept <= product[30:7]; up <= product[6] && (product[7] || product[5:0] != 0);
      exponent3 <= exponent2;
    end
    negative3 <= negative2; zero3 <= zero2 || exponent2 < 1;
    result <= zero3 ? 32'd0 : {negative3, exponent3[7:0], kept[22:0]} + up;
  end
endmodule)";

constexpr const char* ScaleIntModule = R"(
module operator_(input clk, input signed [17:0] value, input [31:0] scale, output reg [31:0] result);
  reg [16:0] magnitude, normal; reg [31:0] scale1; reg [23:0] a; reg [40:0] product;
  reg [23:0] kept; reg up; reg [4:0] top, top2, top3; reg [9:0] exponent4; reg [7:0] exponent2, exponent3;
  reg negative1, negative2, negative3, negative4, zero2, zero3, zero4;
  integer b;
  always @* begin top = 0; for (b = 0; b < 17; b = b + 1) if (magnitude[b]) top = b; end
  always @(posedge clk) begin
    magnitude <= value[17] ? -value : value; negative1 <= value[17]; scale1 <= scale;
    normal <= magnitude << (5'd16 - top); top2 <= top; a <= {1'b1, scale1[22:0]};
    negative2 <= scale1[31] ^ negative1; exponent2 <= scale1[30:23];
    zero2 <= scale1[30:23] == 0 || magnitude == 0;
    product <= normal * a; top3 <= top2; negative3 <= negative2; exponent3 <= exponent2;
    zero3 <= zero2;
    if (product[40]) begin
      kept <= product[40:17]; up <= product[16] && (product[17] || product[15:0] != 0);
      exponent4 <= exponent3 + top3 + 1;
    end else begin
      kept <= product[39:16]; up <= product[15] && (product[16] || product[14:0] != 0);
      exponent4 <= exponent3 + top3;
    end
    negative4 <= negative3; zero4 <= zero3;
    result <= zero4 ? 32'd0 : {negative4, exponent4[7:0], kept[22:0]} + up;
  end
endmodule)";

constexpr const char* FloatToShortModule = R"(
module operator_(input clk, input [31:0] value, output reg signed [7:0] result);
  wire [7:0] exponent = value[30:23];
  wire [7:0] leading = {1'b1, value[22:16]};
  wire [3:0] shift = 8'd133 - exponent;
  reg [7:0] twice; reg large, negative, one;
  wire [8:0] nearest = (twice + 9'd1) >> 1;
  wire [7:0] magnitude = one ? 8'd1 : large || nearest > 127 ? 8'd127 : nearest[7:0];
  always @(posedge clk) begin
    twice <= exponent < 126 ? 8'd0 : leading >> shift; large <= exponent > 133;
    negative <= value[31] | (exponent == 255 && value[22:0] != 0);
    one <= value[30:0] == 31'h3effffff;
    result <= negative ? -magnitude : magnitude;
  end
endmodule)";

/// The chains of a port, and the trees behind them.
constexpr const char* QuadChainsModule = R"(
module low_bits #(parameter First = 0) (input clk, input [31:0] bytes, input [11:0] x, output reg [2:0] sum);
  wire [2:0] p0 = bytes[First+2:First] * x[2:0], p1 = bytes[First+10:First+8] * x[5:3];
  wire [2:0] p2 = bytes[First+18:First+16] * x[8:6], p3 = bytes[First+26:First+24] * x[11:9];
  reg [2:0] p01, p23;
  always @(posedge clk) begin p01 <= p0 + p1; p23 <= p2 + p3; sum <= p01 + p23; end
endmodule
module tree #(parameter Bits = 13) (input clk, input [Bits*16-1:0] all, output reg signed [Bits+3:0] sum);
  reg signed [Bits:0] a [0:7]; reg signed [Bits+1:0] b [0:3]; reg signed [Bits+2:0] c [0:1];
  integer i;
  always @(posedge clk) begin
    for (i = 0; i < 8; i = i + 1)
      a[i] <= $signed(all[2*i*Bits +: Bits]) + $signed(all[(2*i+1)*Bits +: Bits]);
    for (i = 0; i < 4; i = i + 1) b[i] <= a[2*i] + a[2*i+1];
    for (i = 0; i < 2; i = i + 1) c[i] <= b[2*i] + b[2*i+1];
    sum <= c[0] + c[1];
  end
endmodule
module operator_(input clk, input [48*16-1:0] sums, input [32*16-1:0] bytes, input [12*16-1:0] token1,
                 input [4*16-1:0] token0, output reg signed [17:0] d00, d01, d10, d11);
  wire [23*16-1:0] both0, both1; wire [13*16-1:0] first0, first1; wire [15:0] borrowed;
  genvar c;
  generate for (c = 0; c < 16; c = c + 1) begin: chain
    wire [47:0] s = sums[48*c +: 48]; wire [31:0] w = bytes[32*c +: 32]; wire [3:0] x = token0[4*c +: 4];
    wire [2:0] next0, next1; reg odd1, odd;
    low_bits #(0) low0(clk, w, token1[12*c +: 12], next0);
    low_bits #(4) low1(clk, w, token1[12*c +: 12], next1);
    always @(posedge clk) begin
      odd1 <= (w[4] & x[0]) ^ (w[12] & x[1]) ^ (w[20] & x[2]) ^ (w[28] & x[3]); odd <= odd1;
    end
    wire [22:0] row0 = {s[22] ^ odd, s[21:0]};
    assign both0[23*c +: 23] = row0; assign both1[23*c +: 23] = s[44:22]; assign borrowed[c] = row0[22];
    assign first0[13*c +: 13] = {row0[12:10] - next0, row0[9:0]};
    assign first1[13*c +: 13] = {s[34:32] - next1, s[31:22]};
  end endgenerate
  wire signed [26:0] all0, all1; wire signed [16:0] of0, of1;
  tree #(23) tree_both0(clk, both0, all0); tree #(23) tree_both1(clk, both1, all1);
  tree #(13) tree_first0(clk, first0, of0); tree #(13) tree_first1(clk, first1, of1);
  reg [4:0] n1, n2, n3, n4;
  wire [4:0] count = borrowed[0] + borrowed[1] + borrowed[2] + borrowed[3] + borrowed[4] + borrowed[5] +
    borrowed[6] + borrowed[7] + borrowed[8] + borrowed[9] + borrowed[10] + borrowed[11] + borrowed[12] +
    borrowed[13] + borrowed[14] + borrowed[15];
  always @(posedge clk) begin
    n1 <= count; n2 <= n1; n3 <= n2; n4 <= n3;
    d00 <= of0; d01 <= (all0 - of0) >>> 10; d10 <= of1 + $signed({1'b0, n4}); d11 <= (all1 - of1) >>> 10;
  end
endmodule)";

struct Counts {
  int64_t lut = 0, ff = 0, dsp = 0;
};

Counts mapped(const std::string& verilog) {
  std::istringstream file(test::yosys_counts(verilog,
                                             "read_verilog design.v; synth_xilinx -family xcup "
                                             "-noiopad -noclkbuf -flatten -top operator_"));
  Counts counts;
  std::string line, what;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    int64_t count = 0;
    if (!(words >> what >> count)) continue;
    // A shift register is a LUT, and a flip-flop behind it is counted by itself.
    if (what.starts_with("LUT") || what.starts_with("SRL")) counts.lut += count;
    if (what.starts_with("FD")) counts.ff += count;
    if (what.starts_with("DSP")) counts.dsp += count;
  }
  return counts;
}

TEST(YosysOperators, TakeWhatTheTableSays) {
  if (!test::has_yosys()) GTEST_SKIP() << "SKIPPED: yosys is not installed";
  struct Case {
    Operator op;
    const char* verilog;
    int64_t times;  ///< in the module
  };
  const Case cases[] = {{Operator::ScaleMultiply, ScaleMultiplyModule, 1},
                        {Operator::ScaleInt, ScaleIntModule, 1},
                        {Operator::FloatToShort, FloatToShortModule, 1},
                        {Operator::QuadChain, QuadChainsModule, 16}};
  for (const Case& each : cases) {
    const OperatorCost& cost = cost_of(each.op);
    const Counts counts = mapped(each.verilog);
    std::cout << cost.name << ": " << counts.lut << " LUT, " << counts.ff << " FF, " << counts.dsp
              << " DSP\n";
    // Of other releases of Yosys, too.
    EXPECT_NEAR(static_cast<double>(counts.lut), static_cast<double>(each.times * cost.lut),
                0.1 * static_cast<double>(counts.lut))
        << cost.name;
    EXPECT_LE(counts.ff, (each.times * cost.ff) * 11 / 10) << cost.name;
    EXPECT_EQ(counts.dsp, each.times * cost.dsp) << cost.name;
  }
}

}  // namespace
}  // namespace st
