// SPDX-License-Identifier: Apache-2.0
/// The HLS C++ of a group: one canonical dataflow region, and the functions that belong to this
/// group alone.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/support/emitted_file.h"

namespace st::hls {

/// src/<group>.h: the declaration of the top function.
std::string emit_header(const Program& program, int group);
/// src/<group>.cpp: loaders, converters, top function.
std::string emit_source(const Program& program, int group);
/// The fill, drain and convert functions of a `convert` kernel.
std::string emit_converter(const Kernel& kernel);
/// The loader of a parameter port.
std::string emit_loader(const Program& program, const Kernel& kernel);
/// tb/<group>_tb.cpp: runs the launches of tb/data and compares.
std::string emit_test_bench(const Program& program, int group);

}  // namespace st::hls
