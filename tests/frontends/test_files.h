// SPDX-License-Identifier: Apache-2.0
/// Temporary files, HDF5 files and small models for tests.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st::test {

/// A directory that is removed at the end of its scope.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "streamtensor.XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The value of that name; fails the test if there is none.
inline const Value& value(const Graph& graph, const std::string& name) {
  for (const Value& value : graph.values) {
    if (value.name == name) return value;
  }
  ADD_FAILURE() << name;
  return graph.values.front();
}

/// How a dataset is stored.
enum class Layout { Compact, Contiguous, Chunked, Gzip };

/// Writes one HDF5 file through the C API.
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& path, bool latest_format = false) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (latest_format) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
  }
  ~Hdf5Writer() { H5Fclose(file_); }
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;
  [[nodiscard]] hid_t file() const { return file_; }

  /// A dataset of `type` in the file, from `data` of `memory_type`; `shape` empty for a scalar.
  void dataset(const std::string& name, hid_t type, hid_t memory_type,
               const std::vector<hsize_t>& shape, const void* data,
               Layout layout = Layout::Contiguous, const std::string& dtype_attribute = "") {
    const hid_t space =
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (layout == Layout::Compact) H5Pset_layout(creation, H5D_COMPACT);
    if (layout == Layout::Chunked || layout == Layout::Gzip) {
      const std::vector<hsize_t> chunk(shape.size(), 2);
      H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
      if (layout == Layout::Gzip) {
        H5Pset_shuffle(creation);
        H5Pset_deflate(creation, 6);
      }
    }
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t dataset =
        H5Dcreate2(file_, name.c_str(), type, space, links, creation, H5P_DEFAULT);
    EXPECT_GE(dataset, 0) << name;
    if (data != nullptr) {
      EXPECT_GE(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0) << name;
    }
    if (!dtype_attribute.empty()) write_attribute(dataset, dtype_attribute);
    H5Dclose(dataset);
    H5Pclose(links);
    H5Pclose(creation);
    H5Sclose(space);
  }

  void floats(const std::string& name, const std::vector<hsize_t>& shape,
              const std::vector<float>& data, Layout layout = Layout::Contiguous) {
    dataset(name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, shape, data.data(), layout);
  }

 private:
  static void write_attribute(hid_t dataset, const std::string& value) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, value.size());
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(dataset, "dtype", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, value.data());
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
  }

  hid_t file_;
};

/// The first error of `result`, which must have failed.
template <typename T>
Diagnostic error_of(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? Diagnostic{} : result.errors().front();
}

/// All codes of the errors of `result`, separated by spaces.
template <typename T>
std::string codes_of(const Result<T>& result) {
  std::string codes;
  if (result.ok()) return "ok";
  for (const Diagnostic& problem : result.errors())
    codes += (codes.empty() ? "" : " ") + problem.code;
  return codes;
}

/// A damaged file is read, or refused with codes that exist; it is never a fault of ours.
template <typename T>
void expect_sane(const Result<T>& result) {
  if (result.ok()) return;
  ASSERT_FALSE(result.errors().empty());
  for (const Diagnostic& problem : result.errors()) {
    EXPECT_NE(find_error_code(problem.code), nullptr) << problem.code;
    EXPECT_FALSE(problem.message.empty());
  }
  EXPECT_NE(fault_of(result.errors()), Fault::Internal) << result.errors().front().message;
}

/// The folder with public models for tests, if this machine has it: $STREAMTENSOR_SHARED, or
/// `shared` beside the project.
inline std::optional<std::filesystem::path> shared_folder() {
  const char* given = std::getenv("STREAMTENSOR_SHARED");
  const auto project = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  const std::filesystem::path folder = given != nullptr ? given : project.parent_path() / "shared";
  if (std::filesystem::exists(folder / "models")) return folder;
  return std::nullopt;
}

}  // namespace st::test
