// SPDX-License-Identifier: Apache-2.0
/// Builds of the example models, each made once, and damage to copies of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st::test {

/// What to build. Two requests that are equal get the same build directory.
struct Request {
  std::string model;  ///< folder of examples/: "adder", "stories260k", "char_shakespeare"
  std::string precision = "f32";
  std::string target = "u280";   ///< as --target takes it
  std::string synth = "stub";    ///< "none" for code that the test compiles itself
  bool fold_layers = false;      ///< --fold-layers
  int top_k = 0;                 ///< --top-k
  bool kernel_per_slr = false;   ///< --kernel-per-slr
  std::string kv_cache = "f32";  ///< --kv-cache
  bool group_scales = false;     ///< --weight-group 64 --activation-scales group
  bool one_row = false;          ///< launches of one row
  int row_lanes = 0;             ///< --row-lanes; 0: as the tool chooses
  bool shared = false;           ///< --binding shared, on a U280 of 3 ports in 2 slices
  int token_lanes = 1;           ///< --token-lanes, of those
  int token_tiles = 1;           ///< --token-tiles, of those
  auto operator<=>(const Request&) const = default;
};

/// An engine that all linear layers and attention share; and the spatial design of the same
/// integers, row by row.
Request shared_design(const std::string& model, const std::string& precision = "w8a8");
Request spatial_design(const std::string& model, const std::string& precision = "w8a8");

/// The weights of an example model: beside its model.json, or in the shared folder.
std::filesystem::path weights_of(const std::string& model);

/// The build directory of a request. Fails the test if the tool fails, each time it is asked for.
const std::filesystem::path& built(const Request& request);

/// The program of a build: its last stage, with constants that are not read.
Program program_of(const std::filesystem::path& build);

/// A target file: u280 with at most `ports` memory ports for a group.
std::filesystem::path target_with_ports(int ports);

/// What becomes of a folder's hard links, with which test data and parameters share their bytes.
enum class Links { Kept, Broken };
/// A fresh copy of a folder under scratch(), named `name`; an earlier one of that name is replaced.
std::filesystem::path copy_of(const std::filesystem::path& folder, const std::string& name,
                              Links links = Links::Kept);

/// Flips the bits of `mask` in one byte, in place: whatever else links to the file sees it too.
void flip(const std::filesystem::path& file, int64_t offset, uint8_t mask = 1);

/// Replaces the first `from`, which must be there, in place.
void replace(const std::filesystem::path& file, const std::string& from, const std::string& to);

/// Compiles the test bench of a build's group again. Fails the test if that fails.
void recompile_test_bench(const std::filesystem::path& build, int group = 0);

/// The numbers of "1,2,3" and of "1\n2": whatever separates them.
std::vector<int64_t> numbers_of(const std::string& text);
/// "1,2,3".
std::string joined(const std::vector<int64_t>& numbers);

}  // namespace st::test
