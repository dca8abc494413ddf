// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/platform/target.h"
#include "core/platform/unsupported.h"
#include "core/support/embedded.h"
#include "core/support/near_names.h"

namespace st {
namespace {

/// Target files have a few kilobytes; anything much larger is another kind of file.
constexpr uintmax_t LargestFile = 1 << 20;

bool is_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".json");
}

Result<std::string> read(const std::string& path) {
  const auto failed = [&](const std::string& why) {
    return Diagnostic{"E0101", "the target file " + why, printable(path), {}, ""};
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return failed("does not exist");
  if (std::filesystem::file_size(path, error) > LargestFile || error) {
    return failed("is larger than 1 MiB");
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || !text) return failed("cannot be read");
  return text.str();
}

}  // namespace

std::vector<Target> built_in_targets() {
  std::vector<Target> targets;
  for (const std::string& path : embedded_files("targets/")) {
    auto target = parse_target(embedded_file(path), path);
    if (!target.ok()) {
      for (const Diagnostic& problem : target.errors()) {
        std::fprintf(stderr, "internal: %s: %s\n", problem.where.c_str(), problem.message.c_str());
      }
      std::abort();  // a test reads all of them
    }
    targets.push_back(*target);
  }
  std::sort(targets.begin(), targets.end(),
            [](const Target& a, const Target& b) { return a.name < b.name; });
  return targets;
}

Result<Target> find_target(const std::string& name_or_path) {
  std::string name = name_or_path;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::vector<std::string> known;
  std::string list;
  for (const Target& target : built_in_targets()) {
    if (target.name == name) return target;
    known.push_back(target.name);
    list += (list.empty() ? "" : ", ") + target.name;
  }
  for (const UnsupportedBoard& board : unsupported_boards())
    if (board.name == name) return refusal_of(board);
  if (is_path(name_or_path)) {
    ST_TRY(text, read(name_or_path));
    return parse_target(text, name_or_path);
  }
  return Diagnostic{"E0401",
                    "unknown target '" + printable(name_or_path) + "'",
                    "",
                    {"known targets: " + list},
                    did_you_mean(name, known)};
}

Result<std::string> target_text(const std::string& name_or_path) {
  ST_TRY(target, find_target(name_or_path));
  const std::string path = "targets/" + target.name + ".json";
  for (const std::string& known : embedded_files("targets/")) {
    if (known == path && !is_path(name_or_path)) return embedded_file(path);
  }
  return read(name_or_path);
}

}  // namespace st
