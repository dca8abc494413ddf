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

}  // namespace st
