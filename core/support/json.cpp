// SPDX-License-Identifier: Apache-2.0
#include "core/support/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace st::json {
namespace {

using Reader = nlohmann::json;

constexpr size_t ShownLine = 100;  ///< bytes of an offending line

/// Line and column (from 1) of byte `offset`, with the text around it.
struct Position {
  size_t line = 1;
  size_t column = 1;
  std::vector<std::string> excerpt;
};

/// Moves `at` back to the first byte of a UTF-8 character.
size_t character_start(std::string_view text, size_t at) {
  while (at > 0 && at < text.size() && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

Position locate(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  // The end of a file that ends in newlines is shown on its last line with text.
  if (offset == text.size()) {
    while (offset > 0 && (text[offset - 1] == '\n' || text[offset - 1] == '\r')) --offset;
  }
  const std::string_view before = text.substr(0, offset);
  Position position;
  position.line += static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  position.column = offset - begin + 1;
  const size_t end = std::min(text.find('\n', offset), text.size());

  // One-line files are common: show the part of the line around the place.
  const size_t from =
      character_start(text, position.column > ShownLine / 2 ? offset - ShownLine / 2 : begin);
  const size_t to = character_start(text, std::min(end, from + ShownLine));
  const std::string lead =
      (from > begin ? "..." : "") + printable(text.substr(from, offset - from));
  position.excerpt = {lead + printable(text.substr(offset, to - offset)) + (to < end ? "..." : ""),
                      std::string(lead.size(), ' ') + "^"};
  return position;
}

/// Builds the tree, and stops at the first thing that is wrong.
class Builder : public nlohmann::json_sax<Reader> {
 public:
  Builder(std::string_view text, const std::string& name, const Limits& limits)
      : text_(text), name_(name), limits_(limits) {}

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(Value::Data(value))); }
  bool number_integer(number_integer_t value) override { return add(Value(Value::Data(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<uint64_t>(INT64_MAX)) return add(Value(Value::Data(double(value))));
    return add(Value(Value::Data(static_cast<int64_t>(value))));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return add(Value(Value::Data(value)));
  }
  bool string(string_t& value) override { return add(Value(Value::Data(std::move(value)))); }
  bool binary(binary_t&) override { return false; }  // no such thing in text
  bool start_object(size_t) override { return open(Value(Value::Data(Object()))); }
  bool start_array(size_t) override { return open(Value(Value::Data(Array()))); }
  bool key(string_t& name) override {
    keys_.back() = std::move(name);
    return true;
  }
  bool end_array() override { return close(); }
  bool end_object() override {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : *stack_.back().object()) names.push_back(name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) {
      problem_ = {"E0102",
                  "key '" + printable(*twice) + "' appears twice in one object",
                  name_,
                  {},
                  "a reader would silently drop one of them: remove it"};
      return false;
    }
    return close();
  }
  bool parse_error(size_t offset, const std::string&, const Reader::exception& error) override {
    // Its text starts with "[...] parse error at line 1, column 2: "; the place is told apart here.
    std::string message = error.what();
    if (const size_t at = message.find("] "); at != std::string::npos) message.erase(0, at + 2);
    if (const size_t at = message.find("column "); at != std::string::npos) {
      if (const size_t colon = message.find(": ", at); colon != std::string::npos) {
        message.erase(0, colon + 2);
      }
    }
    const Position position = locate(text_, offset == 0 ? 0 : offset - 1);
    constexpr size_t LongestMessage = 300;  // it may quote a number of any length
    problem_ = {"E0102", "this is not valid JSON: " + printable(message, LongestMessage),
                name_ + ":" + std::to_string(position.line) + ":" + std::to_string(position.column),
                position.excerpt, ""};
    return false;
  }

  Value root;
  [[nodiscard]] const Diagnostic& problem() const { return problem_; }

 private:
  bool add(Value value) {
    if (++values_ > limits_.values) {
      problem_ = {"E0104",
                  "the document has more than " + std::to_string(limits_.values) + " values",
                  name_,
                  {},
                  "store weights in an HDF5 file instead"};
      return false;
    }
    if (stack_.empty()) {
      root = std::move(value);
    } else if (Array* array = stack_.back().array()) {
      array->push_back(std::move(value));
    } else {
      stack_.back().object()->emplace_back(std::move(keys_.back()), std::move(value));
    }
    return true;
  }
  bool open(Value value) {
    if (stack_.size() >= limits_.depth) {
      problem_ = {
          "E0104",
          "the document is nested more than " + std::to_string(limits_.depth) + " levels deep",
          name_,
          {},
          ""};
      return false;
    }
    stack_.push_back(std::move(value));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Value value = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    return add(std::move(value));
  }

  std::string_view text_;
  const std::string& name_;
  const Limits& limits_;
  std::vector<Value> stack_;       ///< open arrays and objects
  std::vector<std::string> keys_;  ///< the key that waits for its value, per open object
  size_t values_ = 0;
  Diagnostic problem_;
};

}  // namespace

std::optional<double> Value::real() const {
  if (const auto* value = std::get_if<double>(&data_)) return *value;
  if (const auto* value = std::get_if<int64_t>(&data_)) return static_cast<double>(*value);
  return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  for (const auto& [name, value] : *members) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string_view Value::kind() const {
  constexpr std::string_view Names[] = {"null",     "a boolean", "a number",  "a number",
                                        "a string", "an array",  "an object", "bytes"};
  return Names[data_.index()];
}

Result<Value> parse(std::string_view text, const std::string& name, const Limits& limits) {
  Builder builder(text, name, limits);
  if (Reader::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
  return builder.problem();
}

}  // namespace st::json
