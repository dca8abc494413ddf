// SPDX-License-Identifier: Apache-2.0
/// Names of the operators that the quantise pass makes (domain `streamtensor`).
#pragma once

#include "core/graph/graph.h"

namespace st {

inline constexpr const char* OwnDomain = "streamtensor";

}  // namespace st
