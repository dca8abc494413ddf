// SPDX-License-Identifier: Apache-2.0
/// Files of texts that models are calibrated and measured on.
#pragma once

#include <string>
#include <vector>

#include "frontends/tokenizer/tokenizer.h"

namespace st::cli {

/// The ids of each line that is not empty, which is a text of its own. `tokenizer`: nullptr where
/// the model has none; a line is ids then: 1,2,3. Errors: E0604 for lines that are no text of the
/// model's, all at once; those of read_file.
Result<std::vector<std::vector<int64_t>>> read_texts(const std::string& file,
                                                     const Tokenizer* tokenizer);

/// "1,2,3": ids as the host program takes them.
std::string ids_text(const std::vector<int64_t>& ids);

}  // namespace st::cli
