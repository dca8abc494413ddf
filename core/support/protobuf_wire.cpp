// SPDX-License-Identifier: Apache-2.0
#include "core/support/protobuf_wire.h"

#include <utility>

namespace st {
namespace {

constexpr uint64_t MostFieldNumber = (uint64_t{1} << 29) - 1;  ///< what protobuf allows

std::string bytes_text(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

}  // namespace

std::nullopt_t WireReader::fail(std::string what) {
  problem_ = std::move(what);
  at_ = message_.size();
  return std::nullopt;
}

std::optional<uint64_t> WireReader::varint() {
  last_ = at_;
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == message_.size()) return fail("a number is cut off");
    const auto byte = std::to_integer<uint64_t>(message_[at_++]);
    if (shift == 63 && byte > 1) break;
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
  return fail("a number has more than 64 bits");
}

std::optional<uint64_t> WireReader::fixed(size_t width) {
  last_ = at_;
  if (message_.size() - at_ < width) return fail("a number is cut off");
  uint64_t value = 0;
  for (size_t b = width; b-- > 0;)
    value = value << 8 | std::to_integer<uint64_t>(message_[at_ + b]);
  at_ += width;
  return value;
}

std::optional<WireField> WireReader::next() {
  if (at_end()) return std::nullopt;
  const size_t start = at_;
  const auto key = varint();
  if (!key) return std::nullopt;
  WireField field;
  field.number = *key >> 3;
  const uint64_t type = *key & 7;
  last_ = start;
  if (field.number == 0 || field.number > MostFieldNumber)
    return fail("there is no field number " + std::to_string(field.number));
  std::optional<uint64_t> value;
  switch (type) {
    case 0:
      value = varint();
      break;
    case 1:
      value = fixed(sizeof(uint64_t));
      break;
    case 5:
      value = fixed(sizeof(uint32_t));
      break;
    case 2: {
      const auto length = varint();
      if (!length) return std::nullopt;
      const size_t left = message_.size() - at_;
      if (*length > left)
        return fail("a field has " + bytes_text(*length) + ", where " + bytes_text(left) +
                    " are left");
      field.bytes = message_.subspan(at_, *length);
      at_ += *length;
      value = 0;
      break;
    }
    case 3:
    case 4:
      return fail("a group is no field that is known");
    default:
      return fail("there is no wire type " + std::to_string(type));
  }
  if (!value) return std::nullopt;
  field.type = static_cast<WireType>(type);
  field.value = *value;
  last_ = start;
  return field;
}

}  // namespace st
