// SPDX-License-Identifier: Apache-2.0
// Linear layers whose int4 weights have a scale for every group of a row.
#include <numeric>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/dataflow/kernels/whole_matmul.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

/// The sums of the groups at hand, as integers, and of all groups so far, as floats.
class GroupSums {
 public:
  explicit GroupSums(const MatmulShape& shape)
      : shape_(shape),
        sums_(local<int32_t>(shape.tile())),
        totals_(local<float>(shape.tile())),
        products_(local<int32_t>(shape.depth_lanes)) {}

  /// The products of a beat of x and one of each weight stream. `k`: number of the beat of x.
  void add(Firing& f, int64_t k, int64_t step) const {
    const int64_t depth = shape_.depth_lanes, lanes = shape_.lanes();
    const int8_t* x = f.in<int8_t>(0);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const Int4* w =
          f.in<Int4>(static_cast<int>(2 + lane / shape_.rows)) + (lane % shape_.rows) * depth;
      for (int64_t i = 0; i < depth; ++i) (*products_)[i] = int32_t{x[i]} * int{w[i]};
      int32_t& sum = (*sums_)[step * lanes + lane];
      sum = (k % shape_.group_beats == 0 ? 0 : sum) + tree_sum(products_->data(), depth);
    }
  }

  /// The end of a group.
  void scale(Firing& f, int64_t k, int64_t step) const {
    const int64_t lanes = shape_.lanes();
    const BFloat16* scales = f.in<BFloat16>(1);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const auto scale = static_cast<float>(static_cast<double>(scales[lane]));
      float& total = (*totals_)[step * lanes + lane];
      const float so_far = k < shape_.group_beats ? 0.0f : total;
      total = so_far + static_cast<float>((*sums_)[step * lanes + lane]) * scale;
    }
  }

  /// The last results that are complete behind a step.
  void emit(Firing& f, int64_t step) const {
    const int64_t complete = (step + 1) * shape_.lanes();
    std::copy_n(totals_->begin() + (complete - shape_.out_lanes), shape_.out_lanes,
                f.out<float>(0));
  }

 private:
  MatmulShape shape_;
  Local<int32_t> sums_;
  Local<float> totals_;
  Local<int32_t> products_;
};

Nest matmul_groups(const Program& program, const Kernel& kernel) {
  const MatmulShape shape = matmul_shape_of(kernel);
  const int64_t steps = shape.steps, iterations = shape.depth_beats * steps;
  std::vector<int64_t> begins, ends, completes;
  for (int64_t n = 0; n < iterations; ++n) {
    const int64_t k = n / steps, complete = (n % steps + 1) * shape.lanes();
    begins.push_back(n % steps == 0 ? 1 : 0);
    ends.push_back((k + 1) % shape.group_beats == 0 ? 1 : 0);
    completes.push_back(k == shape.depth_beats - 1 && complete % shape.out_lanes == 0 ? 1 : 0);
  }
  std::vector<int> weights(static_cast<size_t>(shape.streams));
  std::iota(weights.begin(), weights.end(), 2);
  const GroupSums sums(shape);
  const auto add = [=](Firing& f) { sums.add(f, f.counter(2) / steps, f.counter(2) % steps); };
  const auto scale = [=](Firing& f) { sums.scale(f, f.counter(2) / steps, f.counter(2) % steps); };
  const auto emit = [=](Firing& f) { sums.emit(f, f.counter(2) % steps); };
  const int64_t interval = matmul_interval(shape, DType::I4);
  return {loop(rows_of(program, kernel),
               {loop(shape.tiles, {pipelined(iterations, interval,
                                             {sometimes(begins, read(0)), step(weights, add, {}),
                                              sometimes(ends, read(1, scale)),
                                              sometimes(completes, write(0, emit))})})})};
}

/// The same with whole weights: groups of products are sums of integers in any order, and their
/// scaled sums are added in the order of the groups.
Nest matmul_groups_whole(const Program& program, const Kernel& kernel) {
  const MatmulShape shape = matmul_shape_of(kernel);
  const int64_t group = shape.group_beats * shape.depth_lanes, groups = shape.groups();
  const auto result = [=](const Firing& f, const int8_t* x, int64_t n) {
    const WeightRow row = weight_row(shape, n);
    const Int4* w = f.parameters[static_cast<size_t>(2 + row.stream)]->as<Int4>().data() +
                    row.row * shape.depth();
    const BFloat16* scales = f.parameters[1]->as<BFloat16>().data() + n * groups;
    float total = 0.0f;
    for (int64_t g = 0; g < groups; ++g) {
      const int32_t sum = wide::dot_nibbles(x + g * group, &w[g * group].bits, group);
      total = total + static_cast<float>(sum) * bfloat16_value(scales[g].bits);
    }
    return total;
  };
  return whole_matmul<int8_t, float>(program, kernel, shape, result);
}

std::vector<Buffer> sums_of_tile(const Program&, const Kernel& kernel) {
  const int64_t tile = matmul_shape_of(kernel).tile();
  return {{.name = "sums", .width_bits = 32, .words = tile, .banks = tile},
          {.name = "totals", .width_bits = 32, .words = tile, .banks = tile}};
}

/// A row's scale holds for all its beats.
Nest scale_rows(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  const auto scale = [lanes](Firing& f) {
    const float factor = *f.in<float>(1);
    for (int64_t i = 0; i < lanes; ++i) f.out<float>(0)[i] = f.in<float>(0)[i] * factor;
  };
  return {loop(rows_of(program, kernel),
               {read(1), pipelined(kernel.sizes.at("Beats"), 1, {step({0}, scale, {0})})})};
}

Datapath scale_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  made.add(Operator::FloatMultiply, kernel.sizes.at("L"));
  made.then(Operator::FloatMultiply);
  return made;
}

}  // namespace

void add_grouped_matmul_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "matmul_groups",
       .header = "streamtensor/matmul_groups.h",
       .summary = "i8 row times streamed i4 matrix with a scale for each group, into f32",
       .template_arguments = {"KL", "GroupBeats", "Groups", "NL", "NP", "Steps", "Tiles"},
       .arguments = {"in0", "in1", "out0", "tokens", "in2*"},
       .nest = matmul_groups,
       .whole_nest = matmul_groups_whole,
       .buffers = sums_of_tile,
       .datapath = [](const Program&, const Kernel& k) {
         return matmul_datapath(matmul_shape_of(k), DType::I4);
       }});
  records.push_back({.kind = "scale_rows",
                     .header = "streamtensor/quantize.h",
                     .summary = "f32 row times its scale",
                     .template_arguments = {"L", "Beats"},
                     .arguments = {"in0", "in1", "out0", "tokens"},
                     .nest = scale_rows,
                     .datapath = scale_datapath});
}

}  // namespace st
