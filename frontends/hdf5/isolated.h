// SPDX-License-Identifier: Apache-2.0
/// Work in a child process: HDF5 crashes or loops on some damaged files, and must not take the
/// program along. Private to this folder.
#pragma once

#include <sys/mman.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace st::hdf5 {

/// What became of the work.
struct Outcome {
  std::string bytes;    ///< what it returned
  std::string failure;  ///< "" if it ended well, else how it ended: "it crashed", ...
};

/// Runs `work` in a child process that is killed after `limit`, and returns the bytes that it
/// returned. The child changes nothing here but SharedMemory. Where no process can be started, the
/// work is done in this one.
Outcome run_isolated(const std::function<std::string()>& work, std::chrono::seconds limit);

/// Zeroed memory that a child process writes for its parent.
class SharedMemory {
 public:
  /// `ok()` is false if the system has no `size` bytes of addresses left.
  explicit SharedMemory(size_t size)
      : size_(size == 0 ? 1 : size),
        data_(mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {}
  ~SharedMemory() {
    if (ok()) munmap(data_, size_);
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  [[nodiscard]] bool ok() const { return data_ != MAP_FAILED; }
  [[nodiscard]] void* data() const { return data_; }

 private:
  size_t size_;
  void* data_;
};

}  // namespace st::hdf5
