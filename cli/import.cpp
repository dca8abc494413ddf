// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "core/support/progress.h"
#include "frontends/huggingface/import_checkpoint.h"

namespace st::cli {
namespace {

struct ImportOptions {
  std::string path, output;
  huggingface::ImportOptions import;
};

Diagnostic unknown_form(const std::string& path) {
  return {"E0101",
          "'" + printable(path) + "' is nothing that can be imported",
          path,
          {"it is no folder with a config.json"},
          "give the folder of a checkpoint: config.json, and model.safetensors or its shards"};
}

void print_summary(const huggingface::ImportSummary& made, const ImportOptions& options) {
  for (const std::string& warning : made.warnings) std::cerr << "warning: " << warning << "\n";
  std::cout << made.family << "  " << grouped(made.layers) << " layers  "
            << grouped(made.parameters) << " parameters  " << grouped(made.bytes) << " bytes"
            << (options.import.seed ? " of random weights" : "") << "\n  context "
            << grouped(made.bounds.context) << ", 1.." << grouped(made.bounds.sequence)
            << " tokens a launch\n";
  std::string files;
  for (const std::string& file : made.carried) files += (files.empty() ? "" : ", ") + file;
  if (!files.empty()) std::cout << "  carried along: " << files << "\n";
  std::cout << "wrote " << options.output << "\n";
}

Status import(const ImportOptions& options) {
  if (!huggingface::is_checkpoint(options.path)) return unknown_form(options.path);
  ST_TRY(directory, StagedDirectory::create(options.output, huggingface::ImportFile));
  Progress progress;
  progress.step("writing weights");
  const auto on_bytes = [&](int64_t done, int64_t total) {
    progress.tick(static_cast<double>(done), static_cast<double>(total));
  };
  ST_TRY(made, huggingface::import_checkpoint(options.path, options.import, directory, on_bytes));
  ST_CHECK(directory.commit());
  progress.finish();
  print_summary(made, options);
  return {};
}

}  // namespace

Action add_import(CLI::App& app) {
  auto options = std::make_shared<ImportOptions>();
  app.add_option("checkpoint", options->path,
                 "folder of a Hugging Face checkpoint: config.json and safetensors")
      ->required();
  app.add_option("output", options->output,
                 "folder for model.json and weights.h5; an earlier import there is replaced at the "
                 "end, in one step")
      ->required();
  app.add_option("--context", options->import.context,
                 "positions that the model will have at most; default: its own, up to 2048");
  app.add_option("--sequence", options->import.sequence,
                 "tokens in a launch at most; default: 128");
  app.add_option("--random-weights", options->import.seed,
                 "make weights of the config's sizes from this seed, and read none");
  return [options] {
    const Status status = import(*options);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
