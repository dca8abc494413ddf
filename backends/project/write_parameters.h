// SPDX-License-Identifier: Apache-2.0
/// Writes the parameter files of a build, by several threads.
#pragma once

#include <filesystem>
#include <map>

#include "core/dataflow/program.h"
#include "core/packing/checksum.h"
#include "core/support/progress.h"
#include "core/support/result.h"

namespace st {

/// Writes parameter_file(memory) below `root` for each memory that has one; returns their
/// checksums. The bytes do not depend on the number of threads. Errors: those of constants (E02xx),
/// of each file the first; E0501.
Result<std::map<MemoryId, Checksum>> write_parameters(const Program& program,
                                                      const std::filesystem::path& root,
                                                      Progress& progress);

}  // namespace st
