// SPDX-License-Identifier: Apache-2.0
/// What kernels that quantise float rows to int8 have in common
/// (hls_templates/streamtensor/quantize.h).
#pragma once

#include <functional>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {

/// Writes the f32 scale of values with that largest magnitude; what they are multiplied with.
float write_float_scale(Firing& firing, int port, float peak);

/// A row in groups of `group` beats. A group is held until its largest magnitude is known, and is
/// sent to output 0 while the next one comes into its place, each beat before the one that takes
/// its place.
struct HeldGroups {
  int64_t lanes = 0, beats = 0, group = 0;
  int scales = 0;  ///< output, which gets a group's scale before its beats
  /// Writes the scale of a group; what its values are multiplied with.
  std::function<float(Firing&, float peak)> write_scale = {};
  /// Beat `beat` of the row was sent; may be empty.
  std::function<void(int64_t beat, const int8_t* values)> sent = {};
};
/// Its loop over one row, in a loop over rows.
NestItem held_groups(const HeldGroups& of);

/// Of values that are scaled behind their largest magnitude.
Datapath quantize_datapath(const Program& program, const Kernel& kernel);
/// Of groups (HeldGroups): the inverse of a scale is made in their loop.
Datapath held_groups_datapath(const Program& program, const Kernel& kernel);

}  // namespace st
