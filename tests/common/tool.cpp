// SPDX-License-Identifier: Apache-2.0
#include "tests/common/tool.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/support/process.h"
#include "core/support/temporary_directory.h"

namespace st::test {
namespace fs = std::filesystem;

Outcome run_program(const std::vector<std::string>& arguments, const fs::path& directory,
                    const std::map<std::string, std::string>& environment) {
  Outcome outcome;
  Command command;
  command.arguments = arguments;
  command.directory = directory;
  command.environment = environment;
  command.on_output = [&](std::string_view text) { outcome.out += text; };
  command.on_error = [&](std::string_view text) { outcome.err += text; };
  const auto status = run(command);
  EXPECT_TRUE(status.ok()) << "cannot run " << arguments[0];
  if (status.ok()) outcome.status = *status;
  return outcome;
}

Outcome streamtensor(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments[0] == "build") {
    const auto unless_given = [&](const std::string& option, const std::string& value) {
      if (std::find(arguments.begin(), arguments.end(), option) == arguments.end())
        arguments.insert(arguments.end(), {option, value});
    };
    unless_given("--cxxflags", ST_TEST_CXXFLAGS);
    unless_given("--cxx", ST_TEST_CXX);
#ifdef ST_TEST_SANITIZED
    unless_given("--fifo", FifoMethod);
#endif
  }
  arguments.insert(arguments.begin(), ST_TEST_TOOL);
  return run_program(arguments);
}

fs::path source(const std::string& relative) { return fs::path(ST_TEST_SOURCE_DIR) / relative; }

fs::path shared(const std::string& relative) {
  const char* given = std::getenv("STREAMTENSOR_SHARED");
  const fs::path root = given != nullptr ? fs::path(given) : source("../shared");
  return fs::exists(root / relative) ? root / relative : fs::path();
}

const fs::path& scratch() {
  static const auto folder = TemporaryDirectory::create();
  return folder->path();
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << content;
  EXPECT_TRUE(out.good()) << "cannot write " << path;
}

}  // namespace st::test
