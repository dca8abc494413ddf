// SPDX-License-Identifier: Apache-2.0
#include "core/support/diagnostics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "core/support/near_names.h"

namespace st {
namespace {

TEST(Diagnostics, PrintsWhatWhereWhyAndHelp) {
  std::ostringstream out;
  print(out, {{"E0203",
               "weight 'w' has another shape",
               "model.json /graph/initializer/0",
               {"model    f32[2]", "weights  f32[3]"},
               "check the weights"},
              {"E0901", "broken", "", {}, ""}});
  EXPECT_EQ(out.str(),
            "error[E0203]: weight 'w' has another shape\n"
            "  --> model.json /graph/initializer/0\n"
            "   |  model    f32[2]\n"
            "   |  weights  f32[3]\n"
            "   = help: check the weights\n"
            "error[E0901]: broken\n");
}

TEST(Diagnostics, PrintEscapesControlCharactersOfNames) {
  std::ostringstream out;
  print(out, {{"E0901", "a\x1b[31m\nb", "", {}, ""}});
  EXPECT_EQ(out.str(), "error[E0901]: a\\x1b[31m\\x0ab\n");
}

TEST(Diagnostics, PrintableKeepsUtf8AndEscapesTheRest) {
  EXPECT_EQ(printable("h.0/attn é 語"), "h.0/attn é 語");
  EXPECT_EQ(printable("\xff\xc3(\xed\xa0\x80"), "\\xff\\xc3(\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "an overlong spelling";
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            "a\\xe2\\x80\\xae"
            "b")
      << "right-to-left override";
  EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
}

TEST(Diagnostics, PrintableCannotLeaveAComment) {
  EXPECT_EQ(printable("end*/int x;"), "end\\x2a/int x;");
  EXPECT_EQ(printable("/*"), "/\\x2a");
  EXPECT_EQ(printable("a\\"), "a\\x5c");
  EXPECT_EQ(printable("?"
                      "?/"),
            "?\\x3f/");
}

TEST(Diagnostics, PrintableCutsBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("ab語", 4), "ab...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(Diagnostics, CodesAreSortedAndUnique) {
  const auto& codes = error_codes();
  for (size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(find_error_code(codes[i].code), &codes[i]);
    EXPECT_FALSE(codes[i].summary.empty());
    EXPECT_FALSE(codes[i].advice.empty());
    if (i > 0) {
      EXPECT_LT(codes[i - 1].code, codes[i].code);
    }
  }
  EXPECT_EQ(find_error_code("E9999"), nullptr);
}

TEST(Diagnostics, TheGravestFaultDecides) {
  const auto fault = [](std::initializer_list<const char*> codes) {
    Diagnostics problems;
    for (const char* code : codes) problems.push_back({code, "", "", {}, ""});
    return fault_of(problems);
  };
  EXPECT_EQ(fault({"E0701"}), Fault::Mismatch);
  EXPECT_EQ(fault({"E0701", "E0101"}), Fault::BadInput);
  EXPECT_EQ(fault({"E0101", "E0403"}), Fault::Infeasible);
  EXPECT_EQ(fault({"E0403", "E0501", "E0101"}), Fault::Environment);
  EXPECT_EQ(fault({"E0501", "E0320"}), Fault::Internal);
  EXPECT_EQ(fault({"E9999"}), Fault::Internal);
}

TEST(NearNames, SuggestsMisspeltNamesOnly) {
  const std::vector<std::string> names = {"wte.weight", "wpe.weight", "h.0.attn.bias"};
  EXPECT_EQ(near_names("wte.wieght", names, 1), std::vector<std::string>{"wte.weight"});
  EXPECT_TRUE(near_names("lm_head.kernel", names).empty());
  EXPECT_EQ(did_you_mean("h.0.attn.bais", names), "did you mean 'h.0.attn.bias'?");
  EXPECT_EQ(did_you_mean("q", {}), "");
}

}  // namespace
}  // namespace st
