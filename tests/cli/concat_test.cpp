// SPDX-License-Identifier: Apache-2.0
// A model that cuts rows and joins them in another order, all the way to emitted code.
#include <gtest/gtest.h>

#include "tests/common/tiny_model.h"

namespace st::test {
namespace {

Json node_of(const std::string& op, const std::vector<std::string>& inputs,
             const std::vector<std::string>& outputs, const std::vector<Json>& attributes) {
  return {{"name", outputs[0]},
          {"opType", op},
          {"input", inputs},
          {"output", outputs},
          {"attribute", attributes}};
}

TEST(ConcatModel, IsVerified) {
  TinyModel model;
  const Json last = {{"name", "axis"}, {"type", "INT"}, {"i", "-1"}};
  Json& nodes = model.json["graph"]["node"];
  nodes.push_back(node_of("Split", {"residual_2"}, {"left", "right"},
                          {last, {{"name", "split"}, {"type", "INTS"}, {"ints", {"2", "6"}}}}));
  nodes.push_back(node_of("Concat", {"right", "left"}, {"swapped"}, {last}));
  model.node("ln_f")["input"][0] = "swapped";
  const auto folder = own_folder("concat");
  const auto output = folder / "out";
  const Outcome built = build(model.write(folder), output);
  ASSERT_EQ(built.status, 0) << built.err;
  const std::string code = read(output / "groups/group0/src/group0.cpp");
  EXPECT_NE(code.find("st::concat<float, 2, 3, 1>)("), std::string::npos) << code;
  const Outcome verified = streamtensor({"verify", output.string()});
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

}  // namespace
}  // namespace st::test
