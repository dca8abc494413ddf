// SPDX-License-Identifier: Apache-2.0
/// Text to token ids and back, as a model's metadata `streamtensor.tokenizer` describe it (JSON
/// text):
///   {"type": "characters", "vocabulary": ["0", "1", ...], "stop": "$"}   id = position in the list
///   {"type": "bytes"}                                                    id = byte
///   {"type": "llama2c", "file": "tok512.bin", "bos": 1}                  llama2.c's tokenizer.bin
///   {"type": "huggingface", "file": "tokenizer.json"}
///   {"type": "sentencepiece", "file": "tokenizer.model", "bos": 1}
/// All but the first take an optional "stop": an id that ends a text, or a list of ids. "bos" is
/// put in front of each text; without it llama2.c's is 1, and SentencePiece's texts begin with
/// none. All become one form, core/tokenizer/files/form.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/support/result.h"
#include "core/tokenizer/files/tokenizer.h"

namespace st {

/// Bytes of a tokenizer's file at most.
inline constexpr size_t LargestTokenizer = size_t{1} << 28;

class Tokenizer {
 public:
  explicit Tokenizer(tokens::Form form) : tokenizer_(std::move(form)) {}

  /// The ids of `text`, with those around each text. Error: E0604 for a character without a token,
  /// where the vocabulary has no token for such.
  [[nodiscard]] Result<std::vector<int64_t>> encode(const std::string& text) const;
  /// The bytes of token `id` after token `previous`; "" for ids out of the vocabulary, and for
  /// tokens that mark but say nothing. A character may be spread over several tokens: only the
  /// concatenation is UTF-8. `previous` is -1 at the start.
  [[nodiscard]] std::string decode(int64_t previous, int64_t id) const;
  /// The tokens that end a text.
  [[nodiscard]] const std::vector<tokens::Id>& stops() const { return tokenizer_.form().stops; }
  /// Number of ids; valid ones are 0 to this minus 1.
  [[nodiscard]] int64_t vocabulary_size() const;
  /// The bytes of tokens.bin, which host programs read.
  [[nodiscard]] std::string file() const;

 private:
  tokens::Tokenizer tokenizer_;
};

/// Makes the tokenizer that `metadata_json` describes. A file it names must be in `directory`,
/// unless `file` is given in its place. Errors: E0101-E0104, with `metadata_json`'s parts as JSON
/// pointers, and E0106 for what a tokenizer's file asks for and is not supported.
Result<std::unique_ptr<Tokenizer>> make_tokenizer(
    const std::string& metadata_json, const std::filesystem::path& directory,
    const std::optional<std::filesystem::path>& file = std::nullopt);

/// The file of a tokenizer.
struct TokenizerFile {
  std::string name;     ///< beside the model
  std::string kept_as;  ///< its copy in a build directory
};

/// The file that the metadata name; nullopt for tokenizers without one. Errors: E0102, E0103.
Result<std::optional<TokenizerFile>> tokenizer_file(const std::string& metadata_json);

/// The form of a tokenizer in a build directory.
inline constexpr const char* TokensFile = "tokenizer/tokens.bin";

/// Makes the tokenizer from the `bytes` of a tokens.bin. Error: E0602.
Result<std::unique_ptr<Tokenizer>> read_tokens_file(const std::string& bytes);

}  // namespace st
