// SPDX-License-Identifier: Apache-2.0
/// Text to token ids and back, as a model's metadata `streamtensor.tokenizer` describe it (JSON
/// text):
///   {"type": "characters", "vocabulary": ["0", "1", ...], "stop": "$"}   id = position in the list
///   {"type": "bytes"}                                                    id = byte, optional
///   "stop": id
///   {"type": "llama2c", "file": "tok512.bin", "bos": 1, "stop": 1}       llama2.c's tokenizer.bin
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/support/result.h"

namespace st {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// The ids of UTF-8 `text`, with the start token in front if the model has one. Error: E0604 for
  /// characters that are not in the vocabulary.
  [[nodiscard]] virtual Result<std::vector<int64_t>> encode(const std::string& text) const = 0;
  /// The bytes of token `id` after token `previous`; "" for ids out of the vocabulary. A character
  /// may be spread over several tokens: only the concatenation is UTF-8. `previous` is -1 at the
  /// start.
  [[nodiscard]] virtual std::string decode(int64_t previous, int64_t id) const = 0;
  /// The token that ends a text.
  [[nodiscard]] virtual std::optional<int64_t> stop() const = 0;
  /// Number of ids; valid ones are 0 to this minus 1.
  [[nodiscard]] virtual int64_t vocabulary_size() const = 0;
};

/// Makes the tokenizer that `metadata_json` describes. A file it names must be in `directory`,
/// unless `file` is given in its place. Errors: E0101-E0103, with `metadata_json`'s parts as JSON
/// pointers.
Result<std::unique_ptr<Tokenizer>> make_tokenizer(
    const std::string& metadata_json, const std::filesystem::path& directory,
    const std::optional<std::filesystem::path>& file = std::nullopt);

/// The length in bytes of the UTF-8 character at `at` of `text`; 1 for a byte that starts none.
size_t utf8_length(const std::string& text, size_t at);

}  // namespace st
