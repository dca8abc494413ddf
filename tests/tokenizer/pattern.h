// SPDX-License-Identifier: Apache-2.0
/// Regular expressions, interpreted by backtracking: the reference for core/tokenizer's functions,
/// which do what these say without reading them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace st::test {

/// Knows what patterns of tokenizers are made of: alternatives, (?:), (?i:), (?!), sets, \p{L},
/// \p{N}, \s, \S, \r, \n, ?, +, *, {m,n}. A pattern with anything else ends the test program.
class Pattern {
 public:
  explicit Pattern(const std::string& text);
  ~Pattern();
  /// `text` cut at the matches, one after another, and at what lies between.
  std::vector<std::string> split(const std::string& text) const;

 private:
  struct Node;
  struct Parser;
  using Text = std::vector<uint32_t>;
  using Then = std::function<bool(size_t)>;
  static bool match(const Node& node, const Text& text, size_t at, const Then& then);
  static bool repeat(const Node& node, int64_t done, const Text& text, size_t at, const Then& then);
  static bool match_all(const Node& node, size_t part, const Text& text, size_t at,
                        const Then& then);
  std::unique_ptr<Node> root_;
};

}  // namespace st::test
