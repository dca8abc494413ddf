// SPDX-License-Identifier: Apache-2.0
#include "core/explore/unroll_layers.h"

#include <gtest/gtest.h>

#include "core/resources/kernel_resources.h"
#include "tests/common/random.h"

namespace st {
namespace {

LinearLayer layer(const std::string& key, int64_t depth, int64_t width, DType dtype) {
  return {0, key, depth, width, dtype};
}

/// About the linear layers' share of a large board.
UnrollLimits large() {
  UnrollLimits limits;
  limits.budget = {.lut = 500'000, .ff = 900'000, .dsp = 5'000, .bram18 = 2'000, .uram = 700};
  limits.ports = 20;
  return limits;
}

ResourceCounts total_of(const std::vector<LinearLayer>& layers, const Tiling& tiling) {
  ResourceCounts total;
  for (const LinearLayer& l : layers)
    total += resources_of(*tiled_matmul(l, tiling.linear.at(l.key), tiling.lanes()), l.dtype);
  return total;
}

int64_t slowest_of(const std::vector<LinearLayer>& layers, const Tiling& tiling) {
  int64_t cycles = 0;
  for (const LinearLayer& l : layers)
    cycles = std::max(
        cycles, row_cycles_of(*tiled_matmul(l, tiling.linear.at(l.key), tiling.lanes()), l.dtype));
  return cycles;
}

TEST(UnrollLayers, EachStepIsFasterThanTheOneBefore) {
  for (const DType dtype : {DType::F32, DType::I8}) {
    for (const auto& [depth, width] :
         {std::pair{1024, 4096}, {896, 4864}, {1152, 6912}, {97, 89}}) {
      const LinearLayer l = layer("fc", depth, width, dtype);
      int64_t before = INT64_MAX;
      const auto steps = unroll_steps(l, large());
      ASSERT_FALSE(steps.empty());
      for (const LinearTiling& tiling : steps) {
        const auto shape = tiled_matmul(l, tiling);
        ASSERT_TRUE(shape.ok());
        EXPECT_TRUE(shape->fits());
        EXPECT_EQ(shape->width(), width);
        EXPECT_EQ(shape->depth(), depth);
        EXPECT_LT(row_cycles_of(*shape, dtype), before);
        before = row_cycles_of(*shape, dtype);
      }
    }
  }
}

TEST(UnrollLayers, TheSlowestGrowsUntilThePortsAreTheLimit) {
  // GPT-2 medium's block: 12.6 million bytes of weights; 20 ports bring 64 of them each in a cycle.
  const std::vector<LinearLayer> layers = {
      layer("attn", 1024, 3072, DType::I8), layer("proj", 1024, 1024, DType::I8),
      layer("fc", 1024, 4096, DType::I8), layer("out", 4096, 1024, DType::I8)};
  const Tiling tiling = unroll_layers(layers, large());
  const int64_t ports = 12 * 1024 * 1024 / 64 / 20;
  EXPECT_LE(slowest_of(layers, tiling), ports);
  EXPECT_GT(slowest_of(layers, tiling), ports / 2);
  EXPECT_GT(tiling.linear.at("fc").streams, tiling.linear.at("proj").streams);
}

TEST(UnrollLayers, WhatRunsOftenerGrowsFirst) {
  // The layer that runs once is the largest, and takes the least of a launch.
  std::vector<LinearLayer> layers = {layer("head", 1024, 16384, DType::I8),
                                     layer("fc", 1024, 4096, DType::I8)};
  UnrollLimits limits = large();
  const Tiling alike = unroll_layers(layers, limits);
  limits.budget = total_of(layers, alike);
  for (const ResourceKind& kind : ResourceKinds) limits.budget.*kind.count /= 2;
  const auto cycles = [&](const Tiling& tiling) { return slowest_of({layers[1]}, tiling); };
  const int64_t once = cycles(unroll_layers(layers, limits));
  layers[1].runs = 24;
  EXPECT_LT(cycles(unroll_layers(layers, limits)), once);
}

int64_t sum_of(const std::vector<LinearLayer>& layers, const Tiling& tiling) {
  int64_t cycles = 0;
  for (const LinearLayer& l : layers)
    cycles +=
        l.runs * row_cycles_of(*tiled_matmul(l, tiling.linear.at(l.key), tiling.lanes()), l.dtype);
  return cycles;
}

// Step by step is not always best: the sum may be a little larger, and is not where it matters.
TEST(UnrollLayers, InTurnTheSumIsSmallerAndWithinTheSameBudget) {
  test::Random random(5);
  int smaller = 0;
  for (int n = 0; n < 100; ++n) {
    std::vector<LinearLayer> layers;
    for (int64_t count = random.between(2, 6); count > 0; --count) {
      const int64_t depth = 64 * random.between(1, 32), width = 64 * random.between(1, 64);
      layers.push_back(layer("l" + std::to_string(count), depth, width, DType::I8));
      layers.back().runs = random.chance(0.3) ? 1 : 24;
    }
    UnrollLimits limits = large();
    // A slow kernel beside them: side by side they need not be faster.
    limits.other_cycles = random.between(1, 20'000);
    limits.budget.lut = random.between(50'000, 400'000);
    const Tiling beside = unroll_layers(layers, limits);
    limits.in_turn = true;
    const Tiling in_turn = unroll_layers(layers, limits);
    const ResourceCounts used = total_of(layers, in_turn);
    for (const ResourceKind& kind : ResourceKinds)
      EXPECT_LE(used.*kind.count,
                std::max(limits.budget.*kind.count, total_of(layers, beside).*kind.count));
    const int64_t sum = sum_of(layers, in_turn), other = sum_of(layers, beside);
    EXPECT_LE(sum, other + other / 50);
    smaller += sum < other;
  }
  EXPECT_GT(smaller, 50);
}

TEST(UnrollLayers, OtherKernelsAreTheLimitWhereTheyAreSlower) {
  const std::vector<LinearLayer> layers = {layer("fc", 1024, 4096, DType::I8)};
  UnrollLimits limits = large();
  limits.other_cycles = 20'000;
  const Tiling tiling = unroll_layers(layers, limits);
  EXPECT_LE(slowest_of(layers, tiling), 20'000);
  EXPECT_GT(slowest_of(layers, tiling), 10'000);
}

TEST(UnrollLayers, TheBudgetIsKept) {
  test::Random random(3);
  for (int n = 0; n < 200; ++n) {
    std::vector<LinearLayer> layers;
    for (int64_t count = random.between(1, 6); count > 0; --count)
      layers.push_back(layer("l" + std::to_string(count), 16 * random.between(1, 64),
                             16 * random.between(1, 64),
                             random.chance(0.5) ? DType::F32 : DType::I8));
    UnrollLimits limits = large();
    limits.ports = static_cast<int>(random.between(1, 28));
    limits.budget.dsp = random.between(100, 3'000);
    limits.budget.lut = random.between(20'000, 400'000);
    UnrollLimits none = limits;
    none.budget = {};
    const ResourceCounts least = total_of(layers, unroll_layers(layers, none));
    const ResourceCounts used = total_of(layers, unroll_layers(layers, limits));
    EXPECT_LE(used.dsp, std::max(least.dsp, limits.budget.dsp));
    EXPECT_LE(used.lut, std::max(least.lut, limits.budget.lut));
    EXPECT_LE(slowest_of(layers, unroll_layers(layers, limits)),
              slowest_of(layers, unroll_layers(layers, none)));
  }
}

TEST(Tilings, WhatDoesNotDivideIsRefused) {
  const LinearLayer fc = layer("h.0.fc", 1024, 4096, DType::I8);
  const auto shape = tiled_matmul(fc, {48, 4, 5, 1});
  ASSERT_FALSE(shape.ok());
  std::string all;
  for (const Diagnostic& problem : shape.errors()) {
    EXPECT_EQ(problem.code, "E0314");
    EXPECT_EQ(problem.where, "h.0.fc");
    all += problem.message + "\n";
  }
  EXPECT_NE(all.find("48 does not divide the depth 1024"), std::string::npos) << all;
  EXPECT_NE(all.find("20 does not divide the width 4096"), std::string::npos) << all;
  EXPECT_NE(all.find("1536 bits of weights at once"), std::string::npos) << all;
}

}  // namespace
}  // namespace st
