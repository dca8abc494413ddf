// SPDX-License-Identifier: Apache-2.0
/// Spelling of types, numbers and comments in emitted C++.
#pragma once

#include <string>
#include <string_view>

#include "core/dataflow/units.h"

namespace st::hls {

/// "float", "int8_t", "int32_t".
std::string cpp_type(DType type);
/// "vec<float, 16>": a beat of a stream.
std::string beat_type(const StreamType& type);
/// "hls::stream<vec<float, 16>>&": a stream as a parameter.
std::string stream_reference(const StreamType& type);
/// Shortest spelling that reads back as the same float: "1e-05f".
std::string float_literal(float value);
/// Untrusted text inside a // comment: printable, and never ending in a backslash.
std::string comment(std::string_view text);
/// A trip count as a C++ expression over `tokens` and `past`.
std::string trip_expression(const Extent& count);
/// "const ap_uint<512>* params0".
std::string pointer_parameter(const Program& program, const PointerArgument& argument);

}  // namespace st::hls
