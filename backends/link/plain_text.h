// SPDX-License-Identifier: Apache-2.0
/// Text for configuration files, which have no quoting.
#pragma once

#include <string>

namespace st {

/// `text` with everything but letters, digits and "_.-:/" replaced by '_'. A target file is the
/// user's: its strings must not add lines, options or commands to what make, Tcl and v++ read.
inline std::string plain(std::string text) {
  for (char& c : text) {
    const bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-' || c == ':' || c == '/';
    if (!keep) c = '_';
  }
  return text;
}

}  // namespace st
