// SPDX-License-Identifier: Apache-2.0
// Normalisations over trailing dimensions, over channels and over groups of channels.
#include "core/ops/normalise.h"

#include <cmath>

#include "core/ops/broadcast.h"
#include "core/ops/cast.h"
#include "core/ops/element.h"
#include "core/ops/groups.h"

namespace st {
namespace {

/// What a run of values was normalised by.
struct Moments {
  double mean = 0, inverse = 0;
};

/// (x - mean) / sqrt(variance + epsilon) in place, the mean taken as 0 where not `centred`.
Moments normalise(double* values, int64_t count, double epsilon, bool centred) {
  Moments made;
  double square = 0;
  for (int64_t i = 0; centred && i < count; ++i) made.mean += values[i];
  made.mean /= static_cast<double>(std::max<int64_t>(count, 1));
  for (int64_t i = 0; i < count; ++i) square += (values[i] - made.mean) * (values[i] - made.mean);
  made.inverse =
      1.0 / std::sqrt(square / static_cast<double>(std::max<int64_t>(count, 1)) + epsilon);
  for (int64_t i = 0; i < count; ++i) values[i] = (values[i] - made.mean) * made.inverse;
  return made;
}

/// values = f(values, operand `i` broadcast to their shape).
template <typename F>
Status with_operand(const Node& node, const Operands& in, size_t i,
                    const std::vector<int64_t>& shape, std::vector<double>& values, const F& f) {
  ST_TRY(broadcast, Broadcast::to(node, in, *in[i], shape));
  update(broadcast, values, doubles_of(*in[i]), f);
  return {};
}

Result<std::vector<Tensor>> trailing_norm(const Node& node, const Operands& in, bool centred) {
  const Tensor& x = *in[0];
  // All are floats; LayerNormalization's are of one type.
  for (const Tensor* tensor : in) {
    if (tensor && (!is_real(tensor->dtype()) || (centred && tensor->dtype() != x.dtype())))
      return operand_error(node, in, "the operands must be floats of the same type");
  }
  const auto stash = dtype_of_onnx(node.integer("stash_type", 1));
  if (!stash || !is_real(*stash)) return attribute_error(node, "stash_type must be a float type");
  ST_TRY(axis, dimension_of(node, node.integer("axis", -1), rank_of(x)));
  std::vector<int64_t> outer(x.shape.begin(), x.shape.begin() + axis);
  const int64_t width = extent_product(x.shape, axis, rank_of(x));
  outer.resize(x.shape.size(), 1);
  ST_TRY(mean, result_of(node, *stash, outer));
  Tensor inverse = mean;
  const double epsilon = node.real("epsilon", 1e-5f);
  std::vector<double> values = doubles_of(x);
  std::vector<double> means(static_cast<size_t>(mean.size())), inverses = means;
  for (size_t r = 0; !values.empty() && r < means.size(); ++r) {
    const Moments made =
        normalise(values.data() + static_cast<int64_t>(r) * width, width, epsilon, centred);
    means[r] = made.mean;
    inverses[r] = made.inverse;
  }
  ST_CHECK(with_operand(node, in, 1, x.shape, values, [](double v, double s) { return v * s; }));
  if (operand(in, 2))
    ST_CHECK(with_operand(node, in, 2, x.shape, values, [](double v, double b) { return v + b; }));
  Tensor y = tensor_of(centred ? x.dtype() : in[1]->dtype(), x.shape, values);
  if (!centred) return tensors(std::move(y));
  return tensors(std::move(y), tensor_of(*stash, outer, means), tensor_of(*stash, outer, inverses));
}

/// x [n, channels, ..] with scale and bias for each channel; before opset 21 for each group.
Result<std::vector<Tensor>> channel_norm(const Node& node, const Operands& in, int64_t groups) {
  const Tensor& x = *in[0];
  for (const Tensor* tensor : in) {
    if (!tensor || tensor->dtype() != x.dtype() || !is_real(x.dtype()))
      return operand_error(node, in, "the operands must be floats of the same type");
  }
  const int64_t channels = x.shape.size() < 2 ? 0 : x.shape[1];
  if (groups < 1 || channels < 1 || channels % groups != 0)
    return operand_error(node, in, "the groups must divide the channels of [n, channels, ..]");
  const int64_t parameters = in[1]->size();
  if (in[1]->shape.size() != 1 || in[2]->shape != in[1]->shape ||
      (parameters != channels && parameters != groups))
    return operand_error(node, in, "scale and bias must be lists with a value per channel");
  std::vector<double> values = doubles_of(x);
  if (values.empty()) return tensors(x);
  const std::vector<double> scale = doubles_of(*in[1]), bias = doubles_of(*in[2]);
  const int64_t width = x.size() / (x.shape[0] * groups);
  for (int64_t r = 0; r < x.shape[0] * groups; ++r)
    normalise(values.data() + r * width, width, node.real("epsilon", 1e-5f), true);
  const int64_t inner = x.size() / (x.shape[0] * channels);
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t p = i / inner % channels * parameters / channels;
    values[i] = values[i] * scale[p] + bias[p];
  }
  return tensors(tensor_of(x.dtype(), x.shape, values));
}

Result<std::vector<Tensor>> group_norm_reference(const Node& node, const Operands& in) {
  return channel_norm(node, in, node.integer("num_groups", 0));
}

Result<std::vector<Tensor>> instance_norm_reference(const Node& node, const Operands& in) {
  return channel_norm(node, in, in[0]->shape.size() < 2 ? 0 : in[0]->shape[1]);
}

Result<std::vector<Tensor>> mean_variance_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  if (!is_real(x.dtype())) return operand_error(node, in, "the operand must be a float");
  std::vector<int64_t> axes = {0, 2, 3};
  if (node.has("axes")) axes = node.integers("axes");
  ST_TRY(dimensions, dimensions_of(node, axes, rank_of(x)));
  std::vector<double> values = doubles_of(x);
  if (values.empty()) return tensors(x);
  ST_TRY(groups, Groups::along(node, x.shape, dimensions));
  groups.map(values, [](std::vector<double>& group) {
    const auto count = static_cast<double>(group.size());
    double mean = 0, square = 0;
    for (const double value : group) mean += value / count;
    for (const double value : group) square += (value - mean) * (value - mean);
    // The epsilon of ONNX's definition, which adds it to the deviation.
    for (double& value : group) value = (value - mean) / (std::sqrt(square / count) + 1e-9);
  });
  return tensors(tensor_of(x.dtype(), x.shape, values));
}

}  // namespace

Result<std::vector<Tensor>> layer_norm_reference(const Node& node, const Operands& in) {
  return trailing_norm(node, in, true);
}

Result<std::vector<Tensor>> rms_norm_reference(const Node& node, const Operands& in) {
  return trailing_norm(node, in, false);
}

void add_normalise_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "GroupNormalization", 18, 3, 3, "over groups of channels",
                  group_norm_reference);
  add_interpreted(records, "InstanceNormalization", 6, 3, 3, "over each channel",
                  instance_norm_reference);
  add_interpreted(records, "MeanVarianceNormalization", 9, 1, 1, "over any dimensions",
                  mean_variance_reference);
}

}  // namespace st
