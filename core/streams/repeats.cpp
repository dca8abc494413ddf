// SPDX-License-Identifier: Apache-2.0
#include "core/streams/repeats.h"

namespace st {
namespace {

/// The loop inside that over rows.
constexpr int Inside = 1;

}  // namespace

std::optional<StreamType> row_of(const StreamType& type) {
  StreamType rows = type;
  ItensorType& once = rows.itensor;
  if (static_cast<int>(once.trips.size()) <= Inside || dimension_moved_by(once, Inside) >= 0 ||
      !once.trips[Inside].count.is_constant())
    return std::nullopt;
  once.trips.erase(once.trips.begin() + Inside);
  once.steps.erase(once.steps.begin() + Inside);
  for (MapResult& result : once.map) {
    std::vector<int> loops;
    for (int l : result.loops()) loops.push_back(l > Inside ? l - 1 : l);
    result = MapResult::sum(std::move(loops));
  }
  return rows;
}

std::optional<int64_t> repeats_of(const StreamType& wanted, const StreamType& rows) {
  const auto once = row_of(wanted);
  if (!once || *once != rows) return std::nullopt;
  return wanted.itensor.trips[Inside].bound;
}

}  // namespace st
