// SPDX-License-Identifier: Apache-2.0
/// A constant whose parts are asked for one by one, and which costs more to make than to keep.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "core/graph/block.h"
#include "core/graph/tensor.h"
#include "core/support/result.h"

namespace st {

/// Keeps the layers that were used last: one for each thread that packs parameters
/// (core/support/parallel.h). A layer is made once for all who wait for it, and nobody waits for
/// another layer.
class LayerMemo {
 public:
  /// A block of a layer; `make` makes the layer where it is not kept. May be called by any thread.
  Result<Tensor> block(int64_t layer, const Block& block,
                       const std::function<Result<Tensor>()>& make);

 private:
  struct Layer {
    int64_t number = 0;
    std::mutex mutex;
    bool made = false;
    Tensor values;
  };
  std::shared_ptr<Layer> layer(int64_t number);

  std::mutex mutex_;
  std::list<std::shared_ptr<Layer>> layers_;  ///< the last one used first
};

}  // namespace st
