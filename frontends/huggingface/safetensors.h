// SPDX-License-Identifier: Apache-2.0
/// safetensors files: eight bytes of header length, a header in JSON, then the tensors' bytes.
/// Nothing in a file is trusted.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/support/mapped_file.h"
#include "core/support/result.h"

namespace st::huggingface {

/// A tensor as the header declares it.
struct StoredTensor {
  std::string dtype;  ///< as spelt there: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;  ///< little-endian, row-major; lives as long as the file's map
};

/// One file, which stays mapped.
class SafetensorsFile {
 public:
  /// Maps the file, and checks that its tensors lie side by side, fill it, and have as many bytes
  /// as their shapes need. Errors: E0101, E0207.
  static Result<SafetensorsFile> open(const std::filesystem::path& path);

  [[nodiscard]] const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }
  /// Gives the memory of a tensor that has been read back to the system.
  void forget(const StoredTensor& tensor) const { file_->forget(tensor.bytes); }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, StoredTensor> tensors_;
};

}  // namespace st::huggingface
