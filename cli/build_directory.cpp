// SPDX-License-Identifier: Apache-2.0
#include "cli/build_directory.h"

#include "backends/host/launch_plan.h"
#include "backends/project/project.h"
#include "backends/project/read_parameters.h"
#include "core/compiler/stage.h"
#include "core/support/json.h"
#include "core/support/read_file.h"

namespace st::cli {
namespace {

namespace fs = std::filesystem;
constexpr size_t LargestConfig = size_t{1} << 24;
constexpr size_t LargestStage = size_t{1} << 30;

int64_t integer_of(const json::Value& object, const char* key, int64_t otherwise) {
  const json::Value* value = object.find(key);
  return value && value->integer() ? *value->integer() : otherwise;
}

std::string string_of(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value && value->string() ? *value->string() : "";
}

}  // namespace

Result<fs::path> BuildDirectory::stub_host() const {
  fs::path host = path_ / "stub/host";
  if (fs::exists(host)) return host;
  return Diagnostic{"E0603",
                    "'" + printable(path_.string()) + "' has no stub device",
                    "",
                    {},
                    "build again with --synth stub"};
}

Result<fs::path> BuildDirectory::card_host() const {
  fs::path host = path_ / "host/host";
  if (fs::exists(host)) return host;
  return Diagnostic{"E0603",
                    "'" + printable(path_.string()) + "' has no host program for a card",
                    "",
                    {},
                    "make it, with XRT installed: make -C " + printable((path_ / "host").string())};
}

Result<BuildDirectory> BuildDirectory::open(const std::string& path) {
  BuildDirectory build;
  build.path_ = path;
  std::error_code error;
  if (!fs::exists(build.path_ / ConfigFile, error)) {
    return Diagnostic{"E0601",
                      "'" + printable(path) + "' is not a build directory",
                      "",
                      {"it has no " + std::string(ConfigFile)},
                      "make one with `streamtensor build MODEL --target u280 --output DIR`"};
  }
  ST_TRY(text, read_file(build.path_ / ConfigFile, LargestConfig));
  ST_TRY(config, json::parse(text, ConfigFile));
  const std::string schema = string_of(config, "schema");
  if (schema != "streamtensor.build/1") {
    return Diagnostic{"E0602",
                      std::string(ConfigFile) + " has schema '" + printable(schema) +
                          "', not streamtensor.build/1",
                      printable(path),
                      {},
                      "build again"};
  }
  build.options_.precision = string_of(config, "precision");
  if (const std::string cache = string_of(config, "kv_cache"); !cache.empty())
    build.options_.kv_cache = cache;
  if (const std::string fifo = string_of(config, "fifo"); !fifo.empty()) build.options_.fifo = fifo;
  build.options_.parameter_ports = static_cast<int>(integer_of(config, "parameter_ports", 4));
  build.tokenizer_json_ = string_of(config, "tokenizer");
  build.groups_ = static_cast<int>(integer_of(config, "groups", 0));
  return build;
}

Result<std::unique_ptr<Tokenizer>> BuildDirectory::tokenizer() const {
  if (tokenizer_json_.empty()) {
    return Diagnostic{
        "E0604", "the model describes no tokenizer", "", {}, "give token ids: --ids 1,2,3"};
  }
  std::error_code error;
  if (!fs::exists(path_ / TokensFile, error)) {
    return Diagnostic{"E0604",
                      "the tokenizer's file was not there when this was built",
                      "",
                      {},
                      "build again with --tokenizer FILE, or give token ids: --ids 1,2,3"};
  }
  ST_TRY(bytes, read_file(path_ / TokensFile, LargestTokenizer));
  return read_tokens_file(bytes);
}

Result<Design> BuildDirectory::design() const {
  Design design;
  ST_TRY(target, find_target((path_ / "target.json").string()));
  design.target = target;
  design.options = options_;
  const int last = static_cast<int>(passes().size()) - 1;
  const std::string name = "ir/" + stage_name(last) + ".txt";
  ST_TRY(text, read_file(path_ / name, LargestStage));
  ST_TRY(pass, stage_of(text, name));
  if (pass != last) {
    return Diagnostic{"E0602", "the last stage is another one", name, {}, "build again"};
  }
  // Constants are those of params/; the model is not needed.
  ST_TRY(program, read_program(text, any_constant(), name));
  design.program = std::move(program);
  if (Status status = verify_complete(design.program); !status.ok())
    return as_input(status.errors(), name);
  read_constants_from(path_, design.program);
  return design;
}

}  // namespace st::cli
