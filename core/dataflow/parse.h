// SPDX-License-Identifier: Apache-2.0
/// Reads the text form of a program.
#pragma once

#include <string>
#include <string_view>

#include "core/dataflow/program.h"

namespace st {

/// The program that text_of() wrote: `text_of(*parse_program(text_of(program), ...)) ==
/// text_of(program)`. The text is called `name` in messages. Names and ids mean something that
/// stands further up, and constants have the types of their tensors; whether the program is sound
/// is for verify() to say. Errors: E0311 with line and column.
Result<Program> parse_program(std::string_view text, const ConstantLookup& constants,
                              const std::string& name = "program");

}  // namespace st
