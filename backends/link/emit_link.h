// SPDX-License-Identifier: Apache-2.0
/// What turns the emitted kernels into a bitstream: one HLS project per group, and one link of all
/// groups.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/support/emitted_file.h"

namespace st {

/// link/design.cfg (every group in one xclbin), link/design.mk, Makefile.hls, and the scripts
/// behind its stages.
std::vector<EmittedFile> emit_link(const Program& program, const Target& target);

/// groups/<group>/hls_config.cfg, for `v++ -c --mode hls` and `vitis-run` (2023.2 and later).
std::string hls_config(const std::string& group, const Target& target);

/// groups/<group>/run_hls.tcl, the same project for `vitis_hls -f` (earlier releases).
std::string run_hls_tcl(const std::string& group, const Target& target);

}  // namespace st
