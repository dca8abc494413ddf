// SPDX-License-Identifier: Apache-2.0
/// Prompts as text: to ids, and ids to text as they come. What does it is in text.cpp, a source
/// that is the same for all models.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace host {

/// The model's tokenizer, from the build directory.
class Text {
 public:
  /// `vocabulary`: the model's ids are below that. Throws Failure if there is no tokenizer, or it
  /// is damaged.
  Text(const std::string& build, std::int32_t vocabulary);
  ~Text();
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  /// The ids of a prompt, at least one, each in the model's vocabulary. Throws Failure.
  [[nodiscard]] std::vector<std::int32_t> ids_of(const std::string& prompt) const;
  /// Ids that end a text.
  [[nodiscard]] const std::vector<std::int32_t>& stops() const;
  /// The bytes of an id behind another one.
  [[nodiscard]] std::string decode(std::int32_t previous, std::int32_t id) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
  std::int32_t vocabulary_;
};

/// The text of ids, one after another. A character that is spread over several ids comes with its
/// last one; bytes that make no character come as they are.
class TextOfIds {
 public:
  /// `previous`: the last id of the prompt.
  TextOfIds(const Text& text, std::int32_t previous) : text_(text), previous_(previous) {}

  std::string next(std::int32_t id);
  /// What is left at the end.
  std::string rest();

 private:
  const Text& text_;
  std::int32_t previous_;
  std::string kept_;
};

}  // namespace host
