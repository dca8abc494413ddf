// SPDX-License-Identifier: Apache-2.0
/// Tokenizers without a file: a token for each character of a list, or for each byte.
#pragma once

#include <string>

#include "core/support/json.h"
#include "core/support/result.h"
#include "core/tokenizer/files/form.h"

namespace st {

/// From a `record` {"vocabulary": ["0", "1", ...], "stop": "$"}; `where`: its place in messages.
/// Error: E0103.
Result<tokens::Form> character_form(const json::Value& record, const std::string& where);

/// Id = byte.
tokens::Form byte_form();

}  // namespace st
