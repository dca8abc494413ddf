// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/finding.h"

#include <algorithm>

#include "core/support/diagnostics.h"

namespace st::lint {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Error:
      return "error";
    case Level::Warning:
      return "warning";
    default:
      return "note";
  }
}

const RuleRecord* find_rule(std::string_view name) {
  const auto& rules = rule_records();
  const auto at = std::find_if(rules.begin(), rules.end(),
                               [&](const RuleRecord& rule) { return rule.name == name; });
  return at == rules.end() ? nullptr : &*at;
}

std::string text_of(const Finding& finding) {
  return printable(finding.file) + ":" + std::to_string(finding.line) + ":" +
         std::to_string(finding.column) + ": " + std::string(finding.rule->name) + ": " +
         finding.message;
}

bool has_errors(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.rule->level == Level::Error; });
}

}  // namespace st::lint
