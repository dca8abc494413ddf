// SPDX-License-Identifier: Apache-2.0
/// What the linter finds, and the record of each rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace st::lint {

/// How grave a finding is.
enum class Level {
  Error,    ///< Vitis refuses the code, or what it makes of it is wrong
  Warning,  ///< Vitis ignores what was asked for, or may go on without it
  Note,     ///< correct, but slower than it could be
};

/// "error", "warning", "note".
std::string_view name_of(Level level);

/// One record per rule; `streamtensor lint --rules` lists them.
struct RuleRecord {
  std::string_view name;     ///< stable: what reports and tests go by
  Level level;               ///< of all its findings
  std::string_view summary;  ///< what must not be
  std::string_view vitis;    ///< message that it would end in; "" where Vitis is silent or unknown
  std::string_view advice;   ///< what to do
};

/// All rules, family by family.
const std::vector<RuleRecord>& rule_records();

/// The record of `name`, or nullptr.
const RuleRecord* find_rule(std::string_view name);

/// One place that breaks a rule.
struct Finding {
  const RuleRecord* rule = nullptr;
  std::string file;     ///< as the linter was given it
  int line = 0;         ///< from 1; 0: of the file as a whole
  int column = 0;       ///< from 1, in bytes
  std::string message;  ///< what, with the names in the code; printable
};

/// "FILE:LINE:COL: rule: message".
std::string text_of(const Finding& finding);

/// Whether one of `findings` is an error.
bool has_errors(const std::vector<Finding>& findings);

}  // namespace st::lint
