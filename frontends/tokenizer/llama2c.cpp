// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/llama2c.h"

#include <bit>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace st {
namespace {

constexpr int64_t FirstByteToken = 3;  ///< tokens 0, 1, 2 are unknown, start and end
constexpr int64_t ByteTokens = 256;
constexpr int64_t NoToken = -1;

struct Token {
  std::string text;
  float score = 0;
};

class Llama2cTokenizer : public Tokenizer {
 public:
  Llama2cTokenizer(std::vector<Token> tokens, int64_t bos, std::optional<int64_t> stop)
      : tokens_(std::move(tokens)), bos_(bos), stop_(stop) {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      ids_.try_emplace(tokens_[i].text, static_cast<int64_t>(i));  // the first of equal ones counts
    }
  }

  Result<std::vector<int64_t>> encode(const std::string& text) const override {
    std::vector<int64_t> ids = {bos_};
    if (text.empty()) return ids;
    // The vocabulary was trained on text with a space in front.
    if (const int64_t space = find(" "); space != NoToken) ids.push_back(space);
    for (size_t at = 0; at < text.size();) {
      const size_t length = utf8_length(text, at);
      const int64_t id = find(text.substr(at, length));
      if (id != NoToken) {
        ids.push_back(id);
      } else {
        for (size_t i = at; i < at + length; ++i) {
          ids.push_back(static_cast<uint8_t>(text[i]) + FirstByteToken);
        }
      }
      at += length;
    }
    merge(ids);
    return ids;
  }

  std::string decode(int64_t previous, int64_t id) const override {
    if (id < 0 || id >= vocabulary_size()) return "";
    std::string text = tokens_[static_cast<size_t>(id)].text;
    if (previous == bos_ && text.starts_with(' ')) text.erase(0, 1);
    if (const auto byte = byte_of(text)) return {static_cast<char>(*byte)};
    return text;
  }

  std::optional<int64_t> stop() const override { return stop_; }
  int64_t vocabulary_size() const override { return static_cast<int64_t>(tokens_.size()); }

 private:
  [[nodiscard]] int64_t find(const std::string& text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? NoToken : found->second;
  }

  [[nodiscard]] int64_t merged(int64_t left, int64_t right) const {
    return find(tokens_[static_cast<size_t>(left)].text + tokens_[static_cast<size_t>(right)].text);
  }

  /// Joins the neighbours whose union has the best score, the leftmost of equals, as long as there
  /// are any. The unions are remembered, so that a step only looks up the two that change.
  void merge(std::vector<int64_t>& ids) const {
    std::vector<int64_t> unions;  // of ids[i] and ids[i + 1]
    for (size_t i = 0; i + 1 < ids.size(); ++i) unions.push_back(merged(ids[i], ids[i + 1]));
    while (true) {
      size_t best = unions.size();
      for (size_t i = 0; i < unions.size(); ++i) {
        if (unions[i] == NoToken) continue;
        if (best == unions.size() || score(unions[i]) > score(unions[best])) best = i;
      }
      if (best == unions.size()) return;
      const auto at = static_cast<std::ptrdiff_t>(best);
      ids[best] = unions[best];
      ids.erase(ids.begin() + at + 1);
      unions.erase(unions.begin() + at);
      if (best > 0) unions[best - 1] = merged(ids[best - 1], ids[best]);
      if (best < unions.size()) unions[best] = merged(ids[best], ids[best + 1]);
    }
  }

  [[nodiscard]] float score(int64_t id) const { return tokens_[static_cast<size_t>(id)].score; }

  /// The byte that a text of the form <0x0A> stands for.
  static std::optional<uint8_t> byte_of(const std::string& text) {
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
    int value = 0;
    for (const char c : text.substr(3, 2)) {
      const bool digit = c >= '0' && c <= '9';
      const bool upper = c >= 'A' && c <= 'F';
      const bool lower = c >= 'a' && c <= 'f';
      if (!digit && !upper && !lower) return std::nullopt;
      value = 16 * value + (digit ? c - '0' : upper ? c - 'A' + 10 : c - 'a' + 10);
    }
    return static_cast<uint8_t>(value);
  }

  std::vector<Token> tokens_;
  std::unordered_map<std::string, int64_t> ids_;
  int64_t bos_;
  std::optional<int64_t> stop_;
};

uint32_t word_at(const std::string& bytes, size_t at) {
  uint32_t word = 0;
  for (size_t b = 4; b-- > 0;) word = word << 8 | static_cast<uint8_t>(bytes[at + b]);
  return word;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_llama2c_tokenizer(const std::string& bytes,
                                                          const std::string& name, int64_t bos,
                                                          std::optional<int64_t> stop) {
  const auto wrong = [&](const std::string& what) {
    return Diagnostic{"E0103",
                      "'" + printable(name) + "' is no llama2.c tokenizer: " + what,
                      name,
                      {},
                      "copy the file again, or name another one"};
  };
  constexpr size_t Header = 4;
  constexpr size_t Record = 8;
  if (bytes.size() < Header) return wrong("it is too short");
  const uint32_t longest = word_at(bytes, 0);
  std::vector<Token> tokens;
  for (size_t at = Header; at < bytes.size();) {
    const std::string which = "token " + std::to_string(tokens.size());
    if (bytes.size() - at < Record) return wrong(which + " is cut off");
    const auto score = std::bit_cast<float>(word_at(bytes, at));
    const uint32_t length = word_at(bytes, at + 4);
    at += Record;
    if (length > longest) return wrong(which + " is longer than the longest one");
    if (length > bytes.size() - at) return wrong(which + " is cut off");
    if (!std::isfinite(score)) return wrong(which + " has a score that is no number");
    tokens.push_back({bytes.substr(at, length), score});
    at += length;
  }
  const auto count = static_cast<int64_t>(tokens.size());
  if (count < FirstByteToken + ByteTokens) {
    return wrong("it has " + std::to_string(count) + " tokens; the bytes alone take " +
                 std::to_string(FirstByteToken + ByteTokens));
  }
  if (bos < 0 || bos >= count) return wrong("'bos' is no token of it");
  if (stop && (*stop < 0 || *stop >= count)) return wrong("'stop' is no token of it");
  return std::unique_ptr<Tokenizer>(new Llama2cTokenizer(std::move(tokens), bos, stop));
}

}  // namespace st
