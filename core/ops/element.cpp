// SPDX-License-Identifier: Apache-2.0
#include "core/ops/element.h"

#include <utility>

namespace st {

bool is_real(DType type) {
  return type == DType::F32 || type == DType::F64 || type == DType::F16 || type == DType::BF16;
}

Tensor converted_to(DType type, const Tensor& tensor) {
  Tensor made = Tensor::zeros(type, tensor.shape);
  visit_elements(made, [&](auto& to) {
    visit_elements(tensor, [&](const auto& from) {
      for (size_t i = 0; i < to.size(); ++i) to[i] = converted<ElementOf<decltype(to)>>(from[i]);
    });
  });
  return made;
}

std::vector<double> doubles_of(const Tensor& tensor) {
  return visit_elements(tensor, [](const auto& from) {
    std::vector<double> to(from.size());
    for (size_t i = 0; i < to.size(); ++i) to[i] = converted<double>(from[i]);
    return to;
  });
}

Tensor tensor_of(DType type, std::vector<int64_t> shape, const std::vector<double>& values) {
  Tensor made = Tensor::zeros(type, std::move(shape));
  visit_elements(made, [&](auto& to) {
    for (size_t i = 0; i < to.size(); ++i) to[i] = converted<ElementOf<decltype(to)>>(values[i]);
  });
  return made;
}

double rounded_to(DType type, double value) {
  if (type == DType::F32) return static_cast<double>(static_cast<float>(value));
  if (type == DType::F16) return static_cast<double>(Float16(value));
  return type == DType::BF16 ? static_cast<double>(BFloat16(value)) : value;
}

}  // namespace st
