// SPDX-License-Identifier: Apache-2.0
/// Typed access to config.json. What is wrong is collected, so that all of it is told at once.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/support/json.h"
#include "core/support/result.h"

namespace st::huggingface {

/// Far more than any extent of a model.
inline constexpr int64_t MostSize = int64_t{1} << 24;

/// Reads fields of one JSON object. A field that is null counts as absent; one that is absent takes
/// the default, or is an error where there is none.
class ConfigReader {
 public:
  /// `place`: the JSON pointer of the object, "" for the whole file. Both stay alive.
  ConfigReader(const json::Value& object, std::string place, Diagnostics& problems)
      : object_(object), place_(std::move(place)), problems_(problems) {}

  [[nodiscard]] bool has(const std::string& field) const { return value(field) != nullptr; }

  /// A positive integer, at most `most`.
  int64_t size(const std::string& field, std::optional<int64_t> otherwise = std::nullopt,
               int64_t most = MostSize);
  /// A finite number above 0.
  double positive(const std::string& field, std::optional<double> otherwise = std::nullopt);
  bool flag(const std::string& field, bool otherwise);
  std::string text(const std::string& field, std::optional<std::string> otherwise = std::nullopt);
  /// A list of strings; empty where it is absent.
  std::vector<std::string> texts(const std::string& field);
  /// The object of that name; nullptr where it is absent.
  const json::Value* object(const std::string& field);

  /// Complains (E0112) that `field` has a wrong value.
  void wrong(const std::string& field, const std::string& what, const std::string& help = "");
  /// Complains (E0111) that what `field` asks for is not supported.
  void unsupported(const std::string& field, const std::string& what, const std::string& help = "");
  /// "config.json /rope_scaling/factor".
  [[nodiscard]] std::string where(const std::string& field) const;
  /// "4", "\"yarn\"", "an object".
  [[nodiscard]] std::string shown(const std::string& field) const;

  /// Fields that nobody asked for, sorted.
  [[nodiscard]] std::vector<std::string> unread() const;
  [[nodiscard]] Diagnostics& problems() { return problems_; }

 private:
  /// The field unless it is null.
  [[nodiscard]] const json::Value* value(const std::string& field) const;
  const json::Value* asked(const std::string& field, bool needed);

  const json::Value& object_;
  std::string place_;
  Diagnostics& problems_;
  mutable std::set<std::string> read_;
};

}  // namespace st::huggingface
