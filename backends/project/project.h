// SPDX-License-Identifier: Apache-2.0
/// Writes a whole build directory (ARCHITECTURE.md, "What a build directory holds").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/compiler/pipeline.h"
#include "core/support/progress.h"
#include "core/support/staged_directory.h"

namespace st {

/// The file that marks a build directory, and says what was asked for.
inline constexpr const char* ConfigFile = "config.json";

/// The precision of each linear layer, where not all are as `--precision` says.
inline constexpr const char* QuantisationFile = "quantisation.json";

/// Weights that were rounded for a text, where there are any.
inline constexpr const char* RoundedFile = "rounded.json";

/// What a build directory is made from, beside the compiled design.
struct ProjectInputs {
  std::string model_text;   ///< the bytes of model.json
  std::string target_text;  ///< JSON of the target, as `targets` has it
  std::optional<std::pair<std::string, std::string>>
      tokenizer;            ///< name and bytes of the tokenizer's file
  std::string tokens;       ///< of tokenizer/tokens.bin; empty: there is no tokenizer
  std::string design_text;  ///< of design.json; empty: the choices, without what they cost
  std::map<std::string, Range> dims;                        ///< bounds that the user gave
  std::vector<std::pair<std::string, std::string>> stages;  ///< IR by stage: "03-lower", text
  std::string start;  ///< stage that the build started from, one of `stages`; empty for the model
};

/// What was written, for the summary.
struct ProjectSummary {
  int64_t parameter_bytes = 0;
};

/// Writes everything but the compiled stub device. Errors: E0501, those of constants (E0205 for NaN
/// weights), E0902 if the emitted code breaks rules of HLS.
Result<ProjectSummary> write_project(const Design& design, const ProjectInputs& inputs,
                                     const StagedDirectory& directory, Progress& progress);

/// params/map.json: which file, channel and words hold which tensor, with checksums. Schema
/// "streamtensor.params/1".
std::string parameter_map(const Program& program, const std::vector<std::string>& checksums);

/// report/report.json: predicted numbers, each with its source. Schema "streamtensor.report/1".
std::string report_json(const Design& design);

/// config.json and cmd.sh.
std::string config_json(const Design& design, const ProjectInputs& inputs);
std::string command_script(const Design& design, const ProjectInputs& inputs);

/// Compiles the stub device and the test benches of a directory with make. `cxx` and `flags` may be
/// empty for the defaults. Errors: E0503 with the end of the compiler's output.
Status compile_stub(const std::filesystem::path& build, const std::string& cxx,
                    const std::string& flags);

/// Runs a unit's test bench on its data. Returns its last line. Errors: E0605 with its output.
Result<std::string> run_test_bench(const std::filesystem::path& build, const std::string& unit,
                                   const std::string& record = "");

}  // namespace st
