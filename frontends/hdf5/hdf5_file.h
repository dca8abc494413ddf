// SPDX-License-Identifier: Apache-2.0
/// Weights in HDF5 files: listing and reading of datasets. Nothing in a file is trusted.
///
/// Element types: IEEE floats of 16, 32 and 64 bits, bfloat16, int8, uint8, int32, int64 and
/// boolean enumerations, in either byte order. A dataset of 16-bit unsigned integers with the
/// string attribute dtype = "bfloat16" holds bfloat16 bit patterns, as many tools cannot write that
/// type itself. Layouts: compact, contiguous and chunked, with the filters of HDF5 itself (gzip,
/// shuffle, ...). Links to other files, external storage and virtual datasets are never followed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/graph/tensor.h"
#include "core/support/result.h"

namespace st {

namespace hdf5 {
class MappedFile;
class Worker;
}  // namespace hdf5

/// A dataset as the file declares it.
struct Hdf5Dataset {
  std::string name;            ///< path in the file without leading '/': "h.0/attn/weight"
  std::vector<int64_t> shape;  ///< elements; empty for a scalar
  std::optional<DType> dtype;  ///< nullopt if no tensor can be made of it
  std::string type_text;       ///< "f16", or for other types what they are: "a compound type"
  /// Where in the file its elements lie, all of them, one after the other and little-endian;
  /// nullopt where they do not.
  std::optional<int64_t> offset = std::nullopt;
};

/// A file that can be read, in a child process that lives as long as this, because HDF5 crashes on
/// some damaged files. Floats that lie in the file as they are need no HDF5 once they are found:
/// these are read from the file itself. Calls may come from any thread.
class Hdf5File {
 public:
  /// Opens `path` and lists its datasets. Errors: E0201 missing or no HDF5 file, E0206 damaged or
  /// truncated.
  static Result<std::shared_ptr<const Hdf5File>> open(const std::filesystem::path& path);
  ~Hdf5File();
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// All datasets, sorted by name.
  [[nodiscard]] const std::vector<Hdf5Dataset>& datasets() const { return datasets_; }
  /// The dataset `name`, with or without leading '/'. Error: E0202, with names that look alike.
  [[nodiscard]] Result<const Hdf5Dataset*> find(const std::string& name) const;
  /// The whole dataset as f32, i8, i32 or i64. Errors: E0202, E0204 element type, E0205 NaN or
  /// infinity, E0206 damaged.
  [[nodiscard]] Result<Tensor> read(const std::string& name) const;
  /// What of a block there is in a matrix. Errors: those of read().
  [[nodiscard]] Result<Tensor> read_block(const std::string& name, const Block& block) const;
  /// Whether it is a matrix of which no more is read than the block.
  [[nodiscard]] bool has_blocks(const std::string& name) const;

 private:
  explicit Hdf5File(std::filesystem::path path);
  [[nodiscard]] Result<Tensor> read_by_worker(const Hdf5Dataset& info) const;

  std::filesystem::path path_;
  std::vector<Hdf5Dataset> datasets_;
  std::unique_ptr<hdf5::Worker> worker_;
  std::unique_ptr<hdf5::MappedFile> mapped_;
};

/// Checks that `dataset` of `file` can serve as a constant of `dtype` and `shape`: any float for
/// any float, an integer for an integer type at least as wide. Only metadata are read. Errors:
/// E0202, E0203, E0204; `where` and `initializer` name the place in the model.
Status check_hdf5_constant(const Hdf5File& file, const std::string& dataset, DType dtype,
                           const std::vector<int64_t>& shape, const std::string& initializer,
                           const std::string& where);

/// A constant that is read when it is loaded, widened to what `dtype` is in memory.
std::shared_ptr<const ConstantSource> hdf5_constant(std::shared_ptr<const Hdf5File> file,
                                                    std::string dataset, DType dtype);

/// E0205 if `tensor` has NaN, or infinities where `infinity_too`: count, first index and its value.
Status check_finite(const Tensor& tensor, const std::string& name, const std::string& where,
                    bool infinity_too);

}  // namespace st
