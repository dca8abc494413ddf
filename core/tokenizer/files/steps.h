// SPDX-License-Identifier: Apache-2.0
/// What a text goes through before an algorithm makes ids of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "character_map.h"
#include "compose.h"
#include "form.h"
#include "split_patterns.h"
#include "trie.h"

namespace tokens {

inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(from, at);
    result += text.substr(at, found - at);
    if (found == std::string_view::npos) return result;
    result += to;
    at = found + from.size();
  }
}

inline std::string squeezed(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result += c;
  return result;
}

inline bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// `text` with each character as `map` has it, and the texts of `kept` as they are.
inline std::string mapped(std::string_view text, std::string_view map, const Trie& kept) {
  const CharacterMap characters(map);
  std::string result;
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    if (kept.longest(text, at, size) != Trie::None) {
      result += text.substr(at, size);
      continue;
    }
    const std::string_view becomes = characters.find(text.substr(at), size);
    if (size > 0) {
      result += becomes;
      continue;
    }
    size = character_at(text, at).size;
    result += text.substr(at, size);
  }
  return result;
}

/// One step of a normaliser. `kept`: the Chosen tokens.
inline std::string normalised_by(const Step& step, std::string text, const Trie& kept) {
  switch (step.kind) {
    case StepKind::Compose:
      return composed(text);
    case StepKind::Prepend:
      return text.empty() ? text : step.to + text;
    case StepKind::Replace:
      return replaced(text, step.from, step.to);
    case StepKind::Squeeze:
      return squeezed(text);
    case StepKind::StripEnd:
      while (ends_with(text, step.from)) text.resize(text.size() - step.from.size());
      return text;
    case StepKind::CharacterMap:
      return mapped(text, step.from, kept);
    default:
      return text;
  }
}

/// A part of a text, and whether a pattern matched it.
struct Cut {
  std::size_t begin = 0, end = 0;
  bool match = false;
};

/// The bytes of the match at `at`; 0 if there is none.
inline std::size_t match_size(const Step& step, std::string_view text, std::size_t at) {
  const auto is_number = [&] {
    return class_of(character_at(text, at).point) == CharacterClass::Number;
  };
  switch (step.kind) {
    case StepKind::CutText:
      return text.substr(at, step.from.size()) == step.from ? step.from.size() : 0;
    case StepKind::CutDigit:
    case StepKind::CutDigits:  // neighbours are joined: see cuts_of
      return is_number() ? character_at(text, at).size : 0;
    case StepKind::CutGpt2:
      return split_gpt2(text, at);
    case StepKind::CutSingleDigit:
      return split_words(text, at, 1);
    case StepKind::CutThreeDigits:
      return split_words(text, at, 3);
    default:
      return 0;
  }
}

/// `text` as matches and what lies between them.
inline std::vector<Cut> cuts_of(const Step& step, std::string_view text) {
  std::vector<Cut> cuts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = match_size(step, text, at);
    const bool match = size > 0;
    const std::size_t end = at + (match ? size : character_at(text, at).size);
    const bool joins =
        !cuts.empty() && cuts.back().match == match && (!match || step.kind == StepKind::CutDigits);
    if (joins) {
      cuts.back().end = end;
    } else {
      cuts.push_back({at, end, match});
    }
    at = end;
  }
  return cuts;
}

/// The pieces that `cuts` make of a text, as Behaviour says. What is not to be left has no match.
inline std::vector<Cut> pieces_of(std::vector<Cut> cuts, Behaviour behaviour, bool invert) {
  if (invert)
    for (Cut& cut : cuts) cut.match = !cut.match;
  std::vector<Cut> pieces;
  bool joins_next = false, matched = false;
  for (const Cut& cut : cuts) {
    const bool was_match = std::exchange(matched, cut.match);
    if (behaviour == Behaviour::Removed && cut.match) continue;
    bool joins = false;
    if (behaviour == Behaviour::WithPrevious) joins = cut.match && !was_match;
    if (behaviour == Behaviour::WithNext) joins = joins_next && !cut.match;
    if (behaviour == Behaviour::Contiguous) joins = cut.match == was_match;
    joins_next = cut.match;
    if (joins && !pieces.empty()) {
      pieces.back().end = cut.end;
    } else {
      pieces.push_back(cut);
    }
  }
  return pieces;
}

/// One step of a splitter. `first`: whether the first piece begins the whole text.
inline std::vector<std::string> split_by(const Step& step, std::vector<std::string> pieces,
                                         bool first) {
  if (step.kind == StepKind::Mark || step.kind == StepKind::MarkFirst) {
    for (std::string& piece : pieces) {
      if (step.kind == StepKind::MarkFirst && !first) break;
      first = false;
      if (piece.compare(0, step.to.size(), step.to) != 0) piece.insert(0, step.to);
    }
    return pieces;
  }
  if (step.kind <= StepKind::CharacterMap) {
    const Trie none;
    for (std::string& piece : pieces) piece = normalised_by(step, std::move(piece), none);
    return pieces;
  }
  std::vector<std::string> cut;
  for (const std::string& piece : pieces)
    for (const Cut& part : pieces_of(cuts_of(step, piece), step.behaviour, step.invert))
      cut.push_back(piece.substr(part.begin, part.end - part.begin));
  return cut;
}

}  // namespace tokens
