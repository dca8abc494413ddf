// SPDX-License-Identifier: Apache-2.0
// Tensor data inside of the model.
#include <limits>
#include <span>

#include "frontends/onnx_json/raw_data.h"
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

/// Whether the only data are in the field for `dtype`, or are raw. Complains.
bool check_place(const Field& field, DType dtype) {
  const std::string typed = field_of(dtype);
  for (const char* name : DataFields) {
    const Field other = field.member(name);
    const bool fits = name == typed || std::string_view(name) == "rawData";
    if (!other.filled() || (fits && !(name == typed && field.member("rawData").filled()))) continue;
    field.problems().add("E0103",
                         "data of type " + std::string(name_of(dtype)) + " belong in '" + typed +
                             "' or in 'rawData', not in '" + std::string(name) + "'",
                         other.pointer());
    return false;
  }
  return true;
}

std::optional<Tensor> read_raw(const Field& field, DType dtype, const std::vector<int64_t>& shape) {
  const auto bytes = field.bytes();
  if (!bytes) return std::nullopt;
  if (!check_count(field, bytes->size(), shape, "bytes", bytes_of(dtype))) return std::nullopt;
  return tensor_of_raw(std::as_bytes(std::span(*bytes)), dtype, shape);
}

/// The elements of the typed field.
std::optional<Tensor> read_typed(const Field& data, DType dtype,
                                 const std::vector<int64_t>& shape) {
  if (dtype == DType::F32 || dtype == DType::F64) {
    auto values = data.reals();
    if (!values || !check_count(data, values->size(), shape, "values", 1)) return std::nullopt;
    Tensor tensor;
    tensor.shape = shape;
    tensor.data = std::move(*values);
    return tensor;
  }
  const auto values = data.integers();
  if (!values || !check_count(data, values->size(), shape, "values", 1)) return std::nullopt;
  Tensor tensor = Tensor::zeros(type_in_memory(dtype), shape);
  const Range range = range_of(dtype);
  for (size_t i = 0; i < values->size(); ++i) {
    const int64_t value = (*values)[i];
    if (value < range.low || value > range.high) {
      data.problems().add("E0103", std::to_string(value) + " is no " + std::string(name_of(dtype)),
                          data.pointer() + "/" + std::to_string(i));
      return std::nullopt;
    }
    store_element(tensor, i, dtype, value);
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

std::shared_ptr<const ConstantSource> read_inline_data(const Field& field,
                                                       const TensorProto& tensor,
                                                       const WeightFiles& files) {
  if (!has_inline_data(field))
    return constant_of(Tensor::zeros(type_in_memory(tensor.dtype), tensor.shape));
  if (!check_place(field, tensor.dtype)) return nullptr;
  const Field raw = field.member("rawData");
  if (raw.filled() && raw.raw() != nullptr && files.model() != nullptr) {
    const json::Bytes& bytes = *raw.raw();
    if (!check_count(raw, bytes.size(), tensor.shape, "bytes", bytes_of(tensor.dtype)))
      return nullptr;
    return raw_constant({files.model(), bytes, "inline"}, tensor.dtype, tensor.shape, tensor.name,
                        field.where());
  }
  auto data = raw.filled()
                  ? read_raw(raw, tensor.dtype, tensor.shape)
                  : read_typed(field.member(field_of(tensor.dtype)), tensor.dtype, tensor.shape);
  if (!data) return nullptr;
  // Infinities are meant: masks are made of them.
  const Status finite = check_finite(*data, tensor.name, field.where(), false);
  if (!finite.ok()) {
    field.problems().add(finite.errors());
    return nullptr;
  }
  return constant_of(std::move(*data));
}

}  // namespace st::onnx_json
