// SPDX-License-Identifier: Apache-2.0
/// Options that say how precise linear layers are, shared by `build` and `explore`.
#pragma once

#include <string>

#include "cli/commands.h"
#include "core/compiler/pipeline.h"
#include "frontends/tokenizer/tokenizer.h"

namespace st::cli {

/// --kv-cache; --precision, --weight-group, --activation-scales, or --quantisation, whose file's
/// name goes to `file`.
void add_precision(CLI::App& app, CompileOptions& options, std::string& file);

/// What `file` says; nothing where it is empty. Errors: E0102, E0316, those of
/// check_scales and read_file.
Status apply_quantisation(const std::string& file, CompileOptions& options);

/// --calibration FILE, or --rounded FILE.
struct RoundingOptions {
  std::string calibration, rounded;
};
void add_rounding(CLI::App& app, RoundingOptions& options);

/// Rounds the weights of `design` for the calibration text, each line a text of its own, or takes
/// those of the file. `tokenizer`: nullptr where the model has none; lines are ids then: 1,2,3.
/// Errors: E0317, E0319, E0604, those of round_weights and read_file.
Status apply_rounding(const RoundingOptions& options, const Tokenizer* tokenizer, Design& design);

/// "int4: 10 layers in groups of 64, 5 with a scale per channel": how the weights of a program's
/// linear layers are held where they have four bits; empty where none has.
std::string weights_summary(const Program& program);

}  // namespace st::cli
