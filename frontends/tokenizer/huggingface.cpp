// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/huggingface.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/tokenizer/files/steps.h"
#include "frontends/tokenizer/byte_tokens.h"
#include "frontends/tokenizer/huggingface_steps.h"
#include "frontends/tokenizer/json_node.h"

namespace st {
namespace {

using tokens::Token;
using tokens::TokenKind;

constexpr auto MostId = static_cast<int64_t>(tokens::MostTokens) - 1;

class Reader {
 public:
  Reader(const json::Value& document, NodeProblems& problems) : root_(&document, "", &problems) {}

  tokens::Form read() {
    root_.allow({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
                 "post_processor", "decoder", "model"});
    if (root_["truncation"].there()) root_["truncation"].refuse("truncation is not supported");
    if (const JsonNode padding = root_["padding"]; padding.there())
      if (padding["strategy"].value() == nullptr ||
          padding["strategy"].value()->string() == nullptr)
        padding.refuse("padding to a length is not supported");
    read_normalizer(root_["normalizer"], form_);
    read_pre_tokenizer(root_["pre_tokenizer"], form_);
    read_post_processor(root_["post_processor"], form_);
    read_decoder(root_["decoder"], form_);
    const JsonNode model = root_["model"];
    const std::string type = model["type"].text_or(model["merges"].there() ? "BPE" : "");
    if (type == "BPE") {
      read_bpe(model);
    } else if (type == "Unigram") {
      read_unigram(model);
    } else {
      model["type"].refuse("models of type '" + printable(type) + "' are not supported",
                           "supported: BPE, Unigram");
    }
    read_added();
    return std::move(form_);
  }

 private:
  /// The token with number `id`; those that no entry names stay empty, and stand for nothing.
  Token& token(tokens::Id id) {
    const auto at = static_cast<size_t>(id);
    while (form_.tokens.size() <= at) form_.tokens.push_back({"", TokenKind::Special});
    return form_.tokens[at];
  }

  /// The token that a vocabulary spells as `text`.
  Token token_of(const std::string& text, double score) const {
    if (form_.byte_fallback)
      if (const auto byte = byte_of_token(text))
        return {std::string(1, *byte), TokenKind::Byte, score};
    if (form_.unit == tokens::Unit::Characters) return {text, TokenKind::Normal, score};
    // What is not spelt in the characters of bytes is an added token; no bytes of a text are it.
    if (auto bytes = bytes_of_shown(text)) return {std::move(*bytes), TokenKind::Normal, score};
    return {text, TokenKind::Added, score};
  }

  void read_bpe(const JsonNode& model) {
    model.allow({"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                 "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
    if (model["dropout"].there() && model["dropout"].number() != 0)
      model["dropout"].refuse("dropout is not supported");
    for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (!model[name].text_or("").empty())
        model[name].refuse(std::string("'") + name + "' is not supported");
    form_.algorithm = tokens::Algorithm::RankedMerges;
    form_.byte_fallback = model["byte_fallback"].flag_or(false);
    form_.fuse_unknown = model["fuse_unk"].flag_or(false);
    form_.whole_pieces = model["ignore_merges"].flag_or(false);
    for (const auto& [text, node] : model["vocab"].members()) {
      const tokens::Id id = node.id(MostId);
      if (!names_.try_emplace(id, text).second)
        node.wrong("id " + std::to_string(id) + " is given twice");
      ids_.emplace(*text, id);
      token(id) = token_of(*text, 0);
    }
    for (const JsonNode& node : model["merges"].entries()) read_merge(node);
    if (const JsonNode unknown = model["unk_token"]; unknown.there()) {
      const auto found = ids_.find(unknown.text());
      if (found == ids_.end()) {
        unknown.wrong("the token for what is unknown is not in the vocabulary");
      } else {
        set_unknown(found->second);
      }
    }
  }

  /// "a b", or ["a", "b"].
  void read_merge(const JsonNode& node) {
    std::string left, right;
    if (node.value()->array() != nullptr) {
      const std::vector<JsonNode> both = node.entries();
      if (both.size() != 2) return node.wrong("a merge is of two tokens");
      left = both[0].text();
      right = both[1].text();
    } else {
      const std::string both = node.text();
      const size_t space = both.find(' ');
      if (space == std::string::npos)
        return node.wrong("a merge is two tokens with a space between");
      left = both.substr(0, space);
      right = both.substr(space + 1);
    }
    const auto a = ids_.find(left), b = ids_.find(right), both = ids_.find(left + right);
    if (a == ids_.end() || b == ids_.end() || both == ids_.end())
      return node.wrong("the merge of '" + printable(left) + "' and '" + printable(right) +
                        "' is of tokens that are not in the vocabulary");
    form_.merges.push_back({a->second, b->second, both->second});
  }

  void read_unigram(const JsonNode& model) {
    model.allow({"type", "unk_id", "vocab", "byte_fallback"});
    form_.algorithm = tokens::Algorithm::Unigram;
    form_.byte_fallback = model["byte_fallback"].flag_or(false);
    form_.fuse_unknown = true;
    if (form_.unit == tokens::Unit::Bytes)
      model.refuse("a unigram model of bytes is not supported");
    for (const JsonNode& node : model["vocab"].entries()) {
      const std::vector<JsonNode> entry = node.entries();
      if (entry.size() != 2) {
        node.wrong("an entry is a text and its score");
        continue;
      }
      const auto id = static_cast<tokens::Id>(form_.tokens.size());
      std::string text = entry[0].text();
      ids_.emplace(text, id);
      token(id) = token_of(text, entry[1].number());
    }
    if (const JsonNode unknown = model["unk_id"]; unknown.there()) {
      const auto last = static_cast<int64_t>(form_.tokens.size()) - 1;
      if (last >= 0) set_unknown(unknown.id(last));
    }
  }

  void set_unknown(tokens::Id id) {
    form_.unknown = id;
    token(id).kind = TokenKind::Unknown;
  }

  void read_added() {
    if (!root_["added_tokens"].there()) return;
    for (const JsonNode& node : root_["added_tokens"].entries()) {
      node.allow({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
      if (node["single_word"].flag_or(false))
        node["single_word"].refuse("added tokens that are whole words only are not supported");
      tokens::AddedToken added;
      added.text = node["content"].text();
      added.id = node["id"].id(MostId);
      added.normalised = node["normalized"].flag_or(false);
      added.strip_left = node["lstrip"].flag_or(false);
      added.strip_right = node["rstrip"].flag_or(false);
      if (added.text.empty()) {
        node["content"].wrong("an added token has no characters");
        continue;
      }
      const auto known = ids_.find(added.text);
      if (known != ids_.end() && known->second != added.id)
        node["id"].wrong("in the vocabulary '" + printable(added.text) + "' is " +
                         std::to_string(known->second));
      Token& meant = token(added.id);
      const bool special = node["special"].flag_or(false);
      if (special) meant.text.clear();
      if (added.id != form_.unknown) {
        if (special) meant.kind = TokenKind::Special;
        if (!special && known == ids_.end()) meant = {added.text, TokenKind::Added, meant.score};
      }
      if (added.normalised) added.text = normalised(added.text);
      if (!added.text.empty()) form_.added.push_back(std::move(added));
    }
  }

  std::string normalised(std::string text) const {
    const tokens::Trie none;
    for (const tokens::Step& step : form_.normaliser)
      text = tokens::normalised_by(step, std::move(text), none);
    return text;
  }

  JsonNode root_;
  tokens::Form form_;
  std::unordered_map<std::string, tokens::Id> ids_;           ///< by spelling
  std::unordered_map<tokens::Id, const std::string*> names_;  ///< the other way round
};

}  // namespace

Result<tokens::Form> read_huggingface(const std::string& bytes, const std::string& name) {
  const std::string file = printable(name);
  ST_TRY(document, json::parse(bytes, file));
  NodeProblems problems{file, {}};
  tokens::Form form = Reader(document, problems).read();
  if (problems.found.empty()) {
    if (const std::string problem = tokens::problem_of(form); !problem.empty())
      problems.found.push_back({"E0103", "it is no tokenizer: " + problem, file, {}, ""});
  }
  if (!problems.found.empty()) return std::move(problems.found);
  return form;
}

}  // namespace st
