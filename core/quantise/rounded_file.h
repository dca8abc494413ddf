// SPDX-License-Identifier: Apache-2.0
/// Rounded weights as a file, so that a build, and each of its stages, can be made again without
/// the text that they were rounded for:
///
///   {"schema": "streamtensor.rounded/1",
///    "tensors": {"rounded h.0/q/MatMul": {"type": "i4[2,4]", "bits": "1f07..."},
///                "rounded h.0/q/MatMul scales": {"type": "bf16[2,1]", "bits": "3f803e00"}}}
///
/// `bits` has the bits of all elements in their order, in hexadecimal digits, the highest first.
#pragma once

#include <string>

#include "core/passes/quantise.h"

namespace st {

std::string rounded_text(const RoundedWeights& weights);

/// Errors: E0102 for what is no JSON; E0319 with JSON pointers, all at once: tensors that are of
/// other types or have another number of digits, and scales that are not finite.
Result<RoundedWeights> parse_rounded(const std::string& text, const std::string& file);

}  // namespace st
