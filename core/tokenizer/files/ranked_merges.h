// SPDX-License-Identifier: Apache-2.0
/// Byte-pair encoding: merges in the order of a list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <string_view>
#include <utility>
#include <vector>

#include "pair_map.h"
#include "vocabulary.h"

namespace tokens {

class RankedMerges {
 public:
  RankedMerges(const Form& form, const Vocabulary& vocabulary)
      : form_(form), vocabulary_(vocabulary) {
    ranks_.reserve(form.merges.size());
    for (std::size_t i = 0; i < form.merges.size(); ++i) {
      const Merge& merge = form.merges[i];
      ranks_.set(number(merge.left), number(merge.right), static_cast<std::uint32_t>(i));
    }
  }

  /// Adds the ids of `piece`.
  void encode(std::string_view piece, Output& output) const {
    if (form_.whole_pieces) {
      if (const Id whole = vocabulary_.find(piece); whole != NoId) {
        vocabulary_.put(output, whole);
        return;
      }
    }
    std::vector<Symbol> symbols = symbols_of(piece);
    merge(symbols);
    // The first symbol is never merged away.
    for (std::size_t at = symbols.empty() ? None : 0; at != None; at = symbols[at].next) {
      const Symbol& symbol = symbols[at];
      if (symbol.id != NoId) {
        vocabulary_.put(output, symbol.id);
      } else {
        vocabulary_.put_unknown(output, piece.substr(symbol.begin, symbol.size));
      }
    }
  }

 private:
  static constexpr std::size_t None = static_cast<std::size_t>(-1);

  struct Symbol {
    Id id = NoId;                     ///< NoId: has no token, and joins with nothing
    std::size_t begin = 0, size = 0;  ///< of its first characters: where id is NoId
    std::size_t previous = None, next = None;
  };

  /// Two neighbours that may be merged: the lower rank first, then the one further left.
  struct Candidate {
    std::uint32_t rank = 0;
    std::size_t at = 0;
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };

  static std::uint32_t number(Id id) { return static_cast<std::uint32_t>(id); }

  std::vector<Symbol> symbols_of(std::string_view piece) const {
    std::vector<Symbol> symbols;
    symbols.reserve(piece.size());
    const auto add = [&](Id id, std::size_t at, std::size_t size) {
      if (!symbols.empty()) symbols.back().next = symbols.size();
      symbols.push_back({id, at, size, symbols.empty() ? None : symbols.size() - 1, None});
    };
    for (std::size_t at = 0; at < piece.size();) {
      const std::size_t size = form_.unit == Unit::Bytes ? 1 : character_at(piece, at).size;
      const Id id = vocabulary_.find(piece.substr(at, size));
      if (id == NoId && vocabulary_.has_bytes()) {
        for (std::size_t i = at; i < at + size; ++i) add(vocabulary_.byte(piece[i]), i, 1);
      } else {
        add(id, at, size);
      }
      at += size;
    }
    return symbols;
  }

  void merge(std::vector<Symbol>& symbols) const {
    std::priority_queue<Candidate> candidates;
    const auto rank_at = [&](std::size_t at) {
      const Symbol& left = symbols[at];
      if (left.id == NoId || left.next == None || symbols[left.next].id == NoId)
        return PairMap::None;
      return ranks_.find(number(left.id), number(symbols[left.next].id));
    };
    const auto consider = [&](std::size_t at) {
      if (const std::uint32_t rank = rank_at(at); rank != PairMap::None)
        candidates.push({rank, at});
    };
    for (std::size_t at = 0; at < symbols.size(); ++at) consider(at);
    while (!candidates.empty()) {
      const Candidate best = candidates.top();
      candidates.pop();
      Symbol& left = symbols[best.at];
      if (rank_at(best.at) != best.rank) continue;  // one of the two was merged otherwise since
      Symbol& right = symbols[left.next];
      left.id = form_.merges[best.rank].result;
      left.next = right.next;
      right.id = NoId;
      if (left.next != None) symbols[left.next].previous = best.at;
      consider(best.at);
      if (left.previous != None) consider(left.previous);
    }
  }

  const Form& form_;
  const Vocabulary& vocabulary_;
  PairMap ranks_;
};

}  // namespace tokens
