// SPDX-License-Identifier: Apache-2.0
/// Text to ids and back, by a form.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "form.h"
#include "ranked_merges.h"
#include "scored_merges.h"
#include "steps.h"
#include "trie.h"
#include "unigram.h"
#include "vocabulary.h"

namespace tokens {

/// A text as ids, or what is wrong with it.
struct Encoded {
  std::vector<Id> ids;
  std::string problem;    ///< "" if there is none
  std::string character;  ///< the first one that has no token, where that is the problem
};

class Tokenizer {
 public:
  /// `form` has to pass problem_of.
  explicit Tokenizer(Form form)
      : form_(std::move(form)), vocabulary_(form_), ranked_(form_, vocabulary_) {
    const auto fill = [](Trie& trie, const auto& list, const auto& wanted) {
      std::size_t bytes = 0;
      for (const auto& entry : list) bytes += wanted(entry) ? entry.text.size() : 0;
      trie.reserve(bytes);
      for (std::size_t i = 0; i < list.size(); ++i)
        if (wanted(list[i]) && !list[i].text.empty())
          trie.add(list[i].text, static_cast<std::uint32_t>(i));
    };
    fill(chosen_, form_.tokens, [](const Token& t) { return t.kind == TokenKind::Chosen; });
    fill(added_, form_.added, [](const AddedToken& a) { return !a.normalised; });
    fill(added_to_normalised_, form_.added, [](const AddedToken& a) { return a.normalised; });
    if (form_.algorithm != Algorithm::Unigram) return;
    if (form_.single_precision) {
      unigram_float_ = std::make_unique<Unigram<float>>(form_, vocabulary_);
    } else {
      unigram_ = std::make_unique<Unigram<double>>(form_, vocabulary_);
    }
  }
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  const Form& form() const { return form_; }

  /// The ids of `text`. Takes time in proportion to its bytes, times the logarithm of those of the
  /// longest piece.
  Encoded encode(std::string_view text) const {
    Output output;
    output.ids = form_.prefix;
    Encoded encoded;
    for (const Part& part : parts_of(text, added_)) {
      if (part.added != NoId) {
        vocabulary_.put(output, part.added);
        continue;
      }
      std::string normalised(text.substr(part.begin, part.end - part.begin));
      if (!normalise(normalised)) {
        encoded.problem = "the tokenizer's normaliser makes it too long";
        return encoded;
      }
      encode_normalised(normalised, part.begin == 0, output);
    }
    output.ids.insert(output.ids.end(), form_.suffix.begin(), form_.suffix.end());
    encoded.ids = std::move(output.ids);
    if (output.problem.found) {
      encoded.problem = "it has a character without a token";
      encoded.character = std::move(output.problem.character);
    }
    return encoded;
  }

  /// The bytes of token `id` behind token `previous`, NoId at the start; "" for ids that are no
  /// tokens. A character may be spread over several tokens.
  std::string decode(Id previous, Id id) const {
    if (!is_token(id)) return "";
    const Token& token = vocabulary_[id];
    if (token.kind == TokenKind::Special) return "";
    if (!Vocabulary::is_text(token.kind)) return token.text;
    std::string text = form_.marks_spaces ? replaced(token.text, Mark, " ") : token.text;
    const bool first = !is_token(previous) || vocabulary_[previous].kind == TokenKind::Special;
    if (first && form_.drops_first_space && !text.empty() && text.front() == ' ') text.erase(0, 1);
    return text;
  }

  /// The bytes of a whole text.
  std::string decode(const std::vector<Id>& ids) const {
    std::string text;
    Id previous = NoId;
    for (const Id id : ids) {
      text += decode(previous, id);
      previous = id;
    }
    return text;
  }

  /// Whether `id` ends a text.
  bool is_stop(Id id) const {
    return std::find(form_.stops.begin(), form_.stops.end(), id) != form_.stops.end();
  }

 private:
  static constexpr const char* Mark = "\u2581";

  /// A part of a text, or an added token in it.
  struct Part {
    std::size_t begin = 0, end = 0;
    Id added = NoId;
  };

  bool is_token(Id id) const {
    return id >= 0 && static_cast<std::size_t>(id) < form_.tokens.size();
  }

  std::vector<Part> parts_of(std::string_view text, const Trie& trie) const {
    std::vector<Part> parts;
    std::size_t done = 0;
    const auto is_space = [](std::uint32_t point) {
      return class_of(point) == CharacterClass::Space;
    };
    for (std::size_t at = 0; at < text.size();) {
      std::size_t size = 0;
      const std::uint32_t found = trie.longest(text, at, size);
      if (found == Trie::None) {
        ++at;
        continue;
      }
      const AddedToken& added = form_.added[found];
      std::size_t begin = at, end = at + size;
      if (added.strip_left) {
        begin = done;
        for (std::size_t i = done; i < at;) {
          const Character character = character_at(text, i);
          i += character.size;
          if (!is_space(character.point)) begin = i;
        }
      }
      while (added.strip_right && end < text.size()) {
        const Character character = character_at(text, end);
        if (!is_space(character.point)) break;
        end += character.size;
      }
      if (begin > done) parts.push_back({done, begin, NoId});
      parts.push_back({begin, end, added.id});
      done = end;
      at += size;  // what was stripped may be an added token as well, in Hugging Face's library too
    }
    if (done < text.size()) parts.push_back({done, text.size(), NoId});
    return parts;
  }

  /// Whether the text stayed as long as texts do: steps of a damaged file may let it explode.
  bool normalise(std::string& text) const {
    constexpr std::size_t Growth = 64, Constant = std::size_t{1} << 20;
    const std::size_t most = Growth * text.size() + Constant;
    for (const Step& step : form_.normaliser) {
      text = normalised_by(step, std::move(text), chosen_);
      if (text.size() > most) return false;
    }
    return true;
  }

  void encode_normalised(std::string_view text, bool first, Output& output) const {
    for (const Part& part : parts_of(text, added_to_normalised_)) {
      if (part.added != NoId) {
        vocabulary_.put(output, part.added);
        continue;
      }
      std::vector<std::string> pieces = {
          std::string(text.substr(part.begin, part.end - part.begin))};
      for (const Step& step : form_.splitter)
        pieces = split_by(step, std::move(pieces), first && part.begin == 0);
      for (const std::string& piece : pieces) encode_piece(piece, output);
    }
  }

  void encode_piece(std::string_view piece, Output& output) const {
    output.after_unknown = false;
    switch (form_.algorithm) {
      case Algorithm::RankedMerges:
        return ranked_.encode(piece, output);
      case Algorithm::ScoredMerges:
        return ScoredMerges(vocabulary_, chosen_).encode(piece, output);
      case Algorithm::Unigram:
        return unigram_ ? unigram_->encode(piece, output) : unigram_float_->encode(piece, output);
    }
  }

  Form form_;
  Vocabulary vocabulary_;
  RankedMerges ranked_;
  Trie chosen_, added_, added_to_normalised_;
  std::unique_ptr<Unigram<double>> unigram_;
  std::unique_ptr<Unigram<float>> unigram_float_;
};

}  // namespace tokens
