// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/json_node.h"

#include <algorithm>
#include <utility>

namespace st {
namespace {

/// A damaged list of a hundred thousand tokens is told by its first entries.
constexpr size_t MostProblems = 10;

}  // namespace

JsonNode JsonNode::operator[](const std::string& key) const {
  return {value_ == nullptr ? nullptr : value_->find(key), pointer_ + "/" + pointer_part(key),
          problems_};
}

std::vector<JsonNode> JsonNode::entries() const {
  std::vector<JsonNode> entries;
  const json::Array* list = value_ == nullptr ? nullptr : value_->array();
  if (list == nullptr) {
    expected("a list");
    return entries;
  }
  entries.reserve(list->size());
  for (const json::Value& entry : *list)
    entries.emplace_back(&entry, pointer_ + "/" + std::to_string(entries.size()), problems_);
  return entries;
}

std::vector<std::pair<const std::string*, JsonNode>> JsonNode::members() const {
  std::vector<std::pair<const std::string*, JsonNode>> members;
  const json::Object* object = value_ == nullptr ? nullptr : value_->object();
  if (object == nullptr) {
    expected("an object");
    return members;
  }
  members.reserve(object->size());
  for (const auto& [key, value] : *object)
    members.emplace_back(&key, JsonNode(&value, pointer_ + "/" + pointer_part(key), problems_));
  return members;
}

std::string JsonNode::text() const {
  if (value_ != nullptr && value_->string() != nullptr) return *value_->string();
  expected("a string");
  return "";
}

std::string JsonNode::text_or(const std::string& otherwise) const {
  return there() ? text() : otherwise;
}

bool JsonNode::flag_or(bool otherwise) const {
  if (!there()) return otherwise;
  if (value_->boolean() != nullptr) return *value_->boolean();
  expected("true or false");
  return otherwise;
}

double JsonNode::number() const {
  const std::optional<double> number = value_ == nullptr ? std::nullopt : value_->real();
  if (!number) expected("a number");
  return number.value_or(0);
}

int32_t JsonNode::id(int64_t most) const {
  const int64_t* id = value_ == nullptr ? nullptr : value_->integer();
  if (id != nullptr && *id >= 0 && *id <= most) return static_cast<int32_t>(*id);
  expected("an id from 0 to " + std::to_string(most));
  return 0;
}

void JsonNode::allow(std::initializer_list<std::string_view> known) const {
  if (value_ == nullptr || value_->object() == nullptr) return;
  for (const auto& [key, node] : members())
    if (std::find(known.begin(), known.end(), *key) == known.end())
      node.refuse("member '" + printable(*key) + "' is not known here");
}

void JsonNode::wrong(const std::string& message) const { report("E0103", message, ""); }

void JsonNode::refuse(const std::string& message, const std::string& help) const {
  report("E0106", message, help);
}

void JsonNode::report(const char* code, const std::string& message, const std::string& help) const {
  if (problems_->found.size() >= MostProblems) return;
  problems_->found.push_back(
      {code, message, problems_->file + " " + (pointer_.empty() ? "/" : pointer_), {}, help});
}

void JsonNode::expected(const std::string& what) const {
  wrong("expected " + what + ", found " +
        (value_ == nullptr ? std::string("nothing") : std::string(value_->kind())));
}

}  // namespace st
