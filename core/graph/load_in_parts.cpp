// SPDX-License-Identifier: Apache-2.0
#include "core/graph/load_in_parts.h"

#include <algorithm>
#include <atomic>

#include "core/support/parallel.h"

namespace st {

Result<Tensor> load_in_parts(const ConstantSource& source, int64_t layer,
                             const std::vector<int64_t>& shape) {
  constexpr int64_t PartElements = int64_t{1} << 17;
  if (shape.size() != 2 || shape[1] <= 0 || element_count(shape) <= 2 * PartElements ||
      !source.has_blocks(layer))
    return source.load_layer(layer);
  const int64_t columns = shape[1], rows = std::max<int64_t>(1, PartElements / columns);
  ST_TRY(first, source.load_block(layer, {0, rows, 0, Block::All}));
  Tensor all = Tensor::zeros(first.dtype(), shape);
  std::atomic<bool> odd = false;
  const auto load = [&](size_t part) {
    const int64_t row = static_cast<int64_t>(part) * rows;
    const auto block = source.load_block(layer, {row, rows, 0, Block::All});
    const std::vector<int64_t> expected = {std::min(rows, shape[0] - row), columns};
    if (!block.ok() || block->dtype() != all.dtype() || block->shape != expected) {
      odd = true;
      return;
    }
    std::visit(
        [&](auto& to) {
          const auto& from = std::get<std::decay_t<decltype(to)>>(block->data);
          std::copy(from.begin(), from.end(), to.begin() + row * columns);
        },
        all.data);
  };
  for_each_in_parallel(static_cast<size_t>((shape[0] + rows - 1) / rows), load);
  // The whole says what is wrong with it.
  return odd ? source.load_layer(layer) : Result<Tensor>(std::move(all));
}

}  // namespace st
