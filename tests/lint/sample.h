// SPDX-License-Identifier: Apache-2.0
/// Emitted code with faults that are put into it, and small files of our own.
#pragma once

#include <string>
#include <vector>

#include "backends/lint/lint.h"

namespace st::test {

/// One change of emitted code.
struct Edit {
  enum class Kind {
    Replace,  ///< the first `from` by `to`
    Pattern,  ///< the first match of the regular expression `from` by `to`
    Rename,   ///< the word `from` by `to`, everywhere, in the header too
    Header,   ///< the first `from` by `to`, in the header
  };
  std::string from, to;
  Kind kind = Kind::Replace;
};

/// Source and header of a compute unit that was emitted.
struct Sample {
  std::string unit, header, source;
};

/// The adder in f32, whose kernel is one region; its layers folded, whose kernel walks regions.
const Sample& adder();
const Sample& folded_adder();

/// A copy with all edits. Fails the test if one does not find its text.
Sample edited(const Sample& sample, const std::vector<Edit>& edits);

/// Errors and warnings of a sample, with the library that it includes; with `notes`, notes too.
std::vector<lint::Finding> lint_sample(const Sample& sample, bool notes = false);

/// Errors and warnings of a file of our own; `tops` as lint() takes them.
std::vector<lint::Finding> lint_text(const std::string& text,
                                     const std::vector<std::string>& tops = {});

/// The names of rules, each once, sorted, parted by spaces.
std::string rules_of(const std::vector<lint::Finding>& findings);
/// Findings as they are printed, one a line.
std::string shown(const std::vector<lint::Finding>& findings);

}  // namespace st::test
