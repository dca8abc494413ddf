// SPDX-License-Identifier: Apache-2.0
/// The kernels that the stub device can run. Not in XRT; kernels.cpp holds the list.
#pragma once

#include <ap_int.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace xrt::stub {

/// A kernel's arguments: first all pointers, then all integers.
struct Arguments {
  std::vector<void*> buffers;
  std::vector<int> integers;

  /// Pointer argument `i`, as the kernel sees device memory.
  [[nodiscard]] ap_uint<512>* words(std::size_t i) const {
    return static_cast<ap_uint<512>*>(buffers[i]);
  }
  [[nodiscard]] int integer(std::size_t i) const { return integers[i]; }
};

struct Kernel {
  const char* name;
  int pointers;  ///< number of pointer arguments
  int integers;  ///< number of integer arguments, after the pointers
  void (*launch)(const Arguments&);
};

/// All kernels of the design.
const std::vector<Kernel>& kernels();

/// Throws std::runtime_error if there is no kernel of that name.
inline const Kernel& find(const std::string& name) {
  for (const Kernel& kernel : kernels()) {
    if (name == kernel.name) return kernel;
  }
  throw std::runtime_error("the design has no kernel '" + name + "'");
}

}  // namespace xrt::stub
