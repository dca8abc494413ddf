// SPDX-License-Identifier: Apache-2.0
/// The stub device of a build directory: a stand-in for XRT that runs the emitted kernels in the
/// host's process.
#pragma once

#include <vector>

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/support/emitted_file.h"

namespace st {

/// stub/*: XRT-compatible headers, a Makefile, and kernels.cpp, which lists the program's kernels.
std::vector<EmittedFile> emit_stub(const Program& program, const Target& target);

}  // namespace st
