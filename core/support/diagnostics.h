// SPDX-License-Identifier: Apache-2.0
/// Errors as values: what is wrong, where, why, and what to do about it.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace st {

/// Who has to act, which is also the exit code of the program.
enum class Fault {
  Mismatch = 1,     ///< a comparison was run and failed (`verify`)
  BadInput = 2,     ///< the model, the weights, the command line or a build directory is wrong
  Infeasible = 3,   ///< the input is fine, but no design of it fits the target
  Environment = 4,  ///< the machine lacks something: a compiler, disk, permission
  Internal = 70,    ///< a bug in this program
};

/// One record per error code; `streamtensor explain CODE` prints it.
struct ErrorCode {
  std::string_view code;     ///< E0101
  Fault fault;               ///< decides the exit code
  std::string_view summary;  ///< one line
  std::string_view advice;   ///< what usually helps
};

/// All codes, sorted. A code that is used but not listed is an internal fault.
const std::vector<ErrorCode>& error_codes();

/// The record of `code`, or nullptr.
const ErrorCode* find_error_code(std::string_view code);

/// One problem.
struct Diagnostic {
  std::string code;     ///< of error_codes()
  std::string message;  ///< what, with the user's names
  std::string where;    ///< file, line:column, JSON pointer, node or tensor; may be empty
  std::vector<std::string> details;  ///< why: the facts that contradict each other
  std::string help;                  ///< what to do; may be empty
};

/// Several problems, reported together.
using Diagnostics = std::vector<Diagnostic>;

/// The gravest fault among `problems`: Internal before Environment before Infeasible before
/// BadInput.
Fault fault_of(const Diagnostics& problems);

/// Prints the problems as `error[E0101]: ...` blocks. Control characters in names are escaped.
void print(std::ostream& out, const Diagnostics& problems);

/// `text` with control characters, backslashes and invalid UTF-8 escaped, cut after `limit` bytes:
/// safe on a terminal and in a comment.
std::string printable(std::string_view text, size_t limit = 200);

/// `key` as a part of a JSON pointer (RFC 6901), printable.
std::string pointer_part(const std::string& key);

}  // namespace st
