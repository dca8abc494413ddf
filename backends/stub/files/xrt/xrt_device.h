// SPDX-License-Identifier: Apache-2.0
/// Stand-in for XRT's header of the same name: as much of the native C++ interface as the host
/// program uses, with the card replaced by the kernels' own C++ run in this process. There is one
/// device, with one memory bank.
#pragma once

#include <stdexcept>
#include <string>

#include "../experimental/xrt_xclbin.h"

namespace xrt {

/// Names a loaded bitstream.
class uuid {};

class device {
 public:
  /// Throws std::runtime_error for any index but 0.
  explicit device(unsigned int index) {
    if (index != 0) {
      throw std::runtime_error("no device " + std::to_string(index) + ": the stub is device 0");
    }
  }
  uuid load_xclbin(const xclbin& /*design*/) { return {}; }
};

}  // namespace xrt
