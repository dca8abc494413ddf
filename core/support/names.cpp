// SPDX-License-Identifier: Apache-2.0
#include "core/support/names.h"

#include <algorithm>
#include <array>

namespace st {
namespace {

// C++17 keywords and alternative tokens, and the names that emitted code uses itself.
constexpr std::array Reserved = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return",
    "co_yield", "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
    "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline",
    "int", "long", "main", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr",
    "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
    "requires", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast",
    "struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef",
    "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
    "while", "xor", "xor_eq",
    // emitted code and its headers
    "st", "hls", "vec", "tokens", "past", "results", "task", "ap_uint", "ap_int", "std", "linux",
    "unix", "errno", "null", "eof", "stdin", "stdout", "stderr", "assert", "load", "exp", "in",
    "out", "port", "buffer", "input", "output", "token", "bench", "argc", "argv", "int8_t",
    "int32_t", "size_t"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return text;
}

/// sanitised(), shortened to about `longest` characters.
std::string sanitised_to(std::string_view name, size_t longest) {
  std::string out;
  for (char c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    // Two underscores in a row are reserved in C++, and add nothing.
    if (word) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
    if (out.size() >= longest) break;
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  if (out.empty()) return "unnamed";
  // A leading digit is no identifier, and all-capital names may be macros.
  const bool macro =
      std::none_of(out.begin(), out.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if ((out[0] >= '0' && out[0] <= '9') || macro) out = "n_" + out;
  if (std::find(Reserved.begin(), Reserved.end(), lower(out)) != Reserved.end()) out += "_value";
  return out;
}

}  // namespace

std::string sanitised(std::string_view name) {
  constexpr size_t Longest = 60;
  return sanitised_to(name, Longest);
}

bool is_emittable(std::string_view name) {
  // Longest, and a number behind it.
  constexpr size_t Longest = 80;
  return name.size() <= Longest && sanitised_to(name, Longest) == name;
}

bool Names::take(std::string_view name) { return taken_.insert(lower(std::string(name))).second; }

std::string Names::unique(std::string_view wanted) {
  const std::string base = sanitised(wanted);
  std::string name = base;
  for (int i = 2; !taken_.insert(lower(name)).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

}  // namespace st
