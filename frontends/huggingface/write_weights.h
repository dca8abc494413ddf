// SPDX-License-Identifier: Apache-2.0
/// The weights of a model, from a checkpoint to an HDF5 file.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "core/support/result.h"
#include "frontends/huggingface/tensor_source.h"
#include "frontends/huggingface/weight.h"

namespace st::huggingface {

/// Bytes written so far, of how many.
using OnBytes = std::function<void(int64_t done, int64_t total)>;

/// Bytes of all datasets. Precondition: check_weights is content.
int64_t bytes_of(const std::vector<Weight>& weights, const TensorSource& source);

/// Writes each weight as a dataset in its tensor's own element type, a block at a time. Errors:
/// E0501.
Status write_weights(const std::vector<Weight>& weights, const TensorSource& source,
                     const std::filesystem::path& file, const OnBytes& progress);

}  // namespace st::huggingface
