// SPDX-License-Identifier: Apache-2.0
#include "tests/emission/group_code.h"

#include <algorithm>
#include <regex>
#include <sstream>

#include "tests/common/tool.h"

namespace st::test {
namespace {

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

/// "a, b" at commas.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(trimmed(part));
  return parts;
}

/// `TASK(FUNCTION)(ARGUMENTS);`, or nothing.
bool parse_task(const std::string& statement, TaskCall& call) {
  static const std::regex Form(R"(TASK\((.*)\)\(([^()]*)\);)");
  std::smatch match;
  if (!std::regex_match(statement, match, Form)) return false;
  call = {match[1], split(match[2])};
  return true;
}

bool parse_stream(const std::string& line, StreamDefinition& stream) {
  static const std::regex Form(R"re(hls::stream<(.*), (\d+)> (\w+)\("(\w+)"\);)re");
  std::smatch match;
  if (!std::regex_match(line, match, Form)) return false;
  stream.type = match[1];
  stream.depth = match[2];
  stream.name = match[3];
  EXPECT_EQ(match[3], match[4]) << "a stream's variable and its name in messages";
  return true;
}

}  // namespace

GroupCode group_code(const std::filesystem::path& build, int group) {
  const std::string name = "group" + std::to_string(group);
  const std::string text = read(build / "groups" / name / "src" / (name + ".cpp"));
  GroupCode code;
  const size_t top = text.find("extern \"C\" void " + name + "(");
  if (top == std::string::npos) {
    ADD_FAILURE() << "no top function";
    return code;
  }
  const size_t open = text.find('(', top), close = text.find(") {\n", open);
  for (const std::string& parameter : split(text.substr(open + 1, close - open - 1))) {
    const size_t star = parameter.find("* ");
    if (star != std::string::npos) code.pointers.push_back(parameter.substr(star + 2));
  }
  std::istringstream lines(text.substr(close + 4));
  bool region = false, ended = false;
  std::string comment, statement;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(ended) << "text behind the top function: " << line;
    if (line == "}") {
      ended = true;
    } else if (!region) {
      code.pragmas.push_back(line);
      region = line == "#pragma HLS DATAFLOW";
    } else if (line.starts_with("#pragma")) {
      if (code.streams.empty() || !code.streams.back().pragma.empty()) {
        code.others.push_back(line);
      } else {
        code.streams.back().pragma = line;
      }
    } else if (trimmed(line).starts_with("//")) {
      comment += trimmed(line).substr(2) + "\n";
    } else if (!trimmed(line).empty()) {
      statement += (statement.empty() ? "" : " ") + trimmed(line);
      if (statement.back() != ';') continue;
      StreamDefinition stream;
      TaskCall task;
      if (parse_stream(statement, stream)) {
        stream.comment = comment;
        code.streams.push_back(stream);
      } else if (parse_task(statement, task)) {
        code.tasks.push_back(task);
      } else {
        code.others.push_back(statement);
      }
      statement.clear();
      comment.clear();
    }
  }
  EXPECT_TRUE(region) << "no DATAFLOW pragma";
  EXPECT_TRUE(ended && statement.empty()) << "the text ends amid a statement";
  return code;
}

}  // namespace st::test
