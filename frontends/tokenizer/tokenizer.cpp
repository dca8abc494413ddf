// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/support/json.h"
#include "core/support/read_file.h"
#include "core/tokenizer/files/form_file.h"
#include "frontends/tokenizer/huggingface.h"
#include "frontends/tokenizer/llama2c.h"
#include "frontends/tokenizer/plain.h"
#include "frontends/tokenizer/sentencepiece.h"

namespace st {
namespace {

constexpr const char* Where = "metadata streamtensor.tokenizer";

Diagnostic wrong(const std::string& message, const std::string& pointer, std::string help = "") {
  return {"E0103", message, pointer.empty() ? Where : Where + (" " + pointer), {}, std::move(help)};
}

Result<tokens::Id> read_id(const json::Value& value, const std::string& pointer) {
  const int64_t* id = value.integer();
  if (id == nullptr || *id < 0 || *id >= static_cast<int64_t>(tokens::MostTokens))
    return wrong("'" + pointer.substr(1, pointer.find('/', 1) - 1) + "' must be a token id",
                 pointer);
  return static_cast<tokens::Id>(*id);
}

/// The ids that member `key` gives: one, or a list; none if there is no such member.
Result<std::vector<tokens::Id>> read_ids(const json::Value& record, const std::string& key) {
  const json::Value* value = record.find(key);
  std::vector<tokens::Id> ids;
  if (value == nullptr || value->is_null()) return ids;
  if (const json::Array* list = value->array()) {
    for (const json::Value& entry : *list) {
      ST_TRY(id, read_id(entry, "/" + key + "/" + std::to_string(ids.size())));
      ids.push_back(id);
    }
    return ids;
  }
  ST_TRY(id, read_id(*value, "/" + key));
  ids.push_back(id);
  return ids;
}

/// The file that the metadata name. A model may only name its neighbours: no folders, and no way
/// out.
Result<std::string> file_name(const json::Value& record) {
  const json::Value* name = record.find("file");
  if (name == nullptr || name->string() == nullptr || name->string()->empty() ||
      name->string()->find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos ||
      *name->string() == "..")
    return wrong("'file' must name a file beside the model", "/file");
  return *name->string();
}

using FormResult = Result<tokens::Form>;

/// A type of tokenizer with a file.
struct FileType {
  const char* name;
  const char* kept_as;
  FormResult (*read)(const std::string& bytes, const std::string& name);
  std::optional<tokens::Id> bos;  ///< by default
};

constexpr FileType FileTypes[] = {
    {"huggingface", "tokenizer.json", &read_huggingface, std::nullopt},
    {"llama2c", "tokenizer.bin", &read_llama2c, 1},
    {"sentencepiece", "tokenizer.model", &read_sentencepiece, std::nullopt}};

const FileType* find_type(const json::Value& record) {
  const json::Value* type = record.find("type");
  if (type == nullptr || type->string() == nullptr) return nullptr;
  for (const FileType& known : FileTypes)
    if (*type->string() == known.name) return &known;
  return nullptr;
}

FormResult form_of_file(const FileType& type, const json::Value& record,
                        const std::filesystem::path& directory,
                        const std::optional<std::filesystem::path>& file) {
  ST_TRY(bos, read_ids(record, "bos"));
  std::filesystem::path path;
  if (file) {
    path = *file;
  } else {
    ST_TRY(name, file_name(record));
    path = directory / name;
  }
  auto bytes = read_file(path, LargestTokenizer);
  if (!bytes.ok()) {
    Diagnostics problems = bytes.errors();
    problems.front().help = "the tokenizer's file belongs beside the model";
    return problems;
  }
  ST_TRY(form, type.read(*bytes, path.string()));
  if (!bos.empty()) {
    form.prefix = bos;
  } else if (type.bos) {
    form.prefix = {*type.bos};
  }
  return std::move(form);
}

FormResult form_of(const json::Value& record, const std::filesystem::path& directory,
                   const std::optional<std::filesystem::path>& file) {
  const json::Value* type = record.find("type");
  const std::string name =
      type != nullptr && type->string() != nullptr ? *type->string() : std::string();
  if (name == "characters") return character_form(record, Where);
  ST_TRY(stops, read_ids(record, "stop"));
  FormResult form =
      wrong(name.empty() ? "the tokenizer has no type"
                         : "tokenizers of type '" + printable(name) + "' are unknown",
            "/type", "known types: bytes, characters, huggingface, llama2c, sentencepiece");
  if (name == "bytes") form = byte_form();
  if (const FileType* known = find_type(record))
    form = form_of_file(*known, record, directory, file);
  if (!form.ok()) return form;
  form->stops = stops;
  const auto is_token = [&](tokens::Id id) {
    return static_cast<size_t>(id) < form->tokens.size();
  };
  if (!std::all_of(stops.begin(), stops.end(), is_token))
    return wrong("'stop' is no token of the vocabulary", "/stop");
  if (!std::all_of(form->prefix.begin(), form->prefix.end(), is_token))
    return wrong("'bos' is no token of the vocabulary", "/bos");
  if (const std::string problem = tokens::problem_of(*form); !problem.empty())
    return wrong("the tokenizer cannot be used: " + problem, "");
  return form;
}

}  // namespace

Result<std::vector<int64_t>> Tokenizer::encode(const std::string& text) const {
  tokens::Encoded encoded = tokenizer_.encode(text);
  if (encoded.problem.empty()) return std::vector<int64_t>(encoded.ids.begin(), encoded.ids.end());
  Diagnostic problem{"E0604", encoded.problem, "prompt", {}, ""};
  if (!encoded.character.empty()) {
    problem.message =
        "character '" + printable(encoded.character) + "' is not in the model's vocabulary";
    constexpr size_t MostShown = 200;
    std::string listed = "the vocabulary is:";
    const auto& all = tokenizer_.form().tokens;
    for (size_t i = 0; i < all.size() && i < MostShown; ++i) listed += " " + printable(all[i].text);
    problem.details = {listed + (all.size() > MostShown ? " ..." : "")};
    if (const size_t at = text.find(encoded.character); at != std::string::npos) {
      size_t position = 1;
      for (size_t i = 0; i < at; i += tokens::character_at(text, i).size) ++position;
      problem.where = "prompt, character " + std::to_string(position);
    }
  }
  return problem;
}

std::string Tokenizer::decode(int64_t previous, int64_t id) const {
  const auto narrow = [&](int64_t wide) {
    return wide >= 0 && wide < vocabulary_size() ? static_cast<tokens::Id>(wide) : tokens::NoId;
  };
  return tokenizer_.decode(narrow(previous), narrow(id));
}

int64_t Tokenizer::vocabulary_size() const {
  return static_cast<int64_t>(tokenizer_.form().tokens.size());
}

std::string Tokenizer::file() const { return tokens::form_file(tokenizer_.form()); }

Result<std::unique_ptr<Tokenizer>> make_tokenizer(
    const std::string& metadata_json, const std::filesystem::path& directory,
    const std::optional<std::filesystem::path>& file) {
  ST_TRY(record, json::parse(metadata_json, Where));
  ST_TRY(form, form_of(record, directory, file));
  return std::make_unique<Tokenizer>(std::move(form));
}

Result<std::optional<TokenizerFile>> tokenizer_file(const std::string& metadata_json) {
  ST_TRY(record, json::parse(metadata_json, Where));
  const FileType* type = find_type(record);
  if (type == nullptr) return std::optional<TokenizerFile>();
  ST_TRY(name, file_name(record));
  return std::optional(TokenizerFile{name, type->kept_as});
}

Result<std::unique_ptr<Tokenizer>> read_tokens_file(const std::string& bytes) {
  tokens::Form form;
  if (const std::string problem = tokens::read_form(bytes, form); !problem.empty())
    return Diagnostic{
        "E0602", std::string(TokensFile) + ": " + problem, TokensFile, {}, "build again"};
  return std::make_unique<Tokenizer>(std::move(form));
}

}  // namespace st
