// SPDX-License-Identifier: Apache-2.0
// Rows to int8 with a scale for each group: a group is held, the row is not waited for.
#include <algorithm>
#include <cmath>

#include "core/dataflow/kernels/held_rows.h"

namespace st {
namespace {

/// The last output is for the scales; the others take the rows. A group is sent while the next one
/// comes into its place, each beat before the one that takes its place.
Nest quantize_groups(const Program& program, const Kernel& kernel) {
  const RowShape shape(kernel);
  const int64_t lanes = shape.lanes, beats = shape.beats, group = kernel.sizes.at("GroupBeats");
  const int scale_port = static_cast<int>(kernel.outputs.size()) - 1;
  const auto held = local<float>(group * lanes);
  const auto row = local<int8_t>(shape.width);
  const auto peak = local<float>(1), inverse = local<float>(1);
  std::vector<int64_t> scaled, sent, read_at;
  for (int64_t i = 0; i < beats + group; ++i) {
    scaled.push_back(i >= group && i % group == 0 ? 1 : 0);
    sent.push_back(i >= group ? 1 : 0);
    read_at.push_back(i < beats ? 1 : 0);
  }
  const auto scale = [=](Firing& f) {
    *f.out<float>(scale_port) = peak->front() / 127.0f;
    inverse->front() = peak->front() == 0.0f ? 0.0f : 127.0f / peak->front();
  };
  const auto send = [=](Firing& f) {
    const float* x = held->data() + f.counter(1) % group * lanes;
    int8_t* q = row->data() + (f.counter(1) - group) * lanes;
    for (int64_t i = 0; i < lanes; ++i) q[i] = quantised_byte(x[i] * inverse->front());
    std::copy_n(q, lanes, f.out<int8_t>(0));
  };
  const auto hold = [=](Firing& f) {
    const int64_t place = f.counter(1) % group;
    if (place == 0) peak->front() = 0.0f;
    std::copy_n(f.in<float>(0), lanes, held->begin() + place * lanes);
    for (int64_t i = 0; i < lanes; ++i)
      peak->front() = std::max(peak->front(), std::fabs(f.in<float>(0)[i]));
  };
  Nest first = {pipelined(beats + group, 1,
                          {sometimes(scaled, write(scale_port, scale)),
                           sometimes(sent, write(0, send)), sometimes(read_at, read(0, hold))})};
  return held_rows(program, std::move(first), further_passes(kernel, beats, sender(row, lanes)));
}

/// A group of floats, and what is sent more than once as it is sent.
std::vector<Buffer> group_buffers(const Program&, const Kernel& kernel) {
  const RowShape shape(kernel);
  std::vector<Buffer> buffers = {
      {.name = "held", .width_bits = shape.lanes * 32, .words = kernel.sizes.at("GroupBeats")}};
  if (passes_of(kernel) > 1)
    buffers.push_back({.name = "kept", .width_bits = shape.lanes * 8, .words = shape.beats});
  return buffers;
}

Datapath quantize_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(FloatCompare, 2 * lanes);  // the magnitude, and the larger of two
  made.add(FloatDivide, 2);
  made.add(FloatMultiply, lanes);
  made.add(FloatCompare, 3 * lanes);  // both ends of the range, and the sign
  made.add(FloatAdd, lanes);
  made.add(FloatToInt, lanes);
  made.then(FloatDivide);
  made.then(FloatMultiply);
  made.then(FloatCompare, 2);
  made.then(FloatAdd);
  made.then(FloatToInt);
  return made;
}

}  // namespace

void add_quantize_groups_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "quantize_groups",
                     .header = "streamtensor/quantize_groups.h",
                     .summary = "f32 row to i8 and a scale for each group",
                     .template_arguments = {"L", "Beats", "GroupBeats", "sizes Repeat*"},
                     .arguments = {"in0", "out-last", "tokens", "out*-last"},
                     .nest = quantize_groups,
                     .buffers = group_buffers,
                     .datapath = quantize_datapath,
                     .holds_row = true});
}

}  // namespace st
