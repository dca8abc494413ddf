// SPDX-License-Identifier: Apache-2.0
/// The parts of verify(Program).
#pragma once

#include <functional>
#include <string>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/launch_bounds.h"

namespace st {

/// Reports what is wrong, by the name of the kernel, channel or memory where it is.
using Report = std::function<void(const std::string& where, const std::string& message)>;

/// Whether a kernel has what its record asks for: as many ports and memories, sizes and reals. Ids
/// are in range.
void verify_record(const Program& program, const Kernel& kernel, const Report& report);
/// Whether a kernel's ports carry tensors of the shapes that its sizes say. Its record's demands
/// are met, and its ports' types are right.
void verify_shapes(const Program& program, const Kernel& kernel, const Report& report);

/// Whether a kernel's loops move as many beats as the types of its ports say, and in the same loops
/// (StreamTensor §3.2: the rule of itensor_read and itensor_write). Its shapes are right.
void verify_nest(const Program& program, const Kernel& kernel, const Report& report);

/// Whether the memories chosen for a kernel's arrays are for arrays that it has: for all of them or
/// for none, and no shift registers. Its sizes are right.
void verify_storage(const Program& program, const Kernel& kernel, const Report& report);

/// What is wrong with a kernel of kind "convert" or "adapt"; nothing, if all is right.
std::string check_converter(const Program& program, const Kernel& kernel);
std::string check_adapter(const Program& program, const Kernel& kernel);

/// True if a stream carries its tensor once, element after element, the last dimension fastest.
bool row_major(const ItensorType& type);

}  // namespace st
