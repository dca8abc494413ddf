// SPDX-License-Identifier: Apache-2.0
/// The elements that a stream carries, one after the other.
#pragma once

#include "core/itensor/itensor.h"

namespace st::test {

/// Coordinates of each element in stream order, row-major within a tile.
inline std::vector<std::vector<int64_t>> elements_of(const ItensorType& type,
                                                     const Bindings& bindings = {}) {
  ItensorType pieces = type;
  if (Result<ItensorType> single = vectorised(type, std::vector<int64_t>(type.elem.size(), 1)))
    pieces = *single;
  std::vector<std::vector<int64_t>> elements;
  for_each_token(pieces, bindings, [&](const auto& origin) { elements.push_back(origin); });
  return elements;
}

/// Row-major numbers of these elements in the tensor, from 1 on.
inline std::vector<int32_t> element_numbers(const ItensorType& type,
                                            const Bindings& bindings = {}) {
  const std::vector<int64_t> shape = max_shape(type);
  std::vector<int32_t> numbers;
  for (const std::vector<int64_t>& at : elements_of(type, bindings)) {
    int64_t number = 0;
    for (size_t d = 0; d < at.size(); ++d) number = number * shape[d] + at[d];
    numbers.push_back(static_cast<int32_t>(number + 1));
  }
  return numbers;
}

}  // namespace st::test
