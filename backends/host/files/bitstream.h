// SPDX-License-Identifier: Apache-2.0
/// Whether a bitstream is that of this host program. XRT itself takes a buffer in any bank, and a
/// kernel's arguments by number alone: a wrong one computes with other data.
#pragma once

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <experimental/xrt_xclbin.h>

#include "failure.h"
#include "program.h"

namespace host {

/// 3 of "HBM[3]", and of "bank3", as older shells call DDR[3]; -1 of a name without a number.
inline int bank_number(const std::string& tag) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto first = std::find_if(tag.begin(), tag.end(), digit);
  const std::string digits(first, std::find_if_not(first, tag.end(), digit));
  return digits.empty() || digits.size() > 6 ? -1 : std::stoi(digits);
}

/// Compares kernels, their arguments and the memory behind each with program.h. Throws Failure with
/// all differences.
inline void check_bitstream(const xrt::xclbin& design, const std::string& path) {
  std::string problems;
  const auto report = [&](const std::string& text) { problems += "\n  " + text; };
  const std::vector<xrt::xclbin::kernel> kernels = design.get_kernels();
  std::map<std::string, std::string> tags;  // of the planned banks
  for (const Kernel& kernel : program::Kernels) {
    const std::string name = kernel.name;
    const auto found = std::find_if(kernels.begin(), kernels.end(),
                                    [&](const auto& k) { return k.get_name() == name; });
    if (found == kernels.end()) {
      report("kernel '" + name + "' is missing");
      continue;
    }
    const std::vector<xrt::xclbin::arg> arguments = found->get_args();
    const auto count = static_cast<std::size_t>(kernel.pointer_count + program::Lengths);
    // Streams come last, and are nothing that a host sets.
    if (arguments.size() < count || (kernel.stream_count == 0 && arguments.size() > count)) {
      report("kernel '" + name + "' has " + std::to_string(arguments.size()) + " arguments, not " +
             std::to_string(count));
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const bool pointer = i < static_cast<std::size_t>(kernel.pointer_count);
      const std::string want =
          pointer ? kernel.pointers[i].name
                  : LengthNames[i - static_cast<std::size_t>(kernel.pointer_count)];
      const std::string which = "argument " + std::to_string(i) + " of '" + name + "' ";
      if (arguments[i].get_name() != want) {
        report(which + "is '" + arguments[i].get_name() + "', not '" + want + "'");
        continue;
      }
      if (!pointer) continue;
      const std::string bank = program::Buffers[kernel.pointers[i].buffer].bank;
      const auto memories = arguments[i].get_mems();
      if (memories.size() != 1) {
        report(which + "('" + want + "') is connected to " + std::to_string(memories.size()) +
               " memories, not to " + bank + " alone");
        continue;
      }
      const std::string tag = memories.front().get_tag();
      const std::string& first = tags.emplace(bank, tag).first->second;
      const bool other_number =
          bank_number(tag) >= 0 && bank_number(bank) >= 0 && bank_number(tag) != bank_number(bank);
      if (other_number || tag != first)
        report(which + "('" + want + "') is connected to " + tag + ", not to " +
               (other_number ? bank : first));
    }
  }
  if (problems.empty()) return;
  throw Failure(
      BadInput, "E0602",
      path + " is not a bitstream of this build; link it with link/design.cfg:" + problems);
}

}  // namespace host
