// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/cpp_text.h"

#include <charconv>

namespace st::hls {

std::string cpp_type(DType type) {
  switch (type) {
    case DType::I4:
      return "ap_int<4>";
    case DType::BF16:
      return "st::bfloat16";
    case DType::I8:
      return "int8_t";
    case DType::I16:
      return "int16_t";
    case DType::I32:
      return "int32_t";
    default:
      return "float";
  }
}

std::string beat_type(const StreamType& type) {
  return "vec<" + cpp_type(type.itensor.dtype) + ", " + std::to_string(type.lanes) + ">";
}

std::string stream_reference(const StreamType& type) {
  return "hls::stream<" + beat_type(type) + ">&";
}

std::string float_literal(float value) {
  char digits[32];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string comment(std::string_view text) {
  std::string out = printable(text, 120);
  // A backslash at the end would continue the comment on the next line, and "??/" is one as a
  // trigraph.
  for (char& c : out) {
    if (c == '\\' || c == '?') c = '.';
  }
  return out;
}

std::string trip_expression(const Extent& count) {
  std::string out;
  for (const auto& [name, coefficient] : count.terms()) {
    if (!out.empty()) out += " + ";
    if (coefficient != 1) out += std::to_string(coefficient) + " * ";
    out += name == Sequence ? "tokens" : name;
  }
  if (out.empty()) return std::to_string(count.offset());
  if (count.offset() != 0) out += " + " + std::to_string(count.offset());
  return out;
}

std::string pointer_parameter(const Program& program, const PointerArgument& argument) {
  const int bits = program.memories[static_cast<size_t>(argument.memory)].port_bits;
  return std::string(argument.written ? "" : "const ") + "ap_uint<" + std::to_string(bits) + ">* " +
         argument.name;
}

}  // namespace st::hls
