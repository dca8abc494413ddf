// SPDX-License-Identifier: Apache-2.0
/// Unicode's normalisation form C (UAX #15).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "composition_tables.h"
#include "unicode.h"

namespace tokens {

// Hangul syllables are computed.
inline constexpr std::uint32_t FirstSyllable = 0xac00, Syllables = 11172;
inline constexpr std::uint32_t FirstLead = 0x1100, Leads = 19;
inline constexpr std::uint32_t FirstVowel = 0x1161, Vowels = 21;
inline constexpr std::uint32_t FirstTail = 0x11a7, Tails = 28;  ///< the first one stands for none

inline std::uint32_t combining_class(std::uint32_t point) {
  const CombiningClass* found = std::upper_bound(
      std::begin(CombiningClasses), std::end(CombiningClasses), point,
      [](std::uint32_t value, const CombiningClass& entry) { return value < entry.first; });
  if (found == std::begin(CombiningClasses)) return 0;
  --found;
  return point <= found->last ? found->value : 0;
}

/// Adds the full canonical decomposition of `point`.
inline void decompose(std::vector<std::uint32_t>& points, std::uint32_t point) {
  if (point >= FirstSyllable && point < FirstSyllable + Syllables) {
    const std::uint32_t index = point - FirstSyllable;
    points.push_back(FirstLead + index / (Vowels * Tails));
    points.push_back(FirstVowel + index % (Vowels * Tails) / Tails);
    if (index % Tails != 0) points.push_back(FirstTail + index % Tails);
    return;
  }
  const Decomposition* found = std::lower_bound(
      std::begin(Decompositions), std::end(Decompositions), point,
      [](const Decomposition& entry, std::uint32_t value) { return entry.point < value; });
  if (found == std::end(Decompositions) || found->point != point) {
    points.push_back(point);
    return;
  }
  decompose(points, found->first);  // as deep as the table's entries, which is a few
  if (found->second != 0) decompose(points, found->second);
}

/// The character that two make; 0 if they make none.
inline std::uint32_t composition(std::uint32_t first, std::uint32_t second) {
  if (first >= FirstLead && first < FirstLead + Leads && second >= FirstVowel &&
      second < FirstVowel + Vowels)
    return FirstSyllable + ((first - FirstLead) * Vowels + (second - FirstVowel)) * Tails;
  if (first >= FirstSyllable && first < FirstSyllable + Syllables &&
      (first - FirstSyllable) % Tails == 0 && second > FirstTail && second < FirstTail + Tails)
    return first + (second - FirstTail);
  const Composition* found = std::lower_bound(
      std::begin(Compositions), std::end(Compositions), std::tie(first, second),
      [](const Composition& entry, const std::tuple<std::uint32_t&, std::uint32_t&>& pair) {
        return std::tie(entry.first, entry.second) < pair;
      });
  const bool known =
      found != std::end(Compositions) && found->first == first && found->second == second;
  return known ? found->point : 0;
}

/// Puts the marks behind each base character into the order of their classes.
inline void order_marks(std::vector<std::uint32_t>& points) {
  const auto is_mark = [](std::uint32_t point) { return combining_class(point) != 0; };
  for (auto begin = points.begin(); begin != points.end();) {
    begin = std::find_if(begin, points.end(), is_mark);
    const auto end = std::find_if_not(begin, points.end(), is_mark);
    std::stable_sort(begin, end, [](std::uint32_t a, std::uint32_t b) {
      return combining_class(a) < combining_class(b);
    });
    begin = end;
  }
}

/// Joins each base character with the marks behind it that nothing else blocks.
inline void compose(std::vector<std::uint32_t>& points) {
  std::size_t base = points.size();  // of the composed ones: the last character of class 0
  std::size_t kept = 0;
  std::uint32_t last_class = 0;
  for (const std::uint32_t point : points) {
    const std::uint32_t mark = combining_class(point);
    if (base < kept) {
      const bool adjacent = base + 1 == kept;
      if (adjacent || last_class < mark) {
        if (const std::uint32_t joined = composition(points[base], point); joined != 0) {
          points[base] = joined;
          continue;
        }
      }
    }
    if (mark == 0) base = kept;
    last_class = mark;
    points[kept++] = point;
  }
  points.resize(kept);
}

/// `text` in normalisation form C. Bytes that are no UTF-8 stay, and nothing joins across them.
inline std::string composed(std::string_view text) {
  constexpr unsigned char FirstChanged = 0xcc;  // lead byte of U+0300; all before is composed
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < FirstChanged;
  });
  if (plain) return std::string(text);
  std::string result;
  std::vector<std::uint32_t> points;
  const auto flush = [&] {
    order_marks(points);
    compose(points);
    for (const std::uint32_t point : points) append_point(result, point);
    points.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.point == NoPoint) {
      flush();
      result += text[at];
    } else {
      decompose(points, character.point);
    }
    at += character.size;
  }
  flush();
  return result;
}

}  // namespace tokens
