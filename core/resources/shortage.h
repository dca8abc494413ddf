// SPDX-License-Identifier: Apache-2.0
/// What a design lacks on its target, and which of its kernels takes most of it. All groups share
/// one bitstream, and so one budget.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/support/diagnostics.h"

namespace st {

/// The problem E0403 that a design does not fit, for the reasons that are given.
Diagnostic does_not_fit(const Target& target, std::vector<std::string> reasons);

/// The same of a program that takes more of a resource than its target's budget: for each
/// such resource need, budget, and the kernel that takes most, with its node. Predicted.
std::optional<Diagnostic> too_large(const Program& program, const Target& target);

/// The same of a program that is far too large, whatever its FIFOs come to: before the depths are
/// searched for, which takes long. Its need is told with the depths that it has.
std::optional<Diagnostic> far_too_large(const Program& program, const Target& target);

/// A line on the resource that is used most, whether or not that is too much: what to look at where
/// a sum fits, and its parts do not.
std::string tightest_of(const Program& program, const Target& target);

}  // namespace st
