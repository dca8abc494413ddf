// SPDX-License-Identifier: Apache-2.0
// Damaged code neither crashes the linter nor keeps it busy.
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/lint/sample.h"

namespace st::test {
namespace {

#ifdef ST_TEST_SANITIZED
constexpr int Rounds = 40;
constexpr double MostSeconds = 20;
constexpr int Many = 30'000;
#else
constexpr int Rounds = 400;
constexpr double MostSeconds = 2;
constexpr int Many = 100'000;
#endif

void survives(const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  lint_text(text, {"group0"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), MostSeconds) << text.substr(0, 200);
}

TEST(LintFuzz, TruncatedCode) {
  std::mt19937 random(1);
  const std::string& text = adder().source;
  for (int i = 0; i < Rounds; ++i) survives(text.substr(0, random() % text.size()));
  for (int i = 0; i < Rounds; ++i) survives(text.substr(random() % text.size()));
}

TEST(LintFuzz, FlippedBytes) {
  std::mt19937 random(2);
  for (int i = 0; i < Rounds; ++i) {
    std::string text = adder().source;
    for (unsigned flips = 1 + random() % 20; flips > 0; --flips)
      text[random() % text.size()] = static_cast<char>(random());
    survives(text);
  }
}

TEST(LintFuzz, MovedTokens) {
  const std::vector<std::string> pieces = {"{",
                                           "}",
                                           "(",
                                           ")",
                                           "[",
                                           "]",
                                           "<",
                                           ">",
                                           ";",
                                           ",",
                                           "=",
                                           "::",
                                           "...",
                                           "#",
                                           "\n",
                                           "\\\n",
                                           "\"",
                                           "'",
                                           "/*",
                                           "//",
                                           "R\"(",
                                           "for(",
                                           "if(",
                                           "else ",
                                           "do ",
                                           "while(",
                                           "template<",
                                           "struct ",
                                           "namespace ",
                                           "operator",
                                           "case ",
                                           "a:",
                                           "#define x x x\n",
                                           "x",
                                           "#if 1\n",
                                           "#else\n",
                                           "#endif\n",
                                           "#pragma HLS ",
                                           "_Pragma(\"HLS DATAFLOW\")",
                                           "DATAFLOW",
                                           "STREAM variable=",
                                           "hls::stream<int> ",
                                           "extern \"C\" ",
                                           "void f(",
                                           "f(f(",
                                           "const ",
                                           "&",
                                           "*",
                                           "using a=",
                                           "typedef hls::stream<",
                                           "enum {",
                                           "#include \"own.cpp\"\n",
                                           "#pragma\n",
                                           "static "};
  std::mt19937 random(3);
  for (int i = 0; i < 5 * Rounds; ++i) {
    std::string text;
    for (unsigned n = random() % 60; n > 0; --n) text += pieces[random() % pieces.size()] + " ";
    survives(text);
    survives("void f(int a) {" + text + "}");
    survives(adder().source.substr(0, 8000) + text + adder().source.substr(8000));
  }
}

TEST(LintFuzz, DeepAndLongCode) {
  const auto repeated = [](const std::string& piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += piece;
    return out;
  };
  for (const char* piece : {"(",         "{",
                            "[",         "<",
                            "a<",        "a::",
                            "if(1)",     "else ",
                            "a:",        "do ",
                            "f(",        "-",
                            "? ",        "namespace a{",
                            "struct a{", "template<",
                            "#if 1\n",   "#define a a a\n",
                            "/*",        "\\\n",
                            "a=",        "&",
                            "x,",        "case 1:",
                            "try "}) {
    survives(repeated(piece, Many));
    survives("void f() {" + repeated(piece, Many) + "}");
    survives("#pragma HLS PIPELINE II=" + repeated(piece, Many));
    survives("#if " + repeated(piece, Many) + "\n");
  }
  // Balanced, so that all of it is looked at.
  survives("void f() {" + repeated("{", Many) + repeated("}", Many) + "}");
  survives("void f() { f" + repeated("(", Many) + repeated(")", Many) + "; }");
  survives("int x = a" + repeated("<(", 5000) + repeated(")>", 5000) + ";");
  std::string calls;
  for (int i = 0; i < 3000; ++i)
    calls += "void f" + std::to_string(i) + "(hls::stream<int>& s) { f" + std::to_string(i + 1) +
             "(s); }\n";
  survives(calls);
  std::string constants;
  for (int i = 0; i < 3000; ++i)
    constants += "constexpr int c" + std::to_string(i + 1) + " = c" + std::to_string(i) + " + c" +
                 std::to_string(i) + ";\n";
  survives(constants + "void f() {\n#pragma HLS PIPELINE II=c3000\n}\n");
}

}  // namespace
}  // namespace st::test
