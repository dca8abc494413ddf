// SPDX-License-Identifier: Apache-2.0
/// The kernel that converts one stream of a tensor to others.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st::test {

/// `window`: elements of a sliding buffer; 0: the buffer is two halves that take turns.
inline Kernel converter(const std::string& name, const StreamType& from,
                        const std::vector<StreamType>& to, int64_t window) {
  Kernel kernel;
  kernel.name = name;
  kernel.kind = "convert";
  kernel.inputs = {{0, from, -1}};
  for (const StreamType& type : to) kernel.outputs.push_back({0, type, -1});
  if (window > 0) kernel.sizes["Window"] = window;
  return kernel;
}

}  // namespace st::test
