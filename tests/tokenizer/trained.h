// SPDX-License-Identifier: Apache-2.0
/// Small vocabularies in the style of well-known ones, trained here, and a plain encoder for them
/// that shares nothing with core/tokenizer.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace st::test {

/// Merges of texts that are already cut into symbols, and their ids.
class TrainedMerges {
 public:
  using Symbols = std::vector<std::string>;

  /// Adds up to `merges` merges of the most frequent neighbours of `pieces`.
  void train(const std::vector<Symbols>& pieces, int merges);

  /// Merges the pair of the lowest rank, the leftmost one, until there is none.
  [[nodiscard]] Symbols merge(Symbols symbols) const;

  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& merges() const {
    return merges_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> merges_;
  std::map<std::pair<std::string, std::string>, int> ranks_;
};

/// A tokenizer.json and what it should do.
struct Trained {
  nlohmann::ordered_json json;
  TrainedMerges merges;
  std::map<std::string, int64_t> ids;  ///< by spelling in the file

  /// "<0x0A>"
  static std::string byte_token(char byte);
  /// GPT-2's character for a byte.
  static std::string shown(char byte);

  /// Ids as GPT-2's encoder would have them, for pieces that `cut` gives.
  template <typename Cut>
  [[nodiscard]] std::vector<int64_t> byte_level_ids(const std::string& text, const Cut& cut) const {
    std::vector<int64_t> found;
    for (const std::string& piece : cut(text)) {
      TrainedMerges::Symbols symbols;
      for (const char byte : piece) symbols.push_back(shown(byte));
      for (const std::string& symbol : merges.merge(symbols)) found.push_back(ids.at(symbol));
    }
    return found;
  }

  /// Ids as Llama's fast tokenizer has them: <s>, and merges of the whole text, which has U+2581
  /// for spaces and in front.
  [[nodiscard]] std::vector<int64_t> llama_ids(const std::string& text) const;
};

/// Bytes, with the split pattern of GPT-2 in its ByteLevel form, and <|endoftext|>.
Trained gpt2_style();
/// The same with another pattern in a Split.
Trained split_style(const std::string& pattern);
/// Characters, with tokens for all bytes, <unk>, <s> and </s>.
Trained llama_style();

}  // namespace st::test
