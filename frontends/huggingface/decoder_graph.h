// SPDX-License-Identifier: Apache-2.0
/// The graph of a decoder, in ONNX's operators and Optimum's names, and the weights that it reads.
#pragma once

#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "frontends/huggingface/family.h"
#include "frontends/huggingface/weight.h"

namespace st::huggingface {

struct DecoderGraph {
  /// Weights are values with a type, and without data.
  Graph graph;
  std::vector<Weight> weights;  ///< in the order in which the model reads them
};

/// Bounds that a design is sized by.
struct Bounds {
  int64_t context = 0;   ///< positions, at most those of the model
  int64_t sequence = 0;  ///< rows of a launch, at most the context
};

/// The decoder that `config` describes, with the tensors' names behind `prefix`.
DecoderGraph make_decoder(const ReadConfig& config, const std::string& prefix,
                          const std::string& name, const Bounds& bounds);

}  // namespace st::huggingface
