// SPDX-License-Identifier: Apache-2.0
/// What the host has to know of a program: kernels in launch order, buffers, and which tensors are
/// the model's inputs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// The checksum (core/packing/checksum.h) of each parameter file, by the name of its memory.
using Checksums = std::map<std::string, uint64_t>;

/// Where the parameter file of `memory` lies in the build directory; "" if it has none.
std::string parameter_file(const Memory& memory);

/// The memory of that role which holds the tensor called `tensor`; -1 if there is none.
MemoryId find_memory(const Program& program, MemoryRole role, const std::string& tensor);

/// Logits of a row, without the zeroes that may follow them in memory; 0 if there are none.
int64_t logits_width(const Program& program);

/// Ids that the host accepts: 0 to this, exclusive. The width of the logits, or the rows of the
/// smallest table that ids index where that is less.
int64_t vocabulary_of(const Program& program);

/// Logits of a row that sampling on the device draws from at most; 1 if it picks the largest, 0 if
/// there is none.
int64_t top_k_of(const Program& program);

}  // namespace st
