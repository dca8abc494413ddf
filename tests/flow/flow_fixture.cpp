// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/flow_fixture.h"

#include <algorithm>
#include <sstream>

#include "tests/common/builds.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

constexpr const char* PlatformName = "xilinx_u280_gen3x16_xdma_1_202211_1";

/// The doubles by the names of AMD's tools, and a platform; made once.
const fs::path& tools() {
  static const fs::path folder = [] {
    const fs::path made = scratch() / "vitis";
    fs::create_directories(made / "bin");
    for (const char* name :
         {"v++", "vitis-run", "vitis_hls", "platforminfo", "emconfigutil", "xbutil"})
      fs::create_symlink(ST_TEST_DOUBLES, made / "bin" / name);
    write(made / "platforms" / PlatformName / (std::string(PlatformName) + ".xpfm"),
          "part xcu280-fsvh2892-2L-e\nslrs 3\nmemory HBM 32\nmemory DDR 2\n");
    return made;
  }();
  return folder;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

void Flow::SetUp() {
  // Two groups are what a board with few ports makes of the adder.
  const fs::path& made = built({"adder", "f32", target_with_ports(8).string(), "none"});
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  build_ = copy_of(made, "a build of " + name, Links::Broken);
  environment_ = {{"PATH", (tools() / "bin").string() + ":/usr/bin:/bin"},
                  {"PLATFORM_REPO_PATHS", "/nowhere:" + (tools() / "platforms").string()},
                  {"STREAMTENSOR_ALLOW_DOUBLES", "1"},
                  {"STREAMTENSOR", "/nowhere/streamtensor"},
                  {"XILINXD_LICENSE_FILE", "2100@licences"},
                  {"HLS_DISK_GB", "0"},
                  {"HLS_MEMORY_GB", "0"},
                  {"MIN_DISK_GB", "0"},
                  {"MIN_MEMORY_GB", "0"},
                  {"DOUBLE_CALLS", (build_ / "calls").string()},
                  {"DOUBLE_FAULT", ""},
                  {"DOUBLE_UNIT", ""},
                  {"DOUBLE_VERSION", "2023.2"},
                  {"MAKEFLAGS", ""}};
}

Outcome Flow::run(const std::vector<std::string>& command, const Environment& more) const {
  Environment environment = environment_;
  for (const auto& [name, value] : more) environment[name] = value;
  return run_program(command, build_, environment);
}

Outcome Flow::make(const std::vector<std::string>& words, const Environment& more) const {
  std::vector<std::string> command = {"make", "-f", "Makefile.hls"};
  command.insert(command.end(), words.begin(), words.end());
  return run(command, more);
}

std::vector<std::string> Flow::calls() const {
  std::vector<std::string> lines;
  if (exists("calls")) lines = lines_of(read("calls"));
  std::erase_if(lines, [](const std::string& line) { return has(line, "version"); });
  fs::remove(build_ / "calls");
  return lines;
}

std::string Flow::read(const std::string& path) const { return test::read(build_ / path); }

bool Flow::exists(const std::string& path) const { return fs::exists(build_ / path); }

void Flow::alter(const std::string& path, const std::string& from, const std::string& to) const {
  replace(build_ / path, from, to);
}

void Flow::fake_host() const {
  const fs::path host = build_ / "host/host";
  write(host, "#!/bin/sh\necho \"host $*\"\necho \"mode ${XCL_EMULATION_MODE:-none}\" >&2\n");
  fs::permissions(host, fs::perms::owner_all);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

size_t count(const std::vector<std::string>& lines, const std::string& part) {
  return static_cast<size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return has(line, part); }));
}

std::string error_line(const Outcome& outcome) {
  std::vector<std::string> errors;
  for (const std::string& line : lines_of(outcome.err))
    if (line.starts_with("error: ")) errors.push_back(line);
  EXPECT_EQ(errors.size(), 1U) << outcome.err;
  return errors.empty() ? "" : errors.back();
}

}  // namespace st::test
