// SPDX-License-Identifier: Apache-2.0
/// Hugging Face's tokenizer.json.
#pragma once

#include <string>

#include "core/support/result.h"
#include "core/tokenizer/files/form.h"

namespace st {

/// Reads the `bytes` of a tokenizer.json with a BPE or Unigram model. Ids of its post-processor
/// stand around each text. `name` is the file's name in messages. Errors: E0102, E0104 for JSON,
/// E0103 for damaged values, E0106 for what is not supported, with JSON pointers.
Result<tokens::Form> read_huggingface(const std::string& bytes, const std::string& name);

}  // namespace st
