// SPDX-License-Identifier: Apache-2.0
// Activations and weights with scales of groups: operators against definitions, kernels against
// operators, and models whose rows are no whole groups.
#include <gtest/gtest.h>

#include <cmath>

#include "core/graph/group_values.h"
#include "core/ops/interpreter.h"
#include "core/ops/tiling.h"
#include "tests/core/bench.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::Bench;
using test::Random;
using test::reference;
using test::Tensors;

std::map<std::string, Attribute> group_of(int64_t group) { return {{"group", group}}; }

Tensor random_bytes(Random& random, const std::vector<int64_t>& shape) {
  Tensor tensor = Tensor::zeros(DType::I8, shape);
  for (int8_t& value : tensor.as<int8_t>()) value = static_cast<int8_t>(random.between(-127, 127));
  return tensor;
}

Tensor random_nibbles(Random& random, const std::vector<int64_t>& shape) {
  Tensor tensor = Tensor::zeros(DType::I4, shape);
  for (Int4& value : tensor.as<Int4>()) value = Int4(random.between(-7, 7));
  return tensor;
}

Tensor random_scales(Random& random, const std::vector<int64_t>& shape) {
  Tensor tensor = Tensor::zeros(DType::BF16, shape);
  for (BFloat16& scale : tensor.as<BFloat16>())
    scale = BFloat16(static_cast<double>(random.between(1, 1000)) / 97700);
  return tensor;
}

TEST(ScaledGroups, ActivationsAreScaledGroupByGroup) {
  Random random(1);
  for (const auto& [width, group] : {std::pair<int64_t, int64_t>{172, 64}, {64, 64}, {20, 32}}) {
    Tensor x = test::random_f32(random, {2, 3, width});
    std::fill_n(x.f32().begin() + width, std::min(width, group), 0.0f);
    const Tensors made = reference("QuantizeGroups", group_of(group), {x}, "streamtensor", 2);
    const int64_t groups = (width + group - 1) / group;
    ASSERT_EQ(made[1].shape, (std::vector<int64_t>{2, 3, groups}));
    std::vector<double> peaks(static_cast<size_t>(6 * groups), 0.0);
    for (int64_t i = 0; i < x.size(); ++i) {
      double& peak = peaks[i / width * groups + i % width / group];
      peak = std::max(peak, std::fabs(double{x.f32()[i]}));
    }
    for (size_t s = 0; s < peaks.size(); ++s)
      EXPECT_EQ(made[1].f32()[s], static_cast<float>(peaks[s] / 127.0));
    for (int64_t i = 0; i < x.size(); ++i) {
      const double peak = peaks[i / width * groups + i % width / group];
      const double exact = peak == 0 ? 0 : x.f32()[i] * 127.0 / peak;
      EXPECT_NEAR(made[0].as<int8_t>()[i], exact, 0.5 + 1e-4) << i;
    }
  }
}

TEST(ScaledGroups, ProductsAreScaledByBothScalesAndAddedInOrder) {
  Random random(2);
  constexpr int64_t Depth = 172, Width = 5, Rows = 3, Group = 64, Groups = 3;
  for (const bool four : {false, true}) {
    const Tensor x = random_bytes(random, {Rows, Depth});
    const Tensor w =
        four ? random_nibbles(random, {Width, Depth}) : random_bytes(random, {Width, Depth});
    const Tensor scales = random_scales(random, {Width, Groups});
    const Tensor x_scales = test::random_f32(random, {Rows, Groups});
    const Tensor y = reference("MatMulScaledGroups", group_of(Group), {x, w, scales, x_scales},
                               "streamtensor")[0];
    for (int64_t r = 0; r < Rows; ++r) {
      for (int64_t n = 0; n < Width; ++n) {
        double exact = 0, magnitude = 0;
        for (int64_t k = 0; k < Depth; ++k) {
          const int weight =
              four ? int{w.as<Int4>()[n * Depth + k]} : int{w.as<int8_t>()[n * Depth + k]};
          const double term = double{x_scales.f32()[r * Groups + k / Group]} *
                              static_cast<double>(scales.as<BFloat16>()[n * Groups + k / Group]) *
                              x.as<int8_t>()[r * Depth + k] * weight;
          exact += term;
          magnitude += std::fabs(term);
        }
        EXPECT_NEAR(y.f32()[r * Width + n], exact, 1e-6 * magnitude);
      }
    }
  }
}

/// quantize_groups of rows of `width` values, each row as often as `repeats` says.
Bench quantiser(int64_t width, int lanes, int64_t group, const std::vector<int64_t>& repeats) {
  Bench bench("quantize_groups");
  bench.rows(width, lanes).size("GroupBeats", group / lanes);
  bench.in(test::row_stream(width, DType::F32, lanes));
  for (size_t i = 0; i < repeats.size(); ++i) {
    StreamType rows = test::row_stream(width, DType::I8, lanes);
    if (repeats[i] > 1)
      rows.itensor = {{1, lanes},
                      DType::I8,
                      {test::each_row(), repeats[i], width / lanes},
                      {1, 1, lanes},
                      {0, 2}};
    bench.out(rows, {test::sequence(), width}).size("Repeat" + std::to_string(i), repeats[i]);
  }
  const int64_t groups = groups_of(width, group);
  return bench.out(test::row_stream(groups, DType::F32, 1), {test::sequence(), groups});
}

TEST(ScaledGroups, TheQuantisingKernelIsExact) {
  Random random(3);
  struct Case {
    int64_t width;
    int lanes;
    int64_t group;
  };
  for (const auto& [width, lanes, group] : {Case{172, 4, 64}, Case{176, 16, 64}, Case{48, 16, 48},
                                            Case{64, 1, 32}, Case{36, 4, 32}, Case{20, 4, 4}}) {
    for (const float size : {1e-30f, 1.0f, 1e30f}) {
      Tensor x = test::random_f32(random, {4, width}, size);
      std::fill_n(x.f32().begin() + width, width, 0.0f);
      const Tensors expected = reference("QuantizeGroups", group_of(group), {x}, "streamtensor", 2);
      EXPECT_EQ(quantiser(width, lanes, group, {1}).run({x}, 4), expected) << width;
      EXPECT_EQ(quantiser(width, lanes, group, {3, 1, 2}).run({x}, 4),
                (Tensors{expected[0], expected[0], expected[0], expected[1]}))
          << width;
    }
  }
}

void check_layer(Random& random, const MatmulShape& shape, DType type) {
  Bench bench("matmul_scaled_groups");
  const Trip rows = {Extent::symbol(Sequence), bench.program.max_sequence};
  bench.kernel.sizes = shape.sizes();
  bench.in(shape.x_type(rows, DType::I8)).in(shape.x_scale_type(rows)).in(shape.scale_type(rows));
  for (int64_t s = 0; s < shape.streams; ++s) bench.in(shape.weight_type(rows, type));
  bench.out_rows(shape.width(), DType::F32, static_cast<int>(shape.out_lanes));
  const Tensor x = random_bytes(random, {3, shape.depth()});
  const Tensor x_scales = test::random_f32(random, {3, shape.groups()});
  const Tensor scales = random_scales(random, {shape.width(), shape.groups()});
  const std::vector<int64_t> matrix = {shape.width(), shape.depth()};
  const Tensor w =
      type == DType::I4 ? random_nibbles(random, matrix) : random_bytes(random, matrix);
  Tensors inputs = {x, x_scales, scales};
  for (int64_t s = 0; s < shape.streams; ++s)
    inputs.push_back(find_transform("dealt")->apply(w, {shape.rows, shape.streams, s + 1}));
  EXPECT_EQ(bench.run(inputs, 3),
            reference("MatMulScaledGroups", group_of(shape.group_beats * shape.depth_lanes),
                      {x, w, scales, x_scales}, "streamtensor"));
}

TEST(ScaledGroups, TheMultiplyingKernelIsExact) {
  Random random(4);
  for (const int64_t streams : {1, 3}) {
    for (const int64_t group_beats : {1, 3, 4, 6}) {
      for (const int64_t steps : {1, 4}) {
        for (const int64_t tiles : {1, 3}) {
          MatmulShape shape{.depth_lanes = 4, .depth_beats = 6, .out_lanes = 2 * streams};
          shape.rows = 2, shape.streams = streams, shape.steps = steps, shape.tiles = tiles;
          shape.group_beats = group_beats;
          shape.x_scales = true;
          for (const DType type : {DType::I8, DType::I4}) {
            SCOPED_TRACE(std::to_string(streams) + " streams, " + std::to_string(group_beats) +
                         " beats, " + std::to_string(steps) + " steps, " + std::to_string(tiles) +
                         " tiles");
            check_layer(random, shape, type);
          }
        }
      }
    }
  }
}

TEST(ScaledGroups, GroupsAreWholeBeatsWhateverTheDepthIs) {
  for (int64_t depth = 1; depth < 300; ++depth) {
    for (const int64_t group : {32, 64, 128}) {
      const LinearLayer layer = {-1, "", depth, 8, DType::I8, std::min(group, depth), true};
      const auto shape = tiled_matmul(layer, {});
      ASSERT_TRUE(shape.ok()) << depth;
      EXPECT_EQ(shape->depth(), depth);
      EXPECT_EQ(shape->group_beats * shape->depth_lanes, std::min(group, depth)) << depth;
      EXPECT_EQ(shape->groups(), groups_of(depth, group)) << depth;
    }
  }
}

/// ids -> table [9, 4] -> MatMul to `hidden` -> Relu -> MatMul to 23 logits.
Graph graph_of(int64_t hidden) {
  Random random(static_cast<uint64_t>(hidden));
  Graph graph;
  graph.opset = 24;
  graph.symbols["s"] = {1, 4};
  const auto constant = [&](const std::string& name, const std::vector<int64_t>& shape) {
    const ValueId id = graph.add_value(name, TensorType{DType::F32, {shape.begin(), shape.end()}});
    graph.values[id].constant = constant_of(test::random_f32(random, shape));
    return id;
  };
  const auto node = [&](const std::string& op, std::vector<ValueId> inputs) {
    Node made;
    made.op = op;
    made.name = op + std::to_string(graph.nodes.size());
    made.inputs = std::move(inputs);
    made.outputs = {graph.add_value("out" + std::to_string(graph.nodes.size()))};
    graph.nodes.push_back(made);
    return made.outputs[0];
  };
  const ValueId ids =
      graph.add_value("input_ids", TensorType{DType::I64, {1, Extent::symbol("s")}});
  graph.inputs = {ids};
  const ValueId x = node("Gather", {constant("table", {9, 4}), ids});
  const ValueId rows = node("MatMul", {x, constant("w0", {4, hidden})});
  const ValueId logits = node("MatMul", {node("Relu", {rows}), constant("w1", {hidden, 23})});
  graph.values[logits].name = "logits";
  graph.outputs = {logits};
  return graph;
}

// 172 is carried 176 wide, 1985 in 2048, where zeroes make a group of their own; 75 and 60 have
// beats that do not divide a group.
TEST(ScaledGroups, RowsThatAreNoWholeGroupsGiveTheReferencesValues) {
  for (const int64_t hidden : {20, 60, 75, 128, 172, 1985}) {
    for (const char* precision : {"w8a8", "w4a8"}) {
      SCOPED_TRACE(std::to_string(hidden) + " " + precision);
      const auto made = test::compiled(
          graph_of(hidden),
          {.precision = precision, .weight_group = 32, .scales = ActivationScales::Group});
      ASSERT_TRUE(made.ok()) << made.errors()[0].message;
      test::Device device(made->program);
      ReferenceDecoder graph(made->graph, made->decoder);
      const auto got = device.feed({3, 1, 8}), expected = graph.feed({3, 1, 8});
      ASSERT_TRUE(got.ok() && expected.ok());
      EXPECT_EQ(got->f32(), expected->f32());
    }
  }
}

}  // namespace
}  // namespace st
