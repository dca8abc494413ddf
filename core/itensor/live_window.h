// SPDX-License-Identifier: Apache-2.0
/// The window of a live-range buffer.
#pragma once

#include "core/itensor/conversion.h"

namespace st {

/// Elements between the newest that had to be received and the oldest still to be sent, at most,
/// over a block of a plan with one reader and constant trip counts inside; `window` is not read.
int64_t live_window(const ConversionPlan& plan);

}  // namespace st
