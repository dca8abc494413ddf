// SPDX-License-Identifier: Apache-2.0
/// The kernels that the stub device can run. Not in XRT; kernels.cpp holds the list.
#pragma once

#include <ap_int.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace xrt::stub {

/// The values of a kernel's arguments, in their order: a pointer or an integer each.
class Values {
 public:
  explicit Values(std::size_t count) : pointers_(count), integers_(count) {}

  void set(std::size_t i, void* pointer) { pointers_[i] = pointer; }
  void set(std::size_t i, int integer) { integers_[i] = integer; }

  /// Argument `i`, device memory as a port of so many bits sees it.
  template <int Bits>
  [[nodiscard]] ap_uint<Bits>* words(std::size_t i) const {
    return static_cast<ap_uint<Bits>*>(pointers_[i]);
  }
  [[nodiscard]] int integer(std::size_t i) const { return integers_[i]; }

 private:
  std::vector<void*> pointers_;
  std::vector<int> integers_;
};

struct Argument {
  const char* name;
  const char* bank;  ///< that the link configuration connects a pointer to; null: an integer
};

struct Kernel {
  const char* name;
  std::vector<Argument> arguments;
  void (*launch)(const Values&);
};

/// All kernels of the design.
const std::vector<Kernel>& kernels();

/// Throws std::runtime_error if there is no kernel of that name.
inline const Kernel& find(const std::string& name) {
  const auto found = std::find_if(kernels().begin(), kernels().end(),
                                  [&](const Kernel& kernel) { return name == kernel.name; });
  if (found == kernels().end()) throw std::runtime_error("the design has no kernel '" + name + "'");
  return *found;
}

}  // namespace xrt::stub
