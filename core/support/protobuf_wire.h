// SPDX-License-Identifier: Apache-2.0
/// Protobuf's wire format: a message as a sequence of fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace st {

/// How a field is written.
enum class WireType : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// One field of a message.
struct WireField {
  uint64_t number = 0;
  WireType type = WireType::Varint;
  uint64_t value = 0;                ///< of Varint; the bits of Fixed64 and Fixed32
  std::span<const std::byte> bytes;  ///< of Bytes
};

/// Walks through the fields of one message. Nothing is copied, and each length is checked against
/// the message's end.
class WireReader {
 public:
  /// `message` is a part of `file`, by whose start places are told.
  WireReader(std::span<const std::byte> message, const std::byte* file)
      : message_(message), file_(file) {}

  /// The next field; nullopt at the end, and where the message is damaged: see problem().
  std::optional<WireField> next();
  /// The next varint of a packed list; nullopt as above.
  std::optional<uint64_t> varint();
  /// The next little-endian number of 4 or 8 bytes; nullopt as above.
  std::optional<uint64_t> fixed(size_t width);

  [[nodiscard]] bool at_end() const { return at_ == message_.size(); }
  /// What is wrong, empty as long as nothing is.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Offset in the file of what was read last, or is wrong.
  [[nodiscard]] size_t offset() const {
    return static_cast<size_t>(message_.data() - file_) + last_;
  }

 private:
  std::nullopt_t fail(std::string what);

  std::span<const std::byte> message_;
  const std::byte* file_;
  size_t at_ = 0, last_ = 0;  ///< offsets in the message
  std::string problem_;
};

}  // namespace st
