// SPDX-License-Identifier: Apache-2.0
/// Which element types of HDF5 can be tensors. Private to this folder.
#pragma once

#include <hdf5.h>

#include <optional>
#include <string>

#include "core/graph/tensor.h"

namespace st::hdf5 {

/// The element type of a dataset.
struct ElementType {
  std::optional<DType> dtype;  ///< nullopt if no tensor can be made of it
  std::string text;            ///< "f16", "a compound type", ...
};

/// Classifies the type of `dataset`, an open HDF5 dataset.
ElementType element_type(hid_t dataset);

/// Whether the open bf16 `dataset` holds bit patterns in 16-bit integers, and no HDF5 float type.
bool is_bit_pattern(hid_t dataset);

}  // namespace st::hdf5
