// SPDX-License-Identifier: Apache-2.0
/// The file that XRT loads: a header and sections, in the layout of XRT's xclbin.h ("axlf"). All
/// numbers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace st::xclbin {

/// Sections that this project writes, as XRT numbers them.
enum class SectionKind : uint32_t {
  Bitstream = 0,
  EmbeddedMetadata = 2,
  MemTopology = 6,
  Connectivity = 7,
  IpLayout = 8,
  GroupTopology = 26,
  GroupConnectivity = 27,
};

struct Section {
  SectionKind kind;
  std::string bytes;
};

using Uuid = std::array<uint8_t, 16>;

/// Bytes of a structure, field by field.
class Bytes {
 public:
  template <typename Integer>
  Bytes& number(Integer value) {
    static_assert(std::is_integral_v<Integer>);
    for (size_t b = 0; b < sizeof value; ++b)
      bytes_ += static_cast<char>(static_cast<uint64_t>(value) >> 8 * b & 0xff);
    return *this;
  }
  /// `text` and zeroes, `size` bytes together; what is too long is cut, and a zero always follows.
  Bytes& text(std::string_view text, size_t size) {
    const std::string_view kept = text.substr(0, size - 1);
    bytes_ += kept;
    return zeroes(size - kept.size());
  }
  Bytes& zeroes(size_t count) {
    bytes_.append(count, '\0');
    return *this;
  }
  Bytes& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::string& take() const { return bytes_; }

 private:
  std::string bytes_;
};

/// The whole file. `platform` is the shell's name, of which XRT keeps 63 characters; `id` is what
/// XRT calls the design by. The time stamp is 0, so that equal designs are equal files.
std::string container(const std::string& platform, const Uuid& id,
                      const std::vector<Section>& sections);

}  // namespace st::xclbin
