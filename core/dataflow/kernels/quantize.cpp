// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/quantize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/dataflow/stream_values.h"
#include "core/graph/quantised_value.h"

namespace st {

float write_float_scale(Firing& firing, int port, float peak) {
  *firing.out<float>(port) = peak / Int8Peak;
  return peak == 0.0f ? 0.0f : Int8Peak / peak;
}

NestItem held_groups(const HeldGroups& of) {
  const auto held = local<float>(of.group * of.lanes), next = local<float>(of.lanes);
  const auto coming = local<float>(1), peak = local<float>(1), inverse = local<float>(1);
  std::vector<int64_t> scaled, sent, read_at;
  for (int64_t i = 0; i < of.beats + of.group; ++i) {
    scaled.push_back(i >= of.group && i % of.group == 0 ? 1 : 0);
    sent.push_back(i >= of.group ? 1 : 0);
    read_at.push_back(i < of.beats ? 1 : 0);
  }
  const auto hold = [=](int64_t i) {
    std::copy_n(next->begin(), of.lanes, held->begin() + i % of.group * of.lanes);
  };
  const auto take = [=](Firing& f) {
    const int64_t i = f.counter(1);
    if (i % of.group == 0) peak->front() = std::exchange(coming->front(), 0.0f);
    std::copy_n(f.in<float>(0), of.lanes, next->begin());
    for (const float x : *next) coming->front() = std::max(coming->front(), std::fabs(x));
    if (i < of.group) hold(i);
  };
  const auto scale = [=](Firing& f) {
    if (f.counter(1) >= of.beats) peak->front() = coming->front();
    inverse->front() = of.write_scale(f, peak->front());
  };
  const auto send = [=](Firing& f) {
    const int64_t i = f.counter(1);
    const float* x = held->data() + i % of.group * of.lanes;
    auto* q = f.out<int8_t>(0);
    for (int64_t lane = 0; lane < of.lanes; ++lane) q[lane] = rounded(x[lane], inverse->front());
    if (of.sent) of.sent(i - of.group, q);
    if (i < of.beats) hold(i);
  };
  return pipelined(of.beats + of.group, 1,
                   {sometimes(read_at, read(0, take)), sometimes(scaled, write(of.scales, scale)),
                    sometimes(sent, write(0, send))});
}

Datapath quantize_datapath(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L");
  using enum Operator;
  Datapath made;
  made.add(FloatCompare, 2 * lanes);  // the magnitude, and the larger of two
  made.add(FloatDivide, 2);
  made.add(FloatMultiply, lanes);
  made.add(FloatToShort, lanes);
  made.then(FloatMultiply);
  made.then(FloatToShort);
  return made;
}

Datapath held_groups_datapath(const Program& program, const Kernel& kernel) {
  Datapath made = quantize_datapath(program, kernel);
  made.then(Operator::FloatDivide);
  return made;
}

}  // namespace st
