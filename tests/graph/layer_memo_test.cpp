// SPDX-License-Identifier: Apache-2.0
#include "core/graph/layer_memo.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "core/support/parallel.h"

namespace st {
namespace {

/// A column of its own for each layer.
Tensor layer_of(int64_t number) {
  Tensor made = Tensor::zeros(DType::I32, {4, 1});
  for (int32_t r = 0; r < 4; ++r)
    made.as<int32_t>()[static_cast<size_t>(r)] = static_cast<int32_t>(number) * 10 + r;
  return made;
}

TEST(LayerMemo, ALayerIsMadeOnceForAllThreads) {
  constexpr int64_t Layers = 4, Parts = 4;
  LayerMemo memo;
  std::array<std::atomic<int>, Layers> made = {};
  std::array<int32_t, Layers* Parts> values = {};
  for_each_in_parallel(values.size(), [&](size_t i) {
    const int64_t layer = static_cast<int64_t>(i) % Layers, row = static_cast<int64_t>(i) / Layers;
    const auto part = memo.block(layer, {row, 1, 0, Block::All}, [&]() -> Result<Tensor> {
      ++made[static_cast<size_t>(layer)];
      return layer_of(layer);
    });
    if (part.ok()) values[i] = part->as<int32_t>()[0];
  });
  for (const auto& times : made) EXPECT_EQ(times, 1);
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(values[i], static_cast<int32_t>(i % Layers * 10 + i / Layers));
}

TEST(LayerMemo, WhatWasNotUsedForLongIsMadeAgain) {
  LayerMemo memo;
  int made = 0;
  const auto use = [&](int64_t layer) {
    const auto all = memo.block(layer, {}, [&]() -> Result<Tensor> {
      ++made;
      return layer_of(layer);
    });
    EXPECT_EQ(all->as<int32_t>()[3], layer * 10 + 3);
  };
  for (int64_t layer = 0; layer < 20; ++layer) use(layer);
  use(19);
  EXPECT_EQ(made, 20);
  use(0);
  EXPECT_EQ(made, 21);
}

TEST(LayerMemo, ALayerThatFailsIsTriedAgain) {
  LayerMemo memo;
  const auto failed = memo.block(0, {}, []() -> Result<Tensor> {
    return Diagnostic{"E0201", "gone", "", {}, ""};
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(memo.block(0, {}, []() -> Result<Tensor> { return layer_of(0); }).ok());
}

}  // namespace
}  // namespace st
