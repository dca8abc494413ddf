// SPDX-License-Identifier: Apache-2.0
/// How the problems of this folder say what is wrong with them, or with a solution.
#pragma once

#include <string>

#include "core/support/diagnostics.h"

namespace st {

inline Diagnostic broken(const std::string& message, const std::string& where) {
  return {"E0320", message, where, {}, ""};
}

}  // namespace st
