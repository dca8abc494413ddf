// SPDX-License-Identifier: Apache-2.0
/// What back ends hand to the writer of a build directory.
#pragma once

#include <string>

namespace st {

/// A file of the build directory.
struct EmittedFile {
  std::string path;         ///< relative to the build directory, with '/'
  std::string content;      ///< bytes as written
  bool executable = false;  ///< a script that is run by its path
};

}  // namespace st
