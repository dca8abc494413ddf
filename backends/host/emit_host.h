// SPDX-License-Identifier: Apache-2.0
/// The host program of a build directory: static sources from backends/host/files and
/// core/tokenizer/files, and the program's tables.
#pragma once

#include <string>
#include <vector>

#include "backends/host/launch_plan.h"
#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/support/emitted_file.h"

namespace st {

/// host/*: sources, Makefile and CMakeLists.txt. `checksums` has an entry for each parameter file.
std::vector<EmittedFile> emit_host(const Program& program, const Target& target,
                                   const Checksums& checksums);

/// host/program.h: kernels, buffers and limits as constants.
std::string program_header(const Program& program, const Target& target,
                           const Checksums& checksums);

/// program.json, schema "streamtensor.program/1": the same facts for other readers.
std::string program_json(const Program& program, const Target& target, const Checksums& checksums);

}  // namespace st
