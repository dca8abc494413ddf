// SPDX-License-Identifier: Apache-2.0
/// Texts of symbolic dimensions and of their bounds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"
#include "core/support/extent.h"
#include "frontends/onnx_json/field.h"

namespace st {

/// Most elements in one dimension: more is a damaged file.
inline constexpr int64_t MostExtent = int64_t{1} << 31;

/// A dimParam: a name, or a sum of names and numbers such as "past_sequence_length + 1". Names are
/// letters, digits, '_', '.' and '-', and start with a letter or '_'. nullopt for anything else.
std::optional<Extent> parse_extent(std::string_view text);

/// "1..64", or "64" for 64..64; 0 <= low <= high <= MostExtent. nullopt for anything else.
std::optional<Range> parse_range(std::string_view text);

namespace onnx_json {

/// A ValueInfoProto: a tensor type whose dimensions may be unknown.
struct DeclaredType {
  DType dtype = DType::F32;
  bool has_shape = false;
  std::vector<std::optional<Extent>> shape;
};

/// Reads the type of a ValueInfoProto. nullopt if it has none, or after a complaint.
std::optional<DeclaredType> read_declared_type(const Field& value_info);

/// The element type of an ONNX TensorProto.DataType field. nullopt after a complaint (E0103,
/// E0105).
std::optional<DType> read_dtype(const Field& field);

/// Bounds of symbols: from the model's metadata, overridden by `options`. Bad ones are reported.
std::map<std::string, Range> read_bounds(const std::map<std::string, std::string>& metadata,
                                         const std::map<std::string, Range>& options,
                                         Problems& problems);

}  // namespace onnx_json
}  // namespace st
