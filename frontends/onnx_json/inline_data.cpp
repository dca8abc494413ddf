// SPDX-License-Identifier: Apache-2.0
/// Tensor data inside of the JSON text.
#include <bit>
#include <cstring>
#include <limits>

#include "frontends/onnx_json/tensor_proto.h"

namespace st::onnx_json {
namespace {

constexpr const char* DataFields[] = {"floatData", "int32Data", "int64Data", "doubleData",
                                      "rawData"};

/// The typed field that ONNX prescribes for `dtype`.
const char* field_of(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return "floatData";
    case DType::F64:
      return "doubleData";
    case DType::I64:
      return "int64Data";
    default:
      return "int32Data";
  }
}

/// The inclusive range of what int32Data may hold for `dtype`; 16-bit floats are bit patterns
/// there.
Range range_of(DType dtype) {
  switch (dtype) {
    case DType::I8:
      return {-128, 127};
    case DType::U8:
      return {0, 255};
    case DType::Bool:
      return {0, 1};
    case DType::F16:
    case DType::BF16:
      return {0, 65535};
    case DType::I32:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default:
      return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

/// Puts an integer, which is a bit pattern for 16-bit floats, at element `i`.
void store(Tensor& tensor, size_t i, DType dtype, int64_t value) {
  switch (dtype) {
    case DType::F16:
      tensor.f32()[i] = static_cast<float>(half_value(static_cast<uint16_t>(value), 5, 10));
      break;
    case DType::BF16:
      tensor.f32()[i] = static_cast<float>(half_value(static_cast<uint16_t>(value), 8, 7));
      break;
    case DType::I8:
      tensor.as<int8_t>()[i] = static_cast<int8_t>(value);
      break;
    case DType::I64:
      tensor.as<int64_t>()[i] = value;
      break;
    case DType::Bool:
      tensor.as<int32_t>()[i] = value != 0 ? 1 : 0;
      break;
    default:
      tensor.as<int32_t>()[i] = static_cast<int32_t>(value);
      break;
  }
}

DType in_memory(DType dtype) {
  switch (dtype) {
    case DType::F32:
    case DType::F64:
    case DType::F16:
    case DType::BF16:
      return DType::F32;
    case DType::I8:
      return DType::I8;
    case DType::I64:
      return DType::I64;
    default:
      return DType::I32;
  }
}

bool check_count(const Field& field, size_t found, const std::vector<int64_t>& shape,
                 const std::string& unit, int64_t per_element) {
  const int64_t elements = element_count(shape);
  if (static_cast<int64_t>(found) == elements * per_element) return true;
  std::string text;
  for (const int64_t extent : shape) text += (text.empty() ? "" : ",") + std::to_string(extent);
  field.problems().add("E0103",
                       "found " + std::to_string(found) + " " + unit + "; dims [" + text +
                           "] need " + std::to_string(elements * per_element),
                       field.pointer());
  return false;
}

std::optional<Tensor> read_raw(const Field& field, DType dtype, const std::vector<int64_t>& shape) {
  const auto bytes = field.bytes();
  if (!bytes) return std::nullopt;
  const auto width = static_cast<size_t>(bits_of(dtype) / 8);
  if (!check_count(field, bytes->size(), shape, "bytes", static_cast<int64_t>(width))) {
    return std::nullopt;
  }
  Tensor tensor = Tensor::zeros(in_memory(dtype), shape);
  for (size_t i = 0; i < bytes->size() / width; ++i) {
    uint64_t bits = 0;  // little-endian, whatever this machine is
    for (size_t b = width; b-- > 0;)
      bits = bits << 8 | static_cast<uint8_t>((*bytes)[i * width + b]);
    if (dtype == DType::F32) {
      tensor.f32()[i] = std::bit_cast<float>(static_cast<uint32_t>(bits));
    } else if (dtype == DType::F64) {
      tensor.f32()[i] = static_cast<float>(std::bit_cast<double>(bits));
    } else {
      store(tensor, i, dtype, static_cast<int64_t>(bits));  // narrower types drop the upper bits
    }
  }
  return tensor;
}

}  // namespace

bool has_inline_data(const Field& field) {
  for (const char* name : DataFields) {
    if (field.member(name).filled()) return true;
  }
  return false;
}

std::optional<Tensor> read_inline_data(const Field& field, DType dtype,
                                       const std::vector<int64_t>& shape) {
  if (!has_inline_data(field)) return Tensor::zeros(in_memory(dtype), shape);
  const std::string typed = field_of(dtype);
  for (const char* name : DataFields) {
    const Field other = field.member(name);
    const bool fits = name == typed || std::string_view(name) == "rawData";
    if (!other.filled() || (fits && !(name == typed && field.member("rawData").filled()))) continue;
    field.problems().add("E0103",
                         "data of type " + std::string(name_of(dtype)) + " belong in '" + typed +
                             "' or in 'rawData', not in '" + std::string(name) + "'",
                         other.pointer());
    return std::nullopt;
  }
  const Field raw = field.member("rawData");
  if (raw.filled()) return read_raw(raw, dtype, shape);

  const Field data = field.member(typed);
  Tensor tensor;
  if (dtype == DType::F32 || dtype == DType::F64) {
    auto values = data.reals();
    if (!values || !check_count(data, values->size(), shape, "values", 1)) return std::nullopt;
    tensor.shape = shape;
    tensor.data = std::move(*values);
    return tensor;
  }
  const auto values = data.integers();
  if (!values || !check_count(data, values->size(), shape, "values", 1)) return std::nullopt;
  tensor = Tensor::zeros(in_memory(dtype), shape);
  const Range range = range_of(dtype);
  for (size_t i = 0; i < values->size(); ++i) {
    const int64_t value = (*values)[i];
    if (value < range.low || value > range.high) {
      data.problems().add("E0103", std::to_string(value) + " is no " + std::string(name_of(dtype)),
                          data.pointer() + "/" + std::to_string(i));
      return std::nullopt;
    }
    store(tensor, i, dtype, value);
  }
  return tensor;
}

}  // namespace st::onnx_json
