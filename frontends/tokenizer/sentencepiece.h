// SPDX-License-Identifier: Apache-2.0
/// SentencePiece's models: a protobuf file, tokenizer.model.
#pragma once

#include <string>

#include "core/support/result.h"
#include "core/tokenizer/files/form.h"

namespace st {

/// Reads the `bytes` of a tokenizer.model: BPE, unigram or character models, with byte fallback,
/// user-defined symbols, and any normalisation, which is in the file. `name` is the file's name in
/// messages. Errors: E0103 for a damaged file, E0106 for word models, space as a suffix, and texts
/// that are changed back.
Result<tokens::Form> read_sentencepiece(const std::string& bytes, const std::string& name);

}  // namespace st
