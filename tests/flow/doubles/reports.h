// SPDX-License-Identifier: Apache-2.0
/// Reports in the forms of Vitis and Vivado, with numbers that are made up.
#pragma once

#include "tests/flow/doubles/double.h"

namespace st::doubles {

/// csynth.xml and <top>_csynth.rpt.
void write_csynth(const fs::path& folder, const std::string& top, const std::string& part,
                  double period_ns, double estimated_ns);

/// What a link leaves below its report folder: utilisation, of the device, per SLR and per kernel,
/// and timing.
void write_implementation(const fs::path& folder, const std::vector<std::string>& units, int slrs,
                          bool timing_met);

}  // namespace st::doubles
