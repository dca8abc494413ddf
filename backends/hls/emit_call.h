// SPDX-License-Identifier: Apache-2.0
/// The call of a kernel's template in emitted code.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataflow/program.h"

namespace st::hls {

/// "st::rms_norm<16, 4, 1>", or the name of the function that was generated for a kernel.
std::string function_of(const Kernel& kernel);
/// Arguments of the call: streams, pointers, numbers. `sizes` has what stands for sizes that are
/// taken at run time in the place of their numbers, by name, and for lengths of the launch.
std::vector<std::string> call_arguments(const Program& program, const Kernel& kernel,
                                        const std::map<std::string, std::string>& sizes = {});
/// The name of the function of its instance by which a kernel multiplies (has_products).
std::string products_name(const Kernel& kernel);
/// Whether the call takes a length of the launch (launch_lengths): "past" is for caches and
/// attention, "results" for what is behind the layers, which has one row. Words of a shared engine
/// come once for all rows.
bool takes_length(const Kernel& kernel, std::string_view length);
/// Whether a kernel has to know where the copy begins that it uses of a memory.
bool uses_offset(const Program& program, const Kernel& kernel, MemoryId m);
/// `head` and the arguments behind it, broken after commas so that no line is longer than it has to
/// be; further lines are indented by `hang`.
std::string wrapped_call(const std::string& head, const std::vector<std::string>& arguments,
                         size_t hang);

}  // namespace st::hls
