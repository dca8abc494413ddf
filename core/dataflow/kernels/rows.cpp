// SPDX-License-Identifier: Apache-2.0
// Kernels that need a whole row before its first output: normalisation and quantisation, and their
// like.
#include <algorithm>
#include <cmath>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/held_rows.h"
#include "core/dataflow/kernels/quantize.h"
#include "core/graph/quantised_value.h"

namespace st {
namespace {

/// Adds `term(value)` over the row into partial sums, lanes by tree. Here and below the loop over
/// beats has counter d<depth>.
template <typename Term>
Body summing(const Local<float>& row, const Local<float>& sums, int64_t lanes, const Term& term,
             int depth = 1) {
  const auto terms = local<float>(lanes);
  return [=](Firing& f) {
    for (int64_t i = 0; i < lanes; ++i) (*terms)[i] = term((*row)[f.counter(depth) * lanes + i]);
    add_partial(*sums, f.counter(depth), tree_sum(terms->data(), lanes));
  };
}

/// Reads a row into its buffer, and then does `more`.
Body keeping(const Local<float>& row, int64_t lanes, const Body& more, int depth = 1) {
  return [=](Firing& f) {
    std::copy_n(f.in<float>(0), lanes, row->begin() + f.counter(depth) * lanes);
    more(f);
  };
}

Nest layer_norm(const Program& program, const Kernel& kernel) {
  const RowShape shape(kernel);
  const int64_t lanes = shape.lanes;
  const float epsilon = kernel.reals.at("epsilon"), width = static_cast<float>(shape.width);
  const auto row = local<float>(shape.width), sums = local<float>(PartialSums);
  const auto mean = local<float>(1), inverse = local<float>(1);
  const auto centre = [=, beats = shape.beats](Firing&) {
    mean->front() = total_of(*sums, beats) / width;
  };
  const auto invert = [=, beats = shape.beats](Firing&) {
    inverse->front() = 1.0f / std::sqrt(total_of(*sums, beats) / width + epsilon);
  };
  const auto scale = [=](Firing& f) {
    float* x = row->data() + f.counter(1) * lanes;
    for (int64_t i = 0; i < lanes; ++i)
      x[i] = (x[i] - mean->front()) * inverse->front() * f.in<float>(1)[i] + f.in<float>(2)[i];
    std::copy_n(x, lanes, f.out<float>(0));
  };
  const auto square = [mean](float x) { return (x - mean->front()) * (x - mean->front()); };
  Nest first = {
      pipelined(
          shape.beats, 1,
          {read(0, keeping(row, lanes, summing(row, sums, lanes, [](float x) { return x; })))}),
      step({}, centre, {}),
      pipelined(shape.beats, 1, {step({}, summing(row, sums, lanes, square), {})}),
      step({}, invert, {}), pipelined(shape.beats, 1, {step({1, 2}, scale, {0})})};
  return held_rows(program, kernel, std::move(first),
                   further_passes(kernel, shape.beats, sender(row, lanes)));
}

/// RMSNormalization of what is held in `row`: a row, or a head of it.
Nest rms_norm_of(const Kernel& kernel, const Local<float>& row, int depth) {
  const RowShape shape(kernel);
  const int64_t lanes = shape.lanes;
  const float epsilon = kernel.reals.at("epsilon"), width = static_cast<float>(shape.width);
  const auto sums = local<float>(PartialSums);
  const auto inverse = local<float>(1);
  const auto invert = [=, beats = shape.beats](Firing&) {
    inverse->front() = 1.0f / std::sqrt(total_of(*sums, beats) / width + epsilon);
  };
  const auto scale = [=](Firing& f) {
    float* x = row->data() + f.counter(depth) * lanes;
    for (int64_t i = 0; i < lanes; ++i) x[i] = x[i] * inverse->front() * f.in<float>(1)[i];
    std::copy_n(x, lanes, f.out<float>(0));
  };
  const Body sum = summing(
      row, sums, lanes, [](float x) { return x * x; }, depth);
  return {pipelined(shape.beats, 1, {read(0, keeping(row, lanes, sum, depth))}),
          step({}, invert, {}), pipelined(shape.beats, 1, {step({1}, scale, {0})})};
}

Nest rms_norm(const Program& program, const Kernel& kernel) {
  const RowShape shape(kernel);
  const auto row = local<float>(shape.width);
  return held_rows(program, kernel, rms_norm_of(kernel, row, 1),
                   further_passes(kernel, shape.beats, sender(row, shape.lanes)));
}

Nest rms_norm_heads(const Program& program, const Kernel& kernel) {
  const auto head = local<float>(RowShape(kernel).width);
  return {loop(rows_of(program, kernel),
               {loop(kernel.sizes.at("Heads"), rms_norm_of(kernel, head, 2))})};
}

/// The last output is the scale; the others take the rows.
Nest quantize_rows(const Program& program, const Kernel& kernel) {
  const RowShape shape(kernel);
  const int64_t lanes = shape.lanes;
  const int scale_port = static_cast<int>(kernel.outputs.size()) - 1;
  const auto row = local<float>(shape.width), peak = local<float>(1), inverse = local<float>(1);
  const Body largest = [=](Firing& f) {
    if (f.counter(1) == 0) peak->front() = 0.0f;
    for (int64_t i = 0; i < lanes; ++i)
      peak->front() = std::max(peak->front(), std::fabs(f.in<float>(0)[i]));
  };
  const auto scale = [=](Firing& f) {
    inverse->front() = write_float_scale(f, scale_port, peak->front());
  };
  const auto emit = [=](int port, int depth) -> Body {
    return [=](Firing& f) {
      const float* x = row->data() + f.counter(depth) * lanes;
      for (int64_t i = 0; i < lanes; ++i) f.out<int8_t>(port)[i] = rounded(x[i], inverse->front());
    };
  };
  Nest first = {pipelined(shape.beats, 1, {read(0, keeping(row, lanes, largest))}),
                write(scale_port, scale), pipelined(shape.beats, 1, {write(0, emit(0, 1))})};
  return held_rows(program, kernel, std::move(first), further_passes(kernel, shape.beats, emit));
}

Nest dequantize_rows(const Program& program, const Kernel& kernel) {
  const RowShape shape(kernel);
  const auto scale = [lanes = shape.lanes](Firing& f) {
    const int32_t* sums = f.in<int32_t>(0);
    const float row_scale = *f.in<float>(1), *channel_scale = f.in<float>(2);
    for (int64_t i = 0; i < lanes; ++i)
      f.out<float>(0)[i] = static_cast<float>(sums[i]) * (row_scale * channel_scale[i]);
  };
  return {loop(rows_of(program, kernel),
               {read(1), pipelined(shape.beats, 1, {step({0, 2}, scale, {0})})})};
}

/// Values from one of a pair to the other.
int64_t pair_distance(const Kernel& kernel) {
  const int64_t width = kernel.sizes.at("L") * kernel.sizes.at("HeadBeats");
  return kernel.sizes.at("Interleaved") != 0 ? 1 : width / 2;
}
/// Beats that come before one is sent, so that both values of its pairs are there.
int64_t beats_ahead(const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  return (lanes - 1 + pair_distance(kernel)) / lanes;
}

Nest rotary(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), width = lanes * kernel.sizes.at("HeadBeats");
  const int64_t angle_lanes = kernel.sizes.at("CL"), half = width / 2;
  const int64_t beats = kernel.sizes.at("HeadBeats") * kernel.sizes.at("Heads");
  const int64_t ahead = beats_ahead(kernel), apart = pair_distance(kernel);
  const bool interleaved = kernel.sizes.at("Interleaved") != 0;
  const auto row = local<float>(lanes * beats);
  const auto cosines = local<float>(angle_lanes * kernel.sizes.at("CBeats"));
  const auto sines = local<float>(angle_lanes * kernel.sizes.at("CBeats"));
  const auto angles = [=](Firing& f) {
    const int64_t at = f.counter(1) * angle_lanes;
    std::copy_n(f.in<float>(1), angle_lanes, cosines->begin() + at);
    std::copy_n(f.in<float>(2), angle_lanes, sines->begin() + at);
  };
  const auto keep = [=](Firing& f) {
    std::copy_n(f.in<float>(0), lanes, row->begin() + f.counter(1) * lanes);
  };
  const auto turn = [=](Firing& f) {
    for (int64_t i = 0; i < lanes; ++i) {
      const int64_t at = (f.counter(1) - ahead) * lanes + i, d = at % width;
      const int64_t pair = interleaved ? d / 2 : d % half;
      const bool first = interleaved ? d % 2 == 0 : d < half;
      const float turned = (*row)[first ? at + apart : at - apart] * (*sines)[pair];
      f.out<float>(0)[i] = (*row)[at] * (*cosines)[pair] + (first ? -turned : turned);
    }
  };
  std::vector<int64_t> come(static_cast<size_t>(beats + ahead), 0), leave = come;
  std::fill_n(come.begin(), beats, 1);
  std::fill_n(leave.begin() + ahead, beats, 1);
  return {loop(rows_of(program, kernel),
               {pipelined(kernel.sizes.at("CBeats"), 1, {step({1, 2}, angles, {})}),
                pipelined(beats + ahead, 1,
                          {sometimes(come, read(0, keep)), sometimes(leave, write(0, turn))})})};
}

std::vector<Buffer> row_buffer(const Program&, const Kernel& kernel) {
  const RowShape shape(kernel);
  return {{.name = "row", .width_bits = shape.lanes * 32, .words = shape.beats}};
}

std::vector<Buffer> norm_buffers(const Program& program, const Kernel& kernel) {
  std::vector<Buffer> buffers = row_buffer(program, kernel);
  buffers.push_back({.name = "sums", .width_bits = 32, .words = PartialSums, .banks = PartialSums});
  return buffers;
}

/// What is sent more than once is kept as it is sent.
std::vector<Buffer> quantized_row_buffers(const Program& program, const Kernel& kernel) {
  std::vector<Buffer> buffers = row_buffer(program, kernel);
  const RowShape shape(kernel);
  if (passes_of(kernel) > 1)
    buffers.push_back({.name = "kept", .width_bits = shape.lanes * 8, .words = shape.beats});
  return buffers;
}

/// All are partitioned completely.
std::vector<Buffer> rotary_buffers(const Program&, const Kernel& kernel) {
  const int64_t recent = (2 * beats_ahead(kernel) + 1) * kernel.sizes.at("L");
  const int64_t angles = kernel.sizes.at("CBeats") * kernel.sizes.at("CL");
  return {{.name = "recent", .width_bits = 32, .words = recent, .banks = recent},
          {.name = "cosines", .width_bits = 32, .words = angles, .banks = angles},
          {.name = "sines", .width_bits = 32, .words = angles, .banks = angles}};
}

Datapath layer_norm_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(FloatAdd, 3 * lanes);  // both sums, and centring before the second
  made.add(FloatMultiply, lanes);
  made.add(FloatAdd, 2 * PartialSums, PartialSums);  // a row's partial sums, once
  made.add(FloatDivide, 3);
  made.add(FloatSqrt, 1);
  made.add(FloatAdd, 2 * lanes);
  made.add(FloatMultiply, 2 * lanes);
  made.then(FloatAdd);
  made.then(FloatMultiply, 2);
  made.then(FloatAdd);
  return made;
}

Datapath rms_norm_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(FloatAdd, lanes);
  made.add(FloatMultiply, lanes);
  made.add(FloatAdd, PartialSums, PartialSums);  // a row's partial sums, once
  made.add(FloatDivide, 2);
  made.add(FloatSqrt, 1);
  made.add(FloatMultiply, 2 * lanes);
  made.then(FloatMultiply, 2);
  return made;
}

Datapath dequantize_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(IntToFloat, lanes);
  made.add(FloatMultiply, 2 * lanes);
  made.then(IntToFloat);
  made.then(FloatMultiply);
  return made;
}

/// The partner of a value comes before or behind it; a lane meets an angle in each beat.
Datapath rotary_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("HeadBeats");
  using enum Operator;
  Datapath made;
  made.add(FloatMultiply, 2 * lanes);
  made.add(FloatAdd, lanes);
  made.add(Select, lanes * (selects_of(32, 2) + 2 * selects_of(32, beats)));
  made.then(FloatMultiply);
  made.then(FloatAdd);
  return made;
}

}  // namespace

void add_row_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "layer_norm",
                     .header = "streamtensor/normalization.h",
                     .summary = "LayerNormalization of each row",
                     .template_arguments = {"L", "Beats", "sizes Repeat*"},
                     .arguments = {"in0", "in1", "in2", "real:epsilon", "tokens", "out*"},
                     .nest = layer_norm,
                     .buffers = norm_buffers,
                     .datapath = layer_norm_datapath,
                     .row_barrier = true,
                     .holds_row = true});
  records.push_back({.kind = "rms_norm",
                     .header = "streamtensor/normalization.h",
                     .summary = "RMSNormalization of each row",
                     .template_arguments = {"L", "Beats", "sizes Repeat*"},
                     .arguments = {"in0", "in1", "real:epsilon", "tokens", "out*"},
                     .nest = rms_norm,
                     .buffers = norm_buffers,
                     .datapath = rms_norm_datapath,
                     .row_barrier = true,
                     .holds_row = true});
  records.push_back({.kind = "rms_norm_heads",
                     .header = "streamtensor/normalization.h",
                     .summary = "RMSNormalization of each head of a row",
                     .template_arguments = {"L", "Beats", "Heads"},
                     .arguments = {"in0", "in1", "real:epsilon", "tokens", "out0"},
                     .nest = rms_norm_heads,
                     .buffers = norm_buffers,
                     .datapath = rms_norm_datapath,
                     .row_barrier = true});
  records.push_back({.kind = "quantize_rows",
                     .header = "streamtensor/quantize.h",
                     .summary = "f32 row to i8 and one scale",
                     .template_arguments = {"L", "Beats", "sizes Repeat*"},
                     .arguments = {"in0", "out-last", "tokens", "out*-last"},
                     .nest = quantize_rows,
                     .buffers = quantized_row_buffers,
                     .datapath = quantize_datapath,
                     .row_barrier = true,
                     .holds_row = true});
  records.push_back({.kind = "dequantize_rows",
                     .header = "streamtensor/quantize.h",
                     .summary = "i32 sums to f32 by row and channel scale",
                     .template_arguments = {"L", "Beats"},
                     .arguments = {"in0", "in1", "in2", "out0", "tokens"},
                     .nest = dequantize_rows,
                     .datapath = dequantize_datapath});
  records.push_back(
      {.kind = "rotary",
       .header = "streamtensor/rotary.h",
       .summary = "RotaryEmbedding of each head",
       .template_arguments = {"L", "HeadBeats", "Heads", "Interleaved", "CL", "CBeats"},
       .arguments = {"in0", "in1", "in2", "out0", "tokens"},
       .nest = rotary,
       .buffers = rotary_buffers,
       .datapath = rotary_datapath});
}

}  // namespace st
