// SPDX-License-Identifier: Apache-2.0
/// Floats as they lie in a file, without HDF5. Private to this folder.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>

#include "frontends/hdf5/hdf5_file.h"

namespace st::hdf5 {

/// A file that is mapped when it is first read. Nothing is read behind its end, as far as it is
/// known before: who cuts a file while it is read ends the program.
class MappedFile {
 public:
  explicit MappedFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Whether the dataset is of floats that can be read here.
  [[nodiscard]] bool holds(const Hdf5Dataset& info);
  /// The dataset as f32; nullopt where it cannot be read here, or not all of it is finite.
  [[nodiscard]] std::optional<Tensor> read(const Hdf5Dataset& info);
  /// What of the block there is in a matrix, in the same way.
  [[nodiscard]] std::optional<Tensor> read(const Hdf5Dataset& info, const Block& block);

 private:
  void open();

  std::filesystem::path path_;
  std::once_flag opened_;
  int file_ = -1;
  int64_t size_ = 0;
  const uint8_t* bytes_ = nullptr;
};

}  // namespace st::hdf5
