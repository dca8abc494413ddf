// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/quantize.h"

#include <algorithm>
#include <cmath>

#include "core/dataflow/stream_values.h"
#include "core/graph/quantised_value.h"

namespace st {

float write_float_scale(Firing& firing, int port, float peak) {
  *firing.out<float>(port) = peak / Int8Peak;
  return peak == 0.0f ? 0.0f : Int8Peak / peak;
}

NestItem held_groups(const HeldGroups& of) {
  const auto held = local<float>(of.group * of.lanes);
  const auto peak = local<float>(1), inverse = local<float>(1);
  std::vector<int64_t> scaled, sent, read_at;
  for (int64_t i = 0; i < of.beats + of.group; ++i) {
    scaled.push_back(i >= of.group && i % of.group == 0 ? 1 : 0);
    sent.push_back(i >= of.group ? 1 : 0);
    read_at.push_back(i < of.beats ? 1 : 0);
  }
  const auto scale = [=](Firing& f) { inverse->front() = of.write_scale(f, peak->front()); };
  const auto send = [=](Firing& f) {
    const float* x = held->data() + f.counter(1) % of.group * of.lanes;
    auto* q = f.out<int8_t>(0);
    for (int64_t i = 0; i < of.lanes; ++i) q[i] = rounded(x[i], inverse->front());
    if (of.sent) of.sent(f.counter(1) - of.group, q);
  };
  const auto hold = [=](Firing& f) {
    const int64_t place = f.counter(1) % of.group;
    if (place == 0) peak->front() = 0.0f;
    const float* x = f.in<float>(0);
    std::copy_n(x, of.lanes, held->begin() + place * of.lanes);
    for (int64_t i = 0; i < of.lanes; ++i) peak->front() = std::max(peak->front(), std::fabs(x[i]));
  };
  return pipelined(of.beats + of.group, 1,
                   {sometimes(scaled, write(of.scales, scale)), sometimes(sent, write(0, send)),
                    sometimes(read_at, read(0, hold))});
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
  made.then(FloatMultiply);
  made.then(FloatCompare, 2);
  made.then(FloatAdd);
  made.then(FloatToInt);
  return made;
}

}  // namespace st
