// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/launch_bounds.h"

#include <algorithm>

namespace st {

LaunchBounds::LaunchBounds(const Program& program) {
  const int64_t rows = program.max_sequence, positions = program.max_positions;
  corners_ = {in_launch(1, 0), in_launch(1, positions - 1), in_launch(rows, 0),
              in_launch(rows, positions - rows)};
}

int64_t LaunchBounds::most(const Extent& extent) const {
  int64_t most = *extent.evaluate(corners_[0]);
  for (const Bindings& corner : corners_) most = std::max(most, *extent.evaluate(corner));
  return most;
}

int64_t LaunchBounds::least(const Extent& extent) const {
  int64_t least = *extent.evaluate(corners_[0]);
  for (const Bindings& corner : corners_) least = std::min(least, *extent.evaluate(corner));
  return least;
}

bool LaunchBounds::equal(const Extent& a, const Extent& b) const {
  const Extent difference = a + -1 * b;
  return most(difference) == 0 && least(difference) == 0;
}

Extent iterations(const ItensorType& type, int loop, bool least) {
  Extent count = type.trips[loop].count;
  for (int outer = loop - 1; outer >= 0; --outer) {
    const std::string counter = "d" + std::to_string(outer);
    const auto term = count.terms().find(counter);
    if (term == count.terms().end()) continue;
    const bool at_end = (term->second > 0) != least;
    count = count.substitute(counter, at_end ? type.trips[outer].count + Extent(-1) : Extent(0));
  }
  return count;
}

}  // namespace st
