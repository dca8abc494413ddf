// SPDX-License-Identifier: Apache-2.0
/// Parameter files read back: the inverse of core/packing.
#pragma once

#include <filesystem>

#include "core/dataflow/program.h"
#include "core/support/result.h"

namespace st {

/// Checks every parameter file of a build directory against the sizes and checksums of
/// params/map.json. Errors: E0602 for each file that is missing, cut or changed.
Status check_parameter_files(const std::filesystem::path& build, const Program& program);

/// Lets the constants of `program` come from the parameter files of a build directory, in place of
/// the model's weights.
void read_constants_from(const std::filesystem::path& build, Program& program);

}  // namespace st
