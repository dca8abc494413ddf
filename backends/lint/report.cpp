// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/report.h"

#include <algorithm>
#include <cassert>
#include <tuple>

#include "core/support/diagnostics.h"

namespace st::lint {

int32_t Report::file(const std::string& path) {
  const auto at = std::find(files_.begin(), files_.end(), path);
  if (at != files_.end()) return static_cast<int32_t>(at - files_.begin());
  files_.push_back(path);
  return static_cast<int32_t>(files_.size()) - 1;
}

void Report::add(std::string_view rule, Place place, const std::string& message) {
  const RuleRecord* record = find_rule(rule);
  assert(record != nullptr);
  if (record == nullptr || findings_.size() >= MostFindings) return;
  findings_.push_back(
      {record, files_.at(static_cast<size_t>(place.file)), place.line, place.column, message});
}

bool Report::broken() const {
  return std::any_of(findings_.begin(), findings_.end(), [](const Finding& finding) {
    return finding.rule->name == "text-unfinished" || finding.rule->name == "text-brackets" ||
           finding.rule->name == "text-limit";
  });
}

std::vector<Finding> Report::findings() const {
  const auto key = [](const Finding& f) {
    return std::tie(f.file, f.line, f.column, f.rule->name, f.message);
  };
  std::vector<Finding> sorted = findings_;
  std::sort(sorted.begin(), sorted.end(),
            [&](const Finding& a, const Finding& b) { return key(a) < key(b); });
  // Headers are read once for each file that includes them.
  const auto end =
      std::unique(sorted.begin(), sorted.end(),
                  [&](const Finding& a, const Finding& b) { return key(a) == key(b); });
  sorted.erase(end, sorted.end());
  return sorted;
}

std::string in_quotes(std::string_view name) { return "'" + printable(name, 80) + "'"; }

}  // namespace st::lint
