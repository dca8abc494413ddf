// SPDX-License-Identifier: Apache-2.0
/// The decoder convention of a graph: which inputs are token ids, positions and caches (Optimum's
/// names).
#pragma once

#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace st {

/// What makes a graph a decoder that one design can run as prefill and as decode.
struct Decoder {
  std::string sequence;  ///< symbol of the rows of a launch
  std::string past;      ///< symbol of the rows in the caches; empty if the graph has none
  ValueId input_ids = NoValue;
  ValueId position_ids = NoValue;  ///< NoValue if the graph takes none
  ValueId logits = NoValue;
  ValueId draws = NoValue;     ///< of sampling on the device (core/graph/sample.h), or NoValue
  ValueId next_ids = NoValue;  ///< what it picks, or NoValue
  std::vector<ValueId> past_inputs;  ///< past_key_values.N.key|value
  int64_t max_sequence = 1;          ///< bound of `sequence`
  int64_t max_positions =
      1;  ///< bound of past + sequence: metadata `streamtensor.context`, or the sum of both bounds
};

/// Recognises the decoder. Errors: E0308, and E0403 where the
/// bounds are too large for any design, all at once.
Result<Decoder> find_decoder(const Graph& graph);

}  // namespace st
