// SPDX-License-Identifier: Apache-2.0
/// Base64 (RFC 4648), which is how protobuf's JSON mapping writes bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace st {

/// The bytes; nullopt if `text` is not base64. The URL-safe alphabet and missing padding are read
/// as well, as protobuf does.
std::optional<std::string> decode_base64(std::string_view text);

/// The padded base64 text of `bytes`.
std::string encode_base64(std::string_view bytes);

}  // namespace st
