// SPDX-License-Identifier: Apache-2.0
/// What a target's numbers and names say about each other, beyond what check() needs to hold: a
/// description may be well formed, and still be that of no board. `streamtensor targets --check`
/// runs these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/platform/target.h"

namespace st {

/// A contradiction, at the JSON pointer of a value that takes part in it.
struct TargetFinding {
  std::string pointer;
  std::string message;
};

/// One record per check.
struct TargetCheck {
  std::string_view name;     ///< one word
  std::string_view summary;  ///< what has to hold
  void (*run)(const Target&, std::vector<TargetFinding>&);
};

/// All checks, in the order in which they run.
const std::vector<TargetCheck>& target_checks();

/// Whether a target that has passed check() passes all of target_checks(). Errors: E0402, all at
/// once, each with the pointer of its value; `file` stands in front of the pointer.
Status examine(const Target& target, const std::string& file = "");

/// Numbers of a target whose sources say that they are to be confirmed.
int unconfirmed_numbers(const Target& target);

}  // namespace st
