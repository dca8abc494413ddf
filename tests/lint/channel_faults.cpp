// SPDX-License-Identifier: Apache-2.0
#include "tests/lint/faults.h"

namespace st::test {

std::vector<Fault> channel_faults() {
  const std::string final_norm = " ln_f(\"ln_f\");";
  const std::string add = "  TASK(st::add<8, 8>)(wte, wpe, embedding, tokens);\n";
  const std::string load =
      "  TASK(st::load_rows<int32_t, 1, 1>)(input_ids, input_ids_2, tokens);\n";
  const std::string store = "  TASK(st::store_rows<float, 1, 13>)(logits_2, logits, tokens);\n";
  const std::string fill = "    fill_convert_h_0_mlp_Gelu(in, buffer);\n";
  const std::string drain = "    drain_convert_h_0_mlp_Gelu(buffer, out);\n";
  const std::string parameters =
      "hls::stream<vec<float, 8>>& in, hls::stream<vec<float, 16>>& out, int tokens) {\n";
  const std::string using_vec = "using st::vec;\n";
  const std::string meddle =
      "static void meddle(hls::stream<vec<float, 8>>& s) { s.write(vec<float, 8>()); }\n";
  const std::string peek =
      "static void look(hls::stream<vec<float, 8>>& s) { s.read(); }\n"
      "static void peek(hls::stream<vec<float, 8>>& s) { look(s); }\n";
  return {
      {"AStreamHasNoDepth",
       "stream-no-depth",
       {{", \\d+> ln_f\\(", "> ln_f(", Edit::Kind::Pattern}}},
      {"AStreamHasDepthZero",
       "stream-no-depth",
       {{", \\d+> ln_f\\(", ", 0> ln_f(", Edit::Kind::Pattern}}},
      {"AStreamIsPassedByValue",
       "stream-by-value",
       {{"static void convert_h_0_ln_1(hls::stream<vec<float, 8>>& in",
         "static void convert_h_0_ln_1(hls::stream<vec<float, 8>> in"}},
       "",
       false},
      {"AStreamIsCopied",
       "stream-copied",
       {{final_norm, final_norm + "\n  hls::stream<vec<float, 8>, 2> copy = ln_f;"}},
       "stream-unused",
       false},
      {"AStreamIsCopiedByItsType",
       "stream-copied",
       {{final_norm, final_norm + "\n  auto copy = ln_f;"}},
       "region-initialiser",
       false},
      {"AStreamIsGlobal",
       "stream-global",
       {{using_vec, using_vec + "static hls::stream<int, 2> shared(\"shared\");\n"}}},
      {"AStreamHasTwoWriters",
       "stream-two-writers",
       {{using_vec, using_vec + meddle}, {store, store + "  TASK(meddle)(ln_f);\n"}},
       "stream-feedback"},
      {"AnArgumentIsPassedTwice",
       "stream-two-writers",
       {{"(wte, wpe, embedding, tokens)", "(wte, wpe, wpe, tokens)"}},
       "stream-unwritten stream-feedback"},
      {"AStreamHasTwoReaders",
       "stream-two-readers",
       {{using_vec, using_vec + peek}, {store, store + "  TASK(peek)(ln_f);\n"}}},
      {"AForkIsLeftOut",
       "stream-two-readers",
       {{"(embedding_to_h_0_ln_1, h_0_ln_1_weight",
         "(embedding_to_h_0_attn_residual, h_0_ln_1_weight"}},
       "stream-unread"},
      {"AStreamIsNotRead", "stream-unread", {{store, ""}}},
      {"AStreamIsNotWritten", "stream-unwritten", {{load, ""}}},
      {"AStreamIsNotUsed",
       "stream-unused",
       {{final_norm, final_norm + "\n  hls::stream<int, 2> spare(\"spare\");"}}},
      {"AReaderIsBeforeItsWriter", "stream-feedback", {{add, ""}, {store, store + add}}},
      {"TheRegionReadsAStream", "stream-in-region", {{store, store + "  ln_f.read();\n"}}},
      {"TheRegionWritesAStream",
       "stream-in-region",
       {{store, store + "  ln_f << vec<float, 8>();\n"}},
       "",
       false},
      {"AWriterAsksForEmpty",
       "stream-probe",
       {{"        out.write(beat_out);\n", "        if (out.empty()) out.write(beat_out);\n"}}},
      {"AReaderAsksForFull",
       "stream-probe",
       {{"    for (; received < 8; ++received) {",
         "    for (; received < 8 && !in.full(); ++received) {"}},
       "",
       false},
      {"ALoopEndsWhenAStreamIsEmpty",
       "stream-until-empty",
       {{"    for (; received < 8; ++received) {", "    for (; !in.empty(); ++received) {"}}},
      {"ABufferHasTwoWriters",
       "buffer-two-writers",
       {{using_vec, using_vec + "static void clear(float cells[256]) { cells[0] = 0.0f; }\n"},
        {fill, fill + "    clear(buffer);\n"}}},
      {"ABufferHasTwoReaders",
       "buffer-two-readers",
       {{using_vec,
         using_vec +
             "static void waste(const float cells[256]) { float sum = cells[0]; (void)sum; }\n"},
        {drain, drain + "    waste(buffer);\n"}}},
      {"ABufferIsNotRead", "buffer-unread", {{drain, ""}}, "stream-unwritten"},
      {"ABufferIsNotWritten", "buffer-unwritten", {{fill, ""}}, "stream-unread"},
      {"ABufferIsReadBeforeItIsWritten", "buffer-feedback", {{fill + drain, drain + fill}}},
      {"ANumberBetweenProcessesHasTwoWriters",
       "buffer-two-writers",
       {{using_vec, using_vec + "static void count(int& n) { n = 1; }\n"},
        {drain, drain + "    int n;\n    count(n);\n    count(n);\n"}},
       "buffer-unread"},
  };
}

}  // namespace st::test
