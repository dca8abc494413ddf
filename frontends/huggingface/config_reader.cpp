// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/config_reader.h"

#include <array>
#include <charconv>
#include <cmath>

namespace st::huggingface {

const json::Value* ConfigReader::value(const std::string& field) const {
  read_.insert(field);
  const json::Value* found = object_.find(field);
  return found == nullptr || found->is_null() ? nullptr : found;
}

const json::Value* ConfigReader::asked(const std::string& field, bool needed) {
  const json::Value* found = value(field);
  if (found == nullptr && needed)
    problems_.push_back({"E0112",
                         "config.json has no '" + field + "'",
                         where(field),
                         {},
                         "this family of models needs it"});
  return found;
}

int64_t ConfigReader::size(const std::string& field, std::optional<int64_t> otherwise,
                           int64_t most) {
  const json::Value* found = asked(field, !otherwise);
  if (found == nullptr) return otherwise.value_or(1);
  const int64_t* number = found->integer();
  if (number != nullptr && *number > 0 && *number <= most) return *number;
  wrong(field, "is no integer from 1 to " + std::to_string(most));
  return otherwise.value_or(1);
}

double ConfigReader::positive(const std::string& field, std::optional<double> otherwise) {
  const json::Value* found = asked(field, !otherwise);
  if (found == nullptr) return otherwise.value_or(1);
  const std::optional<double> number = found->real();
  if (number && std::isfinite(*number) && *number > 0) return *number;
  wrong(field, "is no number above 0");
  return otherwise.value_or(1);
}

bool ConfigReader::flag(const std::string& field, bool otherwise) {
  const json::Value* found = value(field);
  if (found == nullptr) return otherwise;
  if (found->boolean() != nullptr) return *found->boolean();
  wrong(field, "is neither true nor false");
  return otherwise;
}

std::string ConfigReader::text(const std::string& field, std::optional<std::string> otherwise) {
  const json::Value* found = asked(field, !otherwise);
  if (found == nullptr) return otherwise.value_or("");
  if (found->string() != nullptr) return *found->string();
  wrong(field, "is no string");
  return otherwise.value_or("");
}

std::vector<std::string> ConfigReader::texts(const std::string& field) {
  std::vector<std::string> made;
  const json::Value* found = value(field);
  if (found == nullptr) return made;
  bool good = found->array() != nullptr;
  for (size_t i = 0; good && i < found->array()->size(); ++i) {
    const std::string* text = (*found->array())[i].string();
    good = text != nullptr;
    if (good) made.push_back(*text);
  }
  if (!good) wrong(field, "is no list of strings");
  return made;
}

const json::Value* ConfigReader::object(const std::string& field) {
  const json::Value* found = value(field);
  if (found == nullptr || found->object() != nullptr) return found;
  wrong(field, "is no object");
  return nullptr;
}

void ConfigReader::wrong(const std::string& field, const std::string& what,
                         const std::string& help) {
  problems_.push_back(
      {"E0112", "'" + field + "' is " + shown(field) + ", which " + what, where(field), {}, help});
}

void ConfigReader::unsupported(const std::string& field, const std::string& what,
                               const std::string& help) {
  problems_.push_back(
      {"E0111", "'" + field + "' is " + shown(field) + ": " + what, where(field), {}, help});
}

std::string ConfigReader::where(const std::string& field) const {
  return "config.json " + place_ + "/" + pointer_part(field);
}

std::string ConfigReader::shown(const std::string& field) const {
  const json::Value* found = object_.find(field);
  if (found == nullptr) return "absent";
  if (found->boolean() != nullptr) return *found->boolean() ? "true" : "false";
  if (found->integer() != nullptr) return std::to_string(*found->integer());
  if (found->string() != nullptr) return "\"" + printable(*found->string(), 60) + "\"";
  if (const auto number = found->real()) {
    std::array<char, 32> digits{};
    return {digits.data(),
            std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr};
  }
  return std::string(found->kind());
}

std::vector<std::string> ConfigReader::unread() const {
  std::vector<std::string> names;
  if (object_.object() == nullptr) return names;
  for (const auto& [name, value] : *object_.object()) {
    if (read_.count(name) == 0) names.push_back(name);
  }
  return names;
}

}  // namespace st::huggingface
