// SPDX-License-Identifier: Apache-2.0
/// Rows that are streamed several times, one after another.
#pragma once

#include <cstdint>
#include <optional>

#include "core/dataflow/program.h"

namespace st {

/// The stream of each row once, where `type` streams each row several times: it has one more loop,
/// right inside that over rows, which the map does not use.
std::optional<StreamType> row_of(const StreamType& type);

/// How often `wanted` streams each row of `rows`, if that is all in which they differ.
std::optional<int64_t> repeats_of(const StreamType& wanted, const StreamType& rows);

}  // namespace st
