// SPDX-License-Identifier: Apache-2.0
/// Takes a document of JSON apart, and notes everything that is missing, misplaced or unknown.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/support/json.h"

namespace st {

/// Problems have code E0330, and as a place the file and a JSON pointer. Of very many, only the
/// first thousand are kept.
class FileReader {
 public:
  explicit FileReader(const std::string& file) : file_(printable(file)) {}

  void report(const std::string& pointer, const std::string& message, const std::string& help = "");
  /// Whether names are still suggested: of many problems, for the first few.
  [[nodiscard]] bool suggests() const;
  /// The same as report() for a name that is not among `known`; similar ones are suggested.
  void unknown(const std::string& pointer, const std::string& message, const std::string& name,
               const std::vector<std::string>& known);

  /// Whether `value` is an object. Keys other than `keys` are problems.
  bool object(const json::Value& value, const std::string& pointer,
              const std::vector<std::string>& keys);
  /// Whether `parent` has the key; a problem if not.
  bool member(const json::Value& parent, const std::string& pointer, const std::string& key);

  /// These leave `out` as it is where the key is missing or its value of another kind, which is a
  /// problem. The result: whether it was read.
  bool text(const json::Value& parent, const std::string& pointer, const std::string& key,
            std::string& out, bool needed = false);
  bool number(const json::Value& parent, const std::string& pointer, const std::string& key,
              int64_t& out);
  bool boolean(const json::Value& parent, const std::string& pointer, const std::string& key,
               bool& out);
  /// A number that is at least 1, and at most 2^40.
  bool count(const json::Value& parent, const std::string& pointer, const std::string& key,
             int64_t& out);

  /// what(value, pointer) for each value of an array, if there is one.
  void each(const json::Value& parent, const std::string& pointer, const std::string& key,
            const std::function<void(const json::Value&, const std::string&)>& what);

  [[nodiscard]] const Diagnostics& problems() const { return problems_; }

 private:
  std::string file_;
  Diagnostics problems_;
};

}  // namespace st
