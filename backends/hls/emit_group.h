// SPDX-License-Identifier: Apache-2.0
/// The HLS C++ of a compute unit: a canonical dataflow region for each group, and the functions
/// that belong to this unit alone.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/dataflow/units.h"
#include "core/support/emitted_file.h"

namespace st::hls {

/// src/<unit>.h: the declaration of the top function.
std::string emit_header(const Program& program, const Unit& unit);
/// src/<unit>.cpp: loaders, converters, top function. The top function of a unit with one group is
/// its region; that of folded layers calls the groups, those of the layers in a loop.
std::string emit_source(const Program& program, const Unit& unit);
/// The fill, drain and convert functions of a `convert` kernel.
std::string emit_converter(const Kernel& kernel);
/// The loader of a parameter port.
std::string emit_loader(const Program& program, const Kernel& kernel);
/// tb/<unit>_tb.cpp: runs the launches of tb/data and compares.
std::string emit_test_bench(const Program& program, const Unit& unit);

}  // namespace st::hls
