// SPDX-License-Identifier: Apache-2.0
/// A linear layer on the slices of the shared engine: a program of all its kernels, and what each
/// of its streams carries, computed directly.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/dataflow/interpreter.h"
#include "core/dataflow/program.h"
#include "core/graph/stripes.h"

namespace st::test {

struct EngineCase {
  DType weights = DType::I8;
  std::vector<int64_t> slices = {1};  ///< ports of each
  int64_t group_words = 1;
  int64_t rows = 12, blocks = 1;     ///< of a port in a block
  int64_t lanes = 16, beats = 4;     ///< of a row of x
  int64_t y_lanes = 4, y_beats = 3;  ///< of a row of results
  int64_t most_tokens = 1;
  int64_t tiles = 1;  ///< in which these are

  [[nodiscard]] int64_t depth() const { return lanes * beats; }
  [[nodiscard]] int64_t width() const { return y_lanes * y_beats; }
  [[nodiscard]] int64_t token_lanes() const { return (most_tokens + tiles - 1) / tiles; }
  [[nodiscard]] StripeLayout layout() const;
  [[nodiscard]] std::string text() const;
};

/// Weights [width, depth] and their scales; x by tokens.
struct EngineValues {
  Tensor weights, scales;
  std::vector<std::vector<int8_t>> x;
  std::vector<std::vector<float>> x_scales;
};
EngineValues random_values(const EngineCase& of, int64_t tokens, uint64_t seed);

/// What the program's channels carry, by name, as bytes: "columns_<slice>", "scales_<slice>",
/// "results_<slice>", "y".
std::map<std::string, std::vector<uint8_t>> engine_streams(const EngineCase& of,
                                                           const EngineValues& values);

/// Loaders, feed_rows, a multiply_stripes for each slice, collect_rows, and the results to memory.
/// Memories: "x", "x_scales", "weights_<port>", "y_out".
Program engine_program(const EngineCase& of, const EngineValues& values);
/// Gives it the rows of a launch.
void set_rows(const Program& program, const EngineValues& values, DeviceState& state);

}  // namespace st::test
