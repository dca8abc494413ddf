// SPDX-License-Identifier: Apache-2.0
#include "backends/reports/text_table.h"

#include <algorithm>

#include "backends/reports/vendor_file.h"

namespace st::reports {
namespace {

/// "| a | b |" as {"a", "b"}.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  line = trimmed(line);
  for (size_t begin = 1; begin < line.size();) {
    const size_t end = std::min(line.find('|', begin), line.size());
    cells.emplace_back(trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return cells;
}

/// "a  b c  d" as {"a", "b c", "d"}.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  line = trimmed(line);
  while (!line.empty()) {
    const size_t end = std::min(line.find("  "), line.size());
    fields.emplace_back(line.substr(0, end));
    line = trimmed(line.substr(end));
  }
  return fields;
}

bool is_rule(std::string_view line) {
  line = trimmed(line);
  return line.size() > 1 && line[0] == '+' &&
         line.find_first_not_of("+-") == std::string_view::npos;
}

/// Without the mark of a footnote: "CLB LUTs*".
std::string_view plain_name(std::string_view name) {
  while (!name.empty() && (name.back() == '*' || name.back() == ' ')) name.remove_suffix(1);
  return name;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    begin = end + 1;
  }
  return lines;
}

bool TextTable::has_column(std::string_view column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

const std::string* TextTable::cell(std::string_view key, std::string_view name,
                                   std::string_view column) const {
  const auto names = std::find(columns.begin(), columns.end(), key);
  const auto at = std::find(columns.begin(), columns.end(), column);
  if (names == columns.end() || at == columns.end()) return nullptr;
  for (const std::vector<std::string>& row : rows) {
    if (plain_name(row[static_cast<size_t>(names - columns.begin())]) == name)
      return &row[static_cast<size_t>(at - columns.begin())];
  }
  return nullptr;
}

const std::string* TextTable::first(std::string_view column) const {
  const auto at = std::find(columns.begin(), columns.end(), column);
  if (at == columns.end() || rows.empty()) return nullptr;
  return &rows.front()[static_cast<size_t>(at - columns.begin())];
}

std::vector<TextTable> framed_tables(std::string_view text) {
  std::vector<TextTable> tables;
  enum class At { Outside, Header, Rows } at = At::Outside;
  for (const std::string_view line : lines_of(text)) {
    if (is_rule(line)) {
      // A rule above the header, one below it, and one at the end.
      at = at == At::Outside ? At::Header : at == At::Header ? At::Rows : At::Outside;
      continue;
    }
    if (!trimmed(line).starts_with('|')) {
      at = At::Outside;
      continue;
    }
    if (at == At::Header) {
      tables.push_back({cells_of(line), {}});
    } else if (at == At::Rows && !tables.empty()) {
      std::vector<std::string> cells = cells_of(line);
      if (!cells.empty() && cells.size() == tables.back().columns.size())
        tables.back().rows.push_back(std::move(cells));
    }
  }
  return tables;
}

TextTable summary_table(std::string_view text, std::string_view title) {
  TextTable table;
  bool inside = false;
  for (const std::string_view line : lines_of(text)) {
    const std::string_view plain = trimmed(line);
    if (plain.starts_with('|')) {
      const std::string_view heading = trimmed(plain.substr(1));
      if (heading == title) inside = true;
      // The next heading ends the section.
      if (inside && heading != title && heading.find_first_not_of('-') != std::string_view::npos)
        break;
      continue;
    }
    if (!inside || plain.find_first_not_of("- ") == std::string_view::npos) continue;
    std::vector<std::string> fields = fields_of(plain);
    if (table.columns.empty()) {
      table.columns = std::move(fields);
    } else {
      if (fields.size() == table.columns.size()) table.rows.push_back(std::move(fields));
      break;
    }
  }
  return table;
}

}  // namespace st::reports
