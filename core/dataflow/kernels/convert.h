// SPDX-License-Identifier: Apache-2.0
/// What a kernel of kind "convert" is.
#pragma once

#include "core/dataflow/program.h"
#include "core/itensor/conversion.h"

namespace st {

/// The plan that follows from the types of its ports, with the buffer that the kernel has chosen
/// where it has.
ConversionPlan plan_of_converter(const Kernel& kernel);

/// Elements of its live-range buffer; 0 for a ping-pong of the plan's block.
int64_t converter_window(const Kernel& kernel);

}  // namespace st
