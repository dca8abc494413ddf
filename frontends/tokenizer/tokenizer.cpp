// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/tokenizer.h"

#include <unordered_map>
#include <utility>

#include "core/support/json.h"
#include "core/support/read_file.h"
#include "frontends/tokenizer/llama2c.h"

namespace st {
namespace {

constexpr const char* Where = "metadata streamtensor.tokenizer";
constexpr size_t LargestTokenizer = 64U << 20;  ///< bytes

Diagnostic wrong(const std::string& message, const std::string& pointer, std::string help = "") {
  return {"E0103", message, pointer.empty() ? Where : Where + (" " + pointer), {}, std::move(help)};
}

class CharacterTokenizer : public Tokenizer {
 public:
  CharacterTokenizer(std::vector<std::string> vocabulary, std::optional<int64_t> stop)
      : vocabulary_(std::move(vocabulary)), stop_(stop) {
    for (size_t i = 0; i < vocabulary_.size(); ++i) ids_[vocabulary_[i]] = static_cast<int64_t>(i);
  }

  Result<std::vector<int64_t>> encode(const std::string& text) const override {
    std::vector<int64_t> ids;
    size_t position = 0;
    for (size_t at = 0; at < text.size(); ++position) {
      const size_t length = utf8_length(text, at);
      const std::string character = text.substr(at, length);
      const auto found = ids_.find(character);
      if (found == ids_.end()) {
        return Diagnostic{
            "E0604",
            "character '" + printable(character) + "' is not in the model's vocabulary",
            "prompt, character " + std::to_string(position + 1),
            {"the vocabulary is: " + listed()},
            ""};
      }
      ids.push_back(found->second);
      at += length;
    }
    return ids;
  }

  std::string decode(int64_t, int64_t id) const override {
    return id < 0 || id >= vocabulary_size() ? "" : vocabulary_[static_cast<size_t>(id)];
  }
  std::optional<int64_t> stop() const override { return stop_; }
  int64_t vocabulary_size() const override { return static_cast<int64_t>(vocabulary_.size()); }

 private:
  [[nodiscard]] std::string listed() const {
    constexpr size_t MostShown = 200;
    std::string text;
    for (size_t i = 0; i < vocabulary_.size() && i < MostShown; ++i) {
      text += (i == 0 ? "" : " ") + printable(vocabulary_[i]);
    }
    return text + (vocabulary_.size() > MostShown ? " ..." : "");
  }

  std::vector<std::string> vocabulary_;
  std::unordered_map<std::string, int64_t> ids_;
  std::optional<int64_t> stop_;
};

class ByteTokenizer : public Tokenizer {
 public:
  explicit ByteTokenizer(std::optional<int64_t> stop) : stop_(stop) {}
  Result<std::vector<int64_t>> encode(const std::string& text) const override {
    std::vector<int64_t> ids;
    for (const char c : text) ids.push_back(static_cast<uint8_t>(c));
    return ids;
  }
  std::string decode(int64_t, int64_t id) const override {
    if (id < 0 || id >= vocabulary_size()) return "";
    return {static_cast<char>(static_cast<uint8_t>(id))};
  }
  std::optional<int64_t> stop() const override { return stop_; }
  int64_t vocabulary_size() const override { return 256; }

 private:
  std::optional<int64_t> stop_;
};

Result<std::unique_ptr<Tokenizer>> make_characters(const json::Value& record) {
  const json::Value* list = record.find("vocabulary");
  if (list == nullptr || list->array() == nullptr || list->array()->empty()) {
    return wrong("'vocabulary' must be a list of strings", "/vocabulary");
  }
  std::vector<std::string> vocabulary;
  std::unordered_map<std::string, int64_t> ids;
  for (const json::Value& item : *list->array()) {
    const std::string pointer = "/vocabulary/" + std::to_string(vocabulary.size());
    const std::string* text = item.string();
    if (text == nullptr || text->empty()) {
      return wrong("expected a string with a character, found " + std::string(item.kind()),
                   pointer);
    }
    if (!ids.try_emplace(*text, static_cast<int64_t>(vocabulary.size())).second) {
      return wrong("'" + printable(*text) + "' is in the vocabulary twice", pointer);
    }
    vocabulary.push_back(*text);
  }
  std::optional<int64_t> stop;
  if (const json::Value* value = record.find("stop"); value != nullptr && !value->is_null()) {
    const auto found = value->string() != nullptr ? ids.find(*value->string()) : ids.end();
    if (found == ids.end()) return wrong("'stop' is no entry of the vocabulary", "/stop");
    stop = found->second;
  }
  return std::unique_ptr<Tokenizer>(new CharacterTokenizer(std::move(vocabulary), stop));
}

/// The id that member `key` gives; nullopt if there is none.
Result<std::optional<int64_t>> read_id(const json::Value& record, const char* key) {
  const json::Value* value = record.find(key);
  if (value == nullptr || value->is_null()) return std::optional<int64_t>();
  if (value->integer() == nullptr || *value->integer() < 0) {
    return wrong("'" + std::string(key) + "' must be a token id", "/" + std::string(key));
  }
  return std::optional(*value->integer());
}

Result<std::unique_ptr<Tokenizer>> make_bytes(const json::Value& record) {
  ST_TRY(stop, read_id(record, "stop"));
  if (stop && *stop > 255) return wrong("'stop' is no byte", "/stop");
  return std::unique_ptr<Tokenizer>(new ByteTokenizer(stop));
}

Result<std::unique_ptr<Tokenizer>> make_llama2c(const json::Value& record,
                                                const std::filesystem::path& directory,
                                                const std::optional<std::filesystem::path>& file) {
  ST_TRY(bos, read_id(record, "bos"));
  ST_TRY(stop, read_id(record, "stop"));
  std::filesystem::path path;
  if (file) {
    path = *file;
  } else {
    const json::Value* name = record.find("file");
    // A model may only name its neighbours: no folders, and no way out.
    if (name == nullptr || name->string() == nullptr || name->string()->empty() ||
        name->string()->find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos ||
        *name->string() == "..") {
      return wrong("'file' must name a file beside the model", "/file");
    }
    path = directory / *name->string();
  }
  auto bytes = read_file(path, LargestTokenizer);
  if (!bytes.ok()) {
    Diagnostics problems = bytes.errors();
    problems.front().help = "the tokenizer's file belongs beside the model";
    return problems;
  }
  constexpr int64_t UsualStart = 1;
  return make_llama2c_tokenizer(*bytes, path.string(), bos.value_or(UsualStart), stop);
}

}  // namespace

size_t utf8_length(const std::string& text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  size_t length = 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (at + length > text.size()) return 1;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<uint8_t>(text[at + i]) & 0xc0) != 0x80) return 1;
  }
  return length;
}

Result<std::unique_ptr<Tokenizer>> make_tokenizer(
    const std::string& metadata_json, const std::filesystem::path& directory,
    const std::optional<std::filesystem::path>& file) {
  ST_TRY(record, json::parse(metadata_json, Where));
  const json::Value* type = record.find("type");
  const std::string name =
      type != nullptr && type->string() != nullptr ? *type->string() : std::string();
  if (name == "characters") return make_characters(record);
  if (name == "bytes") return make_bytes(record);
  if (name == "llama2c") return make_llama2c(record, directory, file);
  return wrong(name.empty() ? "the tokenizer has no type"
                            : "tokenizers of type '" + printable(name) + "' are unknown",
               "/type", "known types: characters, bytes, llama2c");
}

}  // namespace st
