// SPDX-License-Identifier: Apache-2.0
// FIFOs in the simulation are as deep as in the hardware: one that is too shallow stops it there.
#include <regex>

#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

constexpr int Deadlock = 75;

TEST(Deadlock, NamesTheTaskAndTheChannelThatIsTooShallow) {
  const fs::path build = copy_of(built({"adder"}), "shallow");
  const fs::path code = build / "groups/group0/src/group0.cpp";
  const std::string channel = "h_0_attn_residual_to_h_0_mlp_residual";
  // The residual's row waits in this channel while the feed-forward network needs all of it.
  const std::string text = read(code);
  const std::regex definition("(hls::stream<vec<float, 16>, )[0-9]+(> " + channel + "\\()");
  ASSERT_TRUE(std::regex_search(text, definition));
  write(code, std::regex_replace(text, definition, "$011$2"));
  recompile_test_bench(build);

  const Outcome bench = run_program({"./group0_tb", "../groups/group0/tb/data"}, build / "stub");
  EXPECT_EQ(bench.status, Deadlock) << bench.out << bench.err;
  EXPECT_NE(bench.err.find("task 'st::fork<float, 16, 4>' waits to write channel '" + channel +
                           "' (full: 1 of 1)"),
            std::string::npos)
      << bench.err;

  const Outcome verified = streamtensor({"verify", build});
  EXPECT_NE(verified.status, 0);
  EXPECT_EQ(verified.out.find("verified"), std::string::npos);
  EXPECT_NE(verified.err.find("status 75"), std::string::npos) << verified.err;
  EXPECT_NE(verified.err.find("'" + channel + "'"), std::string::npos) << verified.err;
}

}  // namespace
}  // namespace st::test
