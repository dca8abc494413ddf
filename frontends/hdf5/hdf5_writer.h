// SPDX-License-Identifier: Apache-2.0
/// Writing of weights to an HDF5 file, of which only a block is in memory at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/graph/tensor.h"
#include "core/support/result.h"

namespace st {

/// Fills `bytes`, whole elements in little-endian order, with what begins at element `first`.
using FillElements = std::function<void(int64_t first, std::span<std::byte> bytes)>;

/// A file of contiguous datasets that Hdf5File reads.
class Hdf5Writer {
 public:
  /// Begins a file; one that is there is replaced. Errors: E0501.
  static Result<Hdf5Writer> create(const std::filesystem::path& path);
  Hdf5Writer(Hdf5Writer&&) noexcept;
  Hdf5Writer& operator=(Hdf5Writer&&) = delete;
  ~Hdf5Writer();

  /// Adds a dataset of `dtype`: f32, f16, or bf16 as bit patterns. `fill` is called with one block
  /// of whole rows after another, in order. Errors: E0501.
  Status add(const std::string& name, DType dtype, const std::vector<int64_t>& shape,
             const FillElements& fill);
  /// Ends the file. Errors: E0501, also of what was written before.
  Status close();

 private:
  struct File;
  explicit Hdf5Writer(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace st
