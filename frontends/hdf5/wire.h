// SPDX-License-Identifier: Apache-2.0
/// Results as bytes, to pass them from a child process to its parent. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "frontends/hdf5/hdf5_file.h"

namespace st::hdf5 {

std::string pack(const Result<std::vector<Hdf5Dataset>>& listing);
std::string pack(const Status& status);

/// The packed result; E0206 at `where` if the bytes are none.
Result<std::vector<Hdf5Dataset>> unpack_listing(const std::string& bytes, const std::string& where);
Status unpack_status(const std::string& bytes, const std::string& where);

}  // namespace st::hdf5
