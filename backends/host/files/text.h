// SPDX-License-Identifier: Apache-2.0
/// Prompts as text: to ids, and ids to text as they come.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.h"
#include "program.h"
#include "tokenizer/form_file.h"
#include "tokenizer/tokenizer.h"

namespace host {

/// The model's tokenizer, from the build directory. Throws Failure if there is none, or it is
/// damaged.
inline tokens::Form read_tokenizer(const std::string& build) {
  const std::string path = "tokenizer/tokens.bin";
  std::ifstream in(build + "/" + path, std::ios::binary);
  if (!in)
    throw Failure(BadInput, "E0604",
                  "the build has no tokenizer: give token ids, --ids 1,2,3; or, where the model "
                  "describes one, build again with --tokenizer FILE");
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  tokens::Form form;
  const std::string problem = tokens::read_form(bytes, form);
  if (!problem.empty()) throw Failure(BadInput, "E0602", path + ": " + problem + "; build again");
  return form;
}

/// `text` with control characters, and bytes that are no UTF-8, as \xNN.
inline std::string shown(std::string_view text) {
  constexpr char Digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const tokens::Character character = tokens::character_at(text, at);
    const bool control =
        character.point < 0x20 || (character.point >= 0x7f && character.point < 0xa0);
    if (!control && character.point != tokens::NoPoint) {
      out += text.substr(at, character.size);
    } else {
      for (std::size_t i = at; i < at + character.size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        out += {'\\', 'x', Digits[byte >> 4], Digits[byte & 15]};
      }
    }
    at += character.size;
  }
  return out;
}

/// The ids of a prompt, at least one, each in the model's vocabulary. Throws Failure.
inline std::vector<std::int32_t> ids_of(const tokens::Tokenizer& tokenizer,
                                        const std::string& prompt) {
  tokens::Encoded encoded = tokenizer.encode(prompt);
  if (!encoded.character.empty()) {
    std::size_t position = 1, at = 0;
    const std::size_t end = prompt.find(encoded.character);
    for (; at < end && at < prompt.size(); ++position) at += tokens::character_at(prompt, at).size;
    throw Failure(
        BadInput, "E0604",
        "character '" + shown(encoded.character) + "' is not in the model's vocabulary" +
            (at < prompt.size() ? " (prompt, character " + std::to_string(position) + ")" : ""));
  }
  if (!encoded.problem.empty())
    throw Failure(BadInput, "E0604", "the prompt cannot be used: " + encoded.problem);
  if (encoded.ids.empty()) throw Failure(BadInput, "E0604", "the prompt is empty");
  for (const std::int32_t id : encoded.ids)
    if (id >= program::Vocabulary)
      throw Failure(BadInput, "E0604",
                    "the tokenizer gives id " + std::to_string(id) + ", the model has ids up to " +
                        std::to_string(program::Vocabulary - 1) +
                        ": it is the tokenizer of another model");
  return std::move(encoded.ids);
}

/// The text of ids, one after another. A character that is spread over several ids comes with its
/// last one; bytes that make no character come as they are.
class TextOfIds {
 public:
  /// `previous`: the last id of the prompt.
  TextOfIds(const tokens::Tokenizer& tokenizer, std::int32_t previous)
      : tokenizer_(tokenizer), previous_(previous) {}

  std::string next(std::int32_t id) {
    kept_ += tokenizer_.decode(previous_, id);
    previous_ = id;
    const std::size_t whole = kept_.size() - tokens::unfinished_bytes(kept_);
    std::string text = kept_.substr(0, whole);
    kept_.erase(0, whole);
    return text;
  }
  /// What is left at the end.
  std::string rest() { return std::exchange(kept_, ""); }

 private:
  const tokens::Tokenizer& tokenizer_;
  std::int32_t previous_;
  std::string kept_;
};

}  // namespace host
