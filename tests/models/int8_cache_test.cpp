// SPDX-License-Identifier: Apache-2.0
// Keys and values in int8: builds agree with the interpreter, and models still know what they knew.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/greedy.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

const Request Int8Adder = {.model = "adder", .precision = "w8a8", .kv_cache = "int8"};
const Request FoldedAdder = {
    .model = "adder", .precision = "w8a8", .fold_layers = true, .kv_cache = "int8"};
const Request Int8Stories = {.model = "stories260k", .kv_cache = "int8"};
const Request FoldedStories = {.model = "stories260k", .fold_layers = true, .kv_cache = "int8"};

void expect_one_verified(const Request& request) {
  SCOPED_TRACE(request.model + (request.fold_layers ? ", folded" : ""));
  const Outcome outcome = streamtensor({"verify", built(request)});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("verified"), std::string::npos) << outcome.out;
}

/// Logits of given ids by the emitted code.
Rows scored(const Request& request, const std::vector<int64_t>& ids, int64_t vocabulary) {
  const fs::path file = scratch() / "int8_cache.logits";
  const Outcome outcome = streamtensor(
      {"run", built(request), "--ids", joined(ids), "--max-tokens", "0", "--logits", file});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return read_logits(file, vocabulary);
}

TEST(Int8Cache, VerifyPasses) {
  expect_one_verified(Int8Adder);
  expect_one_verified(FoldedAdder);
}

TEST(Int8Cache, VerifyPassesOnStories260k) {
  ST_NEEDS_SHARED();
  expect_one_verified(Int8Stories);
  expect_one_verified(FoldedStories);
}

TEST(Int8Cache, Adds) {
  for (const Request& request : {Int8Adder, FoldedAdder}) {
    for (const std::string sum : {"345+516=861", "0+0=0", "999+1=1000"}) {
      const Outcome outcome =
          streamtensor({"run", built(request), "--prompt", sum.substr(0, sum.find('=') + 1)});
      EXPECT_EQ(outcome.status, 0) << outcome.err;
      EXPECT_EQ(outcome.out, sum + "\n");
    }
  }
}

TEST(Int8Cache, Stories260kAgreesWithTheReferencesTexts) {
  ST_NEEDS_SHARED();
  int64_t rows = 0, agreeing = 0;
  double largest = 0;
  for (const Greedy& text : greedy_texts("stories260k")) {
    const std::vector<int64_t> ids(text.ids.begin(), text.ids.begin() + text.logits.count());
    const Rows logits = scored(FoldedStories, ids, 512);
    ASSERT_EQ(logits.count(), text.logits.count());
    for (int64_t i = 0; i < logits.count(); ++i)
      agreeing += argmax(logits.row(i)) == argmax(text.logits.row(i));
    rows += logits.count();
    largest = std::max(largest, largest_difference(logits, text.logits));
  }
  const double share = static_cast<double>(agreeing) / static_cast<double>(rows);
  std::cout << "stories260k, int8 keys and values: top-1 agreement " << 100 * share << " % of "
            << rows << " tokens; logits differ by " << largest << " at most\n";
  EXPECT_GE(share, 0.95);
}

TEST(Int8Cache, BuildsSayWhatTheyKeep) {
  const fs::path& build = built(Int8Adder);
  EXPECT_NE(read(build / "config.json").find("\"kv_cache\": \"int8\""), std::string::npos);
  EXPECT_NE(read(build / "cmd.sh").find(" --kv-cache int8"), std::string::npos);
  const std::string program = read(build / "program.json");
  EXPECT_NE(program.find("\"role\": \"cache\", \"tensor\": \"h.0/attn/Attention.key_scales\", "
                         "\"element\": \"bf16\", \"lanes\": 1, \"beats\": 16, "
                         "\"words_per_row\": 1, \"rows\": 4,"),
            std::string::npos)
      << program;
  const fs::path& plain = built({"adder", "w8a8"});
  EXPECT_EQ(read(plain / "config.json").find("kv_cache"), std::string::npos);
  const Outcome refused = streamtensor(
      {"build", source("examples/adder/model.json"), "--target", "u280", "--precision", "w8a8",
       "--synth", "none", "--start-from", build / "ir/06-lower.txt", "-o", scratch() / "refused"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("keys and values: int8 in the stage, f32 here"), std::string::npos)
      << refused.err;
}

}  // namespace
}  // namespace st::test
