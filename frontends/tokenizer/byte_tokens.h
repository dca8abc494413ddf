// SPDX-License-Identifier: Apache-2.0
/// How formats spell bytes and spaces in texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace st {

/// What tokens have for a space.
inline constexpr const char* SpaceMark = "\u2581";

/// The byte that a token of the form <0x0A> stands for.
std::optional<char> byte_of_token(std::string_view text);

/// Undoes GPT-2's table, by which each byte has a character that can be shown. nullopt where a
/// character is in no such table.
std::optional<std::string> bytes_of_shown(std::string_view text);

}  // namespace st
