// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>

#include "core/support/result.h"

namespace st::test {

/// All problems, as the tool prints them.
inline std::string text_of(const Diagnostics& problems) {
  std::ostringstream out;
  print(out, problems);
  return out.str();
}

/// All problems, with where they are and their details; empty where there are none.
inline std::string text_of(const Status& status) {
  std::string text;
  if (status.ok()) return text;
  for (const Diagnostic& problem : status.errors()) {
    text += problem.where + ": " + problem.message + "\n";
    for (const std::string& detail : problem.details) text += "  " + detail + "\n";
  }
  return text;
}

}  // namespace st::test
