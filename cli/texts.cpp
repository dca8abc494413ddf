// SPDX-License-Identifier: Apache-2.0
#include "cli/texts.h"

#include <charconv>
#include <sstream>

#include "core/support/read_file.h"

namespace st::cli {
namespace {

constexpr size_t LargestTexts = size_t{1} << 26;

/// The ids of a line 1,2,3.
Result<std::vector<int64_t>> ids_of(const std::string& line) {
  std::vector<int64_t> ids;
  const char *at = line.data(), *end = at + line.size();
  while (true) {
    int64_t id = 0;
    const auto [behind, error] = std::from_chars(at, end, id);
    if (error != std::errc() || id < 0 || (behind != end && *behind != ',')) break;
    ids.push_back(id);
    if (behind == end) return ids;
    at = behind + 1;
  }
  return Diagnostic{"E0604",
                    "a line of ids is numbers with commas between them",
                    "",
                    {},
                    "the model has no tokenizer: give ids as 1,2,3"};
}

}  // namespace

std::string ids_text(const std::vector<int64_t>& ids) {
  std::string text;
  for (int64_t id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

Result<std::vector<std::vector<int64_t>>> read_texts(const std::string& file,
                                                     const Tokenizer* tokenizer) {
  ST_TRY(content, read_file(file, LargestTexts));
  std::vector<std::vector<int64_t>> texts;
  Diagnostics problems;
  std::istringstream lines(content);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    auto ids = tokenizer != nullptr ? tokenizer->encode(line) : ids_of(line);
    if (ids.ok()) {
      texts.push_back(std::move(*ids));
      continue;
    }
    for (Diagnostic problem : ids.errors()) {
      problem.where = printable(file) + ":" + std::to_string(number);
      problems.push_back(std::move(problem));
    }
  }
  if (!problems.empty()) return problems;
  return texts;
}

}  // namespace st::cli
