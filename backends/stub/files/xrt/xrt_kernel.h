// SPDX-License-Identifier: Apache-2.0
/// Stand-in for XRT's header of the same name: kernels of this program by name.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "stub_card.h"
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
    const auto index = static_cast<std::size_t>(argument);
    if (index >= entry_->arguments.size() || entry_->arguments[index].bank == nullptr) {
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
  explicit run(const kernel& of)
      : entry_(of.entry_),
        values_(entry_->arguments.size()),
        buffers_(entry_->arguments.size()),
        is_set_(entry_->arguments.size()) {}

  /// Sets a pointer argument. Throws std::out_of_range if that argument is none.
  void set_arg(int index, const bo& buffer) {
    const std::size_t i = checked(index, true);
    buffers_[i] = buffer;
    values_.set(i, buffer.stub_device_memory());
  }
  /// Sets an integer argument. Throws std::out_of_range if that argument is none.
  void set_arg(int index, int value) { values_.set(checked(index, false), value); }

  /// Starts the kernel; it begins with the first wait(), together with all that were started before
  /// that. Kernels that deadlock end the process, with the simulator's message.
  void start() {
    for (const bool set : is_set_) {
      if (!set) throw std::runtime_error(std::string(entry_->name) + " lacks an argument");
    }
    job_ = stub::Card::instance().start(
        [launch = entry_->launch, values = values_] { launch(values); });
  }
  ert_cmd_state wait(const std::chrono::milliseconds& timeout) const {
    if (job_ == nullptr) return ERT_CMD_STATE_NEW;
    stub::Card::instance().run_batch();
    return job_->wait(timeout) ? ERT_CMD_STATE_COMPLETED : ERT_CMD_STATE_TIMEOUT;
  }

 private:
  std::size_t checked(int index, bool pointer) {
    const auto i = static_cast<std::size_t>(index);
    if (i >= is_set_.size() || (entry_->arguments[i].bank != nullptr) != pointer) {
      throw std::out_of_range(std::string("argument ") + std::to_string(index) + " of " +
                              entry_->name + " does not exist or has another type");
    }
    is_set_[i] = true;
    return i;
  }

  const stub::Kernel* entry_;
  stub::Values values_;
  std::vector<bo> buffers_;  ///< kept alive
  std::vector<bool> is_set_;
  std::shared_ptr<stub::Job> job_;
};

}  // namespace xrt
