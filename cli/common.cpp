// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <iostream>

#include "cli/commands.h"

namespace st::cli {

int fail(const Diagnostics& problems) {
  print(std::cerr, problems);
  std::cerr << problems.size() << (problems.size() == 1 ? " error" : " errors") << "\n";
  return static_cast<int>(fault_of(problems));
}

Result<std::map<std::string, Range>> parse_dims(const std::vector<std::string>& texts) {
  std::map<std::string, Range> dims;
  Diagnostics problems;
  for (const std::string& text : texts) {
    const size_t equals = text.find('='), dots = text.find("..");
    Range range;
    auto number = [&](size_t begin, size_t end, int64_t& value) {
      auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, value);
      return error == std::errc() && stop == text.data() + end;
    };
    const bool good = equals != std::string::npos && equals > 0 && dots != std::string::npos &&
                      dots > equals && number(equals + 1, dots, range.low) &&
                      number(dots + 2, text.size(), range.high) && range.low >= 0 &&
                      range.low <= range.high;
    if (!good) {
      problems.push_back({"E0801",
                          "--dim '" + printable(text) + "' is not NAME=LOW..HIGH",
                          "",
                          {},
                          "such as --dim sequence_length=1..128"});
      continue;
    }
    dims[text.substr(0, equals)] = range;
  }
  if (!problems.empty()) return problems;
  return dims;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace st::cli
