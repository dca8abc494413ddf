// SPDX-License-Identifier: Apache-2.0
// One graph serves many tokens at once and single tokens: the same logits, however a text is cut.
#include <algorithm>
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/rows.h"

namespace st::test {
namespace {

/// Valid ids of any vocabulary above `vocabulary`, all kinds of neighbours among them.
std::vector<int64_t> some_ids(int64_t count, int64_t vocabulary) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back((i * i * 7 + i * 31 + 3) % vocabulary);
  return ids;
}

/// Logits of a text that is fed `chunk` tokens a launch.
Rows fed(const Request& request, const std::vector<int64_t>& ids, int64_t vocabulary,
         int64_t chunk) {
  const std::filesystem::path file = scratch() / "prefill.logits";
  const Outcome outcome = streamtensor({"run", built(request), "--ids", joined(ids), "--max-tokens",
                                        "0", "--prefill", std::to_string(chunk), "--logits", file});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return read_logits(file, vocabulary);
}

/// Compares launches of `chunk` tokens with launches of one.
void expect_same(const Request& request, int64_t vocabulary, int64_t count, int64_t chunk) {
  SCOPED_TRACE(request.model + " " + request.precision + ", " + std::to_string(count) +
               " tokens in launches of " + std::to_string(chunk));
  const std::vector<int64_t> ids = some_ids(count, vocabulary);
  const Rows steps = fed(request, ids, vocabulary, 1);
  const Rows chunks = fed(request, ids, vocabulary, chunk);
  ASSERT_EQ(steps.count(), count);
  ASSERT_EQ(chunks.count(), count);
  EXPECT_LE(largest_difference(steps, chunks), 1e-4);
}

TEST(Prefill, GivesTheLogitsOfSingleStepsInTheAdder) {
  for (int64_t count : {1, 2, 7, 16}) expect_same({"adder"}, 13, count, count);
}

TEST(Prefill, GivesTheLogitsOfSingleStepsInStories260k) {
  ST_NEEDS_SHARED();
  for (int64_t count : {1, 2, 7, 64}) expect_same({"stories260k"}, 512, count, count);
}

TEST(Prefill, MayComeInChunksOfAnySize) {
  ST_NEEDS_SHARED();
  expect_same({"adder"}, 13, 16, 3);
  expect_same({"stories260k"}, 512, 64, 7);
  expect_same({"stories260k"}, 512, 130, 64);
  expect_same({"stories260k", "w8a8"}, 512, 100, 33);
}

TEST(Prefill, FillsEveryPosition) {
  ST_NEEDS_SHARED();
  const std::vector<int64_t> ids = some_ids(512, 512);
  const Rows wide = fed({"stories260k"}, ids, 512, 64);
  ASSERT_EQ(wide.count(), 512);
  EXPECT_LE(largest_difference(wide, fed({"stories260k"}, ids, 512, 5)), 1e-4);
}

}  // namespace
}  // namespace st::test
