// SPDX-License-Identifier: Apache-2.0
#include "tests/core/random_values.h"

namespace st::test {

Tensor random_f32(Random& random, std::vector<int64_t> shape, float scale) {
  Tensor tensor = Tensor::zeros(DType::F32, std::move(shape));
  for (float& value : tensor.f32()) value = scale * random.real();
  return tensor;
}

Tensor random_i8(Random& random, std::vector<int64_t> shape) {
  Tensor tensor = Tensor::zeros(DType::I8, std::move(shape));
  for (int8_t& value : tensor.as<int8_t>()) value = static_cast<int8_t>(random.between(-128, 127));
  return tensor;
}

std::vector<int64_t> any_shape(Random& random) {
  std::vector<int64_t> shape(random.below(5));
  for (int64_t& extent : shape) extent = random.chance(0.05) ? 0 : random.between(1, 4);
  return shape;
}

Tensor any_tensor(Random& random, const std::vector<int64_t>& base) {
  std::vector<int64_t> shape = base;
  const int64_t form = random.below(6);
  if (form == 0) shape = any_shape(random);
  if (form == 1 && !shape.empty()) shape = {shape.back()};
  if (form == 2 && !shape.empty()) shape = {shape.back(), random.between(1, 4)};
  if (form == 3 && shape.size() == 3) shape.insert(shape.begin() + 1, random.between(1, 2));
  if (form == 4 && !shape.empty()) shape.pop_back();
  if (random.chance(0.8)) return random_f32(random, shape);
  const DType type = random.pick<DType>({DType::I8, DType::I32, DType::I64});
  Tensor tensor = Tensor::zeros(type, shape);
  auto fill = [&](auto& values) {
    for (auto& value : values)
      value = static_cast<std::decay_t<decltype(value)>>(random.between(-1, 4));
  };
  std::visit(fill, tensor.data);
  return tensor;
}

}  // namespace st::test
