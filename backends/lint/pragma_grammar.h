// SPDX-License-Identifier: Apache-2.0
/// The grammar of `#pragma HLS`: one record per directive. Facts are those of XlxPragmaOption.td in
/// Xilinx/hls-llvm-project and of UG1399.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace st::lint {

enum class OptionKind : uint8_t {
  Flag,      ///< stands alone: `off`
  Integer,   ///< a constant expression from `least` to `most`
  Real,      ///< a number
  Choice,    ///< one of `values`, which may also stand alone: `cyclic` for `type=cyclic`
  Word,      ///< a name that the user gives; or one of `values`, if there are any
  Variable,  ///< variables of the code, parted by commas
};

struct OptionRecord {
  std::string_view name;
  OptionKind kind = OptionKind::Flag;
  bool required = false;
  std::vector<std::string_view> values = {};
  int64_t least = 0;
  int64_t most = std::numeric_limits<int32_t>::max();
  std::string_view instead = {};  ///< of a deprecated one: what to write
};

/// Where a directive may stand.
enum class Scope : uint8_t {
  Function,  ///< in the body of a function
  Loop,      ///< in the body of a loop
  Either,    ///< in the body of a function or of a loop
  Block,     ///< anywhere in a function
};

/// Options that an INTERFACE has by its mode.
struct ModeRecord {
  std::vector<std::string_view> modes;
  std::vector<OptionRecord> options;
};

struct DirectiveRecord {
  std::string_view name;
  Scope scope = Scope::Block;
  bool leads = false;  ///< it is about its body, and stands before the body's statements
  std::vector<OptionRecord> options;
  std::vector<std::pair<std::string_view, std::string_view>> conflicts = {};
  std::vector<ModeRecord> modes = {};  ///< of INTERFACE
  std::string_view instead = {};       ///< of a deprecated one
};

/// All directives.
const std::vector<DirectiveRecord>& directive_records();

/// The record of a directive, in lower case; nullptr if there is none.
const DirectiveRecord* find_directive(std::string_view name);

}  // namespace st::lint
