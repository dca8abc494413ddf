// SPDX-License-Identifier: Apache-2.0
/// One `#pragma HLS`, taken apart by the grammar.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/lint/constant.h"
#include "backends/lint/pragma_grammar.h"
#include "backends/lint/preprocess.h"

namespace st::lint {

struct GivenOption {
  const OptionRecord* record = nullptr;
  Place place;
  size_t begin = 0, end = 0;  ///< of its value in the tokens of the pragma; empty for a flag
  std::string value;          ///< of a choice or word: in lower case, else as it is written
};

struct Directive {
  bool hls = false;                         ///< a `#pragma HLS`
  const DirectiveRecord* record = nullptr;  ///< nullptr if the directive is unknown
  Place place;
  std::vector<GivenOption> options;

  [[nodiscard]] bool is(std::string_view name) const {
    return record != nullptr && record->name == name;
  }
  [[nodiscard]] const GivenOption* option(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return option(name) != nullptr; }
  /// The value of a choice or word; "" without.
  [[nodiscard]] std::string value(std::string_view name) const;
};

/// Takes a pragma apart, and reports what is against the grammar: unknown directives and options,
/// options that are missing, repeated or exclude each other, values out of range as far as they are
/// literals.
Directive parse_pragma(const PragmaLine& line, Report& report);

/// The variables that a Variable option names: each the token of its first name.
std::vector<size_t> variables_of(const PragmaLine& line, const GivenOption& option);

}  // namespace st::lint
