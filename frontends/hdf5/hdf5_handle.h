// SPDX-License-Identifier: Apache-2.0
/// Scoped use of the HDF5 C API. Private to this folder.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

namespace st::hdf5 {

/// Closes an HDF5 identifier at the end of its scope.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);
  Handle(hid_t id, Closer close) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] bool ok() const { return id_ >= 0; }
  operator hid_t() const { return id_; }
  hid_t release() { return std::exchange(id_, -1); }

 private:
  hid_t id_;
  Closer close_;
};

/// Holds the one lock around HDF5, which is not thread-safe, and keeps it from printing. May nest:
/// a file that fails to open is closed inside of the call that opens it.
class Session {
 public:
  Session() : lock_(mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5Eclear2(H5E_DEFAULT);
  }
  ~Session() {
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, print_, data_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The most specific of HDF5's own words on what failed; "" if it recorded nothing.
  [[nodiscard]] static std::string reason() {
    std::string text;
    const auto first = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
      auto* words = static_cast<std::string*>(out);
      if (words->empty() && error->desc != nullptr) *words = error->desc;
      return 0;
    };
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first, &text);
    return text;
  }

 private:
  static std::recursive_mutex& mutex() {
    static std::recursive_mutex the_mutex;
    return the_mutex;
  }
  std::lock_guard<std::recursive_mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace st::hdf5
