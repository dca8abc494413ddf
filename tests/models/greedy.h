// SPDX-License-Identifier: Apache-2.0
/// The reference texts of the shared models: what greedy decoding must give.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/models/rows.h"

namespace st::test {

/// One text of reference/greedy.json.
struct Greedy {
  std::string prompt, text;  ///< text: the prompt and what follows
  std::vector<int64_t> ids;  ///< of the whole text, the start token included
  size_t prompt_ids = 0;     ///< how many of them are the prompt's
  Rows logits;               ///< logits[i] follows ids[i]
};

/// The texts of "stories260k" or "char_shakespeare". Fails the test if a file is not as described.
std::vector<Greedy> greedy_texts(const std::string& model);

}  // namespace st::test
