// SPDX-License-Identifier: Apache-2.0
#include "core/support/embedded.h"

#include <cstdio>
#include <cstdlib>

namespace st {
namespace {

const std::map<std::string, std::string>& files() {
  static const std::map<std::string, std::string> all = make_embedded_files();
  return all;
}

}  // namespace

const std::string& embedded_file(std::string_view path) {
  auto found = files().find(std::string(path));
  if (found == files().end()) {
    std::fprintf(stderr, "internal: no embedded file '%.*s'\n", static_cast<int>(path.size()),
                 path.data());
    std::abort();
  }
  return found->second;
}

std::vector<std::string> embedded_files(std::string_view prefix) {
  std::vector<std::string> paths;
  for (const auto& [path, content] : files()) {
    if (path.starts_with(prefix)) paths.push_back(path);
  }
  return paths;
}

}  // namespace st
