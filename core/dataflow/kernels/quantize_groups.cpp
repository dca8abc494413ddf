// SPDX-License-Identifier: Apache-2.0
// Rows to int8 with a scale for each group: a group is held, the row is not waited for.
#include <algorithm>

#include "core/dataflow/kernels/held_rows.h"
#include "core/dataflow/kernels/quantize.h"

namespace st {
namespace {

/// The last output is for the scales; the others take the rows.
Nest quantize_groups(const Program& program, const Kernel& kernel) {
  const RowShape shape(kernel);
  const int64_t lanes = shape.lanes;
  const int scale_port = static_cast<int>(kernel.outputs.size()) - 1;
  const auto row = local<int8_t>(shape.width);
  HeldGroups groups = {.lanes = lanes,
                       .beats = shape.beats,
                       .group = kernel.sizes.at("GroupBeats"),
                       .scales = scale_port};
  groups.write_scale = [=](Firing& f, float peak) {
    return write_float_scale(f, scale_port, peak);
  };
  groups.sent = [=](int64_t beat, const int8_t* values) {
    std::copy_n(values, lanes, row->begin() + beat * lanes);
  };
  return held_rows(program, kernel, {held_groups(groups)},
                   further_passes(kernel, shape.beats, sender(row, lanes)));
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

}  // namespace

void add_quantize_groups_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "quantize_groups",
                     .header = "streamtensor/quantize_groups.h",
                     .summary = "f32 row to i8 and a scale for each group",
                     .template_arguments = {"L", "Beats", "GroupBeats", "sizes Repeat*"},
                     .arguments = {"in0", "out-last", "tokens", "out*-last"},
                     .nest = quantize_groups,
                     .buffers = group_buffers,
                     .datapath = held_groups_datapath,
                     .holds_row = true});
}

}  // namespace st
