// SPDX-License-Identifier: Apache-2.0
#include "core/graph/layer_memo.h"

#include <algorithm>

namespace st {

std::shared_ptr<LayerMemo::Layer> LayerMemo::layer(int64_t number) {
  constexpr size_t Kept = 8;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(layers_.begin(), layers_.end(),
                                  [&](const auto& layer) { return layer->number == number; });
  if (found == layers_.end()) {
    layers_.push_front(std::make_shared<Layer>());
    layers_.front()->number = number;
  } else {
    layers_.splice(layers_.begin(), layers_, found);
  }
  if (layers_.size() > Kept) layers_.pop_back();
  return layers_.front();
}

Result<Tensor> LayerMemo::block(int64_t number, const Block& block,
                                const std::function<Result<Tensor>()>& make) {
  const std::shared_ptr<Layer> of = layer(number);
  const std::lock_guard lock(of->mutex);
  if (!of->made) {
    ST_TRY(values, make());
    of->values = std::move(values);
    of->made = true;
  }
  return copied_block(of->values, block);
}

}  // namespace st
