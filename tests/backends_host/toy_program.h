// SPDX-License-Identifier: Apache-2.0
/// A hand-made program of two groups with a cache between launches, and C++ kernels that stand in
/// for emitted ones.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/host/launch_plan.h"
#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/support/emitted_file.h"
#include "tests/backends_host/temporary_build.h"

namespace st::testing {

inline constexpr int ToyVocabulary = 20;
inline constexpr int ToySequence = 4;
inline constexpr int ToyPositions = 8;

/// group0: ids, positions, parameters, cache -> hidden. group1: hidden -> logits. The hidden value
/// of a row is the sum over the rows so far of (id + 1) * (position + 2), plus the parameter,
/// modulo the vocabulary; its logit is highest.
Program toy_program();

/// An Alveo card at 300 MHz.
Target toy_target();

/// Sources and parameter file of toy_program(), as the rest of the compiler would write them.
std::vector<EmittedFile> toy_kernels();

/// Checksums of the parameter files in toy_kernels().
Checksums toy_checksums();

/// Writes sources, host program, stub and templates of toy_program().
void write_toy_build(const TemporaryBuild& build);

/// `make -C stub` in a build, with other targets and variables of the environment if they are
/// given.
Outcome make_stub(const TemporaryBuild& build, const std::string& targets = "",
                  const std::string& environment = "");

/// A copy of the toy build with its stub host, which is compiled once for all tests.
void write_compiled_toy_build(const TemporaryBuild& build);

/// What the kernels compute: the row's hidden value for each id of `text`, fed from position 0.
std::vector<int> toy_rows(const std::vector<int>& text);

}  // namespace st::testing
