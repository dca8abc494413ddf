// SPDX-License-Identifier: Apache-2.0
#include "core/support/diagnostics.h"

#include <algorithm>
#include <cstdint>

namespace st {
namespace {

/// A message may hold a whole list of names; a name alone is cut much earlier, by its writer.
constexpr size_t MessageLimit = 4000;

/// Gravity of a fault: the higher one decides the exit code.
int gravity(Fault fault) {
  switch (fault) {
    case Fault::Mismatch:
      return 0;
    case Fault::BadInput:
      return 1;
    case Fault::Infeasible:
      return 2;
    case Fault::Environment:
      return 3;
    case Fault::Internal:
      return 4;
  }
  return 4;
}

/// One decoded character: its code point and length in bytes; length 0 if the bytes are no UTF-8.
struct Character {
  uint32_t point = 0;
  size_t length = 0;
};

Character decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t length = 0;
  uint32_t point = 0;
  uint32_t smallest =
      0;  // a longer spelling of a smaller point is invalid, and used to smuggle characters
  if ((lead & 0xe0) == 0xc0) {
    length = 2, point = lead & 0x1f, smallest = 0x80;
  } else if ((lead & 0xf0) == 0xe0) {
    length = 3, point = lead & 0x0f, smallest = 0x800;
  } else if ((lead & 0xf8) == 0xf0) {
    length = 4, point = lead & 0x07, smallest = 0x10000;
  } else {
    return {};
  }
  if (text.size() < length) return {};
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    point = (point << 6) | (byte(i) & 0x3f);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < smallest || point > 0x10ffff || surrogate) return {};
  return {point, length};
}

/// Characters that move the cursor, end a line or reverse the reading direction of what follows.
bool is_control(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c ||
         (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr char Digits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out += "\\x";
    out += Digits[byte >> 4];
    out += Digits[byte & 15];
  }
}

/// Whether the character at `i` could end a comment, or continue one on the next line.
bool breaks_comment(std::string_view text, size_t i) {
  const auto is = [&](size_t j, char c) { return j < text.size() && text[j] == c; };
  if (text[i] == '\\') return true;
  if (text[i] == '*') return is(i + 1, '/') || (i > 0 && is(i - 1, '/'));
  return text[i] == '?' && i > 0 && is(i - 1, '?');  // no trigraphs
}

std::string escaped(std::string_view text, size_t limit, bool for_comment) {
  std::string out;
  size_t i = 0;
  while (i < text.size()) {
    const Character c = decode(text.substr(i));
    const size_t length = std::max<size_t>(c.length, 1);
    std::string piece;
    if (c.length == 0 || is_control(c.point) || (for_comment && breaks_comment(text, i))) {
      append_hex(piece, text.substr(i, length));
    } else {
      piece = text.substr(i, length);
    }
    if (out.size() + piece.size() > limit) return out + "...";
    out += piece;
    i += length;
  }
  return out;
}

/// Text of a diagnostic: backslashes stay, because names in it have been through printable()
/// already.
std::string shown(std::string_view text) { return escaped(text, MessageLimit, false); }

}  // namespace

Fault fault_of(const Diagnostics& problems) {
  Fault worst = problems.empty() ? Fault::Internal : Fault::Mismatch;
  for (const Diagnostic& problem : problems) {
    const ErrorCode* record = find_error_code(problem.code);
    const Fault fault = record == nullptr ? Fault::Internal : record->fault;
    if (gravity(fault) > gravity(worst)) worst = fault;
  }
  return worst;
}

void print(std::ostream& out, const Diagnostics& problems) {
  for (const Diagnostic& problem : problems) {
    out << "error[" << shown(problem.code) << "]: " << shown(problem.message) << "\n";
    if (!problem.where.empty()) out << "  --> " << shown(problem.where) << "\n";
    for (const std::string& detail : problem.details) out << "   |  " << shown(detail) << "\n";
    if (!problem.help.empty()) out << "   = help: " << shown(problem.help) << "\n";
  }
}

std::string printable(std::string_view text, size_t limit) { return escaped(text, limit, true); }

std::string pointer_part(const std::string& key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return printable(out);
}

}  // namespace st
