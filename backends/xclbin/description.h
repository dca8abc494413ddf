// SPDX-License-Identifier: Apache-2.0
/// What XRT learns about a design from its xclbin: memories, kernels, arguments, and which argument
/// lies in which memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/xclbin/container.h"
#include "core/dataflow/program.h"
#include "core/platform/target.h"

namespace st::xclbin {

struct MemoryBank {
  std::string tag;  ///< "HBM[3]", as the linker's sp= option calls it; XRT keeps 15 characters
  bool hbm = false;
  bool used = false;
  uint64_t base = 0;   ///< address
  uint64_t bytes = 0;  ///< whole KiB
};

/// An argument of a kernel: a pointer into a bank, a 32-bit integer, or a stream.
struct Argument {
  std::string name;
  int bank = -1;  ///< of a pointer: index into Description::banks
  bool stream = false;
};

/// A kernel with one compute unit, KERNEL_1, controlled through s_axilite as ap_ctrl_chain.
struct KernelPorts {
  std::string name;
  std::vector<Argument> arguments;
};

struct Description {
  std::string platform;
  std::string part;
  std::vector<MemoryBank> banks;
  std::vector<KernelPorts> kernels;
};

/// All banks of the target, and the kernels of the program as the link configuration connects them.
Description describe(const Program& program, const Target& target);

/// An xclbin with everything but a bitstream: real XRT loads it in its `noop` mode, which runs a
/// host program without a card and refuses wrong names and argument numbers.
std::string without_bitstream(const Description& design, const Uuid& id);

}  // namespace st::xclbin
