// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/raw_data.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/support/mapped_file.h"
#include "frontends/hdf5/hdf5_file.h"

namespace st::onnx_json {
namespace {

/// Elements in a mapped file, which are converted when they are loaded.
class RawConstant final : public ConstantSource {
 public:
  RawConstant(RawData data, DType dtype, std::vector<int64_t> shape, std::string name,
              std::string where)
      : data_(std::move(data)),
        dtype_(dtype),
        shape_(std::move(shape)),
        name_(std::move(name)),
        where_(std::move(where)) {}

  Result<Tensor> load() const override {
    Tensor tensor = tensor_of_raw(data_.bytes, dtype_, shape_);
    data_.file->forget(data_.bytes);
    // Infinities are meant: masks are made of them.
    ST_CHECK(check_finite(tensor, name_, where_, false));
    return tensor;
  }
  std::string describe() const override { return data_.description; }

 private:
  RawData data_;
  DType dtype_;
  std::vector<int64_t> shape_;
  std::string name_, where_;
};

}  // namespace

void store_element(Tensor& tensor, size_t i, DType dtype, int64_t value) {
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

DType type_in_memory(DType dtype) {
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

Tensor tensor_of_raw(std::span<const std::byte> bytes, DType dtype,
                     const std::vector<int64_t>& shape) {
  const auto width = static_cast<size_t>(bytes_of(dtype));
  Tensor tensor = Tensor::zeros(type_in_memory(dtype), shape);
  if (dtype == DType::F32 && std::endian::native == std::endian::little) {
    if (!bytes.empty()) std::memcpy(tensor.f32().data(), bytes.data(), bytes.size());
    return tensor;
  }
  for (size_t i = 0; i < bytes.size() / width; ++i) {
    uint64_t bits = 0;  // little-endian, whatever this machine is
    for (size_t b = width; b-- > 0;)
      bits = bits << 8 | std::to_integer<uint64_t>(bytes[i * width + b]);
    if (dtype == DType::F32) {
      tensor.f32()[i] = std::bit_cast<float>(static_cast<uint32_t>(bits));
    } else if (dtype == DType::F64) {
      tensor.f32()[i] = static_cast<float>(std::bit_cast<double>(bits));
    } else {
      // Narrower types drop the upper bits.
      store_element(tensor, i, dtype, static_cast<int64_t>(bits));
    }
  }
  return tensor;
}

std::shared_ptr<const ConstantSource> raw_constant(RawData data, DType dtype,
                                                   std::vector<int64_t> shape, std::string name,
                                                   std::string where) {
  return std::make_shared<RawConstant>(std::move(data), dtype, std::move(shape), std::move(name),
                                       std::move(where));
}

}  // namespace st::onnx_json
