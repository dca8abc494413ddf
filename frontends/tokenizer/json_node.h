// SPDX-License-Identifier: Apache-2.0
/// A JSON document whose problems are collected with their pointers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/support/json.h"
#include "core/support/result.h"

namespace st {

/// Where problems of one document go.
struct NodeProblems {
  std::string file;  ///< printable
  Diagnostics found;
};

/// A value of a document, which may be missing. What is asked of it and is not there is a problem.
class JsonNode {
 public:
  JsonNode(const json::Value* value, std::string pointer, NodeProblems* problems)
      : value_(value), pointer_(std::move(pointer)), problems_(problems) {}

  /// Neither missing nor null.
  [[nodiscard]] bool there() const { return value_ != nullptr && !value_->is_null(); }
  [[nodiscard]] JsonNode operator[](const std::string& key) const;
  /// The entries of a list; a problem if it is none.
  [[nodiscard]] std::vector<JsonNode> entries() const;
  /// The members of an object with their keys; a problem if it is none.
  [[nodiscard]] std::vector<std::pair<const std::string*, JsonNode>> members() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string text_or(const std::string& otherwise) const;
  [[nodiscard]] bool flag_or(bool otherwise) const;
  [[nodiscard]] double number() const;
  /// An id from 0 to `most`.
  [[nodiscard]] int32_t id(int64_t most) const;
  [[nodiscard]] const json::Value* value() const { return value_; }

  /// E0106 for each member that is not one of `known`.
  void allow(std::initializer_list<std::string_view> known) const;
  /// E0103: the value makes no sense.
  void wrong(const std::string& message) const;
  /// E0106: it does, and is not supported.
  void refuse(const std::string& message, const std::string& help = "") const;

 private:
  void report(const char* code, const std::string& message, const std::string& help) const;
  void expected(const std::string& what) const;

  const json::Value* value_;
  std::string pointer_;
  NodeProblems* problems_;
};

}  // namespace st
