// SPDX-License-Identifier: Apache-2.0
/// The tokenizer of llama2.c: scored byte-pair merges over a vocabulary in one binary file.
#pragma once

#include <string>

#include "core/support/result.h"
#include "core/tokenizer/files/form.h"

namespace st {

/// Reads the `bytes` of a tokenizer.bin: int32 longest token, then per token float32 score, int32
/// length and bytes, all little-endian. Tokens 0, 1 and 2 are those for unknown, start and end, and
/// 256 for bytes follow. `name` is the file's name in messages. Error: E0103.
Result<tokens::Form> read_llama2c(const std::string& bytes, const std::string& name);

}  // namespace st
