// SPDX-License-Identifier: Apache-2.0
/// hls::stream for C simulation with FIFOs as deep as declared and with tasks that run
/// concurrently, so that a design that deadlocks in hardware for want of depth does so here, with a
/// message. It has the interface of the header of the same name in AMD Vitis HLS, as far as emitted
/// code uses it.
#ifndef STREAMTENSOR_CSIM_HLS_STREAM_H
#define STREAMTENSOR_CSIM_HLS_STREAM_H

/// Tells streamtensor/task.h that tasks can run concurrently.
#define STREAMTENSOR_CSIM 1

#include <cstddef>
#include <memory>
#include <type_traits>

#include "streamtensor_csim/channel.h"
#include "streamtensor_csim/deadlock.h"
#include "streamtensor_csim/launch.h"

namespace hls {

/// A FIFO of tokens of type T, with one reader and one writer. Kernels take `stream<T>&`; a
/// definition `stream<T, N>` holds N tokens at most, `stream<T>` two, as in Vitis.
template <typename T, int DEPTH = 0>
class stream;

template <typename T>
class stream<T, 0> : public csim::Channel {
  static_assert(std::is_trivially_copyable_v<T>, "a token is a bundle of wires");

 public:
  static constexpr int DefaultDepth = 2;

  stream() : stream("") {}
  explicit stream(const char* name) : stream(name, DefaultDepth) {}
  ~stream() { close(); }

  /// Takes the oldest token; waits while there is none.
  T read() {
    while (size_ == 0) wait_to_read();
    return take();
  }
  void read(T& token) { token = read(); }
  void operator>>(T& token) { token = read(); }

  /// Appends a token; waits while the FIFO is full.
  void write(const T& token) {
    while (size_ == capacity()) wait_to_write();
    put(token);
  }
  void operator<<(const T& token) { write(token); }

  /// False, and nothing done, when it would have to wait. Other tasks run then, so that a loop that
  /// polls ends; a deadlock behind such a loop is not detected.
  bool read_nb(T& token) {
    if (empty()) return false;
    token = take();
    return true;
  }
  bool write_nb(const T& token) {
    if (full()) return false;
    put(token);
    return true;
  }

  [[nodiscard]] bool empty() const {
    if (size_ == 0) poll();
    return size_ == 0;
  }
  [[nodiscard]] bool full() const {
    if (size_ == capacity()) poll();
    return size_ == capacity();
  }

 protected:
  stream(const char* name, int depth)
      : Channel(name, static_cast<std::size_t>(depth)), ring_(new T[storage(capacity())]) {
    mask_ = storage(capacity()) - 1;
  }

 private:
  /// A power of two, so that positions wrap by a mask.
  static std::size_t storage(std::size_t capacity) {
    std::size_t slots = 1;
    while (slots < capacity) slots *= 2;
    return slots;
  }

  T take() {
    const T token = ring_[head_ & mask_];
    ++head_;
    took();
    return token;
  }

  void put(const T& token) {
    ring_[(head_ + size_) & mask_] = token;
    wrote(&token, sizeof(T));
  }

  std::unique_ptr<T[]> ring_;
  std::size_t mask_ = 0;
  std::size_t head_ = 0;  ///< tokens taken so far
};

template <typename T, int DEPTH>
class stream : public stream<T, 0> {
  static_assert(DEPTH > 0, "a FIFO holds at least one token");

 public:
  stream() : stream<T, 0>("", DEPTH) {}
  explicit stream(const char* name) : stream<T, 0>(name, DEPTH) {}
};

}  // namespace hls

#endif
