// SPDX-License-Identifier: Apache-2.0
/// The precision of each linear layer as a file: `build --quantisation FILE`.
///
///   {"default": {"precision": "w4a8", "group": 64},
///    "layers": {"lm_head/MatMul": {"precision": "w8a8"}, "*/attn/*": {"group": 128}}}
///
/// What an entry of `layers` leaves out is as in `default`. Beside them, "activation_scales" may be
/// "group" in place of "token"; then no entry but one of f32 may have the group 0.
#pragma once

#include <string>

#include "core/passes/quantise.h"

namespace st {

/// Errors: E0102 for what is no JSON; E0316 with JSON pointers, all at once. Whether layers of
/// these names exist is seen by quantise().
Result<Quantisation> parse_quantisation(const std::string& text, const std::string& file);

/// The text form. Deterministic; parse_quantisation reads it back.
std::string text_of(const Quantisation& quantisation);

}  // namespace st
