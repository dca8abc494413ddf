// SPDX-License-Identifier: Apache-2.0
/// The part of the preprocessor that emitted code and its idioms need: quoted includes, conditions,
/// macros, pragmas. What synthesis sees is what comes out: `__SYNTHESIS__` is defined.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "backends/lint/token.h"

namespace st::lint {

/// A file, by the path that findings name.
struct SourceFile {
  std::string path;
  std::string text;
};

/// The file that `#include "name"` in file `from` means. Files that are nowhere, such as those of
/// Vitis, are left out without a finding.
using Include =
    std::function<std::optional<SourceFile>(const std::string& from, const std::string& name)>;

/// One `#pragma`, with macros expanded.
struct PragmaLine {
  Place place;
  Tokens tokens;  ///< behind "#pragma"
};

struct Macro {
  bool is_function = false;
  bool variadic = false;
  std::vector<std::string_view> parameters;  ///< the last one is __VA_ARGS__ or named, if variadic
  Tokens body;
};

using Macros = std::map<std::string_view, Macro>;

/// A translation unit behind the preprocessor: no directives, and pragmas as tokens.
struct Preprocessed {
  Tokens tokens;
  std::vector<PragmaLine> pragmas;
  std::deque<std::string> texts;  ///< what tokens point to
};

/// Reads `file` and what it includes, each file once.
std::unique_ptr<Preprocessed> preprocess(const SourceFile& file, const Include& include,
                                         Report& report);

/// The value of the condition of an `#if`; names that are no macros are 0. True where it cannot be
/// evaluated: then code is looked at.
bool holds(const Tokens& condition, const Macros& macros);

}  // namespace st::lint
