// SPDX-License-Identifier: Apache-2.0
/// Concrete tensors: what interpreters compute with and what weights are read into.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/graph/half.h"
#include "core/graph/int4.h"

namespace st {

enum class DType { F32, F64, F16, BF16, I8, U8, I32, I64, Bool, I16, U16, U32, U64, I4 };

/// "f32", "i8", ...: the spelling in itensor types and reports.
std::string_view name_of(DType type);
/// The DType spelt `name`, if any.
std::optional<DType> dtype_named(std::string_view name);
/// Width in device memory and in hardware.
int bits_of(DType type);
/// Bytes that an element takes in tensors and beats of this program: an i4 has one of its own.
int bytes_of(DType type);

/// A dense row-major tensor. Weights are f32, i8, i32 or i64: readers convert f16, bf16 and f64
/// files to f32, bool and u8 to i32. The other types are what operators of a graph make.
struct Tensor {
  std::vector<int64_t> shape;
  std::variant<std::vector<float>, std::vector<int8_t>, std::vector<int32_t>, std::vector<int64_t>,
               std::vector<double>, std::vector<Float16>, std::vector<BFloat16>,
               std::vector<uint8_t>, std::vector<int16_t>, std::vector<uint16_t>,
               std::vector<uint32_t>, std::vector<uint64_t>, std::vector<Boolean>,
               std::vector<Int4>>
      data;

  /// Zeroes of `type`.
  static Tensor zeros(DType type, std::vector<int64_t> shape);

  [[nodiscard]] DType dtype() const;
  [[nodiscard]] int64_t size() const;
  template <typename T>
  [[nodiscard]] std::vector<T>& as() {
    return std::get<std::vector<T>>(data);
  }
  template <typename T>
  [[nodiscard]] const std::vector<T>& as() const {
    return std::get<std::vector<T>>(data);
  }
  [[nodiscard]] std::vector<float>& f32() { return as<float>(); }
  [[nodiscard]] const std::vector<float>& f32() const { return as<float>(); }
  /// Element `i` of an i4, i8, i16, i32 or i64 tensor.
  [[nodiscard]] int64_t integer(int64_t i) const;

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// Number of elements of a shape; 1 for a scalar.
int64_t element_count(const std::vector<int64_t>& shape);

}  // namespace st
