// SPDX-License-Identifier: Apache-2.0
/// A form's tokens by what is looked for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "form.h"
#include "unicode.h"

namespace tokens {

/// A character that no token covers, where the form has no token for such.
struct Unencodable {
  bool found = false;
  std::string character;
};

/// Ids of a text as they are found.
struct Output {
  std::vector<Id> ids;
  bool after_unknown = false;  ///< the last id stands for unknown characters of the same piece
  Unencodable problem;         ///< the first one
};

class Vocabulary {
 public:
  /// `form` has to outlive this, and to stay where it is.
  explicit Vocabulary(const Form& form) : form_(form) {
    bytes_.fill(NoId);
    ids_.reserve(form.tokens.size());
    for (std::size_t i = 0; i < form.tokens.size(); ++i) {
      const Token& token = form.tokens[i];
      const Id id = static_cast<Id>(i);
      if (token.kind == TokenKind::Byte) {
        Id& byte = bytes_[static_cast<unsigned char>(token.text[0])];
        if (byte == NoId) byte = id;
      } else if (is_text(token.kind) && !token.text.empty()) {
        ids_.try_emplace(token.text, id);  // the first of equal ones counts
        longest_ = std::max(longest_, token.text.size());
      }
    }
    has_bytes_ = form.byte_fallback && std::count(bytes_.begin(), bytes_.end(), NoId) == 0;
  }

  static bool is_text(TokenKind kind) {
    return kind == TokenKind::Normal || kind == TokenKind::Chosen || kind == TokenKind::Unused;
  }

  /// The token that is `text`, or NoId.
  Id find(std::string_view text) const {
    if (text.size() > longest_) return NoId;
    const auto found = ids_.find(text);
    return found == ids_.end() ? NoId : found->second;
  }

  const Token& operator[](Id id) const { return form_.tokens[static_cast<std::size_t>(id)]; }

  /// Whether any character has tokens.
  bool has_bytes() const { return has_bytes_; }
  Id byte(char c) const { return bytes_[static_cast<unsigned char>(c)]; }

  void put(Output& output, Id id) const {
    output.ids.push_back(id);
    output.after_unknown = false;
  }

  /// Adds what stands for `text`, one or more characters without a token.
  void put_unknown(Output& output, std::string_view text) const {
    if (has_bytes_) {
      for (const char c : text) put(output, byte(c));
    } else if (form_.unknown != NoId) {
      for (std::size_t at = 0; at < text.size(); at += character_at(text, at).size) {
        if (!output.after_unknown || !form_.fuse_unknown) output.ids.push_back(form_.unknown);
        output.after_unknown = true;
      }
    } else if (!output.problem.found) {
      output.problem = {true, std::string(text.substr(0, character_at(text, 0).size))};
    }
  }

 private:
  const Form& form_;
  std::unordered_map<std::string_view, Id> ids_;
  std::array<Id, 256> bytes_;
  std::size_t longest_ = 0;
  bool has_bytes_ = false;
};

}  // namespace tokens
