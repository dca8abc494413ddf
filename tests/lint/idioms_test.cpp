// SPDX-License-Identifier: Apache-2.0
// Forms that Vitis takes, as AMD's examples and other people write them, are no findings.
#include <gtest/gtest.h>

#include "tests/lint/sample.h"

namespace st::test {
namespace {

/// A kernel whose body is given.
std::string kernel(const std::string& body, const std::string& before = "") {
  return "#include <ap_int.h>\n#include <hls_stream.h>\n" + before +
         "\nextern \"C\" {\nvoid top(const int* in, int* out, int n) {\n" + body + "}\n}\n";
}

const std::string Interfaces =
    "#pragma HLS INTERFACE m_axi port = in offset = slave bundle = gmem0 depth = 64\n"
    "#pragma HLS INTERFACE m_axi port = out offset = slave bundle = gmem1 depth = 64\n"
    "#pragma HLS INTERFACE s_axilite port = in\n"
    "#pragma HLS INTERFACE s_axilite port = out bundle = control\n"
    "#pragma HLS INTERFACE s_axilite port = n\n"
    "#pragma HLS INTERFACE s_axilite port = return\n"
    "#pragma HLS INTERFACE ap_ctrl_chain port = return\n";

const std::string Processes =
    "static void read_all(const int* in, hls::stream<int>& s, int n) {\n"
    "mem_rd:\n  for (int i = 0; i < n; i++) {\n#pragma HLS pipeline\n    s << in[i];\n  }\n}\n"
    "static void write_all(int* out, hls::stream<int>& s, int n) {\n"
    "  for (int i = 0; i < n; i++) {\n#pragma HLS loop_tripcount min=1 max=64 avg=8\n"
    "    out[i] = s.read();\n  }\n}\n";

TEST(Idioms, AKernelOfAnExampleOfAMD) {
  EXPECT_EQ(shown(lint_text(kernel(Interfaces + "  static hls::stream<int> s(\"s\");\n"
                                                "#pragma HLS STREAM variable = s depth = 32\n"
                                                "#pragma HLS dataflow\n"
                                                "  read_all(in, s, n);\n  write_all(out, s, n);\n",
                                   Processes))),
            "");
}

TEST(Idioms, DirectivesInAnyCaseAndOptionsInAnyOrder) {
  EXPECT_EQ(shown(lint_text("void f(int a[8]) {\n"
                            "#pragma hls Array_Partition type=Complete dim=1 variable=a\n"
                            "  for (int i = 0; i < 8; ++i) {\n"
                            "#pragma HLS PIPELINE ii = 2 style=FLP\n"
                            "#pragma HLS dependence variable=a inter RAW distance=4 true\n"
                            "    a[i] += 1;\n  }\n}\n")),
            "");
}

TEST(Idioms, AFunctionIsShared) {
  const std::string text =
      "template <int N> int times(int a) { return a * N; }\n"
      "static int product(int a, int b) {\n#pragma HLS INLINE off\n  return a * b; }\n"
      "void f(int a[2]) {\n#pragma HLS ALLOCATION function instances=product limit=1\n"
      "#pragma HLS ALLOCATION operation instances=mul limit=1\n"
      "  a[0] = product(a[0], 3);\n  a[1] = product(a[1], times<2>(5));\n}\n";
  EXPECT_EQ(shown(lint_text(text)), "");
  const auto rules_with = [&](const std::string& from, const std::string& to) {
    std::string wrong = text;
    wrong.replace(wrong.find(from), from.size(), to);
    return rules_of(lint_text(wrong));
  };
  EXPECT_EQ(rules_with("instances=product", "instances=produkt"), "pragma-unknown-name");
  EXPECT_EQ(rules_with("instances=product", "instances=times"), "pragma-bad-value");
  EXPECT_EQ(rules_with("function instances=product limit=1", "instances=product limit=1"),
            "pragma-missing-option");
  EXPECT_EQ(rules_with("function instances=product limit=1", "instances=product limit=1 function"),
            "pragma-missing-option");
  EXPECT_EQ(rules_with("instances=product limit=1", "instances=product limit=0"),
            "pragma-bad-value");
}

TEST(Idioms, PragmasFromMacros) {
  const std::string text =
      "#define PRAGMA_TEXT(x) _Pragma(#x)\n#define PRAGMA(x) PRAGMA_TEXT(x)\n"
      "#define LANES 4\n#define UNROLLED _Pragma(\"HLS UNROLL factor=2\")\n"
      "void f(int a[8]) {\n  PRAGMA(HLS ARRAY_PARTITION variable=a cyclic factor=LANES)\n"
      "  for (int i = 0; i < 8; ++i) {\n    UNROLLED\n    a[i] = 0;\n  }\n}\n";
  EXPECT_EQ(shown(lint_text(text)), "");
  std::string wrong = text;
  wrong.replace(wrong.find("cyclic"), 6, "cyklic");
  EXPECT_EQ(rules_of(lint_text(wrong)), "pragma-unknown-option");
  wrong = text;
  wrong.replace(wrong.find("LANES 4"), 7, "LANES 0");
  EXPECT_EQ(rules_of(lint_text(wrong)), "pragma-bad-value");
}

TEST(Idioms, PragmasOverSeveralLinesAndWithComments) {
  EXPECT_EQ(shown(lint_text("void f(int a[8]) {\n#pragma HLS ARRAY_PARTITION \\\n  variable=a \\\n"
                            "  type=block /* halves */ factor=2  // of it\n}\n")),
            "");
}

TEST(Idioms, ConstantsAndTemplateArgumentsAsValues) {
  EXPECT_EQ(
      shown(lint_text("namespace c { constexpr int Factor = 4; }\nenum { Depth = 3 };\n"
                      "template <int N, typename T = int> void f(T (&a)[N]) {\n"
                      "  const int half = N / 2;\n"
                      "#pragma HLS ARRAY_PARTITION variable=a cyclic factor=half*2\n"
                      "#pragma HLS BIND_STORAGE variable=a type=ram_2p impl=bram latency=Depth\n"
                      "  for (int i = 0; i < N; ++i) {\n#pragma HLS UNROLL factor=c::Factor\n"
                      "    a[i] = 0;\n  }\n}\n")),
      "");
}

TEST(Idioms, StreamsInStructsOfArraysAndByAlias) {
  const std::string text =
      "#include <hls_stream.h>\ntypedef hls::stream<int> Pipe;\nusing Other = hls::stream<int, "
      "4>;\n"
      "static void make(Pipe& out) { out.write(1); }\n"
      "static void pass(Pipe& in, Pipe& out) { int x; in >> x; out << x; }\n"
      "static void take(Pipe& in, int* out) { out[0] = in.read(); }\n"
      "void top(int* out) {\n#pragma HLS DATAFLOW\n"
      "  hls::stream<int, 4> s[3];\n  make(s[0]);\n  pass(s[0], s[1]);\n  pass(s[1], s[2]);\n"
      "  take(s[2], out);\n}\n";
  EXPECT_EQ(shown(lint_text(text)), "");
  std::string wrong = text;
  wrong.replace(wrong.find("s[1], s[2])"), 10, "s[0], s[2]");
  EXPECT_EQ(rules_of(lint_text(wrong)), "stream-two-readers stream-unread");
}

TEST(Idioms, AKernelWithStreamsToOtherKernels) {
  EXPECT_EQ(
      shown(lint_text(
          "#include <hls_stream.h>\n"
          "static void move(hls::stream<int>& in, hls::stream<int>& out) {"
          " out.write(in.read()); }\n"
          "extern \"C\" void relay(hls::stream<int>& in, hls::stream<int>& out) {\n"
          "#pragma HLS INTERFACE mode=axis port=in\n"
          "#pragma HLS INTERFACE mode=axis port=out register_mode=both\n"
          "#pragma HLS INTERFACE mode=ap_ctrl_none port=return\n#pragma HLS DATAFLOW\n"
          "  hls::stream<int, 2> between;\n  move(in, between);\n  move(between, out);\n}\n")),
      "");
}

TEST(Idioms, ADirectiveBehindDeclarationsAndAssertions) {
  EXPECT_EQ(shown(lint_text(kernel(Interfaces + "  hls::stream<int, 2> s;\n  assert(n % 16 == 0);\n"
                                                "#pragma HLS dataflow\n"
                                                "  read_all(in, s, n);\n  write_all(out, s, n);\n",
                                   Processes))),
            "");
}

TEST(Idioms, RegionsOfTasksThatRunForever) {
  EXPECT_EQ(shown(lint_text("#include <hls_task.h>\n"
                            "void work(hls::stream<int>& in, hls::stream<int>& out) {"
                            " out.write(in.read()); }\n"
                            "void top(hls::stream<int>& in, hls::stream<int>& out) {\n"
                            "#pragma HLS DATAFLOW\n  hls_thread_local hls::stream<int, 2> s;\n"
                            "  hls_thread_local hls::task a(work, in, s);\n"
                            "  hls_thread_local hls::task b[1];\n"
                            "  for (int i = 0; i < 1; i++) {\n#pragma HLS unroll\n"
                            "    b[i](work, s, out);\n  }\n}\n")),
            "");
}

TEST(Idioms, AnIPThatIsNoKernelHasDefaultPorts) {
  const std::string text =
      "static void step(int& x) { x += 1; }\nvoid ip(int n, int& out) {\n"
      "#pragma HLS INTERFACE ap_ctrl_none port=return\n  out = n;\n  step(out);\n}\n";
  EXPECT_EQ(shown(lint_text(text)), "");
  EXPECT_EQ(rules_of(lint_text(text, {"ip"})), "interface-missing top-mangled");
}

TEST(Idioms, AStreamOfTheKernelHasOneProcessToo) {
  EXPECT_EQ(rules_of(lint_text(
                "#include <hls_stream.h>\n"
                "static void take(hls::stream<int>& in) { in.read(); }\n"
                "extern \"C\" void sink(hls::stream<int>& in) {\n"
                "#pragma HLS INTERFACE mode=axis port=in\n"
                "#pragma HLS INTERFACE mode=ap_ctrl_none port=return\n#pragma HLS DATAFLOW\n"
                "  take(in);\n  take(in);\n}\n")),
            "stream-two-readers");
}

TEST(Idioms, TemplatesThatEndTheirRecursion) {
  EXPECT_EQ(shown(lint_text(
                "template <int N> int sum(const int* a) {\n"
                "  if constexpr (N == 0) return 0;\n  else return a[N - 1] + sum<N - 1>(a);\n}\n"
                "template <typename T> T all(T a) { return a; }\n"
                "template <typename T, typename... Ts> T all(T a, Ts... rest) {"
                " return a + all(rest...); }\n"
                "constexpr int power(int n) { return n == 0 ? 1 : 2 * power(n - 1); }\n"
                "int top(const int* a) { return sum<4>(a) + all(1, 2, 3) + power(3); }\n")),
            "");
}

TEST(Idioms, ArraysThatProcessesShareOnPurpose) {
  const std::string text =
      "static void first(int a[8]) { a[0] = 1; }\nstatic void second(int a[8]) { a[1] = a[0]; }\n"
      "static void third(int* out, const int a[8]) { out[0] = a[1]; }\n"
      "void top(int* out) {\n#pragma HLS DATAFLOW\n  int a[8];\n"
      "#pragma HLS STREAM variable=a type=shared\n  first(a);\n  second(a);\n  third(out, a);\n}\n";
  EXPECT_EQ(shown(lint_text(text)), "");
  std::string wrong = text;
  wrong.replace(wrong.find("type=shared"), 11, "type=pipo");
  EXPECT_EQ(rules_of(lint_text(wrong)), "buffer-two-writers");
}

TEST(Idioms, CodeThatSynthesisDoesNotSee) {
  EXPECT_EQ(shown(lint_text("#ifndef __SYNTHESIS__\n#include <vector>\n#endif\n"
                            "void f(int* out) {\n#ifndef __SYNTHESIS__\n  std::vector<int> trace;\n"
                            "#elif defined(__SYNTHESIS__) && 1 + 1 == 2\n  out[0] = 1;\n#else\n"
                            "  throw 1;\n#endif\n#if 0\n  it isn't even C++\n#endif\n}\n")),
            "");
}

TEST(Idioms, TextThatOnlyLooksLikeCode) {
  EXPECT_EQ(
      shown(lint_text("// #pragma HLS PIPLINE\n/* TASK( { */\n"
                      "const char* a = \"#pragma HLS PIPLINE // { \\\" \";\n"
                      "const char* b = R\"x(#pragma HLS )\" \\ { )x\";\n"
                      "const char c = '\"', d = '{', e = '\\'';\nconst int f = 1'000'000;\n")),
      "");
}

TEST(Idioms, ProcessesOfHeadersAndOfNamespaces) {
  EXPECT_EQ(shown(lint_text("#include \"streamtensor/kernels.h\"\n"
                            "namespace mine {\nstatic void sink(hls::stream<st::vec<float, 2>>& in,"
                            " float* out) { out[0] = in.read()[0]; }\n}\n"
                            "void top(const ap_uint<512>* in, float* out, int rows) {\n"
                            "#pragma HLS DATAFLOW\n  hls::stream<st::vec<float, 2>, 2> a, b;\n"
                            "  TASK(st::load_rows<float, 2, 1>)(in, a, rows);\n"
                            "  TASK(st::relu<2, 1>)(a, b, rows);\n  mine::sink(b, out);\n}\n")),
            "");
}

TEST(Idioms, LoopsWithoutBraces) {
  EXPECT_EQ(shown(lint_text(
                "void f(int a[8], int n) {\n  if (n > 1)\n    for (int i = 0; i < n; ++i)\n"
                "      a[i] = 0;\n  else do { --n; } while (n > 0);\n"
                "  for (int x : {1, 2}) n += x;\n  switch (n) { case 1: break; default: ; }\n}\n")),
            "");
}

}  // namespace
}  // namespace st::test
