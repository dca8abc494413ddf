// SPDX-License-Identifier: Apache-2.0
#include "backends/project/project.h"

#include "backends/hls/emit_group.h"
#include "backends/host/emit_host.h"
#include "backends/link/emit_link.h"
#include "backends/project/check_code.h"
#include "backends/project/test_data.h"
#include "backends/project/write_parameters.h"
#include "backends/stub/emit_stub.h"
#include "core/compiler/quantisation_file.h"
#include "core/dataflow/units.h"
#include "core/explore/design_file.h"
#include "core/quantise/rounded_file.h"
#include "core/support/embedded.h"

namespace st {
namespace fs = std::filesystem;
namespace {

Status write_all(const StagedDirectory& directory, const std::vector<EmittedFile>& files) {
  for (const EmittedFile& file : files)
    ST_CHECK(directory.write(file.path, file.content, file.executable));
  return {};
}

/// The library that emitted code includes, and the simulation headers.
Status write_library(const StagedDirectory& directory) {
  for (const std::string& path : embedded_files("hls_templates/"))
    ST_CHECK(directory.write(path, embedded_file(path)));
  return {};
}

Status write_units(const Design& design, const StagedDirectory& directory) {
  const Program& program = design.program;
  for (const Unit& unit : units_of(program)) {
    const std::string &name = unit.name, folder = "groups/" + name + "/";
    const std::string header = hls::emit_header(program, unit);
    const std::string source = hls::emit_source(program, unit);
    ST_CHECK(check_code(name, header, source));
    ST_CHECK(directory.write(folder + "src/" + name + ".h", header));
    ST_CHECK(directory.write(folder + "src/" + name + ".cpp", source));
    ST_CHECK(
        directory.write(folder + "tb/" + name + "_tb.cpp", hls::emit_test_bench(program, unit)));
    ST_CHECK(directory.write(folder + "hls_config.cfg", hls_config(name, design.target)));
    ST_CHECK(directory.write(folder + "run_hls.tcl", run_hls_tcl(name, design.target)));
  }
  return {};
}

/// The test benches' data folders hold parameter files as well, so that a unit stands alone; a
/// link costs no space.
Status link_parameters(const Program& program, const fs::path& root) {
  for (const Unit& unit : units_of(program)) {
    for (MemoryId m : memories_of(program, unit)) {
      const fs::path file = root / parameter_file(program.memories[m]);
      if (parameter_file(program.memories[m]).empty()) continue;
      const fs::path copy = root / "groups" / unit.name / "tb/data" / file.filename();
      std::error_code error;
      fs::create_hard_link(file, copy, error);
      if (error) fs::copy_file(file, copy, fs::copy_options::overwrite_existing, error);
      if (error)
        return Diagnostic{"E0501",
                          "cannot write '" + copy.filename().string() + "'",
                          "",
                          {error.message()},
                          "free disk space"};
    }
  }
  return {};
}

}  // namespace

Result<ProjectSummary> write_project(const Design& design, const ProjectInputs& inputs,
                                     const StagedDirectory& directory, Progress& progress) {
  const Program& program = design.program;
  ProjectSummary summary;
  ST_CHECK(directory.write(ConfigFile, config_json(design, inputs)));
  ST_CHECK(directory.write("cmd.sh", command_script(design, inputs), true));
  if (!design.options.layers.empty())
    ST_CHECK(directory.write(QuantisationFile, text_of(design.options.quantisation())));
  if (!design.rounded.empty()) ST_CHECK(directory.write(RoundedFile, rounded_text(design.rounded)));
  ST_CHECK(directory.write("model.json", inputs.model_text));
  ST_CHECK(directory.write("design.json", inputs.design_text.empty()
                                              ? text_of(DesignChoice{design.options.parameter_ports,
                                                                     design.options.tiling})
                                              : inputs.design_text));
  ST_CHECK(directory.write("target.json", inputs.target_text));
  if (inputs.tokenizer)
    ST_CHECK(directory.write("tokenizer/" + inputs.tokenizer->first, inputs.tokenizer->second));
  if (!inputs.tokens.empty()) ST_CHECK(directory.write("tokenizer/tokens.bin", inputs.tokens));
  for (const auto& [stage, text] : inputs.stages)
    ST_CHECK(directory.write("ir/" + stage + ".txt", text));

  progress.step("packing parameters");
  ST_TRY(sums, write_parameters(program, directory.path(), progress));
  Checksums checksums;
  std::vector<std::string> texts(program.memories.size());
  for (const auto& [m, checksum] : sums) {
    checksums[program.memories[m].name] = checksum.value();
    texts[m] = checksum.text();
    summary.parameter_bytes += program.memories[m].bytes;
  }
  ST_CHECK(directory.write("params/map.json", parameter_map(program, texts)));

  progress.step("writing HLS projects");
  ST_CHECK(write_units(design, directory));
  ST_CHECK(write_library(directory));
  ST_CHECK(write_all(directory, emit_host(program, design.target, checksums)));
  ST_CHECK(write_all(directory, emit_link(program, design.target)));
  ST_CHECK(write_all(directory, emit_stub(program, design.target)));
  ST_CHECK(directory.write("report/report.json", report_json(design)));

  progress.step("computing test data");
  ST_CHECK(emit_test_data(
      program, vocabulary_of(program), [&](MemoryId m) { return texts[m]; },
      [&](const std::string& path, const std::string& content) {
        return directory.write(path, content);
      }));
  ST_CHECK(link_parameters(program, directory.path()));
  return summary;
}

}  // namespace st
