// SPDX-License-Identifier: Apache-2.0
/// Identifiers made from untrusted names.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace st {

/// `name` with every other character replaced by '_', shortened, and never a keyword or a reserved
/// name of C++, Tcl or the HLS library.
std::string sanitised(std::string_view name);

/// True if a name may stand in emitted code as it is: sanitised() would not change it but for its
/// length.
bool is_emittable(std::string_view name);

/// Hands out identifiers that differ from each other, even without regard to case (some file
/// systems and Vivado have none).
class Names {
 public:
  /// sanitised(`wanted`), with a number behind it where it is taken.
  std::string unique(std::string_view wanted);
  /// Takes this very name; false if it is taken.
  bool take(std::string_view name);

 private:
  std::set<std::string> taken_;  ///< in lower case
};

}  // namespace st
