// SPDX-License-Identifier: Apache-2.0
/// Values of constant integer expressions, as far as they are known.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "backends/lint/token.h"

namespace st::lint {

/// The value of a name, if it is known.
using ValueOf = std::function<std::optional<int64_t>(std::string_view)>;

/// The integer that a literal such as 0x10, 1'000u or 8L stands for.
std::optional<int64_t> integer(std::string_view literal);

/// The value of tokens [begin, end); nothing where a name is unknown, something overflows, or it is
/// no integer expression. Knows + - * / % << >> and comparisons, ! ~ && || ?: and brackets.
std::optional<int64_t> constant_value(const Tokens& tokens, size_t begin, size_t end,
                                      const ValueOf& value_of);

}  // namespace st::lint
