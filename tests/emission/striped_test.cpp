// SPDX-License-Identifier: Apache-2.0
// Templates of striped attention against their nests: all that emitted code moves, bit for bit, and
// the iterations of its loops.
#include "backends/hls/emit_group.h"
#include "backends/project/check_code.h"
#include "core/dataflow/units.h"
#include "tests/common/striped_model.h"
#include "tests/emission/bench_build.h"

namespace st::test {
namespace {

void expect_attention(const StripedCase& of, int64_t tokens, uint64_t seed) {
  SCOPED_TRACE(of.text());
  BenchBuild build(striped_program(of), "striped");
  Random random(seed);
  std::vector<BenchBuild::Launch> launches;
  for (int64_t past = 0; past < tokens; ++past) {
    const StripedToken token = random_token(random, of);
    launches.push_back({1, past, [&build, token](DeviceState& state) {
                          set_token(build.program(), token, state);
                        }});
  }
  build.launch(launches);
  expect_code_like_nests(build, launches.size());
}

class Striped : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef ST_TEST_SANITIZED
    GTEST_SKIP() << "SKIPPED: compiling takes long; the other build does it";
#endif
  }
};

TEST_F(Striped, CodeDoesWhatTheNestsSay) {
  expect_attention({4, 2, 64, 16, {2, 1}, 11, 0}, 11, 1);
  expect_attention({6, 2, 8, 16, {1, 3}, 14, 3, 1.0f, 2}, 14, 2);
  expect_attention({2, 2, 80, 16, {2, 2}, 9, 0}, 9, 3);
  expect_attention({2, 1, 128, 4, {3}, 7, 40, 1.0f, 2}, 7, 4);
  expect_attention({20, 20, 8, 10, {1, 1}, 5, 0}, 5, 5);
}

/// The cycle of peaks and caches that are read and written are what these designs are made of.
TEST_F(Striped, CodeBreaksNoOtherRules) {
  const Program program = striped_program({4, 2, 64, 16, {2, 1}, 11, 0});
  const Unit unit = units_of(program).at(0);
  const Status status =
      check_code(unit.name, hls::emit_header(program, unit), hls::emit_source(program, unit));
  if (status.ok()) return;
  for (const std::string& detail : status.errors()[0].details) {
    const bool wanted = detail.find("stream-feedback: 'peaks_") != std::string::npos ||
                        detail.find("argument-read-and-written: 'cache_") != std::string::npos;
    EXPECT_TRUE(wanted) << detail;
  }
}

}  // namespace
}  // namespace st::test
