// SPDX-License-Identifier: Apache-2.0
/// The segmentation of the highest sum of scores (Kudo 2018), by Viterbi's algorithm.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

#include "trie.h"
#include "vocabulary.h"

namespace tokens {

/// `Sum`: what sums of scores are kept as. SentencePiece adds up doubles and keeps floats, which
/// decides between segmentations that are equal but for rounding.
template <typename Sum>
class Unigram {
 public:
  Unigram(const Form& form, const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    std::size_t bytes = 0;
    for (const Token& token : form.tokens) bytes += token.text.size();
    trie_.reserve(bytes);
    double lowest = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < form.tokens.size(); ++i) {
      const Token& token = form.tokens[i];
      if (token.kind == TokenKind::Normal) {
        lowest = std::min(lowest, token.score);
        highest_ = std::max(highest_, token.score);
      }
      const bool found = token.kind == TokenKind::Normal || token.kind == TokenKind::Chosen;
      if (found && !token.text.empty()) trie_.add(token.text, static_cast<std::uint32_t>(i));
    }
    constexpr double Penalty = 10;  // SentencePiece's
    if (lowest == std::numeric_limits<double>::max()) lowest = 0;
    unknown_score_ = static_cast<Sum>(lowest) - static_cast<Sum>(Penalty);
  }

  /// Adds the ids of `piece`.
  void encode(std::string_view piece, Output& output) const {
    std::vector<Node> nodes(piece.size() + 1);
    nodes[0].reached = true;
    for (std::size_t at = 0; at < piece.size(); at += character_at(piece, at).size)
      extend(piece, at, nodes);
    std::vector<std::size_t> ends;
    for (std::size_t at = piece.size(); at > 0; at = nodes[at].begin) ends.push_back(at);
    for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
      const Node& node = nodes[*end];
      if (node.id != NoId) {
        vocabulary_.put(output, node.id);
      } else {
        vocabulary_.put_unknown(output, piece.substr(node.begin, *end - node.begin));
      }
    }
  }

 private:
  /// The best segmentation of what is before a place.
  struct Node {
    bool reached = false;
    Sum score = 0;
    std::size_t begin = 0;  ///< of its last token
    Id id = NoId;           ///< that token; NoId: an unknown character
  };

  void extend(std::string_view piece, std::size_t at, std::vector<Node>& nodes) const {
    const std::size_t character = character_at(piece, at).size;
    const double before = nodes[at].score;
    const auto reach = [&](std::size_t size, double sum, Id id) {
      Node& node = nodes[at + size];
      if (!node.reached || sum > node.score) node = {true, static_cast<Sum>(sum), at, id};
    };
    bool covered = false;
    trie_.each(piece, at, [&](std::size_t size, std::uint32_t value) {
      const Id id = static_cast<Id>(value);
      const Token& token = vocabulary_[id];
      // A chosen token wins against all segmentations of its bytes.
      const bool chosen = token.kind == TokenKind::Chosen;
      reach(size, before + (chosen ? static_cast<double>(size) * highest_ - 0.1 : token.score), id);
      covered = covered || size == character;
    });
    if (!covered) reach(character, nodes[at].score + unknown_score_, NoId);
  }

  const Vocabulary& vocabulary_;
  Trie trie_;
  Sum unknown_score_ = 0;
  double highest_ = std::numeric_limits<float>::min();  ///< as SentencePiece's: scores are below 0
};

}  // namespace tokens
