// SPDX-License-Identifier: Apache-2.0
// Kernels that move values and compute none.
#include <gtest/gtest.h>

#include "core/ops/record.h"
#include "tests/core/bench.h"

namespace st {
namespace {

using test::Bench;
using test::Random;
using test::random_f32;
using test::reference;
using test::row_stream;
using test::sequence;
using test::Tensors;

TEST(MovingKernels, SplitsAndForks) {
  Random random(6);
  const Tensor x = random_f32(random, {3, 20});
  Bench split("split");
  split.size("L", 4).in(row_stream(20, DType::F32, 4));
  for (int64_t port = 0; port < 3; ++port) {
    const int64_t beats = port == 1 ? 1 : 2;
    split.size("Part" + std::to_string(port), beats).out_rows(4 * beats, DType::F32, 4);
  }
  const Tensors expected = reference(
      "Split", {{"axis", int64_t{-1}}, {"split", std::vector<int64_t>{8, 4, 8}}}, {x}, "", 3);
  EXPECT_EQ(split.run({x}, 3), expected);
  Bench fork("fork");
  fork.rows(20).in(row_stream(20)).out_rows(20).out_rows(20);
  EXPECT_EQ(fork.run({x}, 3), (Tensors{x, x}));
  Bench convert("convert");
  convert.in(row_stream(20)).out(test::replayed_row_stream(20, 3), {sequence(), 20});
  EXPECT_EQ(convert.run({x}, 3), Tensors{x});
  convert.size("Window", 20).out(test::replayed_row_stream(20, 2), {sequence(), 20});
  EXPECT_EQ(convert.run({x}, 3), (Tensors{x, x}));
}

TEST(MovingKernels, ConcatOfRows) {
  Random random(12);
  const Tensors parts = {random_f32(random, {3, 8}), random_f32(random, {3, 4}),
                         random_f32(random, {3, 8})};
  Bench concat("concat");
  concat.size("L", 4).out_rows(20, DType::F32, 4);
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t width = parts[i].shape[1];
    concat.size("Part" + std::to_string(i), width / 4).in(row_stream(width, DType::F32, 4));
  }
  EXPECT_EQ(concat.run(parts, 3), reference("Concat", {{"axis", int64_t{-1}}}, parts));
}

TEST(MovingKernels, JoinsTakeTheirInputsInTurn) {
  // Two streams of rows as one of twice as many beats: the first input's, then the second's.
  Random random(14);
  const Tensors parts = {random_f32(random, {3, 12}), random_f32(random, {3, 12})};
  Bench join("join");
  join.rows(12).in(row_stream(12)).in(row_stream(12)).out_rows(24, DType::F32, 12);
  EXPECT_EQ(join.run(parts, 3), reference("Concat", {{"axis", int64_t{-1}}}, parts));
}

TEST(MovingKernels, ReassociationKeepsTheOrder) {
  Random random(15);
  const Tensor x = random_f32(random, {3, 12});
  Bench bench("reassociate");
  bench.rows(12, 2).in(row_stream(12, DType::F32, 2));
  bench.out({{{1, 1, 2}, DType::F32, {test::each_row(), 3, 2}, {1, 1, 2}, {0, 1, 2}}, 2},
            {sequence(), 3, 4});
  EXPECT_EQ(bench.run({x}, 3), (Tensors{{{3, 3, 4}, x.f32()}}));
}

TEST(MovingKernels, AdaptersChangeTheWidthOfBeats) {
  Random random(16);
  const Tensor x = random_f32(random, {3, 24});
  for (const int from : {1, 2, 3, 4, 6, 8, 12, 24}) {
    for (const int to : {1, 2, 3, 4, 6, 8, 12, 24}) {
      Bench bench("adapt");
      bench.size("LIn", from).size("LOut", to).size("BeatsOut", 24 / to);
      bench.in(row_stream(24, DType::F32, from)).out_rows(24, DType::F32, to);
      EXPECT_EQ(bench.run({x}, 3), Tensors{x}) << from << " to " << to;
    }
  }
}

TEST(MovingKernels, RowsOfATable) {
  Random random(7);
  const Tensor table = random_f32(random, {9, 6});
  const Tensor ids = {{4}, std::vector<int32_t>{8, 0, 3, 8}};
  Bench gather("gather_rows");
  gather.rows(6).table(table).in(test::value_stream(DType::I32)).out_rows(6);
  EXPECT_EQ(gather.run({ids}, 4), reference("Gather", {}, {table, ids}));
}

TEST(MovingKernels, MemoryKeepsWhatIsStored) {
  Random random(8);
  const Tensor x = random_f32(random, {2, 5});
  Bench store("store_rows");
  store.rows(5).memory(5).in(row_stream(5));
  EXPECT_TRUE(store.run({x}, 2).empty());
  Bench load("load_rows");
  load.rows(5).memory(5).out_rows(5);
  load.state = store.state;
  EXPECT_EQ(load.run({}, 2), Tensors{x});
}

}  // namespace
}  // namespace st
