// SPDX-License-Identifier: Apache-2.0
#include "tests/lint/faults.h"

namespace st::test {

std::vector<Fault> region_faults() {
  const std::string convert =
      "  TASK(convert_h_0_ln_1)(h_0_ln_1, h_0_ln_1_for_h_0_attn_c_attn_MatMul, tokens);\n";
  const std::string store = "  TASK(st::store_rows<float, 1, 13>)(logits_2, logits, tokens);\n";
  const std::string head = "static void convert_h_0_ln_1(";
  const std::string loop =
      "  for (int d0 = 0; d0 < tokens; ++d0) {\n#pragma HLS LOOP_TRIPCOUNT min=1 max=16\n"
      "#pragma HLS DATAFLOW\n    float buffer[256];\n";
  const auto region_loop = [&](const std::string& head_of_loop) {
    return std::vector<Edit>{{loop, head_of_loop + loop.substr(loop.find('\n'))}};
  };
  return {
      {"AnExpressionIsInTheRegion", "region-statement", {{store, store + "  (void)past;\n"}}},
      {"AReturnIsInTheRegion", "region-statement", {{store, store + "  return;\n"}}},
      {"AnAssignmentIsInTheRegion",
       "region-statement",
       {{convert, "  tokens = tokens + 1;\n" + convert}}},
      {"AProcessIsConditional",
       "region-condition",
       {{convert, "  if (past > 0)\n  " + convert}},
       "stream-unread stream-unwritten"},
      {"AProcessIsInALoop",
       "region-call-in-loop",
       {{convert, "  for (int i = 0; i < 1; ++i) {\n  " + convert + "  }\n"}},
       "stream-unread stream-unwritten"},
      {"AProcessReturnsAValue", "region-return-value", {{head, "static int convert_h_0_ln_1("}}},
      {"AnArgumentIsAnExpression",
       "region-argument",
       {{"(h_0_ln_1, h_0_ln_1_for_h_0_attn_c_attn_MatMul, tokens)",
         "(h_0_ln_1, h_0_ln_1_for_h_0_attn_c_attn_MatMul, tokens + past)"}}},
      {"AnArgumentIsACall",
       "region-argument",
       {{"(h_0_ln_1, h_0_ln_1_for_h_0_attn_c_attn_MatMul, tokens)",
         "(h_0_ln_1, h_0_ln_1_for_h_0_attn_c_attn_MatMul, (int)h_0_ln_1.empty())"}}},
      {"AVariableIsComputed",
       "region-initialiser",
       {{convert, "  const int rows = tokens * 2;\n" + convert}}},
      {"AVariableIsStatic", "region-static", {{convert, "  static int launches;\n" + convert}}},
      {"AnArrayIsOutsideOfTheLoop",
       "region-outer-variable",
       {{loop, "  float buffer[256];\n" + loop.substr(0, loop.find("    float"))}}},
      {"AProcessIsNotDefined",
       "region-undefined-process",
       {{"TASK(convert_h_0_ln_1)", "TASK(convert_h_9_ln_1)"}},
       "",
       false},
      {"AProcessGetsTooManyArguments",
       "region-undefined-process",
       {{"h_0_ln_1_for_h_0_attn_c_attn_MatMul, tokens);\n",
         "h_0_ln_1_for_h_0_attn_c_attn_MatMul, tokens, past);\n"}},
       "",
       false},
      {"ALoopStartsAtOne", "region-loop", region_loop("  for (int d0 = 1; d0 < tokens; ++d0) {")},
      {"ALoopCountsByTwo", "region-loop",
       region_loop("  for (int d0 = 0; d0 < tokens; d0 += 2) {")},
      {"ALoopCountsDown", "region-loop", region_loop("  for (int d0 = 0; d0 > tokens; --d0) {")},
      {"ALoopHasTwoCounters", "region-loop",
       region_loop("  for (int d0 = 0, d9 = 0; d0 < tokens; ++d0) {")},
      {"ALoopIsAWhile", "region-loop", region_loop("  int d0 = 0;\n  while (d0 < tokens) {")},
      {"ALoopHasAComputedBound", "region-loop",
       region_loop("  for (int d0 = 0; d0 < tokens * 2; ++d0) {")},
      {"ALoopIsLeft",
       "region-loop",
       {{loop, loop + "    if (d0 == 3) break;\n"}},
       "region-condition"},
      {"ARegionIsInlined",
       "region-inlined",
       {{"#pragma HLS INLINE off\n", "#pragma HLS INLINE\n"}},
       "",
       true,
       true},
      {"AProcessIsInlined",
       "region-inlines-process",
       {{"out, int tokens) {\n", "out, int tokens) {\n#pragma HLS INLINE\n"}}},
  };
}

}  // namespace st::test
