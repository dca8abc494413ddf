// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/byte_tokens.h"

#include <array>
#include <cstdint>

#include "core/tokenizer/files/unicode.h"

namespace st {
namespace {

/// Bytes that are shown as the character of the same number.
bool shows_itself(uint32_t byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

constexpr uint32_t Bytes = 256;

/// The other bytes, in their order: the characters from U+0100 on.
std::array<uint32_t, Bytes> make_others() {
  std::array<uint32_t, Bytes> others{};
  uint32_t count = 0;
  for (uint32_t byte = 0; byte < Bytes; ++byte)
    if (!shows_itself(byte)) others[count++] = byte;
  return others;
}

constexpr uint32_t Others = 68;

}  // namespace

std::optional<char> byte_of_token(std::string_view text) {
  if (text.size() != 6 || text.substr(0, 3) != "<0x" || text[5] != '>') return std::nullopt;
  int value = 0;
  for (const char c : text.substr(3, 2)) {
    const bool digit = c >= '0' && c <= '9';
    const bool upper = c >= 'A' && c <= 'F';
    if (!digit && !upper) return std::nullopt;
    value = 16 * value + (digit ? c - '0' : c - 'A' + 10);
  }
  return static_cast<char>(value);
}

std::optional<std::string> bytes_of_shown(std::string_view text) {
  static const std::array<uint32_t, Bytes> others = make_others();
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const tokens::Character character = tokens::character_at(text, at);
    const uint32_t point = character.point;
    if (point < Bytes && shows_itself(point)) {
      bytes += static_cast<char>(point);
    } else if (point >= Bytes && point < Bytes + Others) {
      bytes += static_cast<char>(others[point - Bytes]);
    } else {
      return std::nullopt;
    }
    at += character.size;
  }
  return bytes;
}

}  // namespace st
