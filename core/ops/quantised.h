// SPDX-License-Identifier: Apache-2.0
/// The domain of operators that passes make.
#pragma once

#include "core/graph/graph.h"

namespace st {

inline constexpr const char* OwnDomain = "streamtensor";

}  // namespace st
