// SPDX-License-Identifier: Apache-2.0
/// What `build` is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/precision.h"
#include "cli/search.h"
#include "core/explore/smaller.h"

namespace st::cli {

struct BuildOptions {
  std::string model, weights, target, output, tokenizer, synth = "stub", cxx, cxxflags, dump, start;
  std::vector<std::string> dims;
  std::string design, quantisation;
  RoundingOptions rounding;
  Workload workload;
  double seconds = 0;
  uint64_t seed = 1;
  bool timing = false, as_asked = false;
  OpenChoices open;
  CompileOptions compile;
};

/// Adds the options; what they say once the command line is parsed.
std::function<BuildOptions()> add_build_options(CLI::App& app);

}  // namespace st::cli
