// SPDX-License-Identifier: Apache-2.0
/// The linter over what a build emitted.
#pragma once

#include <string>

#include "core/support/result.h"

namespace st {

/// Lints the code of a compute unit with the HLS library. Errors: E0902 with all errors and
/// warnings as its details: a fault of ours, as no compiler would see it.
Status check_code(const std::string& unit, const std::string& header, const std::string& source);

}  // namespace st
