// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/hdf5_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "frontends/hdf5/hdf5_handle.h"
#include "frontends/hdf5/hdf5_types.h"

namespace st::hdf5 {
namespace {

constexpr size_t MostDatasets = 100'000;
/// Deflate reaches 1032:1 at most (zlib's documentation); more than this is a lie of the file.
constexpr int64_t MostExpansion = 2048;

std::string quoted(const std::string& text) { return "'" + printable(text) + "'"; }

Diagnostic damaged(const std::filesystem::path& path, const std::string& what,
                   const std::string& reason) {
  Diagnostic problem{"E0206", what, path.string(), {}, "copy or write the file again"};
  if (!reason.empty()) problem.details.push_back("HDF5 says: " + printable(reason));
  return problem;
}

/// What one walk over the links of a file collects.
struct Listing {
  std::vector<std::string> names;
  bool too_many = false;
};

herr_t collect(hid_t group, const char* name, const H5L_info_t* link, void* out) {
  auto* listing = static_cast<Listing*>(out);
  if (link->type != H5L_TYPE_HARD) return 0;  // soft and external links may lead out of the file
  H5O_info_t object;
  // An object that cannot be opened is damage of the file: stop, and tell.
  if (H5Oget_info_by_name2(group, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0) return -1;
  if (object.type != H5O_TYPE_DATASET) return 0;
  if (listing->names.size() >= MostDatasets) {
    listing->too_many = true;
    return 1;
  }
  listing->names.emplace_back(name);
  return 0;
}

/// Where all elements of a dataset lie as they are, if they do.
std::optional<int64_t> offset_of(hid_t dataset, const Hdf5Dataset& info) {
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (!creation.ok() || !type.ok() || !info.dtype) return std::nullopt;
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS || H5Pget_external_count(creation) != 0 ||
      H5Pget_nfilters(creation) != 0 || H5Tget_order(type) != H5T_ORDER_LE)
    return std::nullopt;
  const auto width = static_cast<int64_t>(H5Tget_size(type));
  const auto stored = static_cast<int64_t>(H5Dget_storage_size(dataset));
  const int64_t count = element_count(info.shape);
  const haddr_t offset = H5Dget_offset(dataset);
  constexpr haddr_t Most = std::numeric_limits<int64_t>::max();
  if (width <= 0 || stored % width != 0 || stored / width != count || offset > Most)
    return std::nullopt;
  return static_cast<int64_t>(offset);
}

/// Shape and type of the open `dataset`; false when HDF5 fails.
bool describe(hid_t dataset, Hdf5Dataset& info) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  if (!space.ok()) return false;
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (kind == H5S_NO_CLASS) return false;
  if (kind == H5S_NULL) {
    info.type_text = "an empty dataspace";
    return true;
  }
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0) return false;
  std::vector<hsize_t> extents(static_cast<size_t>(rank));
  if (rank > 0 && H5Sget_simple_extent_dims(space, extents.data(), nullptr) < 0) return false;
  for (const hsize_t extent : extents) {
    constexpr hsize_t Most = std::numeric_limits<int64_t>::max();
    info.shape.push_back(static_cast<int64_t>(std::min(extent, Most)));
  }
  const hdf5::ElementType type = hdf5::element_type(dataset);
  info.dtype = type.dtype;
  info.type_text = type.text;
  info.offset = offset_of(dataset, info);
  return true;
}

/// Whether each chunk has data; HDF5 reads missing ones as zeroes, which would be wrong weights.
bool all_chunks_written(hid_t dataset, hid_t creation, const Hdf5Dataset& info) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::vector<hsize_t> chunk(info.shape.size());
  hsize_t written = 0;
  const int rank = static_cast<int>(chunk.size());
  if (!space.ok() || H5Pget_chunk(creation, rank, chunk.data()) != rank) return false;
  if (H5Dget_num_chunks(dataset, space, &written) < 0) return false;
  std::vector<int64_t> grid;
  for (size_t d = 0; d < chunk.size(); ++d) {
    if (chunk[d] == 0) return false;
    const auto extent = static_cast<hsize_t>(info.shape[d]);
    grid.push_back(static_cast<int64_t>((extent - 1) / chunk[d] + 1));
  }
  return written == static_cast<hsize_t>(element_count(grid));
}

/// The data must lie in this file, be complete, and be about as large as it claims.
Status check_storage(hid_t dataset, const std::filesystem::path& path, const Hdf5Dataset& info) {
  const std::string name = "dataset " + quoted(info.name);
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  if (!creation.ok()) return damaged(path, name + " has no valid layout", Session::reason());
  const H5D_layout_t layout = H5Pget_layout(creation);
  const bool own = layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED;
  if (!own || H5Pget_external_count(creation) != 0) {
    return Diagnostic{"E0204",
                      name + " keeps its data outside of the file",
                      path.string(),
                      {},
                      "store it contiguous or chunked"};
  }
  const int filters = H5Pget_nfilters(creation);
  for (int i = 0; i < filters; ++i) {
    size_t no_values = 0;
    unsigned flags = 0;
    char filter_name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &no_values, nullptr,
                       sizeof filter_name - 1, filter_name, nullptr);
    if (filter >= 0 && H5Zfilter_avail(filter) > 0) continue;
    return Diagnostic{"E0204",
                      name + " is compressed with filter " + std::to_string(filter) + " (" +
                          printable(filter_name) + "), which this HDF5 cannot read",
                      path.string(),
                      {},
                      "write it again with gzip, or without compression"};
  }
  const int64_t count = element_count(info.shape);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const auto width = static_cast<int64_t>(type.ok() ? H5Tget_size(type) : 0);
  const auto stored = static_cast<int64_t>(H5Dget_storage_size(dataset));
  if (count == 0) return {};
  if (layout == H5D_CHUNKED && !all_chunks_written(dataset, creation, info)) {
    return damaged(path, name + " was not written completely: chunks are missing", "");
  }
  const int64_t expansion = filters > 0 ? MostExpansion : 1;
  if (width <= 0 || stored <= 0 || count / expansion > stored / width) {
    return damaged(path,
                   name + " holds " + std::to_string(std::max<int64_t>(stored, 0)) + " bytes for " +
                       std::to_string(count) + " elements: it was never written or is cut off",
                   "");
  }
  return {};
}

/// Opens the file at `path` for reading. Precondition: a Session.
hid_t open_file(const std::filesystem::path& path) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Reading must work on read-only file systems, where files cannot be locked.
  H5Pset_file_locking(access, false, true);
  return H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
}

/// Reads all of `dataset` as `memory_type` into `out`.
Status read_all(hid_t dataset, hid_t memory_type, void* out, const std::filesystem::path& path,
                const Hdf5Dataset& info) {
  if (element_count(info.shape) == 0) return {};
  if (H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0) return {};
  return damaged(path, "dataset " + quoted(info.name) + " cannot be read", Session::reason());
}

Status read_bfloat16(hid_t dataset, float* out, const std::filesystem::path& path,
                     const Hdf5Dataset& info) {
  std::vector<uint16_t> bits(static_cast<size_t>(element_count(info.shape)));
  ST_CHECK(read_all(dataset, H5T_NATIVE_UINT16, bits.data(), path, info));
  for (size_t i = 0; i < bits.size(); ++i) {
    const uint32_t wide = static_cast<uint32_t>(bits[i]) << 16;  // the upper half of a float32
    std::memcpy(&out[i], &wide, sizeof wide);
  }
  return {};
}

Status read_booleans(hid_t dataset, int32_t* out, const std::filesystem::path& path,
                     const Hdf5Dataset& info) {
  // Enumerations convert to enumerations of the same names only: read in the file's own type.
  const Handle type(H5Dget_type(dataset), H5Tclose);
  std::vector<int8_t> flags(static_cast<size_t>(element_count(info.shape)));
  ST_CHECK(read_all(dataset, type, flags.data(), path, info));
  for (size_t i = 0; i < flags.size(); ++i) out[i] = flags[i] != 0 ? 1 : 0;
  return {};
}

}  // namespace

Result<std::vector<Hdf5Dataset>> list_datasets(const std::filesystem::path& path) {
  const Session session;
  const std::string shown = quoted(path.string());
  if (H5Fis_hdf5(path.c_str()) <= 0) {
    return Diagnostic{"E0201",
                      "weights file " + shown + " cannot be read, or is no HDF5 file",
                      path.string(),
                      {},
                      "name the right file with --weights FILE"};
  }
  const Handle file(open_file(path), H5Fclose);
  if (!file.ok()) {
    return damaged(path, "weights file " + shown + " is damaged or cut off", Session::reason());
  }
  Listing listing;
  if (H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, collect, &listing) < 0) {
    return damaged(path, "the list of datasets of " + shown + " is damaged", Session::reason());
  }
  if (listing.too_many) {
    return damaged(path, shown + " has more than " + std::to_string(MostDatasets) + " datasets",
                   "");
  }
  std::sort(listing.names.begin(), listing.names.end());
  std::vector<Hdf5Dataset> datasets;
  for (const std::string& name : listing.names) {
    Hdf5Dataset info;
    info.name = name;
    const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.ok() || !describe(dataset, info)) {
      return damaged(path, "dataset " + quoted(name) + " is damaged", Session::reason());
    }
    datasets.push_back(std::move(info));
  }
  return datasets;
}

Status read_dataset(const std::filesystem::path& path, const Hdf5Dataset& info, void* out) {
  const Session session;
  const Handle file(open_file(path), H5Fclose);
  const Handle dataset(file.ok() ? H5Dopen2(file, info.name.c_str(), H5P_DEFAULT) : -1, H5Dclose);
  Hdf5Dataset found;
  if (!dataset.ok() || !describe(dataset, found)) {
    return damaged(path, "dataset " + quoted(info.name) + " is damaged", Session::reason());
  }
  // `out` was sized by the earlier listing.
  if (found.shape != info.shape || found.dtype != info.dtype) {
    return damaged(path, "dataset " + quoted(info.name) + " has changed since the file was opened",
                   "");
  }
  ST_CHECK(check_storage(dataset, path, info));
  switch (*info.dtype) {
    case DType::F32:
    case DType::F64:
    case DType::F16:
      return read_all(dataset, H5T_NATIVE_FLOAT, out, path, info);
    case DType::BF16:
      if (is_bit_pattern(dataset))
        return read_bfloat16(dataset, static_cast<float*>(out), path, info);
      return read_all(dataset, H5T_NATIVE_FLOAT, out, path, info);
    case DType::I8:
      return read_all(dataset, H5T_NATIVE_INT8, out, path, info);
    case DType::U8:
    case DType::I32:
      return read_all(dataset, H5T_NATIVE_INT32, out, path, info);
    case DType::I64:
      return read_all(dataset, H5T_NATIVE_INT64, out, path, info);
    case DType::Bool:
      return read_booleans(dataset, static_cast<int32_t*>(out), path, info);
    default:
      break;  // no dataset is listed with another type
  }
  return Diagnostic{"E0901", "unknown element type", path.string(), {}, ""};
}

}  // namespace st::hdf5
