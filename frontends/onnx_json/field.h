// SPDX-License-Identifier: Apache-2.0
/// Reading a tree as protobuf messages, with every problem collected at its JSON pointer. The tree
/// is that of model.json, or the same from model.onnx, where bytes are not base64 but bytes.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/support/json.h"

namespace st::onnx_json {

/// Collects what is wrong with one file, up to a number that a person still reads.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  /// Adds a problem at `pointer`, a JSON pointer.
  void add(std::string_view code, std::string message, const std::string& pointer,
           std::vector<std::string> details = {}, std::string help = "");
  void add(const Diagnostics& problems);
  [[nodiscard]] bool empty() const { return list_.empty(); }
  /// The problems, with a last one that counts those left out.
  [[nodiscard]] Diagnostics list() const;
  /// "model.json /graph/node/41".
  [[nodiscard]] std::string where(const std::string& pointer) const;

 private:
  static constexpr size_t Most = 20;
  std::string file_;
  Diagnostics list_;
  size_t left_out_ = 0;
};

/// A value in the tree, perhaps absent (null counts as absent, as in protobuf), and where it is.
/// Accessors report E0103 when the value has the wrong kind, and return nothing.
class Field {
 public:
  Field(const json::Value* value, std::string pointer, Problems& problems)
      : value_(value != nullptr && value->is_null() ? nullptr : value),
        pointer_(std::move(pointer)),
        problems_(&problems) {}

  [[nodiscard]] bool present() const { return value_ != nullptr; }
  /// Present, and no empty array, string or bytes: some writers spell out all defaults.
  [[nodiscard]] bool filled() const;
  /// "/graph/node/41".
  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  /// "model.json /graph/node/41".
  [[nodiscard]] std::string where() const { return problems_->where(pointer_); }
  [[nodiscard]] Problems& problems() const { return *problems_; }

  /// Member `name`, given in camelCase; its snake_case spelling is read as well.
  [[nodiscard]] Field member(std::string_view name) const;
  /// Elements of a repeated field; none when absent.
  [[nodiscard]] std::vector<Field> items() const;

  /// Absent fields give nullopt without a complaint.
  [[nodiscard]] std::optional<std::string> string() const;
  /// Integers may be JSON numbers or decimal strings.
  [[nodiscard]] std::optional<int64_t> integer() const;
  /// The number as float32; strings may spell NaN, Infinity, -Infinity or a number.
  [[nodiscard]] std::optional<float> real() const;
  /// Base64 text as bytes, or bytes as they are. Errors: E0105.
  [[nodiscard]] std::optional<std::string> bytes() const;
  /// Bytes that are in the model's file as they are; nullptr for base64.
  [[nodiscard]] const json::Bytes* raw() const {
    return value_ == nullptr ? nullptr : value_->bytes();
  }
  /// An enumerator by name or number, -1 if it is neither; `names` are those of the numbers 0, 1,
  /// ...
  [[nodiscard]] std::optional<int64_t> enumerator(const std::vector<std::string_view>& names) const;
  /// Repeated numbers; empty when absent, nullopt after a complaint.
  [[nodiscard]] std::optional<std::vector<int64_t>> integers() const;
  [[nodiscard]] std::optional<std::vector<float>> reals() const;

  /// Whether this is an object whose members all have one of these names (camelCase). Complains.
  bool check_object(std::initializer_list<std::string_view> names) const;
  /// Reports E0103 here: "expected X, found Y".
  void expected(const std::string& what) const;

 private:
  const json::Value* value_;
  std::string pointer_;
  Problems* problems_;
};

}  // namespace st::onnx_json
