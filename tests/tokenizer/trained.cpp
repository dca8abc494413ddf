// SPDX-License-Identifier: Apache-2.0
#include "tests/tokenizer/trained.h"

#include <algorithm>
#include <set>

#include "tests/tokenizer/pattern.h"
#include "tests/tokenizer/patterns.h"
#include "tests/tokenizer/strings.h"

namespace st::test {
namespace {

using Symbols = TrainedMerges::Symbols;
using Json = nlohmann::ordered_json;

constexpr int Lines = 1000, Merges = 700;

/// `symbols` with each pair of `left` and `right` joined.
void join(Symbols& symbols, const std::string& left, const std::string& right) {
  for (size_t i = 0; i + 1 < symbols.size(); ++i) {
    if (symbols[i] != left || symbols[i + 1] != right) continue;
    symbols[i] += right;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

/// The UTF-8 characters of a text, which is valid; a byte that is not is one of its own.
Symbols characters_of(const std::string& text) {
  Symbols symbols;
  for (const char byte : text) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
    if (continues && !symbols.empty()) {
      symbols.back() += byte;
    } else {
      symbols.emplace_back(1, byte);
    }
  }
  return symbols;
}

std::string with_marks(const std::string& text) {
  if (text.empty()) return "";
  std::string marked = "\u2581";
  for (const char c : text) marked += c == ' ' ? std::string("\u2581") : std::string(1, c);
  return marked;
}

Json added_token(int64_t id, const std::string& text) {
  return {{"id", id},        {"content", text},     {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

void add(Trained& made, const std::string& text) {
  made.ids.emplace(text, static_cast<int64_t>(made.ids.size()));
}

void add_merges(Trained& made) {
  Json merges = Json::array();
  for (const auto& [left, right] : made.merges.merges()) {
    if (made.ids.count(left + right) == 0) add(made, left + right);
    merges.push_back(left + " " + right);
  }
  made.json["model"]["merges"] = merges;
}

void add_vocabulary(Trained& made) {
  Json vocabulary = Json::object();
  for (const auto& [text, id] : made.ids) vocabulary[text] = id;
  made.json["model"]["vocab"] = vocabulary;
}

Trained byte_level(const std::string& pattern) {
  Trained made;
  const Pattern cutter(pattern);
  std::vector<Symbols> pieces;
  for (const std::string& line : training_lines(Lines)) {
    for (const std::string& piece : cutter.split(line)) {
      pieces.emplace_back();
      for (const char byte : piece) pieces.back().push_back(Trained::shown(byte));
    }
  }
  made.merges.train(pieces, Merges);
  for (int byte = 0; byte < 256; ++byte) add(made, Trained::shown(static_cast<char>(byte)));
  made.json = {{"version", "1.0"},
               {"truncation", nullptr},
               {"padding", nullptr},
               {"added_tokens", Json::array()},
               {"normalizer", nullptr},
               {"pre_tokenizer", nullptr},
               {"post_processor", {{"type", "ByteLevel"}, {"trim_offsets", false}}},
               {"decoder", {{"type", "ByteLevel"}}},
               {"model", {{"type", "BPE"}, {"unk_token", nullptr}, {"fuse_unk", false}}}};
  add_merges(made);
  add(made, "<|endoftext|>");
  made.json["added_tokens"].push_back(added_token(made.ids.at("<|endoftext|>"), "<|endoftext|>"));
  add_vocabulary(made);
  return made;
}

}  // namespace

void TrainedMerges::train(const std::vector<Symbols>& texts, int merges) {
  std::map<Symbols, int> counts;
  for (const Symbols& piece : texts) ++counts[piece];
  std::vector<std::pair<Symbols, int>> pieces(counts.begin(), counts.end());
  for (int m = 0; m < merges; ++m) {
    std::map<std::pair<std::string, std::string>, int> pairs;
    for (const auto& [symbols, count] : pieces)
      for (size_t i = 0; i + 1 < symbols.size(); ++i) pairs[{symbols[i], symbols[i + 1]}] += count;
    const auto best =
        std::max_element(pairs.begin(), pairs.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == pairs.end()) return;
    const auto pair = best->first;
    ranks_.emplace(pair, static_cast<int>(merges_.size()));
    merges_.push_back(pair);
    for (auto& [symbols, count] : pieces) join(symbols, pair.first, pair.second);
  }
}

TrainedMerges::Symbols TrainedMerges::merge(Symbols symbols) const {
  while (true) {
    size_t best = symbols.size();
    int rank = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks_.find({symbols[i], symbols[i + 1]});
      if (found == ranks_.end() || (best < symbols.size() && found->second >= rank)) continue;
      best = i;
      rank = found->second;
    }
    if (best == symbols.size()) return symbols;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

std::string Trained::byte_token(char byte) {
  char text[8];
  std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned char>(byte));
  return text;
}

std::string Trained::shown(char byte) {
  // As GPT-2's encoder.py lists them: what can be shown, then the others from U+0100 on.
  static const std::vector<std::string> table = [] {
    std::vector<std::string> all(256);
    int others = 0;
    for (int value = 0; value < 256; ++value) {
      const bool visible = (value >= 33 && value <= 126) || (value >= 161 && value <= 172) ||
                           (value >= 174 && value <= 255);
      const int point = visible ? value : 256 + others++;
      all[static_cast<size_t>(value)] = point < 128
                                            ? std::string(1, static_cast<char>(point))
                                            : std::string{static_cast<char>(0xc0 | point >> 6),
                                                          static_cast<char>(0x80 | (point & 0x3f))};
    }
    return all;
  }();
  return table[static_cast<unsigned char>(byte)];
}

std::vector<int64_t> Trained::llama_ids(const std::string& text) const {
  Symbols symbols;
  for (const std::string& character : characters_of(with_marks(text))) {
    if (ids.count(character) > 0) {
      symbols.push_back(character);
    } else {
      for (const char byte : character) symbols.push_back(byte_token(byte));
    }
  }
  std::vector<int64_t> found = {ids.at("<s>")};
  for (const std::string& symbol : merges.merge(symbols)) found.push_back(ids.at(symbol));
  return found;
}

Trained gpt2_style() {
  Trained made = byte_level(Gpt2Pattern);
  made.json["pre_tokenizer"] = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
  return made;
}

Trained split_style(const std::string& pattern) {
  Trained made = byte_level(pattern);
  const Json split = {{"type", "Split"},
                      {"pattern", {{"Regex", pattern}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  made.json["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
  return made;
}

Trained llama_style() {
  Trained made;
  std::vector<Symbols> pieces;
  std::set<std::string> alphabet;
  for (const std::string& line : training_lines(Lines)) {
    const Symbols symbols = characters_of(with_marks(line));
    // Longer characters are left to bytes, and so are the lines that have one.
    const auto is_known = [](const std::string& symbol) {
      return symbol.size() < 3 || symbol == "\u2581";
    };
    if (!std::all_of(symbols.begin(), symbols.end(), is_known)) continue;
    alphabet.insert(symbols.begin(), symbols.end());
    pieces.push_back(symbols);
  }
  made.merges.train(pieces, Merges);
  for (const char* text : {"<unk>", "<s>", "</s>"}) add(made, text);
  for (int byte = 0; byte < 256; ++byte) add(made, Trained::byte_token(static_cast<char>(byte)));
  for (const std::string& character : alphabet) add(made, character);
  const Json space = {{"String", "\u2581"}};
  made.json = {
      {"version", "1.0"},
      {"added_tokens", {added_token(0, "<unk>"), added_token(1, "<s>"), added_token(2, "</s>")}},
      {"normalizer",
       {{"type", "Sequence"},
        {"normalizers",
         {{{"type", "Prepend"}, {"prepend", "\u2581"}},
          {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}}},
      {"pre_tokenizer", nullptr},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single",
         {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
          {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
        {"pair", Json::array()},
        {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}}}}}},
      {"decoder",
       {{"type", "Sequence"},
        {"decoders",
         {{{"type", "Replace"}, {"pattern", space}, {"content", " "}},
          {{"type", "ByteFallback"}},
          {{"type", "Fuse"}},
          {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}}},
      {"model",
       {{"type", "BPE"}, {"unk_token", "<unk>"}, {"fuse_unk", true}, {"byte_fallback", true}}}};
  add_merges(made);
  add_vocabulary(made);
  return made;
}

}  // namespace st::test
