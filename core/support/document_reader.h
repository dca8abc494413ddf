// SPDX-License-Identifier: Apache-2.0
/// What is wrong with a JSON document that a user wrote, all of it at once.
#pragma once

#include <string>
#include <vector>

#include "core/support/json.h"
#include "core/support/result.h"

namespace st {

/// Takes a document apart, and notes problems by JSON pointer. To be derived from, or used as it
/// is.
class DocumentReader {
 public:
  /// `code`: of all problems. `help`: of those that have none of their own.
  DocumentReader(std::string code, const std::string& file, std::string help = "");

  void report(const std::string& pointer, const std::string& message, const std::string& help = "");
  /// Whether `value` is an object. Keys other than `known` are problems: most are misspelt.
  bool keys(const json::Value& value, const std::string& pointer,
            const std::vector<std::string>& known);

  [[nodiscard]] Status result() const { return problems_; }
  [[nodiscard]] const std::string& file() const { return file_; }  ///< printable

 private:
  std::string code_, file_, help_;
  Diagnostics problems_;
};

}  // namespace st
