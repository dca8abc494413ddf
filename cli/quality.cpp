// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <memory>

#include "cli/build_directory.h"
#include "cli/commands.h"
#include "cli/texts.h"
#include "core/ops/interpreter.h"
#include "core/quantise/logit_quality.h"
#include "core/quantise/pieces.h"
#include "core/support/process.h"
#include "core/support/progress.h"
#include "core/support/read_file.h"
#include "core/support/temporary_directory.h"
#include "frontends/onnx_json/onnx_json.h"

namespace st::cli {
namespace {
namespace fs = std::filesystem;

constexpr size_t LargestLogits = size_t{1} << 34;

struct QualityOptions {
  std::string build, text, weights;
  std::vector<std::string> dims;
};

/// The model of a build as it is, in float32.
Result<Design> model_of(const fs::path& build, const QualityOptions& options) {
  ReadOptions reading;
  ST_TRY(dims, parse_dims(options.dims));
  reading.dims = dims;
  if (!options.weights.empty()) reading.weights = options.weights;
  ST_TRY(graph, read_onnx_json(build / "model.json", reading));
  Design design;
  design.graph = std::move(graph);
  ST_CHECK(compile_up_to("canonicalise", design));
  ST_TRY(decoder, find_decoder(design.graph));
  design.decoder = decoder;
  return design;
}

/// The logits of all ids of all pieces, by the emitted code on the stub device.
Result<std::vector<float>> logits_of(const fs::path& host, const fs::path& build,
                                     const std::vector<std::vector<int64_t>>& pieces) {
  ST_TRY(folder, TemporaryDirectory::create());
  const fs::path file = folder.path() / "logits";
  Command command;
  command.arguments = {fs::absolute(host).string(),
                       "--build",
                       fs::absolute(build).string(),
                       "batch",
                       "--max-tokens",
                       "0",
                       "--logits",
                       file.string()};
  for (const std::vector<int64_t>& piece : pieces) {
    command.input += ids_text(piece) + "\n";
  }
  std::string errors;
  command.on_error = [&](std::string_view piece) { errors += piece; };
  ST_TRY(status, run(command));
  if (status != 0) {
    return Diagnostic{"E0605",
                      "the stub device ended with status " + std::to_string(status),
                      "",
                      {printable(errors, 500)},
                      "`streamtensor verify` finds the kernel at fault"};
  }
  ST_TRY(bytes, read_file(file, LargestLogits));
  std::vector<float> logits(bytes.size() / sizeof(float));
  std::memcpy(logits.data(), bytes.data(), logits.size() * sizeof(float));
  return logits;
}

Status quality(const QualityOptions& options) {
  ST_TRY(build, BuildDirectory::open(options.build));
  ST_TRY(host, build.stub_host());
  ST_TRY(program, build.design());
  std::unique_ptr<Tokenizer> tokenizer;
  if (build.has_tokenizer()) {
    ST_TRY(made, build.tokenizer());
    tokenizer = std::move(made);
  }
  ST_TRY(texts, read_texts(options.text, tokenizer.get()));
  const auto pieces = pieces_of(texts, program.program.max_positions);
  if (pieces.empty())
    return Diagnostic{"E0604", "the text is empty", printable(options.text), {}, ""};
  Progress progress;
  progress.step("reading the model");
  ST_TRY(model, model_of(build.path(), options));
  progress.step("running the build");
  ST_TRY(logits, logits_of(host, build.path(), pieces));
  ReferenceDecoder reference(model.graph, model.decoder);
  LogitQuality measured;
  size_t row = 0;
  for (size_t p = 0; p < pieces.size(); ++p) {
    progress.step("reference: text " + std::to_string(p + 1) + " of " +
                  std::to_string(pieces.size()));
    reference.restart();
    ST_TRY(expected, reference.feed(pieces[p]));
    const auto width = static_cast<size_t>(expected.shape.back());
    for (size_t i = 0; i < pieces[p].size(); ++i, ++row) {
      if ((row + 1) * width > logits.size()) {
        return Diagnostic{"E0605",
                          "the stub device gave too few logits",
                          "",
                          {},
                          "`streamtensor verify` finds the kernel at fault"};
      }
      measured.add(std::span(expected.f32()).subspan(i * width, width),
                   std::span(logits).subspan(row * width, width),
                   i + 1 < pieces[p].size() ? pieces[p][i + 1] : -1);
    }
  }
  progress.finish();
  const auto positions = measured.positions();
  std::cout << std::setprecision(5) << "precision   " << build.precision()
            << (build.kv_cache() == "f32" ? "" : ", keys and values " + build.kv_cache()) << "\n"
            << "positions   " << grouped(positions) << "\n"
            << "perplexity  " << measured.perplexity() << ", f32 "
            << measured.reference_perplexity() << ": "
            << 100 * (measured.perplexity() / measured.reference_perplexity() - 1)
            << " % more   (csim)\n"
            << "top token   the same at " << grouped(measured.agreeing()) << " positions, "
            << 100.0 * static_cast<double>(measured.agreeing()) / static_cast<double>(positions)
            << " %   (csim)\n"
            << "logits      off by " << measured.largest_error() << " at most, "
            << measured.rms_error() << " RMS   (csim)\n";
  return {};
}

}  // namespace

Action add_quality(CLI::App& app) {
  auto options = std::make_shared<QualityOptions>();
  app.add_option("build", options->build, "build directory")->required();
  app.add_option("--text", options->text, "file with one text per line")->required();
  app.add_option(
      "--weights", options->weights,
      "file of the model's weights, or their folder; default: what the model names, or the .h5 "
      "beside it");
  app.add_option("--dim", options->dims,
                 "bounds of a symbolic dimension as at the build, NAME=LOW..HIGH; may be repeated");
  return [options] {
    const Status status = quality(*options);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
