// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/hdf5_types.h"

#include <array>
#include <cstring>

#include "frontends/hdf5/hdf5_handle.h"

namespace st::hdf5 {
namespace {

ElementType known(DType dtype) { return {dtype, std::string(name_of(dtype))}; }

std::string with_bits(const std::string& kind, size_t bytes) {
  return kind + " of " + std::to_string(8 * bytes) + " bits";
}

/// Bits of a binary float: exponent and stored mantissa.
struct FloatFormat {
  size_t bytes;
  size_t exponent;
  size_t mantissa;
  size_t bias;
  DType dtype;
};

constexpr std::array<FloatFormat, 4> Floats = {{{2, 5, 10, 15, DType::F16},
                                                {2, 8, 7, 127, DType::BF16},
                                                {4, 8, 23, 127, DType::F32},
                                                {8, 11, 52, 1023, DType::F64}}};

ElementType float_type(hid_t type, size_t bytes) {
  size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
  if (H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) >= 0) {
    for (const FloatFormat& f : Floats) {
      if (f.bytes == bytes && f.exponent == exponent && f.mantissa == mantissa &&
          H5Tget_ebias(type) == f.bias && mantissa_at == 0 && exponent_at == mantissa &&
          sign == 8 * bytes - 1 && H5Tget_norm(type) == H5T_NORM_IMPLIED) {
        return known(f.dtype);
      }
    }
  }
  return {std::nullopt, with_bits("a float type", bytes)};
}

/// The attribute dtype of `dataset` as text, in either of HDF5's two forms of strings.
std::string dtype_attribute(hid_t dataset) {
  if (H5Aexists(dataset, "dtype") <= 0) return "";
  const Handle attribute(H5Aopen(dataset, "dtype", H5P_DEFAULT), H5Aclose);
  if (!attribute.ok()) return "";
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  if (!type.ok() || !space.ok() || H5Tget_class(type) != H5T_STRING) return "";
  if (H5Sget_simple_extent_npoints(space) != 1) return "";
  if (H5Tis_variable_str(type) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute, type, static_cast<void*>(&text)) < 0 || text == nullptr) return "";
    std::string copy = text;
    H5free_memory(text);
    return copy;
  }
  constexpr size_t LongestName = 64;
  const size_t size = H5Tget_size(type);
  if (size == 0 || size > LongestName) return "";
  std::string text(size, '\0');
  if (H5Aread(attribute, type, text.data()) < 0) return "";
  return text.substr(0, text.find_last_not_of(std::string_view(" \0", 2)) + 1);
}

ElementType integer_type(hid_t dataset, hid_t type, size_t bytes) {
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  const std::string text =
      with_bits(is_signed ? "a signed integer type" : "an unsigned integer type", bytes);
  if (H5Tget_precision(type) != 8 * bytes) return {std::nullopt, text + " with padding"};
  if (bytes == 1) return known(is_signed ? DType::I8 : DType::U8);
  if (bytes == 4 && is_signed) return known(DType::I32);
  if (bytes == 8 && is_signed) return known(DType::I64);
  if (bytes == 2 && !is_signed && dtype_attribute(dataset) == "bfloat16") return known(DType::BF16);
  return {std::nullopt, text};
}

}  // namespace

ElementType element_type(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (!type.ok()) return {std::nullopt, "an unreadable type"};
  const size_t bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return float_type(type, bytes);
    case H5T_INTEGER:
      return integer_type(dataset, type, bytes);
    case H5T_ENUM:
      // h5py's booleans: an 8-bit enumeration of FALSE and TRUE.
      if (bytes == 1 && H5Tget_nmembers(type) == 2) return known(DType::Bool);
      return {std::nullopt, "an enumeration"};
    case H5T_STRING:
      return {std::nullopt, "strings"};
    case H5T_COMPOUND:
      return {std::nullopt, "a compound type"};
    default:
      return {std::nullopt, "a type that is no number"};
  }
}

bool is_bit_pattern(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  return type.ok() && H5Tget_class(type) == H5T_INTEGER;
}

}  // namespace st::hdf5
