// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/snapshot.h"

#include <algorithm>

#include "tests/common/tool.h"

namespace st::test {
namespace fs = std::filesystem;

Snapshot snapshot(const fs::path& folder) {
  Snapshot all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::file_status status = entry.symlink_status();
    const std::string mode = std::to_string(static_cast<unsigned>(status.permissions())) + " ";
    std::string& text = all[entry.path().lexically_relative(folder).string()];
    if (fs::is_symlink(status)) {
      text = "link " + mode + fs::read_symlink(entry.path()).string();
    } else if (fs::is_regular_file(status)) {
      text = "file " + mode + read(entry.path());
    } else {
      text = (fs::is_directory(status) ? "directory " : "other ") + mode;
    }
  }
  return all;
}

std::string difference(const Snapshot& before, const Snapshot& after) {
  std::string text;
  for (const auto& [path, content] : before) {
    const auto found = after.find(path);
    if (found == after.end()) {
      text += path + " is gone\n";
    } else if (found->second != content) {
      const size_t same = static_cast<size_t>(
          std::mismatch(content.begin(), content.end(), found->second.begin(), found->second.end())
              .first -
          content.begin());
      text += path + " differs from byte " + std::to_string(same) + " on\n";
    }
  }
  for (const auto& entry : after) {
    if (before.count(entry.first) == 0) text += entry.first + " is new\n";
  }
  return text;
}

}  // namespace st::test
