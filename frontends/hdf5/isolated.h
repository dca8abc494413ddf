// SPDX-License-Identifier: Apache-2.0
/// Work in a child process: HDF5 crashes or loops on some damaged files, and must not take the
/// program along. Private to this folder.
#pragma once

#include <sys/mman.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace st::hdf5 {

/// Zeroed memory, of which the system gives only what is written.
class Memory {
 public:
  /// `ok()` is false if the system has no `size` bytes of addresses left.
  explicit Memory(size_t size)
      : size_(size),
        data_(mmap(nullptr, size == 0 ? 1 : size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {}
  ~Memory() {
    if (ok()) munmap(data_, size_ == 0 ? 1 : size_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  [[nodiscard]] bool ok() const { return data_ != MAP_FAILED; }
  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  size_t size_;
  void* data_;
};

/// What a request gives.
struct Answer {
  std::string head;
  std::unique_ptr<Memory> body = nullptr;  ///< nothing, or what follows the head
};

/// A child process that answers requests, one at a time. To start one costs a copy of all page
/// tables, and later of the pages that are written: it starts with the first request and stays.
/// Calls may come from any thread.
class Worker {
 public:
  using Work = std::function<Answer(const std::string& request)>;
  /// Where the parent wants the body, which has as many bytes, once it knows the head.
  using Room = std::function<std::span<std::byte>(const std::string& head)>;

  explicit Worker(Work work) : work_(std::move(work)) {}
  ~Worker() { end(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Has the request answered within `limit`. Returns "", or how the child failed, which is over
  /// then; the next request starts another one. Where no process can be started, the work is done
  /// in this one.
  std::string ask(const std::string& request, std::chrono::seconds limit, const Room& room);

  /// Ends the child, whose state is no longer trusted.
  void restart();

 private:
  bool start();
  void end();

  Work work_;
  std::mutex mutex_;
  pid_t child_ = -1;
  int socket_ = -1;
};

}  // namespace st::hdf5
