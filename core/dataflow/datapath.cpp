// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/datapath.h"

#include <bit>

namespace st {

const std::vector<OperatorCost>& operator_costs() {
  static const std::vector<OperatorCost> costs = {
      {"float add", 7, 198, 318, 2, "csynth, Vitis HLS 2023.2, xcu280 at 300 MHz: fadd fulldsp"},
      {"float multiply", 4, 78, 143, 3, "csynth, Vitis HLS 2023.2, xcu280 at 300 MHz: fmul maxdsp"},
      {"float by bfloat16", 4, 56, 149, 1,
       "Yosys, synth_xilinx for UltraScale+ (tests/resources/yosys_operators_test.cpp)"},
      {"integer by float", 5, 123, 221, 1,
       "Yosys, synth_xilinx for UltraScale+ (tests/resources/yosys_operators_test.cpp)"},
      {"float divide", 12, 883, 1227, 0,
       "stages: csynth, Vitis HLS 2023.2, which shows no resources; these: Vivado, xcu280-2L"},
      {"float square root", 12, 883, 1227, 0, "no report at hand; taken as a division"},
      {"float exponential", 14, 748, 316, 7,
       "csynth, Vitis HLS 2023.2, xcu280 at 300 MHz: fexp fulldsp"},
      {"float compare", 2, 70, 66, 0,
       "stages: csynth, Vitis HLS 2023.2, which shows no resources; LUT and FF: our estimate"},
      {"int to float", 4, 190, 173, 0, "Vivado, xcu280-2L"},
      {"float to short int", 2, 45, 33, 0,
       "Yosys, synth_xilinx for UltraScale+ (tests/resources/yosys_operators_test.cpp)"},
      {"8-bit multiply", 1, 70, 32, 0, "Vivado, xcu280-2L: 68 to 71 LUT; csynth estimates 40"},
      {"4-bit by 8-bit multiply", 1, 35, 16, 0,
       "no report at hand; taken as half of an 8-bit multiply: half of the partial products"},
      {"16-bit by 8-bit multiply", 3, 0, 0, 1,
       "UG579: a DSP48E2 multiplies 27 by 18 bits, with three registers on the way"},
      {"pair of 8-bit multiplies", 3, 20, 36, 1,
       "WP486: two products that share an operand; LUTs: the correction of the upper one"},
      {"multiply and add in a DSP", 1, 0, 0, 1,
       "UG579: pre-adder, multiplier and adder of a DSP48E2, and the way to the next one, a stage "
       "further"},
      {"bit of the factors of a chain", 0, 1, 4, 0,
       "reasoned: factor n waits n cycles for its DSP, and three registers or more are a shift "
       "register in a LUT"},
      {"sums of a chain of quads", 2, 133, 99, 0,
       "Yosys, synth_xilinx for UltraScale+ (tests/resources/yosys_operators_test.cpp): 16 chains "
       "and the trees behind them"},
      {"32-bit add", 1, 34, 32, 0, "Vivado, xcu280-2L"},
      {"16-bit add", 1, 17, 16, 0, "half of a 32-bit add"},
      {"4:1 select", 0, 1, 0, 0, "UG574: a 6-input LUT"},
  };
  return costs;
}

const OperatorCost& cost_of(Operator op) { return operator_costs()[static_cast<size_t>(op)]; }

int64_t Datapath::stages() const {
  int64_t sum = 0;
  for (Operator op : path) sum += cost_of(op).stages;
  return sum;
}

int64_t tree_levels(int64_t lanes) {
  return lanes < 2 ? 0 : std::bit_width(static_cast<uint64_t>(lanes - 1));
}

int64_t selects_of(int64_t bits, int64_t choices) {
  // Two 2:1 multiplexers of one condition share a LUT, and each 4:1 one takes three choices away.
  if (choices == 2) return (bits + 1) / 2;
  return choices < 2 ? 0 : bits * ((choices + 1) / 3);
}

}  // namespace st
