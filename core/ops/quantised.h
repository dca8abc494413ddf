// SPDX-License-Identifier: Apache-2.0
/// The domain of our own operators.
#pragma once

#include "core/graph/graph.h"

namespace st {

inline constexpr const char* OwnDomain = "streamtensor";

}  // namespace st
