// SPDX-License-Identifier: Apache-2.0
/// The interpreter of graphs on a model, in this process: no lowering, no emitted code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/compiler/pipeline.h"
#include "core/ops/interpreter.h"
#include "frontends/tokenizer/tokenizer.h"
#include "tests/models/rows.h"

namespace st::test {

class Reference {
 public:
  /// Reads an example model and runs the passes up to `quantise`. Fails the test if that fails;
  /// nothing else may be called then.
  explicit Reference(const std::string& model);
  /// The same of any model file, its weights beside it; the tokenizer must not be asked for.
  Reference(const std::filesystem::path& file, const std::string& precision) {
    load(file, {}, precision);
  }

  /// Logits of each id, after an empty cache.
  Rows score(const std::vector<int64_t>& ids);
  /// Greedy decoding: the ids after `prompt`, up to and without `stop`, at most `most`.
  std::vector<int64_t> generate(const std::vector<int64_t>& prompt, int64_t stop, int most);
  [[nodiscard]] const Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  void load(const std::filesystem::path& file, const std::filesystem::path& weights,
            const std::string& precision);
  Rows feed(const std::vector<int64_t>& ids);

  Design design_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<ReferenceDecoder> decoder_;
};

}  // namespace st::test
