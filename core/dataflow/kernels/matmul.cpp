// SPDX-License-Identifier: Apache-2.0
// Linear layers: rows times a matrix that is streamed from memory once per row.
#include "core/dataflow/kernels/matmul.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/whole_matmul.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

/// X: of rows, W: of weights, Acc: of the sums.
template <typename X, typename W, typename Acc>
Nest matmul_of(const Program& program, const Kernel& kernel, int64_t interval) {
  const MatmulShape shape = matmul_shape_of(kernel);
  const int64_t depth = shape.depth_lanes, lanes = shape.lanes(), steps = shape.steps;
  const auto products = local<Acc>(depth), sums = local<Acc>(shape.tile());
  const auto add = [=](Firing& f) {
    const int64_t k = f.counter(2) / steps, first = (f.counter(2) % steps) * lanes;
    const X* x = f.in<X>(0);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const W* w = f.in<W>(static_cast<int>(1 + lane / shape.rows)) + (lane % shape.rows) * depth;
      for (int64_t i = 0; i < depth; ++i)
        (*products)[i] = static_cast<Acc>(static_cast<Acc>(x[i]) * static_cast<Acc>(w[i]));
      Acc& sum = (*sums)[first + lane];
      sum = static_cast<Acc>((k == 0 ? Acc(0) : sum) + tree_sum(products->data(), depth));
    }
  };
  const auto emit = [=](Firing& f) {
    const int64_t complete = (f.counter(2) % steps + 1) * lanes;
    std::copy_n(sums->begin() + (complete - shape.out_lanes), shape.out_lanes, f.out<Acc>(0));
  };
  std::vector<int64_t> begins, completes;
  for (int64_t n = 0; n < shape.depth_beats * steps; ++n) {
    const int64_t complete = (n % steps + 1) * lanes;
    begins.push_back(n % steps == 0 ? 1 : 0);
    completes.push_back(n / steps == shape.depth_beats - 1 && complete % shape.out_lanes == 0);
  }
  std::vector<int> weights(static_cast<size_t>(shape.streams));
  std::iota(weights.begin(), weights.end(), 1);
  return {loop(rows_of(program, kernel),
               {loop(shape.tiles, {pipelined(shape.depth_beats * steps, interval,
                                             {sometimes(begins, read(0)), step(weights, add, {}),
                                              sometimes(completes, write(0, emit))})})})};
}

Nest matmul(const Program& program, const Kernel& kernel) {
  const DType weights = kernel.inputs[1].type.itensor.dtype;
  const int64_t interval = matmul_interval(matmul_shape_of(kernel), weights);
  if (weights == DType::I4) return matmul_of<int8_t, Int4, int32_t>(program, kernel, interval);
  if (weights == DType::I8) return matmul_of<int8_t, int8_t, int32_t>(program, kernel, interval);
  return matmul_of<float, float, float>(program, kernel, interval);
}

/// The same with whole weights. Sums of integers may be added up in any order; those of floats are
/// added beat by beat, as above.
template <typename X, typename W, typename Acc>
Nest whole_of(const Program& program, const Kernel& kernel) {
  const MatmulShape shape = matmul_shape_of(kernel);
  const auto products = local<Acc>(shape.depth_lanes);
  const auto result = [=](const Firing& f, const X* x, int64_t n) {
    const WeightRow row = weight_row(shape, n);
    const W* w = f.parameters[static_cast<size_t>(1 + row.stream)]->template as<W>().data() +
                 row.row * shape.depth();
    if constexpr (std::is_same_v<W, Int4>) {
      return wide::dot_nibbles(x, &w->bits, shape.depth());
    } else if constexpr (std::is_same_v<W, int8_t>) {
      return wide::dot_bytes(x, w, shape.depth());
    } else {
      Acc sum = 0;
      for (int64_t k = 0; k < shape.depth(); k += shape.depth_lanes) {
        for (int64_t i = 0; i < shape.depth_lanes; ++i) (*products)[i] = x[k + i] * w[k + i];
        sum = sum + tree_sum(products->data(), shape.depth_lanes);
      }
      return sum;
    }
  };
  return whole_matmul<X, Acc>(program, kernel, shape, result);
}

Nest matmul_whole(const Program& program, const Kernel& kernel) {
  const DType weights = kernel.inputs[1].type.itensor.dtype;
  if (weights == DType::I4) return whole_of<int8_t, Int4, int32_t>(program, kernel);
  if (weights == DType::I8) return whole_of<int8_t, int8_t, int32_t>(program, kernel);
  return whole_of<float, float, float>(program, kernel);
}

}  // namespace

StreamType MatmulShape::x_type(const Trip& row_trip, DType dtype) const {
  return {
      {{1, depth_lanes}, dtype, {row_trip, tiles, depth_beats}, {1, tile(), depth_lanes}, {0, 2}},
      static_cast<int>(depth_lanes)};
}

StreamType MatmulShape::weight_type(const Trip& row_trip, DType dtype) const {
  // A stream has every streams-th group of rows of the matrix: these are a matrix of their own.
  return {{{rows, depth_lanes},
           dtype,
           {row_trip, tiles, depth_beats, steps},
           {1, rows * steps, depth_lanes, rows},
           {MapResult::sum({1, 3}), 2}},
          static_cast<int>(rows * depth_lanes)};
}

StreamType MatmulShape::scale_type(const Trip& row_trip) const {
  return {{{lanes(), 1},
           GroupScaleType,
           {row_trip, tiles, groups(), steps},
           {1, tile(), 1, lanes()},
           {MapResult::sum({1, 3}), 2}},
          static_cast<int>(lanes())};
}

StreamType MatmulShape::x_scale_type(const Trip& row_trip) const {
  return {{{1, 1}, DType::F32, {row_trip, groups()}, {1, 1}, {0, 1}}, 1};
}

StreamType MatmulShape::y_type(const Trip& row_trip, DType dtype) const {
  return {{{1, out_lanes}, dtype, {row_trip, width() / out_lanes}, {1, out_lanes}, {0, 1}},
          static_cast<int>(out_lanes)};
}

std::map<std::string, int64_t> MatmulShape::sizes() const {
  std::map<std::string, int64_t> sizes = {
      {"KL", depth_lanes}, {"NL", out_lanes}, {"NP", rows}, {"Steps", steps}, {"Tiles", tiles}};
  if (group_beats > 0) sizes["GroupBeats"] = group_beats;
  if (group_beats > 0 && !x_scales) {
    sizes["Groups"] = groups();
  } else {
    sizes["KBeats"] = depth_beats;
  }
  return sizes;
}

MatmulShape matmul_shape_of(const Kernel& kernel) {
  const auto& sizes = kernel.sizes;
  const bool x_scales = kernel.kind == "matmul_scaled_groups";
  const bool whole = kernel.kind == "matmul_groups";  // groups are all of one size
  const int64_t group_beats = x_scales || whole ? sizes.at("GroupBeats") : 0;
  MatmulShape shape = {.depth_lanes = sizes.at("KL"),
                       .depth_beats = whole ? group_beats * sizes.at("Groups") : sizes.at("KBeats"),
                       .out_lanes = sizes.at("NL"),
                       .rows = sizes.at("NP"),
                       .steps = sizes.at("Steps"),
                       .tiles = sizes.at("Tiles"),
                       .group_beats = group_beats,
                       .x_scales = x_scales};
  shape.streams = static_cast<int64_t>(kernel.inputs.size()) - shape.first_weights();
  return shape;
}

DType rows_for(DType weights) { return weights == DType::F32 ? DType::F32 : DType::I8; }

DType sums_of(DType weights) { return weights == DType::F32 ? DType::F32 : DType::I32; }

bool is_matmul(const Kernel& kernel) {
  return kernel.kind == "matmul" || kernel.kind == "matmul_groups" ||
         kernel.kind == "matmul_scaled_groups";
}

int64_t matmul_interval(const MatmulShape& shape, DType weights) {
  // Iterations between two additions of floats into one sum.
  const int64_t apart =
      shape.steps * (shape.group_beats > 0 ? shape.last_group_beats() : int64_t{1});
  const bool floats = weights == DType::F32 || shape.group_beats > 0;
  return floats ? (FloatAddInterval + apart - 1) / apart : 1;
}

Datapath matmul_datapath(const MatmulShape& shape, DType weights) {
  const bool integers = weights != DType::F32, pairs = integers && shape.rows % 2 == 0;
  const int64_t interval = matmul_interval(shape, weights);
  const Operator product = pairs                  ? Operator::ByteMultiplyPair
                           : weights == DType::I4 ? Operator::NibbleMultiply
                           : integers             ? Operator::ByteMultiply
                                                  : Operator::FloatMultiply;
  const Operator sum = integers ? Operator::IntAdd : Operator::FloatAdd;
  Datapath made;
  made.add(product, pairs ? shape.products() / 2 : shape.products(), interval);
  made.add(sum, shape.products(), interval);
  made.add(Operator::Select, shape.lanes() * selects_of(32, shape.steps));
  made.then(product);
  made.then(sum, tree_levels(shape.depth_lanes) + 1);
  if (shape.group_beats == 0) return made;
  if (shape.x_scales) made.add(Operator::FloatMultiply, shape.lanes(), interval);  // both scales
  // At the end of a group: the float sums, and which of these it is the turn of.
  made.add(Operator::Select, shape.lanes() * selects_of(32, shape.steps));
  for (const Operator op : {Operator::IntToFloat, Operator::FloatMultiply, Operator::FloatAdd}) {
    made.add(op, shape.lanes(), interval);
    made.then(op);
  }
  return made;
}

void add_matmul_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "matmul",
                     .header = "streamtensor/matmul.h",
                     .summary = "row times streamed matrix; f32, or i8 times i8 or i4 into i32",
                     .template_arguments = {"type of in0", "type of in1", "type of out0", "KL",
                                            "KBeats", "NL", "NP", "Steps", "Tiles"},
                     .arguments = {"in0", "out0", "tokens", "in1*"},
                     .nest = matmul,
                     .whole_nest = matmul_whole,
                     .buffers = [](const Program&, const Kernel& k) -> std::vector<Buffer> {
                       const int64_t tile = matmul_shape_of(k).tile();
                       return {{.name = "sums", .width_bits = 32, .words = tile, .banks = tile}};
                     },
                     .datapath =
                         [](const Program&, const Kernel& k) {
                           return matmul_datapath(matmul_shape_of(k),
                                                  k.inputs[1].type.itensor.dtype);
                         }});
}

}  // namespace st
