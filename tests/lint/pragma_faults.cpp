// SPDX-License-Identifier: Apache-2.0
#include "tests/lint/faults.h"

namespace st::test {
namespace {

const std::string Using = "using st::vec;\n";
const std::string FirstConverter =
    "static void convert_h_0_ln_1(hls::stream<vec<float, 8>>& in, hls::stream<vec<float, 16>>& "
    "out, "
    "int tokens) {\n";
const std::string Partition = "#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic factor=16";
const std::string Pipeline = "#pragma HLS PIPELINE II=1";
const std::string TripCount = "#pragma HLS LOOP_TRIPCOUNT min=1 max=16";
const std::string Storage = "type=ram_2p impl=lutram";

}  // namespace

std::vector<Fault> text_faults() {
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "{";
  for (int i = 0; i < 300; ++i) deep += "}";
  std::string bomb = "#define B0 1 +\n";
  for (int i = 1; i < 30; ++i)
    bomb += "#define B" + std::to_string(i) + " B" + std::to_string(i - 1) + " B" +
            std::to_string(i - 1) + "\n";
  return {
      {"ACommentIsShownInAnotherOrder",
       "text-bidi",
       {{Using, "// \xE2\x80\xAE drawkcab\n" + Using}}},
      {"ANameHoldsAnInvisibleCharacter",
       "text-bidi",
       {{"int received = 0;", "int rece\xE2\x80\x8Bived = 0;"}},
       "",
       false},
      {"ANameLooksLikeAnother",
       "text-non-ascii",
       {{"int received = 0;", "int received = 0; int \xD1\x81 = 0;"}},
       ""},
      {"ACommentSwallowsAStatement",
       "text-comment-splice",
       {{"  // wte\n", "  // wte \\\n"}},
       "stream-unread stream-unwritten"},
      {"AStringIsOpen", "text-unfinished", {{"(\"wte\")", "(\"wte)"}}, "text-brackets", false},
      {"ACommentIsOpen", "text-unfinished", {{Using, "/* " + Using}}, "", false},
      {"AMacroCallIsOpen",
       "text-unfinished",
       {{"  TASK(st::store_rows<float, 1, 13>)(logits_2, logits, tokens);\n",
         "  TASK(st::store_rows\n"}},
       "text-brackets",
       false},
      {"ABraceIsMissing",
       "text-brackets",
       {{"static void load_params1(", "}\nstatic void load_params1("}},
       "",
       false},
      {"BracesAreDeep", "text-limit", {{FirstConverter, FirstConverter + deep}}, "", false},
      {"MacrosExplode",
       "text-limit",
       {{Using, bomb + Using}, {"int received = 0;", "int received = B29 0;"}},
       "",
       false},
  };
}

std::vector<Fault> pragma_faults() {
  return {
      {"HlsIsMisspelt", "pragma-misspelt", {{"#pragma HLS DATAFLOW", "#pragma HSL DATAFLOW"}}},
      {"TheDirectiveIsMisspelt",
       "pragma-unknown-directive",
       {{"#pragma HLS DATAFLOW", "#pragma HLS DATAFLOWW"}}},
      {"ThePipelineIsMisspelt",
       "pragma-unknown-directive",
       {{Pipeline, "#pragma HLS PIPLINE II=1"}}},
      {"AnOptionIsMisspelt",
       "pragma-unknown-option",
       {{"max_read_burst_length=64", "max_read_brust_length=64"}}},
      {"AnOptionIsOfAnotherDirective",
       "pragma-unknown-option",
       {{Pipeline, Pipeline + " factor=2"}}},
      {"AnOptionIsOfAnotherMode",
       "pragma-unknown-option",
       {{"mode=s_axilite port=tokens", "mode=s_axilite port=tokens depth=16"}}},
      {"ThePortIsMissing",
       "pragma-missing-option",
       {{"mode=s_axilite port=tokens", "mode=s_axilite"}},
       "interface-missing"},
      {"TheVariableIsMissing",
       "pragma-missing-option",
       {{Partition, "#pragma HLS ARRAY_PARTITION type=cyclic factor=16"}}},
      {"TheFactorIsMissing",
       "pragma-missing-option",
       {{Partition, "#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic"}}},
      {"TheMaximumIsMissing",
       "pragma-missing-option",
       {{TripCount, "#pragma HLS LOOP_TRIPCOUNT min=1"}}},
      {"TheTypeIsMissing", "pragma-missing-option", {{Storage, "impl=lutram"}}},
      {"TheIntervalIsZero", "pragma-bad-value", {{Pipeline, "#pragma HLS PIPELINE II=0"}}},
      {"TheImplementationIsUnknown",
       "pragma-bad-value",
       {{"type=fifo impl=srl", "type=fifo impl=slr"}}},
      {"TheImplementationIsOfFifos", "pragma-bad-value", {{Storage, "type=ram_2p impl=srl"}}},
      {"TheTypeIsUnknown", "pragma-bad-value", {{"type=cyclic", "type=cyclik"}}},
      {"TheModeIsUnknown",
       "pragma-bad-value",
       {{"mode=s_axilite port=tokens", "mode=s_axilight port=tokens"}},
       "interface-missing"},
      {"TheOffsetIsUnknown", "pragma-bad-value", {{"offset=slave", "offset=slaves"}}},
      {"TheDepthIsNegative",
       "pragma-bad-value",
       {{"offset=slave depth=16", "offset=slave depth=-16"}}},
      {"TheValueIsMissing", "pragma-bad-value", {{Pipeline, "#pragma HLS PIPELINE II="}}},
      {"TheFactorIsAVariable",
       "pragma-bad-value",
       {{Partition, "#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic factor=tokens"}}},
      {"AnOptionIsGivenTwice", "pragma-repeated-option", {{Storage, Storage + " impl=bram"}}},
      {"OptionsExcludeEachOther", "pragma-conflict", {{Pipeline, Pipeline + " style=flp rewind"}}},
      {"DirectivesExcludeEachOther",
       "pragma-conflict",
       {{"#pragma HLS DATAFLOW\n    float buffer",
         "#pragma HLS DATAFLOW\n#pragma HLS PIPELINE\n    float buffer"}}},
      {"ADirectiveIsGivenTwice", "pragma-conflict", {{Pipeline, Pipeline + "\n" + Pipeline}}},
      {"AnOptionIsDeprecated", "pragma-deprecated", {{Pipeline, Pipeline + " enable_flush"}}},
      {"ADirectiveIsDeprecated",
       "pragma-deprecated",
       {{Partition, "#pragma HLS RESOURCE variable=buffer core=RAM_2P"}}},
      {"APragmaIsOutsideOfFunctions",
       "pragma-outside-function",
       {{Using, "#pragma HLS INLINE\n" + Using}}},
      {"ATripCountIsOutsideOfALoop",
       "pragma-wrong-scope",
       {{FirstConverter, FirstConverter + TripCount + "\n"}}},
      {"APragmaIsBeforeItsBody",
       "pragma-wrong-scope",
       {{"    for (; received < 8; ++received) {\n" + Pipeline,
         "    for (; received < 8; ++received)\n" + Pipeline + "\n    {"}}},
      {"AnInterfaceIsInALoop",
       "pragma-wrong-scope",
       {{TripCount, "#pragma HLS INLINE off\n" + TripCount}}},
      {"APipelineIsBehindStatements",
       "pragma-late",
       {{Pipeline + "\n        vec<float, 16> beat_out;", "        vec<float, 16> beat_out;"},
        {"        out.write(beat_out);\n", "        out.write(beat_out);\n" + Pipeline + "\n"}}},
      {"AVariableIsMisspelt",
       "pragma-unknown-name",
       {{Partition, "#pragma HLS ARRAY_PARTITION variable=bufer type=cyclic factor=16"}}},
      {"AVariableIsDeclaredBehind",
       "pragma-unknown-name",
       {{"    float buffer[64];\n" + Partition, Partition + "\n    float buffer[64];"}}},
      {"AConstantIsUnknown",
       "pragma-unknown-name",
       {{Pipeline, "#pragma HLS PIPELINE II=Interval"}}},
      {"AnUnrolledLoopIsPipelined",
       "loop-unroll-and-pipeline",
       {{"#pragma HLS UNROLL", "#pragma HLS UNROLL\n" + Pipeline}}},
      {"AVariableLoopIsUnrolled",
       "loop-unroll-variable",
       {{TripCount, TripCount + "\n#pragma HLS UNROLL"}}},
  };
}

}  // namespace st::test
