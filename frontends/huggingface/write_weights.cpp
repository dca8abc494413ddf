// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/write_weights.h"

#include <cstring>

#include "frontends/hdf5/hdf5_writer.h"

namespace st::huggingface {
namespace {

/// The element type of the tensor that a weight is part of.
DType source_type(const Weight& weight, const TensorSource& source) {
  return weight.computed ? DType::F32 : *source.find(weight.tensor)->dtype;
}

/// The element type of the dataset. 1 + w in the type of w would lose most of w.
DType stored_type(const Weight& weight, const TensorSource& source) {
  return weight.add_one ? DType::F32 : source_type(weight, source);
}

/// Rows of the part of a tensor that a weight is. `bytes` are whole rows.
void read_part(const Weight& weight, const TensorSource& source, int64_t width, int64_t first,
               std::span<std::byte> bytes) {
  const int64_t whole = weight.tensor_shape.back().size;
  if (weight.size == whole) return source.read(weight.tensor, first, bytes);
  const auto row_bytes = static_cast<size_t>(weight.size * width);
  int64_t row = first / weight.size;
  for (size_t at = 0; at < bytes.size(); at += row_bytes, ++row)
    source.read(weight.tensor, row * whole + weight.begin, bytes.subspan(at, row_bytes));
}

float float_of(DType dtype, const std::byte* bytes) {
  if (dtype == DType::F32) {
    float value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }
  uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return static_cast<float>(dtype == DType::F16 ? half_value(bits, 5, 10) : half_value(bits, 8, 7));
}

/// 1 + each element, as f32.
void read_plus_one(const Weight& weight, const TensorSource& source, DType dtype, int64_t first,
                   std::span<std::byte> bytes) {
  const auto width = static_cast<size_t>(bits_of(dtype) / 8);
  const size_t count = bytes.size() / sizeof(float);
  std::vector<std::byte> raw(count * width);
  read_part(weight, source, static_cast<int64_t>(width), first, raw);
  for (size_t i = 0; i < count; ++i) {
    const float value = 1 + float_of(dtype, raw.data() + i * width);
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
}

void fill(const Weight& weight, const TensorSource& source, int64_t first,
          std::span<std::byte> bytes) {
  const DType dtype = source_type(weight, source);
  if (weight.computed) {
    std::memcpy(bytes.data(), weight.computed->f32().data() + first, bytes.size());
  } else if (weight.add_one) {
    read_plus_one(weight, source, dtype, first, bytes);
  } else {
    read_part(weight, source, bits_of(dtype) / 8, first, bytes);
  }
}

}  // namespace

int64_t bytes_of(const std::vector<Weight>& weights, const TensorSource& source) {
  int64_t bytes = 0;
  for (const Weight& weight : weights)
    bytes += element_count(weight.shape()) * bits_of(stored_type(weight, source)) / 8;
  return bytes;
}

Status write_weights(const std::vector<Weight>& weights, const TensorSource& source,
                     const std::filesystem::path& file, const OnBytes& progress) {
  ST_TRY(writer, Hdf5Writer::create(file));
  const int64_t total = bytes_of(weights, source);
  int64_t done = 0;
  for (const Weight& weight : weights) {
    const auto part = [&](int64_t first, std::span<std::byte> bytes) {
      fill(weight, source, first, bytes);
      done += static_cast<int64_t>(bytes.size());
      progress(done, total);
    };
    ST_CHECK(writer.add(weight.name, stored_type(weight, source), weight.shape(), part));
    if (!weight.computed) source.forget(weight.tensor);
  }
  return writer.close();
}

}  // namespace st::huggingface
