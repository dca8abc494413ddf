// SPDX-License-Identifier: Apache-2.0
/// The emitted code against the interpreter, kernel by kernel.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/dataflow/units.h"
#include "core/support/result.h"

namespace st {

/// What a comparison found out about one kind of kernel.
struct KernelComparison {
  std::string kernel;
  std::string kind;
  int64_t values = 0;  ///< elements compared
  double worst = 0;    ///< largest relative difference of floats
};

/// Compares recorded streams of a unit's test bench (a folder that the simulator wrote) with the
/// interpreter: each kernel is given the inputs that the emitted code gave it, so that no
/// difference is carried on. Integers must be equal, floats within 1e-5 of the expected magnitude.
/// `build`: the directory, for inputs from tb/data. Errors: E0701, one per kernel that differs.
Result<std::vector<KernelComparison>> compare_kernels(const Program& program, const Unit& unit,
                                                      const std::filesystem::path& build,
                                                      const std::filesystem::path& records);

}  // namespace st
