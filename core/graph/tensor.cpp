// SPDX-License-Identifier: Apache-2.0
#include "core/graph/tensor.h"

#include <array>
#include <cassert>
#include <limits>
#include <utility>

namespace st {
namespace {

struct TypeRecord {
  DType type;
  std::string_view name;
  int bits;
};

constexpr std::array<TypeRecord, 14> Types = {{{DType::F32, "f32", 32},
                                               {DType::F64, "f64", 64},
                                               {DType::F16, "f16", 16},
                                               {DType::BF16, "bf16", 16},
                                               {DType::I8, "i8", 8},
                                               {DType::U8, "u8", 8},
                                               {DType::I32, "i32", 32},
                                               {DType::I64, "i64", 64},
                                               {DType::Bool, "bool", 8},
                                               {DType::I16, "i16", 16},
                                               {DType::U16, "u16", 16},
                                               {DType::U32, "u32", 32},
                                               {DType::U64, "u64", 64},
                                               {DType::I4, "i4", 4}}};

const TypeRecord& record_of(DType type) {
  const TypeRecord& record = Types[static_cast<size_t>(type)];
  assert(record.type == type);
  return record;
}

/// The types of the variant's alternatives, in their order.
constexpr std::array<DType, 14> OfAlternative = {
    DType::F32, DType::I8,  DType::I32, DType::I64, DType::F64, DType::F16,  DType::BF16,
    DType::U8,  DType::I16, DType::U16, DType::U32, DType::U64, DType::Bool, DType::I4};
static_assert(std::variant_size_v<decltype(Tensor::data)> == OfAlternative.size());

template <size_t Index = 0>
void set_storage(decltype(Tensor::data)& data, DType type, size_t count) {
  if constexpr (Index < OfAlternative.size()) {
    if (OfAlternative[Index] == type) {
      data.emplace<Index>(count);
    } else {
      set_storage<Index + 1>(data, type, count);
    }
  }
}

}  // namespace

std::string_view name_of(DType type) { return record_of(type).name; }

std::optional<DType> dtype_named(std::string_view name) {
  for (const TypeRecord& record : Types) {
    if (record.name == name) return record.type;
  }
  return std::nullopt;
}

int bits_of(DType type) { return record_of(type).bits; }

int bytes_of(DType type) { return (bits_of(type) + 7) / 8; }

Tensor Tensor::zeros(DType type, std::vector<int64_t> shape) {
  Tensor tensor;
  const auto count = static_cast<size_t>(element_count(shape));
  tensor.shape = std::move(shape);
  set_storage(tensor.data, type, count);
  return tensor;
}

DType Tensor::dtype() const { return OfAlternative[data.index()]; }

int64_t Tensor::size() const {
  return std::visit([](const auto& v) { return static_cast<int64_t>(v.size()); }, data);
}

int64_t Tensor::integer(int64_t i) const {
  const auto index = static_cast<size_t>(i);
  if (const auto* v = std::get_if<std::vector<int8_t>>(&data)) return (*v)[index];
  if (const auto* v = std::get_if<std::vector<Int4>>(&data)) return (*v)[index];
  if (const auto* v = std::get_if<std::vector<int16_t>>(&data)) return (*v)[index];
  if (const auto* v = std::get_if<std::vector<int32_t>>(&data)) return (*v)[index];
  return as<int64_t>()[index];
}

int64_t element_count(const std::vector<int64_t>& shape) {
  // Saturates: shapes come from files, and a wrapped product would pass for a small tensor.
  constexpr int64_t Most = std::numeric_limits<int64_t>::max();
  int64_t count = 1;
  bool saturated = false;
  for (const int64_t extent : shape) {
    if (extent <= 0) return 0;
    saturated = saturated || count > Most / extent;
    if (!saturated) count *= extent;
  }
  return saturated ? Most : count;
}

}  // namespace st
