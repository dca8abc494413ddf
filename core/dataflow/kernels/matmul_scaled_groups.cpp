// SPDX-License-Identifier: Apache-2.0
// Linear layers whose rows and whose int8 or int4 weights have a scale for every group.
#include <numeric>
#include <type_traits>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/dataflow/kernels/whole_matmul.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

constexpr int X = 0, XScales = 1, Scales = 2, FirstWeights = 3;  // inputs

/// The sums of the groups at hand, as integers, of all groups so far, as floats, and the scales of
/// the row of x.
template <typename W>
class ScaledSums {
 public:
  explicit ScaledSums(const MatmulShape& shape)
      : shape_(shape),
        x_scales_(local<float>(shape.groups())),
        sums_(local<int32_t>(shape.tile())),
        totals_(local<float>(shape.tile())),
        products_(local<int32_t>(shape.depth_lanes)) {}

  /// The products of a beat of x and one of each weight stream. `n`: of the iteration, here and
  /// below.
  void add(Firing& f, int64_t n) const {
    const int64_t depth = shape_.depth_lanes, lanes = shape_.lanes();
    const bool begins = n / shape_.steps % shape_.group_beats == 0;
    const int8_t* x = f.in<int8_t>(X);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const W* w = f.in<W>(static_cast<int>(FirstWeights + lane / shape_.rows)) +
                   (lane % shape_.rows) * depth;
      for (int64_t i = 0; i < depth; ++i) (*products_)[i] = int32_t{x[i]} * int{w[i]};
      int32_t& sum = (*sums_)[n % shape_.steps * lanes + lane];
      sum = (begins ? 0 : sum) + tree_sum(products_->data(), depth);
    }
  }

  /// The scale of the group of x that ends.
  void keep_scale(Firing& f, int64_t n) const {
    (*x_scales_)[n / shape_.steps / shape_.group_beats] = *f.in<float>(XScales);
  }

  /// The end of a group.
  void scale(Firing& f, int64_t n) const {
    const int64_t lanes = shape_.lanes(), group = n / shape_.steps / shape_.group_beats;
    const BFloat16* scales = f.in<BFloat16>(Scales);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t at = n % shape_.steps * lanes + lane;
      const auto scale = static_cast<float>(static_cast<double>(scales[lane]));
      const float so_far = group == 0 ? 0.0f : (*totals_)[at];
      const float scaled = static_cast<float>((*sums_)[at]) * ((*x_scales_)[group] * scale);
      (*totals_)[at] = so_far + scaled;
    }
  }

  /// The last results that are complete behind a step.
  void emit(Firing& f, int64_t n) const {
    const int64_t complete = (n % shape_.steps + 1) * shape_.lanes();
    std::copy_n(totals_->begin() + (complete - shape_.out_lanes), shape_.out_lanes,
                f.out<float>(0));
  }

 private:
  MatmulShape shape_;
  Local<float> x_scales_;
  Local<int32_t> sums_;
  Local<float> totals_;
  Local<int32_t> products_;
};

/// In which iterations of a tile what happens.
struct Rates {
  explicit Rates(const MatmulShape& shape) {
    for (int64_t n = 0; n < shape.depth_beats * shape.steps; ++n) {
      const int64_t k = n / shape.steps, step = n % shape.steps;
      const bool whole = (step + 1) * shape.lanes() % shape.out_lanes == 0;
      begins.push_back(step == 0 ? 1 : 0);
      x_scaled.push_back(step == 0 && shape.ends_group(k) ? 1 : 0);
      ends.push_back(shape.ends_group(k) ? 1 : 0);
      completes.push_back(k == shape.depth_beats - 1 && whole ? 1 : 0);
    }
  }
  std::vector<int64_t> begins, x_scaled, ends, completes;
};

/// Tiles of a row; the first one reads the scales of x, too.
Nest tiles_of_row(const MatmulShape& shape, const std::function<Nest(bool first)>& tile) {
  Nest tiles = {loop(1, tile(true))};
  if (shape.tiles > 1) tiles.push_back(loop(shape.tiles - 1, tile(false)));
  return tiles;
}

template <typename W>
Nest scaled_groups(const Program& program, const Kernel& kernel, DType type) {
  const MatmulShape shape = matmul_shape_of(kernel);
  const Rates rates(shape);
  std::vector<int> weights(static_cast<size_t>(shape.streams));
  std::iota(weights.begin(), weights.end(), FirstWeights);
  const ScaledSums<W> sums(shape);
  const auto tile = [&](bool first) -> Nest {
    Nest items = {sometimes(rates.begins, read(X)),
                  step(weights, [=](Firing& f) { sums.add(f, f.counter(2)); }, {})};
    if (first)
      items.push_back(sometimes(
          rates.x_scaled, read(XScales, [=](Firing& f) { sums.keep_scale(f, f.counter(2)); })));
    items.push_back(
        sometimes(rates.ends, read(Scales, [=](Firing& f) { sums.scale(f, f.counter(2)); })));
    items.push_back(
        sometimes(rates.completes, write(0, [=](Firing& f) { sums.emit(f, f.counter(2)); })));
    return {
        pipelined(shape.depth_beats * shape.steps, matmul_interval(shape, type), std::move(items))};
  };
  return {loop(rows_of(program, kernel), tiles_of_row(shape, tile))};
}

Nest matmul_scaled_groups(const Program& program, const Kernel& kernel) {
  const DType weights = kernel.inputs.back().type.itensor.dtype;
  if (weights == DType::I4) return scaled_groups<Int4>(program, kernel, weights);
  return scaled_groups<int8_t>(program, kernel, weights);
}

/// One result from a whole row of weights.
template <typename W>
float scaled_dot(const MatmulShape& shape, const Firing& f, const int8_t* x, const float* x_scales,
                 int64_t n) {
  const int64_t group = shape.group_beats * shape.depth_lanes, groups = shape.groups();
  const WeightRow row = weight_row(shape, n);
  const W* w = f.parameters[static_cast<size_t>(FirstWeights + row.stream)]->as<W>().data() +
               row.row * shape.depth();
  const BFloat16* scales = f.parameters[Scales]->as<BFloat16>().data() + n * groups;
  float total = 0.0f;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t first = g * group, count = std::min(group, shape.depth() - first);
    int32_t sum = 0;
    if constexpr (std::is_same_v<W, Int4>) {
      sum = wide::dot_nibbles(x + first, &w[first].bits, count);
    } else {
      sum = wide::dot_bytes(x + first, w + first, count);
    }
    const float scaled = static_cast<float>(sum) * (x_scales[g] * bfloat16_value(scales[g].bits));
    total = total + scaled;
  }
  return total;
}

/// The same with whole weights: sums of integers in any order, and their scaled sums in the order
/// of the groups.
template <typename W>
Nest whole_scaled_groups(const Program& program, const Kernel& kernel) {
  const MatmulShape shape = matmul_shape_of(kernel);
  const auto x = local<int8_t>(shape.depth());
  const auto x_scales = local<float>(shape.groups());
  std::vector<int64_t> ends;
  for (int64_t k = 0; k < shape.depth_beats; ++k) ends.push_back(shape.ends_group(k) ? 1 : 0);
  const auto tile = [&](bool first) -> Nest {
    const auto take = [=](Firing& f) {
      std::copy_n(f.in<int8_t>(X), shape.depth_lanes,
                  x->begin() + f.counter(2) * shape.depth_lanes);
    };
    const auto keep = [=](Firing& f) {
      (*x_scales)[f.counter(2) / shape.group_beats] = *f.in<float>(XScales);
    };
    const auto make = [=](Firing& f) {
      const int64_t turn = f.counter(1) + (first ? 0 : 1);
      const int64_t result = turn * shape.tile() + f.counter(2) * shape.out_lanes;
      for (int64_t i = 0; i < shape.out_lanes; ++i)
        f.out<float>(0)[i] = scaled_dot<W>(shape, f, x->data(), x_scales->data(), result + i);
    };
    Nest beat = {read(X, take)};
    if (first) beat.push_back(sometimes(ends, read(XScales, keep)));
    return {loop(shape.depth_beats, std::move(beat)),
            loop(shape.tile() / shape.out_lanes, {write(0, make)})};
  };
  return {loop(rows_of(program, kernel), tiles_of_row(shape, tile))};
}

Nest matmul_scaled_groups_whole(const Program& program, const Kernel& kernel) {
  const DType weights = kernel.inputs.back().type.itensor.dtype;
  if (weights == DType::I4) return whole_scaled_groups<Int4>(program, kernel);
  return whole_scaled_groups<int8_t>(program, kernel);
}

std::vector<Buffer> sums_and_scales(const Program&, const Kernel& kernel) {
  const MatmulShape shape = matmul_shape_of(kernel);
  return {{.name = "sums", .width_bits = 32, .words = shape.tile(), .banks = shape.tile()},
          {.name = "totals", .width_bits = 32, .words = shape.tile(), .banks = shape.tile()},
          {.name = "kept", .width_bits = 32, .words = shape.groups()}};
}

}  // namespace

void add_matmul_scaled_groups_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "matmul_scaled_groups",
       .header = "streamtensor/matmul_scaled_groups.h",
       .summary =
           "i8 row times streamed i8 or i4 matrix, both with a scale for each group, into f32",
       .template_arguments = {"type of in3", "KL", "KBeats", "GroupBeats", "NL", "NP", "Steps",
                              "Tiles"},
       .arguments = {"in0", "in1", "in2", "out0", "tokens", "in3*"},
       .nest = matmul_scaled_groups,
       .whole_nest = matmul_scaled_groups_whole,
       .first_parameter = Scales,
       .buffers = sums_and_scales,
       .datapath = [](const Program&, const Kernel& k) {
         return matmul_datapath(matmul_shape_of(k), k.inputs.back().type.itensor.dtype);
       }});
}

}  // namespace st
