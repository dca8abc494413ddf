// SPDX-License-Identifier: Apache-2.0
/// A form as a file, "streamtensor.tokenizer/1": numbers little-endian, lists and texts with their
/// lengths in front, a checksum (64 bits of FNV-1a) at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "form.h"

namespace tokens {

inline constexpr std::string_view FormMagic = "streamtensor.tokenizer/1\n";

inline std::uint64_t form_checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// What goes through a form in the order of its file; a reader and a writer are the same text.
template <typename File>
void form_fields(File& file, Form& form) {
  file.byte(form.algorithm);
  file.byte(form.unit);
  for (bool* flag : {&form.byte_fallback, &form.fuse_unknown, &form.whole_pieces,
                     &form.single_precision, &form.marks_spaces, &form.drops_first_space})
    file.byte(*flag);
  file.id(form.unknown);
  file.list(form.tokens, [&](Token& token) {
    file.byte(token.kind);
    file.text(token.text);
    if (form.algorithm != Algorithm::RankedMerges) file.real(token.score);
  });
  file.list(form.merges, [&](Merge& merge) {
    file.id(merge.left);
    file.id(merge.right);
    file.id(merge.result);
  });
  for (std::vector<Step>* steps : {&form.normaliser, &form.splitter}) {
    file.list(*steps, [&](Step& step) {
      file.byte(step.kind);
      file.text(step.from);
      file.text(step.to);
      file.byte(step.behaviour);
      file.byte(step.invert);
    });
  }
  file.list(form.added, [&](AddedToken& added) {
    file.text(added.text);
    file.id(added.id);
    for (bool* flag : {&added.normalised, &added.strip_left, &added.strip_right}) file.byte(*flag);
  });
  for (std::vector<Id>* ids : {&form.prefix, &form.suffix, &form.stops})
    file.list(*ids, [&](Id& id) { file.id(id); });
}

class FormWriter {
 public:
  template <typename Value>
  void byte(const Value& value) {
    bytes += static_cast<char>(value);
  }
  void number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
  }
  void id(const Id& id) { number(static_cast<std::uint32_t>(id), 4); }
  void real(const double& value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    number(bits, 8);
  }
  void text(const std::string& text) {
    number(text.size(), 4);
    bytes += text;
  }
  template <typename Entry, typename Fields>
  void list(std::vector<Entry>& entries, Fields fields) {
    number(entries.size(), 4);
    for (Entry& entry : entries) fields(entry);
  }

  std::string bytes;
};

/// Reads no byte beyond the end; whether there were enough is asked once, behind all.
class FormReader {
 public:
  explicit FormReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Value>
  void byte(Value& value) {
    value = static_cast<Value>(number(1));
  }
  void byte(bool& value) {
    const std::uint64_t read = number(1);
    damaged_ = damaged_ || read > 1;
    value = read == 1;
  }
  std::uint64_t number(std::size_t size) {
    if (size > bytes_.size() - at_) {
      damaged_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += size;
    return value;
  }
  void id(Id& id) { id = static_cast<Id>(static_cast<std::uint32_t>(number(4))); }
  void real(double& value) {
    const std::uint64_t bits = number(8);
    std::memcpy(&value, &bits, sizeof value);
  }
  void text(std::string& text) {
    const std::uint64_t size = number(4);
    if (size > bytes_.size() - at_) {
      damaged_ = true;
      return;
    }
    text = bytes_.substr(at_, size);
    at_ += size;
  }
  template <typename Entry, typename Fields>
  void list(std::vector<Entry>& entries, Fields fields) {
    const std::uint64_t count = number(4);
    for (std::uint64_t i = 0; i < count && !damaged_; ++i) {
      entries.emplace_back();
      fields(entries.back());
    }
  }

  /// Whether all of the bytes were read, and they were enough.
  bool complete() const { return !damaged_ && at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool damaged_ = false;
};

/// The file of `form`.
inline std::string form_file(Form form) {
  FormWriter writer;
  writer.bytes = FormMagic;
  form_fields(writer, form);
  writer.number(form_checksum(writer.bytes), 8);
  return std::move(writer.bytes);
}

/// Reads a file into `form`. Returns what is wrong with it, "" if nothing is.
inline std::string read_form(std::string_view bytes, Form& form) {
  constexpr std::size_t Checksum = 8;
  if (bytes.substr(0, FormMagic.size()) != FormMagic) return "it is no tokenizer of this version";
  if (bytes.size() < FormMagic.size() + Checksum) return "it is cut off";
  const std::string_view content = bytes.substr(0, bytes.size() - Checksum);
  if (FormReader(bytes.substr(content.size())).number(Checksum) != form_checksum(content))
    return "its checksum is wrong: it is damaged";
  FormReader reader(content.substr(FormMagic.size()));
  form = Form();
  form_fields(reader, form);
  return reader.complete() ? problem_of(form) : "it is damaged";
}

}  // namespace tokens
