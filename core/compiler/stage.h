// SPDX-License-Identifier: Apache-2.0
/// Stages of a build as files: what each pass leaves, written down and read back.
///
/// The first line says what follows, "// streamtensor.ir/1 after fuse"; the text form of the graph
/// or the program is the rest.
#pragma once

#include <string>
#include <string_view>

#include "core/compiler/pipeline.h"

namespace st {

/// "04-fuse": the name of a stage's file, without its ending; `pass` is an index of passes().
std::string stage_name(int pass);
/// The file: first line and text form of what the design holds after that pass.
std::string stage_text(const Design& design, int pass);
/// The pass after which a file was written. `name`: of the file, in messages. Errors: E0312.
Result<int> stage_of(std::string_view text, const std::string& name);

/// Puts a stage in place of what the passes up to it would make, and returns the pass to go on
/// with. `design` holds the model as read, the target and the options; constants are those of the
/// model. The stage is verified, and must be of this model, with these bounds and this precision.
/// Errors: E0311, E0312, E0313, those of checks on the graph.
Result<int> start_from(Design& design, std::string_view text, const std::string& name);

/// The program of a stage, verified. Errors: E0311, E0312, E0313.
Result<Program> read_program(std::string_view text, const ConstantLookup& constants,
                             const std::string& name);

/// E0320 is a bug of ours only while all that was verified is made by us; of a program that was
/// read, it is an E0313 of the file called `name`.
Diagnostics as_input(Diagnostics problems, const std::string& name);

}  // namespace st
