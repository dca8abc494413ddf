// SPDX-License-Identifier: Apache-2.0
/// The text of an emitted group, taken apart as far as tests on its form need.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace st::test {

/// A definition `hls::stream<TYPE, DEPTH> NAME("NAME");` with what stands around it.
struct StreamDefinition {
  std::string name, type, depth;
  std::string comment;  ///< the comment lines right before it, without slashes
  std::string pragma;   ///< the line after it
};

/// A call `TASK(FUNCTION)(ARGUMENTS);`.
struct TaskCall {
  std::string function;
  std::vector<std::string> arguments;
};

/// The top function of groups/GROUP/src/GROUP.cpp.
struct GroupCode {
  std::vector<std::string> pointers;  ///< parameters that are m_axi pointers
  std::vector<std::string> pragmas;   ///< before the region
  std::vector<StreamDefinition> streams;
  std::vector<TaskCall> tasks;
  std::vector<std::string> others;  ///< statements of the region that are neither of these
};

/// Takes a group's source apart. Fails the test if it has no top function with a DATAFLOW pragma.
GroupCode group_code(const std::filesystem::path& build, int group);

}  // namespace st::test
