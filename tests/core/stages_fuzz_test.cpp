// SPDX-License-Identifier: Apache-2.0
// Damaged stages: each is refused with a clear error, or is a sound program, which then also runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "tests/core/compiled.h"
#include "tests/core/stages.h"

namespace st {
namespace {

#ifdef ST_TEST_SANITIZED
constexpr int Damages = 3;
#else
constexpr int Damages = 12;
#endif

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// A word of a line, as runs of letters, digits and '_' are.
std::string& replace_word(test::Random& random, std::string& line, const std::string& with) {
  auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  if (line.empty()) return line;
  size_t begin = static_cast<size_t>(random.below(static_cast<int64_t>(line.size())));
  while (begin > 0 && is_word(line[begin - 1])) --begin;
  size_t end = begin;
  while (end < line.size() && is_word(line[end])) ++end;
  return line.replace(begin, end - begin, with);
}

std::string word_of(test::Random& random, const std::vector<std::string>& lines) {
  std::string line = random.pick(lines);
  const std::string before = line;
  replace_word(random, line, "\n");
  const size_t at = line.find('\n');
  return at == std::string::npos ? "" : before.substr(at, before.size() + 1 - line.size());
}

/// One change of the kind that an editor, or a disk, makes.
std::string damaged(test::Random& random, const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  const size_t at = 1 + static_cast<size_t>(random.below(static_cast<int64_t>(lines.size()) - 1));
  switch (random.below(7)) {
    case 0:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), random.pick(lines));
      break;
    case 2:
      std::swap(
          lines[at],
          lines[static_cast<size_t>(random.between(1, static_cast<int64_t>(lines.size()) - 1))]);
      break;
    case 3:
      replace_word(random, lines[at],
                   random.pick<std::string>({"0", "1", "2", "3", "17", "-1", "4294967296",
                                             "9223372036854775807", "sequence", "past", "d0", "f32",
                                             "i8", "", "group0", "int", "\"", "nan"}));
      break;
    case 4:
      replace_word(random, lines[at], word_of(random, lines));
      break;
    case 5:
      if (!lines[at].empty())
        lines[at][static_cast<size_t>(random.below(static_cast<int64_t>(lines[at].size())))] =
            static_cast<char>(random.below(256));
      break;
    default:
      lines.resize(at);
      break;
  }
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

TEST(Stages, DamageIsFoundOrDoesNoHarm) {
  std::map<std::string, int> outcomes;
  test::Random random(20251124);
  for (const uint64_t seed : {2U, 3U, 8U, 11U}) {
    const std::string precision = seed % 3 == 2 ? "w8a8" : "f32";
    for (const std::string& stage : test::stages_of(seed, precision)) {
      for (int i = 0; i < Damages; ++i) {
        const std::string text = damaged(random, stage);
        Design design = test::design_of(seed, precision);
        Diagnostics problems;
        const auto first = start_from(design, text, "stage");
        if (first.ok()) {
          const Status status =
              compile_from(*first, "stage", design, [](int, const std::string&) {});
          if (!status.ok()) problems = status.errors();
        } else {
          problems = first.errors();
        }
        for (const Diagnostic& problem : problems) {
          const ErrorCode* code = find_error_code(problem.code);
          ASSERT_NE(code, nullptr) << problem.code;
          EXPECT_TRUE(code->fault == Fault::BadInput || code->fault == Fault::Infeasible)
              << problem.code << ": " << problem.message << "\n"
              << text;
          EXPECT_FALSE(problem.message.empty());
        }
        ++outcomes[problems.empty() ? "accepted" : problems[0].code];
        if (!problems.empty()) continue;
        EXPECT_TRUE(test::Device(design.program).feed({0, 1}).ok()) << text;
      }
    }
  }
  for (const auto& [outcome, count] : outcomes) std::cout << outcome << " " << count << "\n";
  EXPECT_GT(outcomes["accepted"], 4 * Damages) << "names, depths and reasons may change";
  EXPECT_GT(outcomes["E0311"], 4 * Damages);
  EXPECT_GT(outcomes["E0313"], 4 * Damages);
}

}  // namespace
}  // namespace st
