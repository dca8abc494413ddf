// SPDX-License-Identifier: Apache-2.0
#include "tests/lint/faults.h"

namespace st::test {

std::vector<Fault> synthesis_faults() {
  const std::string received = "    int received = 0;  // tokens\n";
  const std::string using_vec = "using st::vec;\n";
  const auto statement = [&](const std::string& text) {
    return Edit{received, received + "    " + text + "\n"};
  };
  const auto include = [&](const std::string& header) {
    return Edit{using_vec, "#include <" + header + ">\n" + using_vec};
  };
  return {
      {"MemoryIsFromTheHeap", "unsupported-allocation", {statement("delete[] new float[64];")}},
      {"MemoryIsFromMalloc",
       "unsupported-allocation",
       {include("cstdlib"), statement("free(malloc(64));")}},
      {"AnArrayHasAVariableSize",
       "unsupported-allocation",
       {statement("float cells[tokens]; cells[0] = 0;")}},
      {"AFunctionIsVirtual",
       "unsupported-virtual",
       {{using_vec, using_vec + "struct Base { virtual void step() {} };\n"},
        statement("Base base; base.step();")}},
      {"AFunctionCallsItself",
       "unsupported-recursion",
       {{using_vec, using_vec + "static int sum(int n) { return n == 0 ? 0 : n + sum(n - 1); }\n"},
        statement("received = sum(0);")}},
      {"TwoFunctionsCallEachOther",
       "unsupported-recursion",
       {{using_vec, using_vec + "static int odd(int n);\n"
                                "static int even(int n) { return n == 0 ? 1 : odd(n - 1); }\n"
                                "static int odd(int n) { return n == 0 ? 0 : even(n - 1); }\n"},
        {"    int write = 0;     // cell", "    int write = odd(0);     // cell"}}},
      {"AContainerIsUsed",
       "unsupported-library",
       {include("vector"), statement("std::vector<float> cells; cells.push_back(0);")}},
      {"AnOutputStreamIsUsed",
       "unsupported-library",
       {include("iostream"), statement("std::cout << received;")}},
      {"TheSystemIsCalled",
       "unsupported-call",
       {include("cstdlib"), statement("if (received > 1) exit(1);")}},
      {"AnExceptionIsThrown", "unsupported-exception", {statement("if (received > 1) throw 1;")}},
      {"APointerIsCast",
       "unsupported-cast",
       {statement("received = *reinterpret_cast<int*>(&buffer[0]) * 0;")}},
      {"AnIntegerIsTooWide", "wide-integer", {statement("ap_uint<8192> word = 0; (void)word;")}},
  };
}

}  // namespace st::test
