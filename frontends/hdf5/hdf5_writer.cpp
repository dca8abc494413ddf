// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/hdf5_writer.h"

#include <algorithm>

#include "frontends/hdf5/hdf5_handle.h"

namespace st {
namespace {

using hdf5::Handle;
using hdf5::Session;

/// Bytes that are in memory at a time, unless a row has more.
constexpr int64_t BlockBytes = int64_t{4} << 20;

Diagnostic cannot_write(const std::filesystem::path& path, const std::string& what) {
  Diagnostic problem{"E0501",
                     "cannot write " + what,
                     path.string(),
                     {},
                     "free disk space, or choose another place"};
  if (const std::string reason = Session::reason(); !reason.empty())
    problem.details.push_back("HDF5 says: " + printable(reason));
  return problem;
}

/// The type in the file, which is also that of the blocks: nothing is converted.
hid_t make_type(DType dtype) {
  if (dtype == DType::BF16) return H5Tcopy(H5T_STD_U16LE);
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  if (dtype == DType::F16 && (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 ||
                              H5Tset_size(type, 2) < 0 || H5Tset_ebias(type, 15) < 0)) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

/// Marks 16-bit integers as bit patterns of bfloat16.
bool mark_bfloat16(hid_t dataset) {
  const std::string name = "bfloat16";
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
  if (H5Tset_size(type, name.size()) < 0) return false;
  const Handle attribute(H5Acreate2(dataset, "dtype", type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
  return attribute.ok() && H5Awrite(attribute, type, name.data()) >= 0;
}

/// Writes the rows [first, first + count) of a dataset.
bool write_rows(hid_t dataset, hid_t type, std::vector<hsize_t> extents, int64_t first,
                int64_t count, const void* data) {
  std::vector<hsize_t> start(extents.size(), 0);
  start[0] = static_cast<hsize_t>(first);
  extents[0] = static_cast<hsize_t>(count);
  const Handle in_file(H5Dget_space(dataset), H5Sclose);
  const Handle in_memory(
      H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose);
  return H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start.data(), nullptr, extents.data(),
                             nullptr) >= 0 &&
         H5Dwrite(dataset, type, in_memory, in_file, H5P_DEFAULT, data) >= 0;
}

}  // namespace

struct Hdf5Writer::File {
  File(std::filesystem::path place, hid_t id) : path(std::move(place)), handle(id, H5Fclose) {}

  std::filesystem::path path;
  Handle handle;
  std::vector<std::byte> block;
};

Hdf5Writer::Hdf5Writer(std::unique_ptr<File> file) : file_(std::move(file)) {}
Hdf5Writer::Hdf5Writer(Hdf5Writer&&) noexcept = default;

Hdf5Writer::~Hdf5Writer() {
  const Session session;
  file_.reset();
}

Result<Hdf5Writer> Hdf5Writer::create(const std::filesystem::path& path) {
  const Session session;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  if (file < 0) return cannot_write(path, "the weights file");
  return Hdf5Writer(std::make_unique<File>(path, file));
}

Status Hdf5Writer::add(const std::string& name, DType dtype, const std::vector<int64_t>& shape,
                       const FillElements& fill) {
  const Session session;
  const auto failed = [&] {
    return cannot_write(file_->path, "dataset '" + printable(name) + "'");
  };
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle type(make_type(dtype), H5Tclose);
  const Handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                     H5Sclose);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  // All of it is written right away, in one piece.
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(creation, false);
  const Handle dataset(
      H5Dcreate2(file_->handle, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
      H5Dclose);
  if (!type.ok() || !space.ok() || !dataset.ok()) return failed();
  if (dtype == DType::BF16 && !mark_bfloat16(dataset)) return failed();
  const int64_t row = element_count({shape.begin() + 1, shape.end()}), width = bits_of(dtype) / 8;
  const int64_t rows = std::max<int64_t>(BlockBytes / (row * width), 1);
  for (int64_t first = 0; first < shape[0]; first += rows) {
    const int64_t count = std::min(rows, shape[0] - first);
    file_->block.resize(static_cast<size_t>(count * row * width));
    fill(first * row, file_->block);
    if (!write_rows(dataset, type, extents, first, count, file_->block.data())) return failed();
  }
  return {};
}

Status Hdf5Writer::close() {
  const Session session;
  if (H5Fclose(file_->handle.release()) >= 0) return {};
  return cannot_write(file_->path, "the end of the weights file");
}

}  // namespace st
