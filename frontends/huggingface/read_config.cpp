// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/support/near_names.h"
#include "frontends/huggingface/family.h"
#include "frontends/huggingface/family_fields.h"

namespace st::huggingface {
namespace {

constexpr const char* FileName = "config.json";

/// Fields that say nothing about what the model computes after training, or repeat others.
constexpr std::string_view Harmless[] = {"_name_or_path",
                                         "attention_dropout",
                                         "attn_pdrop",
                                         "bos_token_id",
                                         "cache_implementation",
                                         "embd_pdrop",
                                         "eos_token_id",
                                         "is_llama_config",
                                         "n_ctx",
                                         "n_special",
                                         "pad_token_id",
                                         "predict_special_tokens",
                                         "pretraining_tp",
                                         "reorder_and_upcast_attn",
                                         "resid_pdrop",
                                         "summary_activation",
                                         "summary_first_dropout",
                                         "summary_proj_to_labels",
                                         "summary_type",
                                         "summary_use_proj",
                                         "task_specific_params",
                                         "transformers.js_config",
                                         "transformers_version",
                                         "use_cache"};

/// The family whose architecture, or else whose model_type, the config names.
const Family* find_family(ConfigReader& config) {
  const std::vector<std::string> architectures = config.texts("architectures");
  const std::string model_type = config.text("model_type", "");
  const std::string wanted = architectures.empty() ? model_type : architectures.front();
  std::vector<std::string> known;
  for (const Family& family : families()) {
    const bool same =
        architectures.empty() ? family.model_type == model_type : family.architecture == wanted;
    if (same && (model_type.empty() || family.model_type == model_type)) return &family;
    if (same)
      config.wrong("model_type", "does not belong to " + std::string(family.architecture) + ": " +
                                     std::string(family.model_type) + " does");
    if (same) return &family;
    known.emplace_back(architectures.empty() ? family.model_type : family.architecture);
  }
  Diagnostic problem{"E0110",
                     wanted.empty() ? "config.json names no architecture"
                                    : "architecture '" + printable(wanted) + "' is not supported",
                     config.where(architectures.empty() ? "model_type" : "architectures"),
                     {},
                     did_you_mean(wanted, known)};
  for (const Family& family : families())
    problem.details.push_back("supported: " + std::string(family.architecture) + " (" +
                              std::string(family.name) + ")");
  config.problems().push_back(std::move(problem));
  return nullptr;
}

DType read_dtype(ConfigReader& config) {
  const std::string field = config.has("torch_dtype") ? "torch_dtype" : "dtype";
  const std::string name = config.text(field, "bfloat16");
  if (name == "float32") return DType::F32;
  if (name == "float16") return DType::F16;
  if (name != "bfloat16")
    config.unsupported(field, "weights of this type are not supported",
                       "supported: bfloat16, float16, float32");
  return DType::BF16;
}

}  // namespace

Result<ReadConfig> read_config(const std::string& text) {
  ST_TRY(document, json::parse(text, FileName));
  if (document.object() == nullptr)
    return Diagnostic{"E0112",
                      "config.json is " + std::string(document.kind()) + ", no object",
                      FileName,
                      {},
                      ""};
  Diagnostics problems;
  ConfigReader config(document, "", problems);
  const Family* family = find_family(config);
  refuse_fields(config);
  if (family == nullptr) return problems;
  ReadConfig made{family, {}, {}};
  made.decoder.deviation = config.positive("initializer_range", 0.02);
  made.decoder.dtype = read_dtype(config);
  family->read(config, made.decoder);
  if (!problems.empty()) return problems;
  for (const std::string& field : config.unread()) {
    if (std::find(std::begin(Harmless), std::end(Harmless), field) == std::end(Harmless))
      made.unknown.push_back(field);
  }
  std::sort(made.unknown.begin(), made.unknown.end());
  return made;
}

}  // namespace st::huggingface
