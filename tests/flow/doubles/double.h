// SPDX-License-Identifier: Apache-2.0
/// Test doubles of AMD's tools: one program that behaves as the tool by whose name it is called.
/// They check arguments and files as the real ones do, and write the documented forms of output,
/// each with Mark in it. By environment variables:
///   DOUBLE_VERSION  the release that they say they are (2023.2)
///   DOUBLE_FAULT    how they fail: see Fault
///   DOUBLE_UNIT     only calls in a folder of that name fail
///   DOUBLE_CALLS    a file to which each call adds a line: folder, tool and arguments
///   DOUBLE_SECONDS  how long linking takes
///   DOUBLE_CARD     the shell that xbutil finds
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace st::doubles {
namespace fs = std::filesystem;

/// In everything that a double prints or writes.
inline constexpr const char* Mark = "test double of ";

struct Call {
  std::string tool;
  std::vector<std::string> arguments;
};

/// The release, as "2023.2".
std::string release();
/// "****** v++ v2023.2 (64-bit)" and so on.
void banner(const std::string& tool);

/// Ends the program as AMD's tools do: "ERROR: [<code>] <text>", exit code 1. Without a code: none.
[[noreturn]] void error(const std::string& code, const std::string& text);

/// Whether this call is to fail in that way: "licence", "part", "platform", "dataflow", "memory",
/// "disk", "route", "timing", "slow" (an estimate above the target), "warning", "cosim", "hang"
/// (writes hang.pid), "killed", "silent" (success without output), "crash".
bool fault(const std::string& name);
/// Waits for DOUBLE_SECONDS.
void take_time();
/// Faults that any tool may have while it works, with half of its output written.
void fail_midway(const std::string& tool);

std::string read(const fs::path& path);
/// Writes a file with Mark in its first line, as a comment in the form of `comment` ("#", "<!--").
void write(const fs::path& path, const std::string& tool, const std::string& text,
           const std::string& comment = "");
/// Ends the program unless `path` is a file.
void need_file(const std::string& path);

/// Options by name without dashes, "=" and the next word being alike; others are "positional".
struct Options {
  std::map<std::string, std::vector<std::string>> values;
  std::vector<std::string> positional;
  [[nodiscard]] bool has(const std::string& name) const { return values.count(name) != 0; }
  /// The value of an option that must be there once.
  [[nodiscard]] std::string value(const std::string& name) const;
  [[nodiscard]] std::string value(const std::string& name, const std::string& otherwise) const;
};
/// `known`: options, those that take a value with "=" behind their name; "l|link" are two names.
Options parse(const Call& call, const std::vector<std::string>& known);

/// A configuration file: "section.key" of each line, values in order; section "" before the first.
using Config = std::vector<std::pair<std::string, std::string>>;
/// Ends the program where a key is not of `known`, which may end in "*".
Config read_config(const fs::path& path, const std::vector<std::string>& known);
/// The values of a key.
std::vector<std::string> values(const Config& config, const std::string& key);

int vpp(const Call& call);
int vitis_run(const Call& call);
int vitis_hls(const Call& call);
int platforminfo(const Call& call);
int emconfigutil(const Call& call);
int xbutil(const Call& call);

}  // namespace st::doubles
