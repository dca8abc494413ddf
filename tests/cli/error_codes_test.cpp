// SPDX-License-Identifier: Apache-2.0
/// The table of error codes against the sources and against `explain`.
#include <cctype>
#include <set>

#include "core/support/diagnostics.h"
#include "tests/common/tool.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// All codes in string literals of the sources, apart from the table itself.
std::set<std::string> codes_in_sources() {
  std::set<std::string> codes;
  for (const char* folder : {"core", "frontends", "backends", "cli"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source(folder))) {
      const fs::path& path = entry.path();
      if (path.filename() == "error_codes.cpp") continue;
      if (path.extension() != ".cpp" && path.extension() != ".h") continue;
      const std::string text = read(path);
      for (size_t at = text.find("\"E0"); at != std::string::npos; at = text.find("\"E0", at + 1)) {
        const std::string code = text.substr(at + 1, 5);
        const bool digits = code.find_first_not_of("0123456789", 1) == std::string::npos;
        if (digits && text.compare(at + 6, 1, "\"") == 0) codes.insert(code);
      }
    }
  }
  return codes;
}

TEST(ErrorCodes, EveryCodeThatIsUsedIsInTheTable) {
  const std::set<std::string> used = codes_in_sources();
  EXPECT_GT(used.size(), 20U);
  for (const std::string& code : used) EXPECT_NE(find_error_code(code), nullptr) << code;
}

TEST(ErrorCodes, EveryCodeOfTheTableIsUsed) {
  const std::set<std::string> used = codes_in_sources();
  for (const ErrorCode& record : error_codes())
    EXPECT_EQ(used.count(std::string(record.code)), 1U) << record.code;
}

TEST(ErrorCodes, AreExplained) {
  const Outcome list = streamtensor({"explain"});
  EXPECT_EQ(list.status, 0);
  for (const ErrorCode& record : error_codes()) {
    EXPECT_GT(record.summary.size(), 10U) << record.code;
    EXPECT_GT(record.advice.size(), 10U) << record.code;
    const Outcome one = streamtensor({"explain", std::string(record.code)});
    EXPECT_EQ(one.status, 0) << record.code;
    for (const std::string_view part : {record.code, record.summary, record.advice})
      EXPECT_NE(one.out.find(part), std::string::npos) << one.out;
    EXPECT_NE(one.out.find("exit code " + std::to_string(static_cast<int>(record.fault))),
              std::string::npos)
        << one.out;
    EXPECT_NE(list.out.find(std::string(record.code) + "  " + std::string(record.summary)),
              std::string::npos)
        << record.code;
  }
}

TEST(ErrorCodes, AdviceNamesCommandsThatExist) {
  const std::string help = streamtensor({"--help"}).out;
  const std::string lead = "`streamtensor ";
  int commands = 0;
  for (const ErrorCode& record : error_codes()) {
    const std::string advice(record.advice);
    for (size_t at = advice.find(lead); at != std::string::npos; at = advice.find(lead, at + 1)) {
      const size_t begin = at + lead.size();
      const std::string command = advice.substr(begin, advice.find_first_of(" `", begin) - begin);
      if (std::isupper(static_cast<unsigned char>(command[0])) != 0) continue;  // any: COMMAND
      EXPECT_NE(help.find("\n  " + command + " "), std::string::npos)
          << record.code << ": " << advice;
      ++commands;
    }
  }
  EXPECT_GT(commands, 3);
}

}  // namespace
}  // namespace st::test
