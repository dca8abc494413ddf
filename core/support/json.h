// SPDX-License-Identifier: Apache-2.0
/// JSON as a plain tree. The parser behind it is compiled once, in json.cpp, and trusts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/support/result.h"

namespace st::json {

class Value;
using Array = std::vector<Value>;
/// Members in the order of the file; keys are unique.
using Object = std::vector<std::pair<std::string, Value>>;
/// Bytes that somebody else keeps. No text holds them: readers of binary forms of a document do.
using Bytes = std::span<const std::byte>;

/// One JSON value. Numbers without fraction or exponent that fit 64 bits are integers, others real.
class Value {
 public:
  using Data =
      std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Object, Bytes>;

  Value() = default;
  explicit Value(Data data) : data_(std::move(data)) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
  /// The value, or nullptr when it is of another kind.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const int64_t* integer() const { return std::get_if<int64_t>(&data_); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data_); }
  [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data_); }
  [[nodiscard]] const Bytes* bytes() const { return std::get_if<Bytes>(&data_); }
  [[nodiscard]] Array* array() { return std::get_if<Array>(&data_); }
  [[nodiscard]] Object* object() { return std::get_if<Object>(&data_); }
  /// Any number as a double.
  [[nodiscard]] std::optional<double> real() const;
  /// Member `key`; nullptr when there is none, or this is no object.
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// "an object", "a string", ...: for messages.
  [[nodiscard]] std::string_view kind() const;

 private:
  Data data_;
};

/// What a document may cost before it is refused.
struct Limits {
  size_t depth = 64;           ///< nested arrays and objects
  size_t values = 10'000'000;  ///< about 40 bytes each
};

/// Parses `text`; `name` is the file's name in messages. Errors: E0102 syntax or a key that appears
/// twice, with line, column and the line itself; E0104 nested too deeply or too many values.
Result<Value> parse(std::string_view text, const std::string& name, const Limits& limits = {});

}  // namespace st::json
