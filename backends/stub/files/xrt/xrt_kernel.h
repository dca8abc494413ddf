// SPDX-License-Identifier: Apache-2.0
/// Stand-in for XRT's header of the same name: kernels of this program by name, run when started.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "stub_registry.h"
#include "xrt_bo.h"
#include "xrt_device.h"

/// Numbered as in XRT's ert.h.
enum ert_cmd_state {
  ERT_CMD_STATE_NEW = 1,
  ERT_CMD_STATE_COMPLETED = 4,
  ERT_CMD_STATE_TIMEOUT = 8,
};

namespace xrt {

class kernel {
 public:
  /// Throws std::runtime_error if the design has no kernel of that name.
  kernel(const device& /*where*/, const uuid& /*design*/, const std::string& name)
      : entry_(&stub::find(name)) {}

  /// The memory bank of a pointer argument. Throws std::out_of_range if there is no such argument.
  [[nodiscard]] int group_id(int argument) const {
    if (argument < 0 || argument >= entry_->pointers) {
      throw std::out_of_range(std::string("kernel ") + entry_->name + " has no pointer argument " +
                              std::to_string(argument));
    }
    return 0;
  }

 private:
  friend class run;
  const stub::Kernel* entry_;
};

/// One launch of a kernel, which may be repeated.
class run {
 public:
  explicit run(const kernel& of) : entry_(of.entry_) {
    arguments_.buffers.resize(static_cast<std::size_t>(entry_->pointers));
    arguments_.integers.resize(static_cast<std::size_t>(entry_->integers));
    is_set_.resize(arguments_.buffers.size() + arguments_.integers.size());
  }

  /// Sets a pointer argument. Throws std::out_of_range if that argument is none.
  void set_arg(int index, const bo& buffer) {
    mark(index, 0, entry_->pointers);
    keep_alive_.push_back(buffer);
    arguments_.buffers[static_cast<std::size_t>(index)] = buffer.stub_device_memory();
  }
  /// Sets an integer argument. Throws std::out_of_range if that argument is none.
  void set_arg(int index, int value) {
    mark(index, entry_->pointers, entry_->pointers + entry_->integers);
    arguments_.integers[static_cast<std::size_t>(index - entry_->pointers)] = value;
  }

  /// Runs the kernel to its end. A kernel that deadlocks ends the process, with the simulator's
  /// message.
  void start() {
    for (const bool set : is_set_) {
      if (!set) throw std::runtime_error(std::string(entry_->name) + " lacks an argument");
    }
    entry_->launch(arguments_);
    state_ = ERT_CMD_STATE_COMPLETED;
  }
  ert_cmd_state wait(const std::chrono::milliseconds& /*timeout*/) const { return state_; }

 private:
  void mark(int index, int begin, int end) {
    if (index < begin || index >= end) {
      throw std::out_of_range(std::string("argument ") + std::to_string(index) + " of " +
                              entry_->name + " does not exist or has another type");
    }
    is_set_[static_cast<std::size_t>(index)] = true;
  }

  const stub::Kernel* entry_;
  stub::Arguments arguments_;
  std::vector<bo> keep_alive_;
  std::vector<bool> is_set_;
  ert_cmd_state state_ = ERT_CMD_STATE_NEW;
};

}  // namespace xrt
