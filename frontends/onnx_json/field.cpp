// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/support/near_names.h"
#include "frontends/onnx_json/base64.h"

namespace st::onnx_json {
namespace {

constexpr double ExactIntegers = 9007199254740992.0;  ///< 2^53: doubles below hold integers exactly

std::string snake_case(std::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += c;
    }
  }
  return snake;
}

/// `key` as a step of a JSON pointer (RFC 6901).
std::string pointer_step(std::string_view key) {
  std::string step;
  for (const char c : key) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

std::optional<int64_t> to_integer(const json::Value& value) {
  if (const int64_t* integer = value.integer()) return *integer;
  if (const std::string* text = value.string()) {
    int64_t parsed = 0;
    const char* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, parsed);
    if (error == std::errc() && rest == end && !text->empty()) return parsed;
    return std::nullopt;
  }
  const auto real = value.real();
  if (real && std::abs(*real) < ExactIntegers && std::trunc(*real) == *real) {
    return static_cast<int64_t>(*real);
  }
  return std::nullopt;
}

std::optional<float> to_real(const json::Value& value) {
  constexpr float Infinity = std::numeric_limits<float>::infinity();
  double real = 0;
  if (const std::string* text = value.string()) {
    if (*text == "NaN") return std::numeric_limits<float>::quiet_NaN();
    if (*text == "Infinity") return Infinity;
    if (*text == "-Infinity") return -Infinity;
    const char* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, real);
    if (error != std::errc() || rest != end || text->empty() || !std::isfinite(real)) {
      return std::nullopt;
    }
  } else if (const auto number = value.real()) {
    real = *number;
    if (!std::isfinite(real)) return static_cast<float>(real);  // only binary files hold these
  } else {
    return std::nullopt;
  }
  // Halfway between the largest float32 and the next power of two; from there on the number would
  // turn into infinity without a word. Shortest texts of the largest float32 lie between it and
  // this.
  constexpr double RoundsToInfinity = 0x1.ffffffp127;
  constexpr auto Largest = std::numeric_limits<float>::max();
  const double magnitude = std::abs(real);
  if (!(magnitude < RoundsToInfinity)) return std::nullopt;
  if (magnitude > Largest) return std::signbit(real) ? -Largest : Largest;
  return static_cast<float>(real);
}

template <typename T, typename Convert>
std::optional<std::vector<T>> to_list(const json::Value* value, Convert convert, const Field& field,
                                      const std::string& what, const std::string& element) {
  std::vector<T> list;
  if (value == nullptr) return list;
  const json::Array* array = value->array();
  if (array == nullptr) {
    field.expected(what);
    return std::nullopt;
  }
  list.reserve(array->size());
  for (size_t i = 0; i < array->size(); ++i) {
    const auto converted = convert((*array)[i]);
    if (!converted) {
      Field(&(*array)[i], field.pointer() + "/" + std::to_string(i), field.problems())
          .expected(element);
      return std::nullopt;
    }
    list.push_back(*converted);
  }
  return list;
}

std::string shown(const json::Value& value) {
  std::string text(value.kind());
  if (const std::string* string = value.string()) text += " '" + printable(*string, 60) + "'";
  if (const int64_t* integer = value.integer()) text += " " + std::to_string(*integer);
  return text;
}

}  // namespace

void Problems::add(std::string_view code, std::string message, const std::string& pointer,
                   std::vector<std::string> details, std::string help) {
  add({Diagnostic{std::string(code), std::move(message), where(pointer), std::move(details),
                  std::move(help)}});
}

void Problems::add(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems) {
    if (list_.size() < Most) {
      list_.push_back(problem);
    } else {
      ++left_out_;
    }
  }
}

Diagnostics Problems::list() const {
  Diagnostics all = list_;
  if (left_out_ > 0) {
    all.push_back({all.back().code,
                   std::to_string(left_out_) + " more problems are not shown",
                   file_,
                   {},
                   "correct those above first"});
  }
  return all;
}

std::string Problems::where(const std::string& pointer) const {
  return pointer.empty() ? file_ : file_ + " " + pointer;
}

Field Field::member(std::string_view name) const {
  if (value_ == nullptr) return {nullptr, pointer_ + "/" + std::string(name), *problems_};
  const json::Value* found = value_->find(name);
  std::string key(name);
  if (found == nullptr) {
    const std::string snake = snake_case(name);
    found = value_->find(snake);
    if (found != nullptr) key = snake;
  }
  return {found, pointer_ + "/" + key, *problems_};
}

bool Field::filled() const {
  if (value_ == nullptr) return false;
  const json::Array* array = value_->array();
  const std::string* text = value_->string();
  const json::Bytes* bytes = value_->bytes();
  return !(array != nullptr && array->empty()) && !(text != nullptr && text->empty()) &&
         !(bytes != nullptr && bytes->empty());
}

std::vector<Field> Field::items() const {
  std::vector<Field> fields;
  if (value_ == nullptr) return fields;
  const json::Array* array = value_->array();
  if (array == nullptr) {
    expected("an array");
    return fields;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    fields.emplace_back(&(*array)[i], pointer_ + "/" + std::to_string(i), *problems_);
    if ((*array)[i].is_null()) fields.back().expected("a value");
  }
  return fields;
}

std::optional<std::string> Field::string() const {
  if (value_ == nullptr) return std::nullopt;
  if (const std::string* text = value_->string()) return *text;
  expected("a string");
  return std::nullopt;
}

std::optional<int64_t> Field::integer() const {
  if (value_ == nullptr) return std::nullopt;
  const auto integer = to_integer(*value_);
  if (!integer) expected("a 64-bit integer");
  return integer;
}

std::optional<float> Field::real() const {
  if (value_ == nullptr) return std::nullopt;
  const auto real = to_real(*value_);
  if (!real) expected("a number in the range of float32");
  return real;
}

std::optional<std::string> Field::bytes() const {
  if (const json::Bytes* bytes = raw())
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto text = string();
  if (!text) return std::nullopt;
  auto bytes = decode_base64(*text);
  if (!bytes) {
    problems_->add("E0105", "'" + printable(*text, 60) + "' is not base64", pointer_,
                   {"protobuf's JSON mapping writes bytes as base64"},
                   text->size() <= 60 ? "for the text '" + printable(*text) + "' write '" +
                                            encode_base64(*text) + "'"
                                      : "");
  }
  return bytes;
}

std::optional<int64_t> Field::enumerator(const std::vector<std::string_view>& names) const {
  if (value_ == nullptr) return std::nullopt;
  if (const std::string* text = value_->string()) {
    const auto found = std::find(names.begin(), names.end(), *text);
    if (found != names.end()) return found - names.begin();
  }
  const auto number = to_integer(*value_);
  if (number && *number >= 0 && *number < static_cast<int64_t>(names.size())) return number;
  return -1;
}

std::optional<std::vector<int64_t>> Field::integers() const {
  return to_list<int64_t>(value_, to_integer, *this, "an array of integers", "a 64-bit integer");
}

std::optional<std::vector<float>> Field::reals() const {
  return to_list<float>(value_, to_real, *this, "an array of numbers",
                        "a number in the range of float32");
}

bool Field::check_object(std::initializer_list<std::string_view> names) const {
  const json::Object* members = value_ == nullptr ? nullptr : value_->object();
  if (members == nullptr) {
    expected("an object");
    return false;
  }
  bool good = true;
  for (const auto& [key, value] : *members) {
    bool known = false;
    for (const std::string_view name : names) {
      known = known || key == name || key == snake_case(name);
    }
    if (known) continue;
    // A misspelt field would silently leave its default in force.
    good = false;
    problems_->add("E0103", "unknown field '" + printable(key) + "'",
                   pointer_ + "/" + pointer_step(key), {},
                   did_you_mean(key, std::vector<std::string>(names.begin(), names.end())));
  }
  for (const std::string_view name : names) {
    const std::string snake = snake_case(name);
    if (snake == name || value_->find(name) == nullptr || value_->find(snake) == nullptr) continue;
    good = false;
    problems_->add("E0103", "both '" + std::string(name) + "' and '" + snake + "' are given",
                   pointer_);
  }
  return good;
}

void Field::expected(const std::string& what) const {
  problems_->add("E0103",
                 "expected " + what + ", found " + (value_ == nullptr ? "nothing" : shown(*value_)),
                 pointer_);
}

}  // namespace st::onnx_json
