// SPDX-License-Identifier: Apache-2.0
/// How formats spell bytes in texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace st {

/// The byte that a token of the form <0x0A> stands for.
std::optional<char> byte_of_token(std::string_view text);

/// Undoes GPT-2's table, by which each byte has a character that can be shown. nullopt where a
/// character is in no such table.
std::optional<std::string> bytes_of_shown(std::string_view text);

}  // namespace st
