// SPDX-License-Identifier: Apache-2.0
/// The card: kernels, buffers, loaded parameters and launches, through XRT's native C++ interface.
#pragma once

#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "bitstream.h"
#include "failure.h"
#include "options.h"
#include "parameters.h"
#include "program.h"

namespace host {

/// A launch outlasted its time, or the card gave it up. The kernel may still be at work on its
/// buffers: the process has to end without waiting for it.
struct Unfinished : Failure {
  using Failure::Failure;
};

/// One card with the design loaded, its buffers allocated and its parameters in place.
class Device {
 public:
  /// Throws Failure for a damaged build directory or a bitstream of another design, and what XRT
  /// throws for a missing card or file.
  explicit Device(const Options& options)
      : timeout_(options.timeout),
        device_(options.device),
        buffers_(std::size(program::Buffers)),
        allocated_(buffers_.size()) {
    check_build(options.build);
    const xrt::xclbin design(options.xclbin);
    check_bitstream(design, options.xclbin);
    const xrt::uuid id = device_.load_xclbin(design);
    for (const Kernel& kernel : program::Kernels)
      add(kernel, xrt::kernel(device_, id, kernel.name));
    for (std::size_t b = 0; b < buffers_.size(); ++b) {
      const Buffer& buffer = program::Buffers[b];
      if (buffer.file == nullptr || !allocated_[b]) continue;
      load_parameters(options.build, buffer, buffers_[b]);
      if (options.read_back) read_back(buffer, buffers_[b]);
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

  /// Runs the kernels, one stage after another: `tokens` new rows, after `past` rows that the
  /// caches hold. Without `results` a design that can leave them out only fills the caches.
  void launch(int tokens, int past, bool results) {
    const int lengths[] = {tokens, past, results ? 1 : 0};
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      for (int i = 0; i < program::Lengths; ++i)
        runs_[k].set_arg(program::Kernels[k].pointer_count + i, lengths[i]);
    }
    std::size_t started = 0;
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const Kernel& kernel = program::Kernels[k];
      while (started < runs_.size() && program::Kernels[started].stage == kernel.stage)
        runs_[started++].start();
      const ert_cmd_state state = runs_[k].wait(timeout_);
      if (state == ERT_CMD_STATE_COMPLETED) continue;
      const std::string what =
          state == ERT_CMD_STATE_TIMEOUT
              ? "did not finish within " + std::to_string(timeout_.count()) + " ms"
              : "ended in command state " + std::to_string(static_cast<int>(state)) +
                    " (ert_cmd_state of XRT's ert.h)";
      throw Unfinished(Environment, "",
                       "kernel '" + std::string(kernel.name) + "' " + what + ", at " +
                           std::to_string(tokens) + " tokens after " + std::to_string(past) +
                           "; if the card stays busy: xbutil reset");
    }
  }

 private:
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  void add(const Kernel& kernel, const xrt::kernel& handle) {
    runs_.emplace_back(handle);
    for (int i = 0; i < kernel.pointer_count; ++i) {
      const int buffer = kernel.pointers[i].buffer;
      allocate(buffer, handle.group_id(i));
      runs_.back().set_arg(i, buffers_[at(buffer)]);
    }
  }

  // A buffer that several kernels use exists once: check_bitstream() saw that they share its bank.
  void allocate(int buffer, int group) {
    if (allocated_[at(buffer)]) return;
    buffers_[at(buffer)] =
        xrt::bo(device_, static_cast<std::size_t>(program::Buffers[buffer].bytes),
                static_cast<xrt::memory_group>(group));
    allocated_[at(buffer)] = true;
  }

  std::chrono::milliseconds timeout_;
  xrt::device device_;
  std::vector<xrt::bo> buffers_;  ///< as program::Buffers
  std::vector<bool> allocated_;   ///< which of them a kernel uses
  std::vector<xrt::run> runs_;    ///< as program::Kernels
};

}  // namespace host
