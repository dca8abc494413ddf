// SPDX-License-Identifier: Apache-2.0
#include "tests/tokenizer/pattern.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/tokenizer/files/unicode.h"

namespace st::test {

using tokens::CharacterClass;

struct Pattern::Node {
  enum class Kind { Set, Sequence, Alternatives, NotAhead, Repeat } kind = Kind::Set;
  std::vector<std::unique_ptr<Node>> parts;
  std::vector<uint32_t> points;  ///< of a set
  std::vector<CharacterClass> classes;
  bool negated = false, any_case = false;
  int64_t least = 1, most = 1;  ///< of Repeat

  [[nodiscard]] bool has(uint32_t point) const {
    bool found = false;
    for (const uint32_t own : points) {
      const bool small = own >= 'a' && own <= 'z';
      found = found || own == point || (any_case && small && own - 'a' + 'A' == point) ||
              (any_case && own == 's' && point == 0x17f);
    }
    for (const CharacterClass own : classes) found = found || tokens::class_of(point) == own;
    return found != negated;
  }
};

struct Pattern::Parser {
  std::string text;
  size_t at = 0;
  bool any_case = false;

  [[noreturn]] void fail() const {
    std::fprintf(stderr, "pattern: cannot read '%s' at %zu\n", text.c_str(), at);
    std::abort();
  }
  bool accept(const std::string& token) {
    if (text.compare(at, token.size(), token) != 0) return false;
    at += token.size();
    return true;
  }

  std::unique_ptr<Node> alternatives() {
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::Alternatives;
    do node->parts.push_back(sequence());
    while (accept("|"));
    return node;
  }

  std::unique_ptr<Node> sequence() {
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::Sequence;
    while (at < text.size() && text[at] != '|' && text[at] != ')')
      node->parts.push_back(repeated(atom()));
    return node;
  }

  std::unique_ptr<Node> repeated(std::unique_ptr<Node> part) {
    constexpr int64_t Many = int64_t{1} << 40;
    int64_t least = 1, most = 1;
    if (accept("?")) {
      least = 0;
    } else if (accept("+")) {
      most = Many;
    } else if (accept("*")) {
      least = 0;
      most = Many;
    } else if (accept("{1,3}")) {
      most = 3;
    } else {
      return part;
    }
    accept("+");  // possessive: matters for the time alone in the patterns that have it
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::Repeat;
    node->least = least;
    node->most = most;
    node->parts.push_back(std::move(part));
    return node;
  }

  std::unique_ptr<Node> group(bool insensitive) {
    const bool before = std::exchange(any_case, any_case || insensitive);
    auto node = alternatives();
    any_case = before;
    if (!accept(")")) fail();
    return node;
  }

  std::unique_ptr<Node> atom() {
    if (accept("(?:")) return group(false);
    if (accept("(?i:")) return group(true);
    auto node = std::make_unique<Node>();
    if (accept("(?!")) {
      node->kind = Node::Kind::NotAhead;
      node->parts.push_back(group(false));
      return node;
    }
    node->any_case = any_case;
    if (accept("[")) {
      node->negated = accept("^");
      while (!accept("]")) member(*node);
    } else {
      member(*node);
    }
    return node;
  }

  void member(Node& node) {
    if (accept("\\p{L}")) {
      node.classes.push_back(CharacterClass::Letter);
    } else if (accept("\\p{N}")) {
      node.classes.push_back(CharacterClass::Number);
    } else if (accept("\\s")) {
      node.classes.push_back(CharacterClass::Space);
    } else if (accept("\\S")) {
      node.classes.push_back(CharacterClass::Space);
      node.negated = true;
    } else if (accept("\\r")) {
      node.points.push_back('\r');
    } else if (accept("\\n")) {
      node.points.push_back('\n');
    } else if (at < text.size() &&
               std::string("\\()[]{}?*+.$^").find(text[at]) == std::string::npos) {
      node.points.push_back(static_cast<unsigned char>(text[at++]));
    } else {
      fail();
    }
  }
};

Pattern::Pattern(const std::string& text) {
  Parser parser{text};
  root_ = parser.alternatives();
  if (parser.at != text.size()) parser.fail();
}

Pattern::~Pattern() = default;

bool Pattern::match(const Node& node, const Text& text, size_t at, const Then& then) {
  switch (node.kind) {
    case Node::Kind::Set:
      return at < text.size() && node.has(text[at]) && then(at + 1);
    case Node::Kind::Sequence:
      return match_all(node, 0, text, at, then);
    case Node::Kind::Alternatives:
      for (const auto& part : node.parts)
        if (match(*part, text, at, then)) return true;
      return false;
    case Node::Kind::NotAhead:
      return !match(*node.parts[0], text, at, [](size_t) { return true; }) && then(at);
    case Node::Kind::Repeat:
      return repeat(node, 0, text, at, then);
  }
  return false;
}

bool Pattern::match_all(const Node& node, size_t part, const Text& text, size_t at,
                        const Then& then) {
  if (part == node.parts.size()) return then(at);
  return match(*node.parts[part], text, at,
               [&](size_t end) { return match_all(node, part + 1, text, end, then); });
}

bool Pattern::repeat(const Node& node, int64_t done, const Text& text, size_t at,
                     const Then& then) {
  const auto again = [&](size_t end) {
    return end > at && repeat(node, done + 1, text, end, then);
  };
  if (done < node.most && match(*node.parts[0], text, at, again)) return true;
  return done >= node.least && then(at);
}

std::vector<std::string> Pattern::split(const std::string& text) const {
  Text points;
  std::vector<size_t> places;  // of characters, and the end
  for (size_t at = 0; at < text.size();) {
    const tokens::Character character = tokens::character_at(text, at);
    points.push_back(character.point);
    places.push_back(at);
    at += character.size;
  }
  places.push_back(text.size());
  std::vector<std::string> pieces;
  size_t between = 0;
  const auto cut = [&](size_t begin, size_t end) {
    if (end > begin) pieces.push_back(text.substr(places[begin], places[end] - places[begin]));
  };
  for (size_t at = 0; at < points.size();) {
    size_t end = at;
    match(*root_, points, at, [&](size_t found) {
      end = found;
      return true;
    });
    if (end == at) {
      ++at;
      continue;
    }
    cut(between, at);
    cut(at, end);
    between = at = end;
  }
  cut(between, points.size());
  return pieces;
}

}  // namespace st::test
