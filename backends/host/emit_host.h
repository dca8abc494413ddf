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

/// program.json, and host/*: sources, Makefile, CMakeLists.txt, and noop.xclbin for `make noop`.
/// `checksums` has an entry for each parameter file.
std::vector<EmittedFile> emit_host(const Program& program, const Target& target,
                                   const Checksums& checksums);

/// host/program.h: kernels, buffers and limits as constants, and the checksum of program.json.
std::string program_header(const Program& program, const Target& target, const Checksums& checksums,
                           uint64_t program_checksum);

/// program.json, schema "streamtensor.program/1": the same facts for other readers.
std::string program_json(const Program& program, const Target& target, const Checksums& checksums);

}  // namespace st
