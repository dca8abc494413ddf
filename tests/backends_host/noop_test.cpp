// SPDX-License-Identifier: Apache-2.0
// The emitted host program on real XRT in its noop mode, with xclbin files of our own writer.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "backends/host/emit_host.h"
#include "backends/xclbin/description.h"
#include "tests/backends_host/temporary_build.h"
#include "tests/backends_host/toy_program.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

#define ST_NEEDS_XRT()                                                               \
  if (!std::filesystem::exists("/usr/include/xrt/xrt/xrt_device.h") ||               \
      std::system("ls /usr/lib/*-linux-gnu/libxrt_noop.so* >/dev/null 2>&1") != 0) { \
    GTEST_SKIP() << "SKIPPED: XRT is not installed (Debian: libxrt-dev, uuid-dev)";  \
  }

namespace st::testing {
namespace {

using xclbin::Description;

constexpr xclbin::Uuid SomeId = {1, 2, 3};

/// The toy program's host, compiled against XRT once.
class OnXrt : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ST_NEEDS_XRT();
    build_ = std::make_unique<TemporaryBuild>();
    build_->write(emit_host(toy_program(), toy_target(), toy_checksums()));
    build_->write(toy_kernels());
    made_ = build_->run("env -u XILINX_XRT make -C host noop PROMPT=3,1,4 CXXFLAGS=-O0");
  }
  static void TearDownTestSuite() { build_.reset(); }
  void SetUp() override {
    ST_NEEDS_XRT();
    ASSERT_EQ(made_.exit_code, 0) << made_.err;
  }

  static Outcome host(const std::string& arguments) {
    return build_->run("XILINX_XRT=$PWD/host/noop XCL_EMULATION_MODE=noop host/host --build . " +
                       arguments);
  }

  /// Runs the host on a design that differs from the toy program's.
  static Outcome on(const std::function<void(Description&)>& edit) {
    Description design = xclbin::describe(toy_program(), toy_target());
    edit(design);
    build_->write("other.xclbin", xclbin::without_bitstream(design, SomeId));
    return host("--xclbin other.xclbin generate --ids 1 --max-tokens 1");
  }

  static std::unique_ptr<TemporaryBuild> build_;
  static Outcome made_;
};

std::unique_ptr<TemporaryBuild> OnXrt::build_;
Outcome OnXrt::made_;

TEST_F(OnXrt, RunsTheWholeProgram) {
  EXPECT_TRUE(has(made_.err, "read-back: parameters on the card are right")) << made_.err;
  EXPECT_TRUE(has(made_.err, "prefill: 3 tokens in ")) << made_.err;
  EXPECT_TRUE(has(made_.err, "decode: 1 tokens in ")) << made_.err;
  EXPECT_EQ(on([](Description&) {}).exit_code, 0);
}

TEST_F(OnXrt, RefusesDesignsThatAreNotOfThisBuild) {
  struct Case {
    std::function<void(Description&)> edit;
    const char* message;
  };
  const Case cases[] = {
      {[](Description& d) { d.kernels[1].name = "grouq1"; }, "kernel 'group1' is missing"},
      {[](Description& d) { d.kernels.pop_back(); }, "kernel 'group1' is missing"},
      {[](Description& d) { d.kernels[0].arguments.pop_back(); },
       "kernel 'group0' has 6 arguments, not 7"},
      {[](Description& d) { std::swap(d.kernels[0].arguments[0], d.kernels[0].arguments[1]); },
       "argument 0 of 'group0' is 'position_ids', not 'input_ids'"},
      {[](Description& d) { std::swap(d.kernels[0].arguments[5], d.kernels[0].arguments[6]); },
       "argument 5 of 'group0' is 'past', not 'tokens'"},
      {[](Description& d) {
         d.kernels[0].arguments[3].bank = 7;
         d.banks[7].used = true;
       },
       "argument 3 of 'group0' ('cache_k0') is connected to HBM[7], not to HBM[3]"},
      {[](Description& d) {
         d.kernels[1].arguments[0].bank = 9;
         d.banks[9].used = true;
       },
       "argument 0 of 'group1' ('hidden') is connected to HBM[9], not to HBM[4]"},
  };
  for (const Case& c : cases) {
    const Outcome got = on(c.edit);
    EXPECT_EQ(got.exit_code, 2) << c.message;
    EXPECT_EQ(got.out, "") << c.message;
    EXPECT_TRUE(has(got.err, "other.xclbin is not a bitstream of this build")) << got.err;
    EXPECT_TRUE(has(got.err, c.message)) << c.message << "\n" << got.err;
  }
}

TEST_F(OnXrt, TakesTheNamesThatOlderShellsGiveToBanks) {
  const Outcome got = on([](Description& d) {
    for (size_t b = 0; b < d.banks.size(); ++b) d.banks[b].tag = "bank" + std::to_string(b);
  });
  EXPECT_EQ(got.exit_code, 0) << got.err;
}

TEST_F(OnXrt, ReportsAMissingOrDamagedFile) {
  const std::string whole =
      xclbin::without_bitstream(xclbin::describe(toy_program(), toy_target()), SomeId);
  build_->write("other.xclbin", whole.substr(0, whole.size() / 2));
  for (const char* file : {"other.xclbin", "missing.xclbin", "program.json"}) {
    const Outcome got = host("--xclbin " + std::string(file) + " generate --ids 1");
    EXPECT_NE(got.exit_code, 0) << file;
    EXPECT_TRUE(has(got.err, "error")) << file;
    EXPECT_EQ(got.out, "") << file;
  }
}

// The host looks before XRT does; here XRT itself is asked. That it takes any bank is why the host
// looks.
TEST_F(OnXrt, XrtItselfTakesWhatIsRightAndRefusesWhatIsWrong) {
  build_->write("asks/asks.cpp", R"(
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>
#include <cstdio>
#include <exception>
template <typename Ask> void refused(const char* what, Ask ask) {
  try { ask(); std::printf("%s: taken\n", what); } catch (const std::exception&) { std::printf("%s: refused\n", what); }
}
int main() {
  xrt::device device(0);
  const auto id = device.load_xclbin(std::string("host/noop.xclbin"));
  xrt::kernel group0(device, id, "group0"), group1(device, id, "group1:{group1_1}");
  for (int i = 0; i < 5; ++i) std::printf("%d ", group0.group_id(i));
  for (int i = 0; i < 2; ++i) std::printf("%d ", group1.group_id(i));
  std::printf("\n");
  refused("kernel", [&] { xrt::kernel(device, id, "group2"); });
  refused("unit", [&] { xrt::kernel(device, id, "group0:{group0_2}"); });
  refused("argument", [&] { group0.group_id(7); });
  xrt::run run(group1);
  xrt::bo buffer(device, 4096, static_cast<xrt::memory_group>(group1.group_id(0)));
  run.set_arg(0, buffer);
  refused("eighth argument", [&] { run.set_arg(7, 1); });
  refused("bank", [&] { xrt::bo(device, 4096, 99); });
}
)");
  const Outcome built = build_->run(
      "g++ -std=c++17 -isystem /usr/include/xrt -o asks/asks asks/asks.cpp -lxrt_coreutil -luuid "
      "-pthread");
  ASSERT_EQ(built.exit_code, 0) << built.err;
  const Outcome got = build_->run("XILINX_XRT=$PWD/host/noop XCL_EMULATION_MODE=noop asks/asks");
  EXPECT_EQ(got.out,
            "1 2 0 3 4 4 5 \nkernel: refused\nunit: refused\nargument: refused\n"
            "eighth argument: refused\nbank: taken\n")
      << got.err;
}

TEST(EmittedBuilds, RunOnXrt) {
  ST_NEEDS_XRT();
  for (const test::Request& request :
       {test::Request{"adder", "f32", "u280", "none"},
        test::Request{"adder", "w8a8", test::target_with_ports(6).string(), "none"},
        test::Request{"adder", "f32", "u280", "none", true, 4},
        test::Request{.model = "adder", .synth = "none", .kernel_per_slr = true}}) {
    const auto build = test::copy_of(test::built(request), "on_xrt");
    const test::Outcome got =
        test::run_program({"env", "-u", "XILINX_XRT", "make", "-C", (build / "host").string(),
                           "noop", "PROMPT=1,2,3", "CXXFLAGS=-O0"});
    EXPECT_EQ(got.status, 0) << request.target << got.err;
    EXPECT_TRUE(has(got.err, "read-back: ")) << got.err;
    const std::map<std::string, std::string> noop = {{"XILINX_XRT", (build / "host/noop").string()},
                                                     {"XCL_EMULATION_MODE", "noop"}};
    const std::vector<std::string> run = {ST_TEST_TOOL,
                                          "run",
                                          build.string(),
                                          "--card",
                                          "--ids",
                                          "1,2",
                                          "--xclbin",
                                          (build / "host/noop.xclbin").string(),
                                          "--read-back",
                                          "-n",
                                          "2"};
    const test::Outcome ran = test::run_program(run, {}, noop);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_TRUE(has(ran.err, "read-back: ")) << ran.err;
  }
}

}  // namespace
}  // namespace st::testing
