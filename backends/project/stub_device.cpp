// SPDX-License-Identifier: Apache-2.0
#include "backends/project/project.h"
#include "core/support/process.h"

namespace st {
namespace fs = std::filesystem;
namespace {

/// A line of a program's output is shown whole: the cycle of a deadlock names a channel at its end.
constexpr size_t LongestLine = 10000;

/// The last `count` lines of a program's output.
std::vector<std::string> last_lines(const std::string& text, size_t count) {
  std::vector<std::string> lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(printable(std::string_view(text).substr(begin, end - begin), LongestLine));
    begin = end + 1;
  }
  if (lines.size() > count)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return lines;
}

}  // namespace

Status compile_stub(const fs::path& build, const std::string& cxx, const std::string& flags) {
  std::string output;
  Command make;
  make.arguments = {"make", "-s", "-j2", "-C", "stub", "all"};
  if (!cxx.empty()) make.arguments.push_back("CXX=" + cxx);
  if (!flags.empty()) make.arguments.push_back("CXXFLAGS=" + flags);
  make.directory = build;
  make.on_output = make.on_error = [&](std::string_view text) { output += text; };
  ST_TRY(status, run(make));
  if (status != 0) {
    return Diagnostic{
        "E0503", "the stub device does not compile", "stub/Makefile", last_lines(output, 12),
        "it needs g++, make and libboost-context-dev; --synth none writes the project without it"};
  }
  // Objects are of no use to anybody who gets the directory.
  std::error_code error;
  std::vector<fs::path> objects;
  for (const auto& entry : fs::directory_iterator(build / "stub", error)) {
    if (entry.path().extension() == ".o") objects.push_back(entry.path());
  }
  for (const fs::path& object : objects) fs::remove(object, error);
  return {};
}

Result<std::string> run_test_bench(const fs::path& build, const std::string& name,
                                   const std::string& record) {
  std::string output;
  Command bench;
  bench.arguments = {"./" + name + "_tb", "../groups/" + name + "/tb/data"};
  bench.directory = build / "stub";
  if (!record.empty()) bench.environment["STREAMTENSOR_RECORD"] = record;
  bench.on_output = bench.on_error = [&](std::string_view text) { output += text; };
  ST_TRY(status, run(bench));
  const std::vector<std::string> lines = last_lines(output, 24);
  if (status != 0) {
    const bool differs = status == 1;
    return Diagnostic{
        differs ? "E0701" : "E0605",
        "the test bench of " + name +
            (differs ? " fails" : " ended with status " + std::to_string(status)),
        "groups/" + name + "/tb", lines,
        differs ? "" : "status 75 is a deadlock: the lines above name the tasks and channels"};
  }
  return lines.empty() ? std::string() : lines.back();
}

}  // namespace st
