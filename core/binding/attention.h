// SPDX-License-Identifier: Apache-2.0
/// The attentions of a program that run on the slices of the shared engine, over caches that are
/// striped over its ports (core/dataflow/kernels/striped.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// An attention over int8 keys and values, as it was lowered to kernels of its own.
struct EngineAttention {
  std::string name;           ///< of its node, untrusted
  KernelId last = -1;         ///< the kernel that makes its context, whose place the new ones take
  std::vector<KernelId> own;  ///< kernels that the engine replaces
  Port query, query_scale, key, key_scale, value, value_scale;  ///< what comes in, as integers
  Port context;                                                 ///< what is made
  int64_t heads = 1, kv_heads = 1, head = 1;
  float scale = 1.0f;  ///< of scores
  int64_t window = 0;
  std::vector<int64_t> layer_windows;  ///< where layers differ
};

/// In the order of kernels.
std::vector<EngineAttention> engine_attentions(const Program& program);

}  // namespace st
