// SPDX-License-Identifier: Apache-2.0
/// Four models at full size, with any weights, as shared designs stream them: w4a8 in groups of
/// 128, int8 caches.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/compiler/pipeline.h"
#include "core/explore/smaller.h"

namespace st::bench {

constexpr double OfPeak = 0.9;  ///< of a channel's bandwidth that streams get

struct Model {
  const char* name;
  const char* config;
  int64_t layers, width, query, key, kv_heads, hidden;
  int matrices;  ///< of a feed-forward block
  int64_t vocabulary, context;
  int64_t window, whole_every;  ///< of layers with a window, and which layers have none; 0: none
  double fluid;                 ///< token/s of the fluid model (roofline.md), 4,096 MACs
  double paper, codo;           ///< token/s on boards: StreamTensor, table 4; CODO, table VI
  double first_token_goal;      ///< ms, of a prompt of 128
};

const std::vector<Model>& models();
const Model& model_named(const std::string& name);

/// Bytes of the weights that a token needs, half a byte each, with a scale for each group.
double weight_bytes(const Model& model);
/// Bytes of keys and values, with their scales, that a token needs of earlier positions.
double cache_bytes(const Model& model, int64_t past);

/// The model as `import --random-weights` makes it; false, and said, where the shared folder is not
/// here.
bool import_model(const Model& model, const std::filesystem::path& folder);

/// The model on a board whose memory gives a part of its peak, of launches behind at most
/// `most_past` positions. What channels that are ways into one memory take is set by their clock,
/// and stays.
bool read_design(const std::filesystem::path& folder, const std::string& binding,
                 const std::string& board, int64_t most_past, Design& design);

/// The same as `build` does without --as-asked; `how` gets what that changed.
bool compile_as_built(Design& design, const OpenChoices& open, std::string& how);

}  // namespace st::bench
