// SPDX-License-Identifier: Apache-2.0
/// Stand-in for XRT's header of the same name: what a bitstream of this build would say of its
/// kernels. The kernels are linked into this program, so the file need not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../xrt/stub_registry.h"

namespace xrt {

class xclbin {
 public:
  /// A memory bank.
  class mem {
   public:
    explicit mem(const char* tag) : tag_(tag) {}
    [[nodiscard]] std::string get_tag() const { return tag_; }

   private:
    const char* tag_;
  };

  class arg {
   public:
    explicit arg(const stub::Argument& argument) : argument_(&argument) {}
    [[nodiscard]] std::string get_name() const { return argument_->name; }
    /// The bank of a pointer; none of an integer.
    [[nodiscard]] std::vector<mem> get_mems() const {
      if (argument_->bank == nullptr) return {};
      return {mem(argument_->bank)};
    }

   private:
    const stub::Argument* argument_;
  };

  class kernel {
   public:
    explicit kernel(const stub::Kernel& entry) : entry_(&entry) {}
    [[nodiscard]] std::string get_name() const { return entry_->name; }
    [[nodiscard]] std::vector<arg> get_args() const {
      return {entry_->arguments.begin(), entry_->arguments.end()};
    }

   private:
    const stub::Kernel* entry_;
  };

  explicit xclbin(const std::string& /*path*/) {}
  [[nodiscard]] std::vector<kernel> get_kernels() const {
    return {stub::kernels().begin(), stub::kernels().end()};
  }
};

}  // namespace xrt
