// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/import_checkpoint.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/support/read_file.h"
#include "frontends/huggingface/check_weights.h"
#include "frontends/huggingface/checkpoint.h"
#include "frontends/huggingface/random_weights.h"
#include "frontends/onnx_json/write_onnx_json.h"
#include "frontends/tokenizer/tokenizer.h"

namespace st::huggingface {
namespace fs = std::filesystem;
namespace {

constexpr const char* ConfigName = "config.json";
constexpr const char* GenerationConfigName = "generation_config.json";
constexpr const char* TokenizerConfigName = "tokenizer_config.json";
constexpr const char* WeightsName = "weights.h5";
constexpr const char* Producer = "streamtensor import";
constexpr size_t LargestConfig = size_t{4} << 20;
/// Longer contexts cost memory in designs, and are asked for by name.
constexpr int64_t DefaultContext = 2048, DefaultSequence = 128;
/// Far more than any model has.
constexpr double MostParameters = 1e13;

/// What text becomes ids by, and how ids end.
constexpr const char* CarriedFiles[] = {"tokenizer.json",
                                        "tokenizer.model",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "added_tokens.json",
                                        "vocab.json",
                                        "merges.txt",
                                        "chat_template.jinja",
                                        "generation_config.json"};

Result<Bounds> bounds_of(const DecoderConfig& config, const ImportOptions& options) {
  Bounds bounds;
  bounds.context = options.context.value_or(std::min(config.positions, DefaultContext));
  bounds.sequence = options.sequence.value_or(std::min(bounds.context, DefaultSequence));
  Diagnostics problems;
  const auto refuse = [&](const std::string& option, int64_t given, int64_t most,
                          const std::string& of) {
    if (given >= 1 && given <= most) return;
    problems.push_back({"E0801",
                        option + " is " + std::to_string(given),
                        "",
                        {},
                        "give 1 to " + std::to_string(most) + ", " + of});
  };
  refuse("--context", bounds.context, config.positions, "the model's positions");
  refuse("--sequence", bounds.sequence, bounds.context, "the context");
  if (!problems.empty()) return problems;
  return bounds;
}

double parameters_of(const std::vector<Weight>& weights) {
  double parameters = 0;
  for (const Weight& weight : weights) {
    if (weight.computed) continue;
    double elements = 1;
    for (const int64_t extent : weight.shape()) elements *= static_cast<double>(extent);
    parameters += elements;
  }
  return parameters;
}

/// The prefix of the tensors' names: the family's, or none where a bare model was saved.
std::string prefix_of(const Family& family, const TensorSource& source) {
  const std::string embedding = std::string(family.names.embedding) + ".weight";
  return source.find(embedding) ? "" : std::string(family.names.prefix);
}

/// Ids that end a text: what generation_config.json says, or else config.json.
nlohmann::json stops_of(const fs::path& folder, const std::string& config) {
  std::error_code error;
  std::vector<std::string> texts;
  if (fs::is_regular_file(folder / GenerationConfigName, error)) {
    if (auto text = read_file(folder / GenerationConfigName, LargestConfig); text.ok())
      texts.push_back(*text);
  }
  texts.push_back(config);
  for (const std::string& text : texts) {
    const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    if (parsed.is_object() && parsed.contains("eos_token_id") && !parsed["eos_token_id"].is_null())
      return parsed["eos_token_id"];
  }
  return nullptr;
}

/// The id that begins each text, by the files beside a tokenizer.model, which does not say whether
/// one does: as Hugging Face's library, a Llama or Gemma has one unless they say otherwise.
nlohmann::json start_of(const fs::path& folder, const std::string& config) {
  if (auto text = read_file(folder / TokenizerConfigName, LargestConfig); text.ok()) {
    const nlohmann::json parsed = nlohmann::json::parse(*text, nullptr, false);
    if (parsed.is_object() && parsed.value("add_bos_token", nlohmann::json()) == false)
      return nullptr;
  }
  const nlohmann::json parsed = nlohmann::json::parse(config, nullptr, false);
  return parsed.is_object() ? parsed.value("bos_token_id", nlohmann::json()) : nlohmann::json();
}

/// The metadata of the checkpoint's tokenizer; nullopt where it has none. A tokenizer that cannot
/// be used is left out with a warning, as the model takes ids as well.
std::optional<std::string> tokenizer_of(const fs::path& folder, const std::string& config,
                                        std::vector<std::string>& warnings) {
  for (const auto& [type, file] :
       {std::pair{"huggingface", "tokenizer.json"}, {"sentencepiece", "tokenizer.model"}}) {
    std::error_code error;
    if (!fs::is_regular_file(folder / file, error)) continue;
    nlohmann::ordered_json metadata = {{"type", type}, {"file", file}};
    if (const auto stops = stops_of(folder, config); !stops.is_null()) metadata["stop"] = stops;
    if (type == std::string("sentencepiece"))
      if (const auto start = start_of(folder, config); !start.is_null()) metadata["bos"] = start;
    const auto made = make_tokenizer(metadata.dump(), folder);
    if (made.ok()) return metadata.dump();
    const Diagnostic& problem = made.errors().front();
    warnings.push_back(std::string(file) + " is not used, prompts are ids: " + problem.message +
                       " (" + problem.where + ")");
  }
  return std::nullopt;
}

Result<std::vector<std::string>> carry(const fs::path& from, const fs::path& to) {
  std::vector<std::string> carried;
  for (const char* name : CarriedFiles) {
    std::error_code error;
    if (!fs::is_regular_file(from / name, error)) continue;
    if (!fs::copy_file(from / name, to / name, error))
      return Diagnostic{"E0501",
                        std::string("cannot copy '") + name + "'",
                        (from / name).string(),
                        {error.message()},
                        ""};
    carried.emplace_back(name);
  }
  return carried;
}

std::string text_of(const ImportSummary& summary, const ImportOptions& options) {
  nlohmann::ordered_json json = {
      {"schema", "streamtensor.import/1"}, {"family", summary.family},
      {"layers", summary.layers},          {"parameters", summary.parameters},
      {"context", summary.bounds.context}, {"random_weights", nullptr}};
  if (options.seed) json["random_weights"] = *options.seed;
  return json.dump(1) + "\n";
}

/// What the checkpoint has that the model does not use.
std::vector<std::string> warnings_of(const ReadConfig& config,
                                     const std::vector<std::string>& extra) {
  std::vector<std::string> warnings;
  for (const std::string& field : config.unknown)
    warnings.push_back("field '" + printable(field) + "' of config.json is not known, and ignored");
  constexpr size_t MostNamed = 8;
  for (size_t i = 0; i < std::min(extra.size(), MostNamed); ++i)
    warnings.push_back("tensor '" + printable(extra[i]) +
                       "' is not part of the model, and left out");
  if (extra.size() > MostNamed)
    warnings.push_back(std::to_string(extra.size() - MostNamed) + " more tensors are left out");
  return warnings;
}

}  // namespace

bool is_checkpoint(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) && fs::exists(path / ConfigName, error);
}

Result<DecoderGraph> decoder_of(const ReadConfig& config, const std::string& name,
                                const ImportOptions& options, std::optional<std::string> prefix) {
  ST_TRY(bounds, bounds_of(config.decoder, options));
  DecoderGraph made =
      make_decoder(config, prefix.value_or(std::string(config.family->names.prefix)), name, bounds);
  if (const double parameters = parameters_of(made.weights); parameters > MostParameters)
    return Diagnostic{
        "E0112", "the sizes make a model of more than 10^13 parameters", ConfigName, {}, ""};
  return made;
}

Result<ImportSummary> import_checkpoint(const fs::path& folder, const ImportOptions& options,
                                        const StagedDirectory& output, const OnBytes& progress) {
  ST_TRY(text, read_file(folder / ConfigName, LargestConfig));
  ST_TRY(config, read_config(text));
  std::shared_ptr<const TensorSource> source;
  std::optional<std::string> prefix;
  if (!options.seed) {
    ST_TRY(checkpoint, Checkpoint::open(folder));
    source = checkpoint;
    prefix = prefix_of(*config.family, *source);
  }
  const std::string name = fs::absolute(folder).lexically_normal().filename().string();
  ST_TRY(decoder, decoder_of(config, name, options, prefix));
  if (options.seed)
    source = std::make_shared<RandomWeights>(decoder.weights, config.decoder.dtype,
                                             config.decoder.deviation, *options.seed);
  ST_TRY(extra,
         check_weights(decoder.weights, *source, config,
                       prefix.value_or(std::string(config.family->names.prefix)), folder.string()));
  ST_TRY(bounds, bounds_of(config.decoder, options));
  ImportSummary summary;
  summary.family = config.family->name;
  summary.layers = static_cast<int64_t>(config.decoder.layers.size());
  summary.parameters = static_cast<int64_t>(parameters_of(decoder.weights));
  summary.bytes = bytes_of(decoder.weights, *source);
  summary.bounds = bounds;
  summary.warnings = warnings_of(config, extra);
  ConstantPlaces places{WeightsName, {}};
  for (const Weight& weight : decoder.weights) places.names.insert(weight.name);
  if (const auto metadata = tokenizer_of(folder, text, summary.warnings))
    decoder.graph.metadata["streamtensor.tokenizer"] = *metadata;
  ST_TRY(model, write_onnx_json(decoder.graph, Producer, places));
  ST_CHECK(output.write("model.json", model));
  ST_CHECK(output.write(ImportFile, text_of(summary, options)));
  ST_TRY(carried, carry(folder, output.path()));
  summary.carried = std::move(carried);
  ST_CHECK(write_weights(decoder.weights, *source, output.path() / WeightsName, progress));
  return summary;
}

}  // namespace st::huggingface
