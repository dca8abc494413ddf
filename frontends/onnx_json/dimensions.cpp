// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/dimensions.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace st {
namespace {

constexpr size_t LongestDimension = 200;  ///< bytes of one dimParam

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> parse_count(std::string_view text) {
  if (text.empty() || !std::isdigit(static_cast<unsigned char>(text.front()))) return std::nullopt;
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || value > MostExtent) {
    return std::nullopt;
  }
  return value;
}

bool is_symbol(std::string_view text) {
  const auto letter = [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
  };
  const auto inner = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), inner);
}

}  // namespace

std::optional<Extent> parse_extent(std::string_view text) {
  if (text.size() > LongestDimension) return std::nullopt;
  Extent sum;
  while (true) {
    const size_t plus = text.find('+');
    const std::string_view term = trimmed(text.substr(0, plus));
    if (const auto count = parse_count(term)) {
      sum = sum + Extent(*count);
    } else if (is_symbol(term)) {
      sum = sum + Extent::symbol(std::string(term));
    } else {
      return std::nullopt;
    }
    if (plus == std::string_view::npos) return sum;
    text.remove_prefix(plus + 1);
  }
}

std::optional<Range> parse_range(std::string_view text) {
  const size_t dots = text.find("..");
  const auto low = parse_count(trimmed(text.substr(0, dots)));
  const auto high =
      dots == std::string_view::npos ? low : parse_count(trimmed(text.substr(dots + 2)));
  if (!low || !high || *low > *high) return std::nullopt;
  return Range{*low, *high};
}

namespace onnx_json {
namespace {

/// The names of onnx.TensorProto.DataType, by number.
const std::vector<std::string_view> DataTypes = {
    "UNDEFINED",      "FLOAT",      "UINT8",          "INT8",       "UINT16",   "INT16",
    "INT32",          "INT64",      "STRING",         "BOOL",       "FLOAT16",  "DOUBLE",
    "UINT32",         "UINT64",     "COMPLEX64",      "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN",
    "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",      "INT4",     "FLOAT4E2M1"};

const std::map<std::string_view, DType> SupportedTypes = {
    {"FLOAT", DType::F32},     {"DOUBLE", DType::F64}, {"FLOAT16", DType::F16},
    {"BFLOAT16", DType::BF16}, {"INT8", DType::I8},    {"UINT8", DType::U8},
    {"INT32", DType::I32},     {"INT64", DType::I64},  {"BOOL", DType::Bool}};

std::optional<Extent> read_dimension(const Field& dim) {
  if (!dim.check_object({"dimValue", "dimParam", "denotation"})) return std::nullopt;
  const Field value = dim.member("dimValue");
  const Field param = dim.member("dimParam");
  if (value.present()) {
    const auto count = value.integer();
    if (count && (*count < 0 || *count > MostExtent)) {
      value.expected("a dimension from 0 to " + std::to_string(MostExtent));
      return std::nullopt;
    }
    return count ? std::optional(Extent(*count)) : std::nullopt;
  }
  const auto text = param.string();
  return text ? parse_extent(*text) : std::nullopt;
}

}  // namespace

std::optional<DType> read_dtype(const Field& field) {
  const auto number = field.enumerator(DataTypes);
  if (!number || *number <= 0) {
    field.expected("an element type, such as 1 or \"FLOAT\"");
    return std::nullopt;
  }
  const auto found = SupportedTypes.find(DataTypes[static_cast<size_t>(*number)]);
  if (found != SupportedTypes.end()) return found->second;
  field.problems().add(
      "E0105",
      "element type " + std::string(DataTypes[static_cast<size_t>(*number)]) + " is not supported",
      field.pointer(), {},
      "supported: FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT8, UINT8, INT32, INT64, BOOL");
  return std::nullopt;
}

std::optional<DeclaredType> read_declared_type(const Field& value_info) {
  const Field type = value_info.member("type");
  if (!type.present() || !type.check_object({"tensorType", "denotation", "sequenceType", "mapType",
                                             "optionalType", "sparseTensorType"})) {
    return std::nullopt;
  }
  const Field tensor = type.member("tensorType");
  if (!tensor.present()) {
    type.problems().add("E0105", "only tensor types are supported", type.pointer());
    return std::nullopt;
  }
  if (!tensor.check_object({"elemType", "shape"})) return std::nullopt;
  const auto dtype = read_dtype(tensor.member("elemType"));
  if (!dtype) return std::nullopt;
  DeclaredType declared;
  declared.dtype = *dtype;
  const Field shape = tensor.member("shape");
  if (!shape.present()) return declared;
  if (!shape.check_object({"dim"})) return std::nullopt;
  declared.has_shape = true;
  for (const Field& dim : shape.member("dim").items())
    declared.shape.push_back(read_dimension(dim));
  return declared;
}

std::map<std::string, Range> read_bounds(const std::map<std::string, std::string>& metadata,
                                         const std::map<std::string, Range>& options,
                                         Problems& problems) {
  constexpr std::string_view Prefix = "streamtensor.dim.";
  std::map<std::string, Range> bounds;
  for (const auto& [key, text] : metadata) {
    if (!key.starts_with(Prefix)) continue;
    const auto range = parse_range(text);
    if (!range) {
      problems.add(
          "E0103",
          "metadata '" + printable(key) + "' is '" + printable(text) + "', which is no range",
          "/metadataProps", {}, "write it as \"1..64\"");
      continue;
    }
    bounds[key.substr(Prefix.size())] = *range;
  }
  for (const auto& [name, range] : options) {
    if (range.low < 0 || range.high < range.low || range.high > MostExtent) {
      problems.add(
          {Diagnostic{"E0801",
                      "dimension '" + printable(name) + "' cannot be " + std::to_string(range.low) +
                          ".." + std::to_string(range.high),
                      "--dim",
                      {},
                      "give a range as --dim NAME=1..128, at most " + std::to_string(MostExtent)}});
      continue;
    }
    bounds[name] = range;
  }
  return bounds;
}

}  // namespace onnx_json
}  // namespace st
