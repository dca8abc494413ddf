// SPDX-License-Identifier: Apache-2.0
/// Collects findings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/lint/finding.h"

namespace st::lint {

/// Where something is. `file` is a number of Report's.
struct Place {
  int32_t file = 0;
  int32_t line = 1;
  int32_t column = 1;
};

class Report {
 public:
  /// The number of a file; the same path has the same number.
  int32_t file(const std::string& path);

  /// A finding. `rule`: a name of rule_records(), else it is a bug. At most MostFindings are kept.
  void add(std::string_view rule, Place place, const std::string& message);

  /// Adds what `other` found, but errors of syntax in lines that `skipped` holds for.
  template <typename Skipped>
  void add_text(const Report& other, const Skipped& skipped) {
    for (const Finding& finding : other.findings_) {
      const bool syntax =
          finding.rule->name == "text-unfinished" || finding.rule->name == "text-non-ascii";
      if (!syntax || !skipped(finding.line)) findings_.push_back(finding);
    }
  }

  /// Whether text was broken in a way that leaves its structure unknown.
  [[nodiscard]] bool broken() const;

  /// All that was found, sorted by place, each once.
  [[nodiscard]] std::vector<Finding> findings() const;

 private:
  static constexpr size_t MostFindings = 10'000;
  std::vector<std::string> files_;
  std::vector<Finding> findings_;
};

/// `name` between quotes, printable.
std::string in_quotes(std::string_view name);

}  // namespace st::lint
