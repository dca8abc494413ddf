// SPDX-License-Identifier: Apache-2.0
// Templates of the shared engine's linear layers against their nests: all that emitted code moves,
// bit for bit, and the iterations of its loops.
#include "backends/hls/emit_group.h"
#include "backends/project/check_code.h"
#include "core/dataflow/units.h"
#include "tests/common/engine_model.h"
#include "tests/emission/bench_build.h"

namespace st::test {
namespace {

void expect_equal(const EngineCase& of, const std::vector<int64_t>& tokens, uint64_t seed) {
  SCOPED_TRACE(of.text());
  const EngineValues weights = random_values(of, 1, seed);
  BenchBuild build(engine_program(of, weights), "stripes");
  std::vector<BenchBuild::Launch> launches;
  for (const int64_t rows : tokens) {
    const EngineValues x = random_values(of, rows, ++seed);
    launches.push_back(
        {rows, 0, [&build, x](DeviceState& state) { set_rows(build.program(), x, state); }});
  }
  build.launch(launches);
  expect_code_like_nests(build, launches.size());
}

class Stripes : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef ST_TEST_SANITIZED
    GTEST_SKIP() << "SKIPPED: compiling takes long; the other build does it";
#endif
  }
};

const DType I4 = DType::I4, I8 = DType::I8;

TEST_F(Stripes, CodeDoesWhatTheNestsSay) {
  expect_equal({I8, {2, 3}, 1, 24, 3, 16, 4, 10, 30}, {1, 1}, 1);
  expect_equal({I4, {1, 1, 2}, 1, 24, 2, 64, 3, 16, 8}, {1}, 2);
  expect_equal({I4, {2, 1}, 2, 12, 2, 16, 12, 4, 15}, {1}, 3);
  expect_equal({I8, {2}, 3, 8, 3, 4, 79, 6, 7}, {1}, 4);
  expect_equal({I4, {3}, 1, 26, 2, 64, 11, 13, 10}, {1}, 5);
  expect_equal({I8, {5, 4}, 1, 24, 2, 16, 4, 16, 7}, {1}, 6);
}

TEST_F(Stripes, CodeOfSeveralTokensDoesWhatTheNestsSay) {
  expect_equal({I4, {2, 1}, 2, 12, 2, 16, 12, 4, 15, 5}, {4, 1, 5}, 7);
  expect_equal({I8, {2, 1}, 2, 12, 2, 16, 12, 4, 15, 5}, {3, 2}, 8);
  expect_equal({I4, {2, 1}, 2, 12, 2, 16, 12, 4, 15, 5, 2}, {4, 1, 5, 3}, 11);
  expect_equal({I8, {1, 2}, 1, 24, 3, 16, 4, 10, 18, 2, 2}, {2, 1, 2}, 12);
}

TEST_F(Stripes, CodeBreaksNoRules) {
  const EngineCase of = {I4, {2, 1}, 2, 12, 2, 16, 12, 4, 15};
  const Program program = engine_program(of, random_values(of, 1, 9));
  const Unit unit = units_of(program).at(0);
  const Status status =
      check_code(unit.name, hls::emit_header(program, unit), hls::emit_source(program, unit));
  EXPECT_TRUE(status.ok());
}

}  // namespace
}  // namespace st::test
