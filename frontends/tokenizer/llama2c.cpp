// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/llama2c.h"

#include <bit>
#include <cmath>
#include <utility>

namespace st {
namespace {

constexpr size_t FirstByteToken = 3;  ///< tokens 0, 1, 2 are unknown, start and end
constexpr size_t ByteTokens = 256;

uint32_t word_at(const std::string& bytes, size_t at) {
  uint32_t word = 0;
  for (size_t b = 4; b-- > 0;) word = word << 8 | static_cast<uint8_t>(bytes[at + b]);
  return word;
}

}  // namespace

Result<tokens::Form> read_llama2c(const std::string& bytes, const std::string& name) {
  const auto wrong = [&](const std::string& what) {
    return Diagnostic{"E0103",
                      "'" + printable(name) + "' is no llama2.c tokenizer: " + what,
                      name,
                      {},
                      "copy the file again, or name another one"};
  };
  constexpr size_t Header = 4;
  constexpr size_t Record = 8;
  if (bytes.size() < Header) return wrong("it is too short");
  const uint32_t longest = word_at(bytes, 0);
  tokens::Form form;
  form.algorithm = tokens::Algorithm::ScoredMerges;
  form.byte_fallback = true;
  form.drops_first_space = true;
  bool has_space = false;
  for (size_t at = Header; at < bytes.size();) {
    const size_t id = form.tokens.size();
    const std::string which = "token " + std::to_string(id);
    if (bytes.size() - at < Record) return wrong(which + " is cut off");
    const auto score = std::bit_cast<float>(word_at(bytes, at));
    const uint32_t length = word_at(bytes, at + 4);
    at += Record;
    if (length > longest) return wrong(which + " is longer than the longest one");
    if (length > bytes.size() - at) return wrong(which + " is cut off");
    if (!std::isfinite(score)) return wrong(which + " has a score that is no number");
    tokens::Token token{bytes.substr(at, length), tokens::TokenKind::Normal, score};
    if (id < FirstByteToken) token = {"", tokens::TokenKind::Special};
    if (id >= FirstByteToken && id < FirstByteToken + ByteTokens)
      token = {std::string(1, static_cast<char>(id - FirstByteToken)), tokens::TokenKind::Byte};
    has_space = has_space || (token.kind == tokens::TokenKind::Normal && token.text == " ");
    form.tokens.push_back(std::move(token));
    at += length;
  }
  if (form.tokens.size() < FirstByteToken + ByteTokens)
    return wrong("it has " + std::to_string(form.tokens.size()) + " tokens; the bytes alone take " +
                 std::to_string(FirstByteToken + ByteTokens));
  // The vocabulary was trained on text with a space in front.
  if (has_space) form.normaliser.push_back({tokens::StepKind::Prepend, "", " "});
  if (const std::string problem = tokens::problem_of(form); !problem.empty()) return wrong(problem);
  return form;
}

}  // namespace st
