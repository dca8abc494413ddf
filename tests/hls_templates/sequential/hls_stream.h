// SPDX-License-Identifier: Apache-2.0
/// A stand-in for simulators without concurrency: FIFOs never fill. Reading an empty one is an
/// error, and so are tokens that nobody has read at the end.
#ifndef STREAMTENSOR_TESTS_SEQUENTIAL_HLS_STREAM_H
#define STREAMTENSOR_TESTS_SEQUENTIAL_HLS_STREAM_H

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace hls {

template <typename T, int DEPTH = 0>
class stream;

template <typename T>
class stream<T, 0> {
 public:
  stream() = default;
  explicit stream(const char* name) : name_(name) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() {
    if (tokens_.empty()) return;
    std::fprintf(stderr, "stream '%s' still holds %zu tokens\n", name_, tokens_.size());
    std::abort();
  }

  T read() {
    if (tokens_.empty()) {
      std::fprintf(stderr, "stream '%s' is read while empty\n", name_);
      std::abort();
    }
    const T token = tokens_.front();
    tokens_.pop_front();
    return token;
  }
  void write(const T& token) { tokens_.push_back(token); }
  bool empty() const { return tokens_.empty(); }

 private:
  const char* name_ = "";
  std::deque<T> tokens_;
};

template <typename T, int DEPTH>
class stream : public stream<T, 0> {
 public:
  using stream<T, 0>::stream;
};

}  // namespace hls

#endif
