// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/plain.h"

#include <unordered_map>
#include <utility>

namespace st {

Result<tokens::Form> character_form(const json::Value& record, const std::string& where) {
  const auto wrong = [&](const std::string& message, const std::string& pointer) {
    return Diagnostic{"E0103", message, where + " " + pointer, {}, ""};
  };
  const json::Value* list = record.find("vocabulary");
  if (list == nullptr || list->array() == nullptr || list->array()->empty())
    return wrong("'vocabulary' must be a list of strings", "/vocabulary");
  tokens::Form form;
  std::unordered_map<std::string, tokens::Id> ids;
  for (const json::Value& item : *list->array()) {
    const std::string pointer = "/vocabulary/" + std::to_string(form.tokens.size());
    const std::string* text = item.string();
    if (text == nullptr || text->empty())
      return wrong("expected a string with a character, found " + std::string(item.kind()),
                   pointer);
    if (!ids.try_emplace(*text, static_cast<tokens::Id>(form.tokens.size())).second)
      return wrong("'" + printable(*text) + "' is in the vocabulary twice", pointer);
    form.tokens.push_back({*text});
  }
  if (const json::Value* value = record.find("stop"); value != nullptr && !value->is_null()) {
    const auto found = value->string() != nullptr ? ids.find(*value->string()) : ids.end();
    if (found == ids.end()) return wrong("'stop' is no entry of the vocabulary", "/stop");
    form.stops = {found->second};
  }
  return form;
}

tokens::Form byte_form() {
  tokens::Form form;
  form.unit = tokens::Unit::Bytes;
  constexpr int Bytes = 256;
  for (int byte = 0; byte < Bytes; ++byte)
    form.tokens.push_back({std::string(1, static_cast<char>(byte))});
  return form;
}

}  // namespace st
