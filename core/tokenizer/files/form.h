// SPDX-License-Identifier: Apache-2.0
/// What a tokenizer is: the one form that the formats of all tools are turned into.
///
/// A text becomes ids like this: `prefix`; then the text is cut at added tokens, and each part
/// goes through the steps of `normaliser`; it is cut again, at the added tokens that are meant for
/// what was normalised, and goes through the steps of `splitter`, which cut it into pieces; the
/// algorithm turns each piece into ids by itself; then `suffix`.
///
/// Texts are bytes. They ought to be UTF-8; a byte that is part of no character is taken as a
/// character of its own, is no letter, number or space, and gets the token of its byte where there
/// is one.
///
/// This folder is compiled into the tool and copied beside host programs: C++17 and its library,
/// nothing else.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tokens {

/// A token's number: its place in Form::tokens.
using Id = std::int32_t;
inline constexpr Id NoId = -1;

/// How the bytes or characters of a piece join.
enum class Algorithm : std::uint8_t {
  /// Again and again the two neighbours whose merge is the first in the list, the leftmost of equal
  /// ones: byte-pair encoding.
  RankedMerges,
  /// The two neighbours whose union is the token with the highest score: SentencePiece's and
  /// llama2.c's.
  ScoredMerges,
  /// The tokens with the highest sum of scores: SentencePiece's unigram model.
  Unigram,
};

/// What a piece consists of before anything joins.
enum class Unit : std::uint8_t { Characters, Bytes };

enum class TokenKind : std::uint8_t {
  Normal,   ///< found in texts by its bytes, and stands for them
  Special,  ///< found as an added token only; stands for nothing
  Added,    ///< found as an added token only; stands for its bytes
  Unknown,  ///< for characters without a token; stands for its bytes, "" mostly
  Byte,     ///< for a byte of characters without a token
  Chosen,   ///< as Normal, and wherever its bytes are: SentencePiece's user-defined symbols
  Unused,   ///< joins like Normal, but its parts become ids
};
inline constexpr TokenKind LastTokenKind = TokenKind::Unused;

struct Token {
  std::string text;
  TokenKind kind = TokenKind::Normal;
  double score = 0;  ///< of ScoredMerges and Unigram
};

/// Of RankedMerges: `left` and `right` become `result`.
struct Merge {
  Id left = 0, right = 0, result = 0;
};

enum class StepKind : std::uint8_t {
  // A text becomes another one.
  Compose,       ///< Unicode's NFC
  Prepend,       ///< `to` in front of what is not empty
  Replace,       ///< each `from` becomes `to`
  Squeeze,       ///< one space for several, none at the start
  StripEnd,      ///< `from` at the end goes, as often as it is there
  CharacterMap,  ///< SentencePiece's precompiled map, `from`; Chosen tokens stay
  // Pieces change, or are cut at matches of a pattern.
  Mark,            ///< `to` in front of each piece that does not begin with it
  MarkFirst,       ///< the same where the text begins
  CutText,         ///< matches: `from`
  CutDigit,        ///< matches: one \p{N}
  CutDigits,       ///< matches: all \p{N} that follow one another
  CutGpt2,         ///< matches: split_gpt2
  CutSingleDigit,  ///< matches: split_words with one digit in a number
  CutThreeDigits,  ///< matches: split_words with up to three
};
inline constexpr StepKind LastStepKind = StepKind::CutThreeDigits;

/// What becomes of the matches of a pattern that cuts.
enum class Behaviour : std::uint8_t {
  Isolated,      ///< a piece each
  Removed,       ///< none is left
  WithPrevious,  ///< the end of the piece before
  WithNext,      ///< the beginning of the piece behind
  Contiguous,    ///< matches that follow one another are one piece
};
inline constexpr Behaviour LastBehaviour = Behaviour::Contiguous;

struct Step {
  StepKind kind = StepKind::Compose;
  std::string from = {}, to = {};
  Behaviour behaviour = Behaviour::Isolated;
  bool invert = false;  ///< what lies between matches is taken for matches
};

/// A token that is found in a text before anything else is done, the longest of several.
struct AddedToken {
  std::string text;  ///< as it is found: normalised, if that is what it is searched in
  Id id = 0;
  bool normalised = false;   ///< searched in what was normalised
  bool strip_left = false;   ///< takes the spaces before it
  bool strip_right = false;  ///< takes the spaces behind it
};

struct Form {
  Algorithm algorithm = Algorithm::RankedMerges;
  Unit unit = Unit::Characters;
  bool byte_fallback = false;      ///< characters without a token become tokens of kind Byte
  bool fuse_unknown = false;       ///< unknown characters that follow one another are one token
  bool whole_pieces = false;       ///< of RankedMerges: a piece that is a token is not merged
  bool single_precision = false;   ///< of Unigram: scores are added up as float32
  bool marks_spaces = false;       ///< U+2581 in tokens stands for a space
  bool drops_first_space = false;  ///< a space that begins the first token of a text is not shown
  Id unknown = NoId;               ///< of kind Unknown; NoId: such a character is an error
  std::vector<Token> tokens;
  std::vector<Merge> merges;     ///< by rank
  std::vector<Step> normaliser;  ///< steps up to CharacterMap
  std::vector<Step> splitter;
  std::vector<AddedToken> added;
  std::vector<Id> prefix, suffix;  ///< around each text
  std::vector<Id> stops;           ///< ids that end a text
};

/// Tokens, merges and bytes of a text, at most: what is beyond does not come from a tokenizer.
inline constexpr std::size_t MostTokens = std::size_t{1} << 21;
inline constexpr std::size_t LongestText = std::size_t{1} << 16;  ///< of a token

/// What is wrong with `form`; "" if nothing is. Whatever passes can be used.
inline std::string problem_of(const Form& form) {
  const auto number = [](std::size_t value) { return std::to_string(value); };
  const std::size_t count = form.tokens.size();
  if (count == 0) return "it has no tokens";
  if (count > MostTokens) return "it has " + number(count) + " tokens";
  const auto is_token = [&](Id id) { return id >= 0 && static_cast<std::size_t>(id) < count; };
  for (std::size_t i = 0; i < count; ++i) {
    const Token& token = form.tokens[i];
    if (token.kind > LastTokenKind) return "token " + number(i) + " is of no kind";
    if (token.text.size() > LongestText) return "token " + number(i) + " is too long";
    if (token.kind == TokenKind::Byte && token.text.size() != 1)
      return "token " + number(i) + " is no byte";
    if (!(token.score >= -1e30 && token.score <= 1e30))
      return "token " + number(i) + " has a score that is no number";
  }
  if (form.algorithm > Algorithm::Unigram) return "its algorithm is unknown";
  if (form.unit > Unit::Bytes) return "its units are unknown";
  if (form.unknown != NoId && !is_token(form.unknown)) return "its unknown token is no token of it";
  for (std::size_t i = 0; i < form.merges.size(); ++i) {
    const Merge& merge = form.merges[i];
    if (!is_token(merge.left) || !is_token(merge.right) || !is_token(merge.result))
      return "merge " + number(i) + " is of tokens that are not there";
  }
  for (const Step& step : form.normaliser)
    if (step.kind > StepKind::CharacterMap) return "its normaliser cuts";
  for (const std::vector<Step>* steps : {&form.normaliser, &form.splitter}) {
    for (const Step& step : *steps) {
      if (step.kind > LastStepKind || step.behaviour > LastBehaviour) return "a step is unknown";
      const bool searches = step.kind == StepKind::Replace || step.kind == StepKind::StripEnd ||
                            step.kind == StepKind::CutText;
      if (searches && step.from.empty()) return "a step searches for nothing";
      if (step.to.size() > LongestText) return "a step writes too much";
    }
  }
  if (form.normaliser.size() + form.splitter.size() > 64) return "it has too many steps";
  for (const AddedToken& added : form.added)
    if (!is_token(added.id) || added.text.empty()) return "an added token is no token of it";
  for (const std::vector<Id>* ids : {&form.prefix, &form.suffix, &form.stops})
    for (const Id id : *ids)
      if (!is_token(id)) return "id " + std::to_string(id) + " is no token of it";
  return "";
}

}  // namespace tokens
