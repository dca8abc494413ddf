// SPDX-License-Identifier: Apache-2.0
#include "tests/lint/faults.h"

namespace st::test {

std::vector<Fault> interface_faults() {
  const std::string tokens = "#pragma HLS INTERFACE mode=s_axilite port=tokens\n";
  const std::string first = "mode=m_axi port=input_ids bundle=input_ids offset=slave depth=16 ";
  const std::string body = "#pragma HLS DATAFLOW";
  return {
      {"TheKernelIsMissing",
       "top-missing",
       {{"extern \"C\" void group0(", "extern \"C\" void group_0("}},
       "interface-outside-top"},
      {"TheKernelIsMangled",
       "top-mangled",
       {{"extern \"C\" void", "void"}, {"extern \"C\" void", "void", Edit::Kind::Header}}},
      {"AnArgumentIsAWordOfVerilog", "top-name", {{"logits", "output", Edit::Kind::Rename}}},
      {"AProcessHasAnInterface",
       "interface-outside-top",
       {{"static void convert_h_0_ln_1(hls::stream<vec<float, 8>>& in, hls::stream<vec<float, "
         "16>>& "
         "out, int tokens) {\n",
         "static void convert_h_0_ln_1(hls::stream<vec<float, 8>>& in, hls::stream<vec<float, "
         "16>>& "
         "out, int tokens) {\n" +
             tokens}}},
      {"APortIsMisspelt",
       "interface-unknown-port",
       {{"port=tokens", "port=token"}},
       "interface-missing"},
      {"APointerHasNoInterface", "interface-missing", {{"#pragma HLS INTERFACE " + first, "// "}}},
      {"AScalarHasNoInterface", "interface-missing", {{tokens, ""}}},
      {"TheFunctionHasNoInterface",
       "interface-missing",
       {{"#pragma HLS INTERFACE mode=s_axilite port=return\n", ""}}},
      {"APortHasTwoInterfaces", "interface-twice", {{tokens, tokens + tokens}}},
      {"AScalarIsAStream",
       "interface-mode",
       {{"mode=s_axilite port=tokens", "mode=axis port=tokens"}}},
      {"AMemoryHasNoDepth",
       "interface-depth",
       {{first, "mode=m_axi port=input_ids bundle=input_ids offset=slave "}}},
      {"ABurstCrosses4KiB",
       "interface-burst",
       {{first + "max_read_burst_length=64", first + "max_read_burst_length=128"}}},
      {"ABundleIsReadTwice", "bundle-two-readers", {{"bundle=wte_weight", "bundle=input_ids"}}},
      {"ABundleIsReadTwiceByDefault",
       "bundle-two-readers",
       {{" bundle=wte_weight", ""}, {" bundle=input_ids", ""}}},
      {"ABundleIsWrittenTwice",
       "bundle-two-writers",
       {{"bundle=past_key_values_0_key", "bundle=logits"}}},
      {"ABundleIsReadTwiceInAGroup",
       "bundle-two-readers",
       {{"bundle=params1", "bundle=params0"}},
       "",
       true,
       true},
      {"AnArgumentIsReadAndWritten",
       "argument-read-and-written",
       {{"(position_ids, position_ids_2, tokens)", "(logits, position_ids_2, tokens)"}}},
      {"AnArgumentIsReadTwice",
       "argument-two-readers",
       {{"#pragma HLS INTERFACE " + first, "// "},
        {"(position_ids, position_ids_2, tokens)", "(input_ids, position_ids_2, tokens)"}},
       "interface-missing"},
      {"AnArgumentIsWrittenTwice",
       "argument-two-writers",
       {{"(logits_2, logits, tokens)", "(logits_2, past_key_values_0_key, tokens)"}},
       "bundle-two-writers argument-read-and-written"},
  };
}

}  // namespace st::test
