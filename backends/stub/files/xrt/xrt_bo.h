// SPDX-License-Identifier: Apache-2.0
/// Stand-in for XRT's header of the same name: buffers with a host side and a device side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "xrt_device.h"

enum xclBOSyncDirection { XCL_BO_SYNC_BO_TO_DEVICE = 0, XCL_BO_SYNC_BO_FROM_DEVICE = 1 };

namespace xrt {

using memory_group = std::uint32_t;

/// A buffer object. Both sides really exist, so that a forgotten sync shows here as it would on a
/// card. Copies share the memory.
class bo {
 public:
  bo() = default;
  /// `size` zero bytes. Throws std::invalid_argument for no bytes or an unknown bank.
  bo(const device& /*where*/, std::size_t size, memory_group group) {
    if (size == 0) throw std::invalid_argument("a buffer of 0 bytes");
    if (group != 0) throw std::invalid_argument("no memory bank " + std::to_string(group));
    memory_ = std::make_shared<Memory>(size);
  }

  [[nodiscard]] std::size_t size() const { return memory().host.size(); }

  /// Copies to the host side, `seek` bytes from its start.
  void write(const void* source, std::size_t bytes, std::size_t seek) {
    check(bytes, seek);
    std::memcpy(memory().host.data() + seek, source, bytes);
  }
  /// Copies from the host side, `skip` bytes from its start.
  void read(void* target, std::size_t bytes, std::size_t skip) {
    check(bytes, skip);
    std::memcpy(target, memory().host.data() + skip, bytes);
  }
  /// Copies `bytes` bytes between the two sides.
  void sync(xclBOSyncDirection direction, std::size_t bytes, std::size_t offset) {
    check(bytes, offset);
    unsigned char* host = memory().host.data() + offset;
    unsigned char* card = memory().device.get() + offset;
    if (direction == XCL_BO_SYNC_BO_TO_DEVICE) {
      std::memcpy(card, host, bytes);
    } else {
      std::memcpy(host, card, bytes);
    }
  }
  void sync(xclBOSyncDirection direction) { sync(direction, size(), 0); }

  /// What a kernel gets: the device side. Not in XRT.
  [[nodiscard]] void* stub_device_memory() const { return memory().device.get(); }

 private:
  struct Memory {
    // Aligned as on a card, but not rounded up in size: a memory checker then sees a kernel run
    // over the end.
    explicit Memory(std::size_t size) : host(size) {
      constexpr std::size_t Page = 4096;
      void* pages = nullptr;
      if (posix_memalign(&pages, Page, size) != 0) throw std::bad_alloc();
      std::memset(pages, 0, size);
      device.reset(static_cast<unsigned char*>(pages));
    }
    struct Free {
      void operator()(unsigned char* pages) const { std::free(pages); }
    };
    std::vector<unsigned char> host;
    std::unique_ptr<unsigned char, Free> device;
  };

  [[nodiscard]] Memory& memory() const {
    if (!memory_) throw std::runtime_error("use of an empty buffer object");
    return *memory_;
  }
  void check(std::size_t bytes, std::size_t offset) const {
    if (offset > size() || bytes > size() - offset) {
      throw std::out_of_range("bytes " + std::to_string(offset) + " to " +
                              std::to_string(offset + bytes) + " of a buffer of " +
                              std::to_string(size()));
    }
  }

  std::shared_ptr<Memory> memory_;
};

}  // namespace xrt
