// SPDX-License-Identifier: Apache-2.0
/// Reading of HDF5 files through its C API. HDF5 may crash on damaged files, so that these
/// functions run in a child process (isolated.h). Private to this folder.
#pragma once

#include <filesystem>
#include <vector>

#include "frontends/hdf5/hdf5_file.h"

namespace st::hdf5 {

/// All datasets, sorted by name. Errors: E0201 no HDF5 file, E0206 damaged.
Result<std::vector<Hdf5Dataset>> list_datasets(const std::filesystem::path& path);

/// Reads the dataset that `info` describes into `out`, as float, int8_t, int32_t or int64_t,
/// whichever a Tensor of its type holds. Precondition: `info.dtype` is set, `out` has room for its
/// shape. Errors: E0204, E0206.
Status read_dataset(const std::filesystem::path& path, const Hdf5Dataset& info, void* out);

}  // namespace st::hdf5
