// SPDX-License-Identifier: Apache-2.0
/// What a group lacks on its target, and which of its kernels takes most of it: lines of messages.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/platform/target.h"

namespace st {

/// A line for each resource of which the group needs more than `budget`: need, budget, and the
/// kernel that takes most, with its node. Predicted. Empty where all is enough.
std::vector<std::string> shortages_of(const Program& program, int group,
                                      const ResourceCounts& budget);

/// The same for the resource that is used most, whether or not that is too much: what to look at
/// where a sum fits, and its parts do not.
std::string tightest_of(const Program& program, int group, const ResourceCounts& budget);

}  // namespace st
