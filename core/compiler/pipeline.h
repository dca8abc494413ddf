// SPDX-License-Identifier: Apache-2.0
/// The compiler: one list of passes from a graph to a program that can be emitted.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataflow/program.h"
#include "core/graph/decoder.h"
#include "core/graph/graph.h"
#include "core/ops/tiling.h"
#include "core/passes/quantise.h"
#include "core/passes/quantise_caches.h"
#include "core/platform/target.h"
#include "core/resources/refine.h"
#include "core/support/result.h"

namespace st {

/// What the user chose.
struct CompileOptions {
  std::string precision = "f32";            ///< of linear layers, of precisions()
  int64_t weight_group = 64;                ///< of weight_groups(); see LayerPrecision
  std::string activation_scales = "token";  ///< of activation_scales()
  std::string kv_cache = "f32";             ///< in what keys and values are kept, of kv_caches()
  /// Linear layers that differ from these; see Quantisation.
  std::map<std::string, LayerPrecision> layers;
  int parameter_ports = 4;        ///< most parameter files, and so ports, of one group
  std::string fifo = "exact";     ///< of fifo_methods()
  std::string fusion = "search";  ///< of fusion_methods()
  bool unit_per_slr =
      false;  ///< what a group has on each SLR is a kernel of its own (place-kernels)
  /// "spatial": hardware of its own for each node of a layer; "shared": bind_to_engine(), for which
  /// layers are folded.
  std::string binding = "spatial";
  int64_t engine_ports = 0;   ///< of a shared engine; 0: as many as serve it best
  int64_t engine_slices = 0;  ///< of a shared engine at most; 0: as many as the target has dies
  /// Tokens that a shared engine works on at once, and times as many that a launch has at most; 0:
  /// left open, 1 (core/explore/token_lanes.h).
  int64_t token_lanes = 0, token_tiles = 0;
  [[nodiscard]] int64_t lanes() const { return token_lanes > 0 ? token_lanes : 1; }
  [[nodiscard]] int64_t tiles() const { return token_tiles > 0 ? token_tiles : 1; }
  bool fold_layers = false;  ///< equal layers share kernels, and are walked on the device
  int64_t top_k = 0;         ///< of sampling on the device (core/passes/sample.h); 0: none
  Tiling tiling;             ///< of linear layers; empty: as without a choice

  [[nodiscard]] Quantisation quantisation() const {
    return {{precision, weight_group}, layers, activation_scales_of(activation_scales)};
  }
};

/// "spatial", "shared", and "auto", which is one of them before a design is compiled
/// (core/explore/choose_binding.h): the first is the default.
const std::vector<std::string>& bindings();

/// What passes work on: the graph until `lower`, the program after it.
struct Design {
  Graph graph;
  Program program;
  Target target;
  CompileOptions options;
  RoundedWeights rounded;        ///< weights that `quantise` takes as they are
  Decoder decoder;               ///< of `graph`, after `check`
  int row_lanes = 0;             ///< of rows, chosen or found, after `lower`
  std::vector<FifoFacts> fifos;  ///< by group, after `refine-fifos`
};

/// One record per pass.
struct Pass {
  std::string_view name;
  std::string_view summary;
  std::function<Status(Design&)> run;
  bool on_program;  ///< whether its result shows in the program, or in the graph
};

/// The passes, in the order in which they run.
const std::vector<Pass>& passes();

/// What is told of each stage: the index of the pass, and the stage's file (core/compiler/stage.h).
using AfterPass = std::function<void(int pass, const std::string& text)>;

/// Rounds the weights of w4a8 layers for these texts of token ids, into `design.rounded`; the graph
/// stays as it was read. Errors: those of the passes before `quantise` and of calibrate().
Status round_weights(Design& design, const std::vector<std::vector<int64_t>>& texts);

/// Runs all passes, and the verifier after each. Constants of the graph, as read, get their names.
/// Errors: those of the passes.
Status compile(Design& design, const AfterPass& after);

/// Runs the passes up to the one called `last`, which need not leave a program that can be emitted.
/// Asking for an unknown pass is a bug. Errors: those of the passes; E0901.
Status compile_up_to(std::string_view last, Design& design);

/// Runs the passes from index `first` on, which start_from() said; the stage before it was read
/// from the file `name`. Errors: those of the passes; E0313 where a program cannot be gone on with.
Status compile_from(int first, const std::string& name, Design& design, const AfterPass& after);

}  // namespace st
