// SPDX-License-Identifier: Apache-2.0
/// Checkpoints in Hugging Face's form, config.json and safetensors, as model.json and weights.h5.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/support/result.h"
#include "core/support/staged_directory.h"
#include "frontends/huggingface/decoder_graph.h"
#include "frontends/huggingface/write_weights.h"

namespace st::huggingface {

struct ImportOptions {
  std::optional<int64_t> context;   ///< positions; default: those of the model, 2,048 at most
  std::optional<int64_t> sequence;  ///< rows of a launch; default: 128, at most the context
  std::optional<uint64_t> seed;     ///< of random weights, in place of those of the checkpoint
};

/// What was imported.
struct ImportSummary {
  std::string family;  ///< "Llama"
  int64_t layers = 0, parameters = 0, bytes = 0;
  Bounds bounds;
  std::vector<std::string> carried;   ///< files that were copied
  std::vector<std::string> warnings;  ///< what was left out
};

/// Whether `path` is a folder with a config.json.
bool is_checkpoint(const std::filesystem::path& path);

/// What a config asks for: the decoder, and warnings. `prefix`: see TensorNames; by default the
/// family's. Errors: those of read_config, E0112 sizes beyond all models, E0801 bounds.
Result<DecoderGraph> decoder_of(const ReadConfig& config, const std::string& name,
                                const ImportOptions& options,
                                std::optional<std::string> prefix = std::nullopt);

/// Writes model.json, weights.h5, import.json and the tokenizer's files of the checkpoint in
/// `folder`. Errors: E0101-E0104 config or index, E0110-E0112 config, E0202, E0203, E0207-E0209
/// weights, E0501 writing, E0801 bounds.
Result<ImportSummary> import_checkpoint(const std::filesystem::path& folder,
                                        const ImportOptions& options, const StagedDirectory& output,
                                        const OnBytes& progress);

/// Marks a folder that an import wrote.
inline constexpr const char* ImportFile = "import.json";

}  // namespace st::huggingface
