// SPDX-License-Identifier: Apache-2.0
/// Files of the source tree that the program carries along, so that one executable is all that a
/// user needs.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace st {

/// Content of a file, by its path from the root of the source tree. Asking for a file that is not
/// embedded is a bug: it aborts.
const std::string& embedded_file(std::string_view path);

/// Paths of all embedded files that start with `prefix`, sorted.
std::vector<std::string> embedded_files(std::string_view prefix);

/// Written by cmake/embed.cmake.
std::map<std::string, std::string> make_embedded_files();

}  // namespace st
