// SPDX-License-Identifier: Apache-2.0
/// The weights of a checkpoint folder: model.safetensors, or shards that
/// model.safetensors.index.json lists.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/support/result.h"
#include "frontends/huggingface/safetensors.h"
#include "frontends/huggingface/tensor_source.h"

namespace st::huggingface {

class Checkpoint : public TensorSource {
 public:
  /// Maps all files. Errors: E0101-E0104 for an index that cannot be read, E0207 for each damaged
  /// file, E0209 where there are no weights, or shards are missing or lack tensors.
  static Result<std::shared_ptr<const Checkpoint>> open(const std::filesystem::path& folder);

  [[nodiscard]] std::optional<TensorInfo> find(const std::string& name) const override;
  [[nodiscard]] std::vector<std::string> names() const override;
  void read(const std::string& name, int64_t first, std::span<std::byte> out) const override;
  void forget(const std::string& name) const override;

 private:
  struct Place {
    const SafetensorsFile* file;
    const StoredTensor* tensor;
  };
  /// Takes over the tensors of a file.
  void add(SafetensorsFile file);
  Status open_shards(const std::filesystem::path& folder, const std::filesystem::path& index);

  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::map<std::string, Place> tensors_;
};

}  // namespace st::huggingface
