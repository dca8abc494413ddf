// SPDX-License-Identifier: Apache-2.0
/// Merges by the scores of tokens: SentencePiece's byte-pair encoding and llama2.c's.
#pragma once

#include <cstddef>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trie.h"
#include "vocabulary.h"

namespace tokens {

class ScoredMerges {
 public:
  /// `chosen`: the tokens of kind Chosen, which are symbols from the start.
  ScoredMerges(const Vocabulary& vocabulary, const Trie& chosen)
      : vocabulary_(vocabulary), chosen_(chosen) {}

  /// Adds the ids of `piece`.
  void encode(std::string_view piece, Output& output) const {
    std::vector<Symbol> symbols = symbols_of(piece);
    Parts parts;
    merge(piece, symbols, parts);
    for (std::size_t at = symbols.empty() ? None : 0; at != None; at = symbols[at].next)
      put(piece.substr(symbols[at].begin, symbols[at].size), parts, output);
  }

 private:
  static constexpr std::size_t None = static_cast<std::size_t>(-1);

  struct Symbol {
    std::size_t begin = 0, size = 0;  ///< of the piece; size 0: merged away
    bool fixed = false;               ///< joins with nothing
    std::size_t previous = None, next = None;
  };

  /// The higher score first, then the one further left. `size`: of both together, by which one is
  /// known that was overtaken.
  struct Candidate {
    double score = 0;
    std::size_t at = 0, size = 0;
    bool operator<(const Candidate& other) const {
      return score != other.score ? score < other.score : at > other.at;
    }
  };

  /// What tokens of kind Unused were made of.
  using Parts = std::unordered_map<std::string_view, std::pair<std::string_view, std::string_view>>;

  std::vector<Symbol> symbols_of(std::string_view piece) const {
    std::vector<Symbol> symbols;
    symbols.reserve(piece.size());
    for (std::size_t at = 0, size = 0; at < piece.size(); at += size) {
      const bool fixed = chosen_.longest(piece, at, size) != Trie::None;
      if (!fixed) size = character_at(piece, at).size;
      if (!symbols.empty()) symbols.back().next = symbols.size();
      symbols.push_back({at, size, fixed, symbols.empty() ? None : symbols.size() - 1, None});
    }
    return symbols;
  }

  void merge(std::string_view piece, std::vector<Symbol>& symbols, Parts& parts) const {
    std::priority_queue<Candidate> candidates;
    const auto consider = [&](std::size_t at) {
      if (at == None || symbols[at].next == None) return;
      const Symbol &left = symbols[at], &right = symbols[left.next];
      if (left.fixed || right.fixed) return;
      const std::string_view both = piece.substr(left.begin, left.size + right.size);
      const Id id = vocabulary_.find(both);
      if (id == NoId) return;
      candidates.push({vocabulary_[id].score, at, both.size()});
      if (vocabulary_[id].kind == TokenKind::Unused)
        parts[both] = {both.substr(0, left.size), both.substr(left.size)};
    };
    for (std::size_t at = 0; at + 1 < symbols.size(); ++at) consider(at);
    while (!candidates.empty()) {
      const Candidate best = candidates.top();
      candidates.pop();
      Symbol& left = symbols[best.at];
      if (left.size == 0 || left.next == None) continue;
      Symbol& right = symbols[left.next];
      if (left.size + right.size != best.size) continue;  // one of the two has grown since
      left.size += right.size;
      left.next = right.next;
      right.size = 0;
      if (left.next != None) symbols[left.next].previous = best.at;
      consider(left.previous);
      consider(best.at);
    }
  }

  /// Adds the token that is `text`. One of kind Unused comes apart as it was made.
  void put(std::string_view text, const Parts& parts, Output& output) const {
    std::vector<std::string_view> left_over = {text};
    while (!left_over.empty()) {
      const std::string_view part = left_over.back();
      left_over.pop_back();
      const Id id = vocabulary_.find(part);
      if (id == NoId) {
        vocabulary_.put_unknown(output, part);
        continue;
      }
      const auto made_of =
          vocabulary_[id].kind == TokenKind::Unused ? parts.find(part) : parts.end();
      if (made_of == parts.end()) {
        vocabulary_.put(output, id);
        continue;
      }
      left_over.push_back(made_of->second.second);
      left_over.push_back(made_of->second.first);
    }
  }

  const Vocabulary& vocabulary_;
  const Trie& chosen_;
};

}  // namespace tokens
