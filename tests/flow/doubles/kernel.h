// SPDX-License-Identifier: Apache-2.0
/// A kernel as Vitis HLS sees it in a source file, and as a kernel object (.xo) carries it.
#pragma once

#include <map>
#include <string>

#include "tests/flow/doubles/double.h"

namespace st::doubles {

struct Kernel {
  std::string name;
  std::map<std::string, std::string> ports;  ///< by argument: "m_axi", "axis", "s_axilite"
};

/// The function `top` of `source`. Ends the program where it is not there, or an argument has no
/// interface, or an interface no argument.
Kernel kernel_of(const fs::path& source, const std::string& top);

/// A placeholder of the zip archive that a real one is.
void write_xo(const fs::path& path, const Kernel& kernel);
Kernel read_xo(const fs::path& path);

}  // namespace st::doubles
