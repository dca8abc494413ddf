// SPDX-License-Identifier: Apache-2.0
/// The card: kernels, buffers, loaded parameters and launches, through XRT's native C++ interface.
#pragma once

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "checksum.h"
#include "failure.h"
#include "packing.h"
#include "program.h"

namespace host {

/// The bytes of a parameter file, with size and checksum verified.
inline std::vector<char> read_parameters(const std::string& build, const Buffer& buffer) {
  std::ifstream in(build + "/" + buffer.file, std::ios::binary);
  if (!in) throw Failure(BadInput, "E0602", std::string("cannot read ") + buffer.file);
  std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (static_cast<std::int64_t>(bytes.size()) != buffer.bytes) {
    throw Failure(BadInput, "E0602",
                  std::string(buffer.file) + " has " + std::to_string(bytes.size()) +
                      " bytes, not " + std::to_string(buffer.bytes));
  }
  if (checksum(bytes.data(), bytes.size()) != buffer.checksum) {
    throw Failure(
        BadInput, "E0602",
        std::string("wrong checksum: ") + buffer.file + " is damaged or belongs to another build");
  }
  return bytes;
}

/// One card with the design loaded, its buffers allocated and its parameters in place.
class Device {
 public:
  /// Throws Failure for a damaged build directory, and what XRT throws for a missing card or
  /// bitstream.
  Device(const std::string& build, unsigned int index, const std::string& xclbin,
         std::chrono::milliseconds timeout)
      : timeout_(timeout), device_(index), buffers_(std::size(program::Buffers)) {
    const auto uuid = device_.load_xclbin(xclbin);
    std::vector<int> bank(buffers_.size(), Unallocated);
    for (const Kernel& kernel : program::Kernels) {
      const xrt::kernel handle(device_, uuid, kernel.name);
      runs_.emplace_back(handle);
      for (int i = 0; i < kernel.buffer_count; ++i) {
        const int id = kernel.buffers[i];
        allocate(id, handle.group_id(i), bank[at(id)]);
        runs_.back().set_arg(i, buffers_[at(id)]);
      }
    }
    for (std::size_t id = 0; id < buffers_.size(); ++id) {
      const Buffer& buffer = program::Buffers[id];
      if (buffer.file == nullptr || bank[id] == Unallocated) continue;
      const auto bytes = read_parameters(build, buffer);
      write(static_cast<int>(id), bytes.data(), bytes.size());
    }
  }

  /// Copies `bytes` bytes to the start of a buffer on the card.
  void write(int buffer, const void* data, std::size_t bytes) {
    buffers_[at(buffer)].write(data, bytes, 0);
    buffers_[at(buffer)].sync(XCL_BO_SYNC_BO_TO_DEVICE, bytes, 0);
  }

  /// Copies `bytes` bytes of a buffer on the card, from `offset` on.
  std::vector<unsigned char> read(int buffer, std::size_t bytes, std::size_t offset) {
    std::vector<unsigned char> data(bytes);
    buffers_[at(buffer)].sync(XCL_BO_SYNC_BO_FROM_DEVICE, bytes, offset);
    buffers_[at(buffer)].read(data.data(), bytes, offset);
    return data;
  }

  /// Runs the kernels one after another: `tokens` new rows, after `past` rows that the caches hold.
  void launch(int tokens, int past) {
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const Kernel& kernel = program::Kernels[k];
      runs_[k].set_arg(kernel.buffer_count, tokens);
      runs_[k].set_arg(kernel.buffer_count + 1, past);
      runs_[k].start();
      const ert_cmd_state state = runs_[k].wait(timeout_);
      if (state == ERT_CMD_STATE_COMPLETED) continue;
      throw Failure(Environment, "",
                    std::string(kernel.name) + " did not finish within " +
                        std::to_string(timeout_.count()) + " ms (command state " +
                        std::to_string(static_cast<int>(state)) + ")");
    }
  }

 private:
  static constexpr int Unallocated = -1;
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  // A buffer that several kernels use exists once, so they must be linked to the same bank: XRT
  // itself accepts a buffer in any bank and the kernel would then read something else.
  void allocate(int id, int group, int& bank) {
    const Buffer& buffer = program::Buffers[id];
    if (bank == Unallocated) {
      buffers_[at(id)] = xrt::bo(device_, static_cast<std::size_t>(buffer.bytes),
                                 static_cast<xrt::memory_group>(group));
      bank = group;
    } else if (bank != group) {
      throw Failure(Environment, "",
                    std::string("the bitstream connects '") + buffer.name +
                        "' to two memory banks; link with link/design.cfg");
    }
  }

  std::chrono::milliseconds timeout_;
  xrt::device device_;
  std::vector<xrt::bo> buffers_;  ///< as program::Buffers
  std::vector<xrt::run> runs_;    ///< as program::Kernels
};

}  // namespace host
