// SPDX-License-Identifier: Apache-2.0
/// The checksum of parameter files.
#pragma once

#include <cstddef>
#include <cstdint>

namespace host {

/// 64-bit FNV-1a of `size` bytes. Catches damage and mix-ups, not an attacker.
inline std::uint64_t checksum(const void* data, std::size_t size) {
  constexpr std::uint64_t OffsetBasis = 0xcbf29ce484222325;
  constexpr std::uint64_t Prime = 0x100000001b3;
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t hash = OffsetBasis;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * Prime;
  return hash;
}

}  // namespace host
