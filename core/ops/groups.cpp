// SPDX-License-Identifier: Apache-2.0
#include "core/ops/groups.h"

#include <algorithm>

namespace st {
namespace {

/// Positions of all elements that differ in the dimensions where `chosen` is `which`.
std::vector<int64_t> positions(const std::vector<int64_t>& shape, const std::vector<bool>& chosen,
                               bool which) {
  std::vector<int64_t> made = {0};
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    if (chosen[d] == which) {
      std::vector<int64_t> more;
      more.reserve(made.size() * static_cast<size_t>(shape[d]));
      for (int64_t i = 0; i < shape[d]; ++i) {
        for (const int64_t position : made) more.push_back(i * stride + position);
      }
      made = std::move(more);
    }
    // Behind a 0 no position is used; extents before it may be any numbers.
    if (element_count(shape) != 0) stride *= shape[d];
  }
  return made;
}

}  // namespace

Result<Groups> Groups::along(const Node& node, const std::vector<int64_t>& shape,
                             const std::vector<int64_t>& dimensions) {
  std::vector<bool> chosen(shape.size(), false);
  for (const int64_t dimension : dimensions) chosen[dimension] = true;
  for (const bool which : {false, true}) {
    int64_t count = 1;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (chosen[d] != which || count == 0) continue;
      if (shape[d] > MostResultElements / count)
        return operand_error(node, {}, "an operand has too large an extent");
      count *= shape[d];
    }
  }
  return Groups{positions(shape, chosen, false), positions(shape, chosen, true)};
}

}  // namespace st
