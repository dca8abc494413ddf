// SPDX-License-Identifier: Apache-2.0
#include "core/network/file_reader.h"

#include <algorithm>

#include "core/support/near_names.h"

namespace st {
namespace {

constexpr size_t MostProblems = 1000;
/// Problems with suggestions: each name is compared with all known ones.
constexpr size_t MostSuggestions = 50;
constexpr int64_t MostCount = int64_t{1} << 40;

}  // namespace

void FileReader::report(const std::string& pointer, const std::string& message,
                        const std::string& help) {
  if (problems_.size() >= MostProblems) return;
  problems_.push_back(
      {"E0330", message, file_ + ", " + (pointer.empty() ? "/" : pointer), {}, help});
}

bool FileReader::suggests() const { return problems_.size() < MostSuggestions; }

void FileReader::unknown(const std::string& pointer, const std::string& message,
                         const std::string& name, const std::vector<std::string>& known) {
  report(pointer, message, suggests() ? did_you_mean(name, known) : "");
}

bool FileReader::object(const json::Value& value, const std::string& pointer,
                        const std::vector<std::string>& keys) {
  if (value.object() == nullptr) {
    report(pointer, "must be an object");
    return false;
  }
  for (const auto& [key, unused] : *value.object()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      unknown(pointer + "/" + pointer_part(key), "unknown key '" + printable(key) + "'", key, keys);
    }
  }
  return true;
}

bool FileReader::member(const json::Value& parent, const std::string& pointer,
                        const std::string& key) {
  if (parent.find(key) != nullptr) return true;
  report(pointer + "/" + key, "is missing");
  return false;
}

bool FileReader::text(const json::Value& parent, const std::string& pointer, const std::string& key,
                      std::string& out, bool needed) {
  if (needed && !member(parent, pointer, key)) return false;
  const json::Value* value = parent.find(key);
  if (value == nullptr) return false;
  if (value->string() != nullptr) {
    out = *value->string();
    return true;
  }
  report(pointer + "/" + key, "must be a string");
  return false;
}

bool FileReader::number(const json::Value& parent, const std::string& pointer,
                        const std::string& key, int64_t& out) {
  const json::Value* value = parent.find(key);
  if (value == nullptr) return false;
  if (value->integer() != nullptr) {
    out = *value->integer();
    return true;
  }
  report(pointer + "/" + pointer_part(key), "must be a whole number");
  return false;
}

bool FileReader::boolean(const json::Value& parent, const std::string& pointer,
                         const std::string& key, bool& out) {
  const json::Value* value = parent.find(key);
  if (value == nullptr) return false;
  if (value->boolean() != nullptr) {
    out = *value->boolean();
    return true;
  }
  report(pointer + "/" + key, "must be true or false");
  return false;
}

bool FileReader::count(const json::Value& parent, const std::string& pointer,
                       const std::string& key, int64_t& out) {
  int64_t read = 0;
  if (!number(parent, pointer, key, read)) return false;
  if (read < 1 || read > MostCount) {
    report(pointer + "/" + key, "is " + std::to_string(read) + ", but must be from 1 to 2^40");
    return false;
  }
  out = read;
  return true;
}

void FileReader::each(const json::Value& parent, const std::string& pointer, const std::string& key,
                      const std::function<void(const json::Value&, const std::string&)>& what) {
  const json::Value* value = parent.find(key);
  if (value == nullptr) return;
  if (value->array() == nullptr) {
    report(pointer + "/" + key, "must be an array");
    return;
  }
  for (size_t i = 0; i < value->array()->size(); ++i) {
    what((*value->array())[i], pointer + "/" + key + "/" + std::to_string(i));
  }
}

}  // namespace st
