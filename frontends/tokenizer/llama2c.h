// SPDX-License-Identifier: Apache-2.0
/// The tokenizer of llama2.c: scored byte-pair merges over a vocabulary in one binary file.
#pragma once

#include <memory>
#include <string>

#include "frontends/tokenizer/tokenizer.h"

namespace st {

/// Makes the tokenizer from the `bytes` of a tokenizer.bin: int32 longest token, then per token
/// float32 score, int32 length and bytes, all little-endian. `name` is the file's name in messages.
/// Error: E0103.
Result<std::unique_ptr<Tokenizer>> make_llama2c_tokenizer(const std::string& bytes,
                                                          const std::string& name, int64_t bos,
                                                          std::optional<int64_t> stop);

}  // namespace st
