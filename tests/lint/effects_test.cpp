// SPDX-License-Identifier: Apache-2.0
// What functions do to their parameters follows from their bodies.
#include <gtest/gtest.h>

#include "backends/lint/uses.h"
#include "core/support/embedded.h"

namespace st::test {
namespace {

/// "r", "w", "rw" or "-" for each parameter of a function, parted by spaces.
std::string effects(const std::string& text, std::string_view function) {
  lint::Report report;
  const lint::Include include = [](const std::string&, const std::string& name) {
    std::optional<lint::SourceFile> file;
    const std::string path = "hls_templates/" + name;
    for (const std::string& known : embedded_files(path)) {
      if (known == path) file = lint::SourceFile{path, embedded_file(path)};
    }
    return file;
  };
  const lint::Unit unit = parse(lint::preprocess({"own.cpp", text}, include, report), report);
  EXPECT_TRUE(report.findings().empty());
  lint::Analysis analysis(unit);
  std::string out;
  for (const lint::Function& candidate : unit.functions) {
    if (candidate.name != function || !candidate.has_body) continue;
    for (size_t p = 0; p < candidate.parameters.size(); ++p) {
      const lint::Effect effect = analysis.effect(candidate, p);
      std::string one = std::string(effect.read ? "r" : "") + (effect.write ? "w" : "") +
                        (effect.unknown ? "?" : "");
      out += (out.empty() ? "" : " ") + (one.empty() ? "-" : one);
    }
    return out;
  }
  return "no function";
}

const std::string Stream = "#include <hls_stream.h>\ntypedef hls::stream<int> S;\n";

TEST(Effects, OfMethodsAndOperators) {
  EXPECT_EQ(
      effects(Stream + "void f(S& a, S& b, S& c, S& d, S& e) {"
                       " int x; a.read(x); b >> x; c << x; d.write_nb(x); if (e.empty()) {} }",
              "f"),
      "r r w w -");
}

TEST(Effects, OfPointersAndArrays) {
  EXPECT_EQ(effects("void f(int* a, int* b, int c[4], const int* d, int e[2][2], int* g) {"
                    " *a = b[0]; c[1] += d[2]; e[0][1] = 1; g[0]++; }",
                    "f"),
            "w r rw r w rw");
}

TEST(Effects, OfElementsAndBits) {
  EXPECT_EQ(effects("struct P { int x; };\nvoid f(P* a, P& b, ap_uint<8>& c, P* d) {"
                    " a->x = b.x; c.range(3, 0) = 1; int y = d[0].x; }",
                    "f"),
            "w r w r");
}

TEST(Effects, OfWhatIsPassedOn) {
  EXPECT_EQ(effects(Stream + "void g(S& s, int* p) { p[0] = s.read(); }\n"
                             "void h(int n, S& s, int* p) { g(s, p + n); }\n"
                             "void f(S& s, int* p, int n) { h(n, s, p); }",
                    "f"),
            "r w r");
}

TEST(Effects, OfPacks) {
  EXPECT_EQ(effects(Stream + "template <typename... Outs> void all(S& in, Outs&... outs) {"
                             " const int x = in.read(); (outs.write(x), ...); }\n"
                             "void f(S& a, S& b, S& c) { all(a, b, c); }",
                    "f"),
            "r w w");
}

TEST(Effects, OfFunctionsThatAreNotThereAreUnknown) {
  EXPECT_EQ(effects(Stream + "void g(S& s);\nvoid f(S& s, int n) { g(s); other(n); }", "f"), "? r");
}

TEST(Effects, OfRecursionEnd) {
  EXPECT_EQ(effects(Stream + "void g(S& s);\nvoid f(S& s) { g(s); s.read(); }\n"
                             "void g(S& s) { f(s); s.write(1); }",
                    "f"),
            "rw");
}

TEST(Effects, OfTheLibrary) {
  const std::string library = "#include \"streamtensor/kernels.h\"\n";
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"fork", "r r w"},
      {"split", "r r w"},
      {"concat", "w r r"},
      {"join", "w r r"},
      {"map", "w r r"},
      {"add", "r r w r"},
      {"adapt", "r w r"},
      {"store_rows", "r w r r"},
      {"load_rows", "r r w r"},
      {"rotary", "r r r w r"},
      {"matmul", "r w r r"},
      {"softmax_rows", "r w r r r"},
      {"relu", "r w r"},
      {"layer_norm", "r r r r r w w"},
      {"cache_rows", "r rw r w r r"},
      {"quantize_rows", "r w r w w"},
      {"quantize_groups", "r w r w w"},
      {"matmul_scaled_groups", "r r r w r r"},
      {"gather_rows", "r r r w r"},
      {"attention_context", "r r w r r"},
      {"load_cache", "r r w r r r"},
      {"store_position", "r r r r r r r w"},
      {"feed_heads", "r r r r r r r r w"},
      {"attend", "r r r w w r r r r"},
      {"share_peaks", "w w r r"},
      {"merge_heads", "r w r r"},
  };
  for (const auto& [function, effect] : expected)
    EXPECT_EQ(effects(library, function), effect) << function;
}

}  // namespace
}  // namespace st::test
