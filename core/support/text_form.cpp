// SPDX-License-Identifier: Apache-2.0
#include "core/support/text_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace st {
namespace {

constexpr size_t NoLimit = std::numeric_limits<size_t>::max();

}  // namespace

std::string quoted_text(std::string_view bytes) {
  // printable() spells backslashes as \x5c, so that no byte can look like an escape of another one.
  std::string out = "\"";
  for (char c : printable(bytes, NoLimit)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string name_text(std::string_view bytes) {
  const bool word = !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), is_name_character) &&
                    bytes.find("//") == std::string_view::npos;  // looks like a comment
  return word ? std::string(bytes) : quoted_text(bytes);
}

std::string word_text(std::string_view bytes) {
  const bool word = !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), is_word_character) &&
                    !(bytes[0] >= '0' && bytes[0] <= '9');
  return word ? std::string(bytes) : quoted_text(bytes);
}

std::string real_text(float value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string extent_text(const Extent& extent) {
  std::string out;
  for (const auto& [name, coefficient] : extent.terms()) {
    if (coefficient < 0) {
      out += '-';
    } else if (!out.empty()) {
      out += '+';
    }
    const int64_t magnitude = coefficient < 0 ? -coefficient : coefficient;
    if (magnitude != 1) out += std::to_string(magnitude) + "*";
    out += word_text(name);
  }
  if (out.empty()) return std::to_string(extent.offset());
  if (extent.offset() > 0) out += '+';
  if (extent.offset() != 0) out += std::to_string(extent.offset());
  return out;
}

Extent parse_extent(TextCursor& cursor) {
  // A sum of more terms, or of larger ones, could leave 64 bits.
  constexpr int64_t MostCoefficient = int64_t{1} << 40;
  constexpr int MostTerms = 1000;
  Extent sum;
  for (int terms = 0; !cursor.failed(); ++terms) {
    int64_t sign = 1;
    if (cursor.accept("-")) {
      sign = -1;
    } else if (!cursor.accept("+") && terms > 0) {
      break;
    }
    if (terms == MostTerms) cursor.fail("a sum has at most 1000 terms");
    if (cursor.at_digit()) {
      const int64_t number = sign * cursor.integer(0, MostCoefficient);
      sum = cursor.accept("*") ? sum + number * Extent::symbol(cursor.word("a symbol"))
                               : sum + Extent(number);
    } else {
      sum = sum + sign * Extent::symbol(cursor.word("a number or a symbol"));
    }
  }
  return sum;
}

}  // namespace st
