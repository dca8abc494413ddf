// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "failure.h"
#include "tokenizer/form_file.h"
#include "tokenizer/tokenizer.h"

namespace host {
namespace {

tokens::Form read_form(const std::string& build) {
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
std::string shown(std::string_view text) {
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

}  // namespace

struct Text::Parts {
  tokens::Tokenizer tokenizer;
};

Text::Text(const std::string& build, std::int32_t vocabulary)
    : parts_(new Parts{tokens::Tokenizer(read_form(build))}), vocabulary_(vocabulary) {}

Text::~Text() = default;

std::vector<std::int32_t> Text::ids_of(const std::string& prompt) const {
  tokens::Encoded encoded = parts_->tokenizer.encode(prompt);
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
    if (id >= vocabulary_)
      throw Failure(BadInput, "E0604",
                    "the tokenizer gives id " + std::to_string(id) + ", the model has ids up to " +
                        std::to_string(vocabulary_ - 1) + ": it is the tokenizer of another model");
  return std::move(encoded.ids);
}

const std::vector<std::int32_t>& Text::stops() const { return parts_->tokenizer.form().stops; }

std::string Text::decode(std::int32_t previous, std::int32_t id) const {
  return parts_->tokenizer.decode(previous, id);
}

std::string TextOfIds::next(std::int32_t id) {
  kept_ += text_.decode(previous_, id);
  previous_ = id;
  const std::size_t whole = kept_.size() - tokens::unfinished_bytes(kept_);
  std::string text = kept_.substr(0, whole);
  kept_.erase(0, whole);
  return text;
}

std::string TextOfIds::rest() { return std::exchange(kept_, ""); }

}  // namespace host
