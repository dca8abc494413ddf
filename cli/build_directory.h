// SPDX-License-Identifier: Apache-2.0
/// A build directory as `run`, `inspect`, `verify` and `quality` read it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/compiler/pipeline.h"
#include "frontends/tokenizer/tokenizer.h"

namespace st::cli {

class BuildDirectory {
 public:
  /// Errors: E0601 if `path` holds no build, E0602 if its config.json is damaged.
  static Result<BuildDirectory> open(const std::string& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] int groups() const { return groups_; }
  [[nodiscard]] const std::string& precision() const { return options_.precision; }
  /// In what it keeps keys and values.
  [[nodiscard]] const std::string& kv_cache() const { return options_.kv_cache; }

  /// Whether the model describes a tokenizer.
  [[nodiscard]] bool has_tokenizer() const { return !tokenizer_json_.empty(); }
  /// The model's tokenizer. Errors: E0604 if it has none, or its file was not there at build time.
  [[nodiscard]] Result<std::unique_ptr<Tokenizer>> tokenizer() const;
  /// The host program on the stub device. Errors: E0603 where it was not built.
  [[nodiscard]] Result<std::filesystem::path> stub_host() const;
  /// The host program for a card, of which `make -C host` is the builder. Errors: E0603.
  [[nodiscard]] Result<std::filesystem::path> card_host() const;
  /// The program as it was built, read from its last stage in ir/, with target and options.
  /// Constants are read from params/. Errors: E0101, E0311-E0313, E0602.
  [[nodiscard]] Result<Design> design() const;

 private:
  std::filesystem::path path_;
  CompileOptions options_;
  std::string tokenizer_json_;
  int groups_ = 0;
};

}  // namespace st::cli
