// SPDX-License-Identifier: Apache-2.0
#include "backends/reports/utilisation.h"

#include <algorithm>
#include <cmath>

#include "backends/reports/text_table.h"

namespace st::reports {
namespace {

/// A kind of resource by the names that device families give it.
struct SiteType {
  std::vector<const char*> rows;
  int64_t ResourceCounts::*count;
  double each = 1;  ///< how many a site is
  bool needed = false;
};

const std::vector<SiteType>& site_types() {
  static const std::vector<SiteType> Types = {
      {{"CLB LUTs", "Slice LUTs"}, &ResourceCounts::lut, 1, true},
      {{"CLB Registers", "Registers", "Slice Registers"}, &ResourceCounts::ff, 1, true},
      {{"DSPs", "DSP Slices"}, &ResourceCounts::dsp, 1, false},
      {{"Block RAM Tile"}, &ResourceCounts::bram18, 2, false},
      {{"URAM"}, &ResourceCounts::uram, 1, false},
  };
  return Types;
}

/// The number at the front of a cell, which a share may follow: "84000 [  7.02%]".
std::optional<int64_t> count_in(const std::string& cell, double each) {
  const auto value = decimal(std::string_view(cell).substr(0, cell.find('[')));
  // Above this no device has anything, and conversions would overflow.
  constexpr double Most = 1e12;
  if (!value || *value < 0 || *value > Most) return std::nullopt;
  return std::llround(*value * each);
}

/// The counts in one column of "Site Type" tables. `problems`: gets what is needed and not there.
ResourceCounts column_of(const std::vector<TextTable>& tables, const std::string& column,
                         const VendorFile& file, Diagnostics& problems) {
  ResourceCounts counts;
  for (const SiteType& type : site_types()) {
    const std::string* cell = nullptr;
    for (const TextTable& table : tables) {
      for (const char* row : type.rows)
        if (cell == nullptr) cell = table.cell("Site Type", row, column);
    }
    const auto count = cell == nullptr ? std::nullopt : count_in(*cell, type.each);
    if (count) {
      counts.*type.count = *count;
    } else if (type.needed || cell != nullptr) {
      const std::string place =
          "row '" + std::string(type.rows.front()) + "', column '" + column + "'";
      problems.push_back(damaged(file.name, cell == nullptr ? "there is no " + place
                                                            : place + " is '" + printable(*cell) +
                                                                  "', which is no number"));
    }
  }
  return counts;
}

bool is_slr(const std::string& column) {
  return column.size() > 3 && column.starts_with("SLR") &&
         column.find_first_not_of("0123456789", 3) == std::string::npos;
}

}  // namespace

Result<Utilisation> parse_utilisation(const VendorFile& file) {
  const std::vector<TextTable> tables = framed_tables(file.text);
  Diagnostics problems;
  Utilisation result;
  result.used = column_of(tables, "Used", file, problems);
  result.available = column_of(tables, "Available", file, problems);
  if (!problems.empty()) return problems;
  return result;
}

Result<std::vector<SlrUtilisation>> parse_slr_utilisation(const VendorFile& file) {
  std::vector<SlrUtilisation> slrs;
  Diagnostics problems;
  for (const TextTable& table : framed_tables(file.text)) {
    if (table.cell("Site Type", "CLB LUTs", "Site Type") == nullptr) continue;
    for (const std::string& column : table.columns)
      if (is_slr(column)) slrs.push_back({column, column_of({table}, column, file, problems)});
    if (!slrs.empty()) break;
  }
  if (slrs.empty())
    problems.push_back(damaged(file.name, "there is no table with a column 'SLR0'"));
  if (!problems.empty()) return problems;
  return slrs;
}

Result<std::vector<KernelUtilisation>> parse_kernel_utilisation(const VendorFile& file) {
  struct Column {
    const char* name;
    int64_t ResourceCounts::*count;
    double each;
  };
  const Column columns[] = {{"LUT", &ResourceCounts::lut, 1},
                            {"REG", &ResourceCounts::ff, 1},
                            {"DSP", &ResourceCounts::dsp, 1},
                            {"BRAM", &ResourceCounts::bram18, 2},
                            {"URAM", &ResourceCounts::uram, 1}};
  for (const TextTable& table : framed_tables(file.text)) {
    const bool complete = table.has_column("Name") &&
                          std::all_of(std::begin(columns), std::end(columns),
                                      [&](const Column& c) { return table.has_column(c.name); });
    if (!complete) continue;
    std::vector<KernelUtilisation> kernels;
    for (const std::vector<std::string>& row : table.rows) {
      const TextTable alone{table.columns, {row}};
      KernelUtilisation kernel{printable(*alone.first("Name")), {}};
      bool counted = true;
      for (const Column& column : columns) {
        const auto count = count_in(*alone.first(column.name), column.each);
        counted = counted && count;
        kernel.used.*column.count = count.value_or(0);
      }
      if (counted) kernels.push_back(std::move(kernel));
    }
    return kernels;
  }
  return damaged(file.name, "there is no table with columns Name, LUT, REG, BRAM, URAM and DSP");
}

}  // namespace st::reports
