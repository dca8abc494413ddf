// SPDX-License-Identifier: Apache-2.0
/// Attention over int8 caches that are striped over memory ports: a program of all its kernels, and
/// what each of its streams carries, computed directly.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/dataflow/interpreter.h"
#include "core/dataflow/program.h"
#include "tests/common/random.h"

namespace st::test {

struct StripedCase {
  int64_t heads = 1, kv_heads = 1, head = 64, lanes = 16;
  std::vector<int64_t> slices = {1};  ///< ports of each
  int64_t max_positions = 1, window = 0;
  float scale = 0.7f;     ///< of scores, which feed_heads puts into those of queries
  int64_t sum_parts = 1;  ///< in which a slice sends a sum

  [[nodiscard]] int64_t stripes() const;
  [[nodiscard]] int64_t max_rounds() const { return (max_positions + stripes() - 1) / stripes(); }
  [[nodiscard]] int64_t head_words() const { return (head + 63) / 64; }
  [[nodiscard]] int64_t key_words() const;
  [[nodiscard]] int64_t value_words() const { return kv_heads * head_words(); }
  [[nodiscard]] int64_t cache_words() const { return max_rounds() * (key_words() + value_words()); }
  [[nodiscard]] std::string text() const;
};

/// A new row; scales of keys and values are bfloat16.
struct StripedToken {
  std::vector<int8_t> q, k, v;
  std::vector<float> factors, k_scales, v_scales;
};
StripedToken random_token(Random& random, const StripedCase& of);

/// The bytes of the caches of all ports.
using StripedCaches = std::vector<std::vector<int8_t>>;
/// With any bytes in them.
StripedCaches random_caches(Random& random, const StripedCase& of);
/// Writes keys and values of a position.
void put_position(StripedCaches& caches, const StripedCase& of, int64_t position,
                  const StripedToken& token);

/// What the program's channels carry for the last token of `tokens`, by name, as bytes; of the
/// caches as they are before it.
std::map<std::string, std::vector<uint8_t>> striped_streams(
    const StripedCase& of, const StripedCaches& caches, const std::vector<StripedToken>& tokens);

/// Rows from memory, all kernels of striped attention, and the context to memory. Its tensor of
/// peaks closes a cycle of kernels. Memories: "q", "factors", "k", "k_scales", "v", "v_scales",
/// "cache_<port>", "context".
Program striped_program(const StripedCase& of);
/// Gives it a token, and the caches.
void set_token(const Program& program, const StripedToken& token, DeviceState& state);
void set_caches(const Program& program, const StripedCaches& caches, DeviceState& state);
/// The caches as they are.
StripedCaches caches_in(const Program& program, DeviceState& state);

}  // namespace st::test
