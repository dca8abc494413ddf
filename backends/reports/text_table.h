// SPDX-License-Identifier: Apache-2.0
/// Tables in Vivado's text reports. Their columns are found by name, because releases add some.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace st::reports {

struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< as many cells as columns; trimmed

  /// The cell in `column` of the first row whose cell in the column `key` is `name`; nullptr where
  /// one of them is not there. A mark of a footnote is no part of a name.
  [[nodiscard]] const std::string* cell(std::string_view key, std::string_view name,
                                        std::string_view column) const;
  /// The cell in `column` of the first row; nullptr where one of them is not there.
  [[nodiscard]] const std::string* first(std::string_view column) const;
  [[nodiscard]] bool has_column(std::string_view column) const;
};

/// All tables in frames of "+---+", whose first row is the header. Rows with another number of
/// cells are left out.
std::vector<TextTable> framed_tables(std::string_view text);

/// The table below the heading `title`: names two or more spaces apart, dashes, and one row.
/// Without rows where it is not there.
TextTable summary_table(std::string_view text, std::string_view title);

/// Lines of `text`, without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace st::reports
