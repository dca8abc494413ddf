// SPDX-License-Identifier: Apache-2.0
/// Binds the nodes of a program to shared hardware: linear layers and attention to one matrix
/// engine, whose weights and caches stream from all memory ports without a pause, and kernels that
/// walk the layers of a token themselves (notes/roofline.md; design.md §5, "Binding").
///
///   memory   a loader for each port, for all layers; what stores new keys and values
///   feeder   embeddings, where rows enter the layers, what the engine multiplies with
///   engine   slices of the engine, a unit each
///   decoder  all else: norms, activations, softmax of slices, results of the engine to rows
///
/// These units are acyclic inside; together they are not.
#pragma once

#include "core/binding/engine.h"
#include "core/dataflow/program.h"
#include "core/graph/graph.h"

namespace st {

struct BindingLimits {
  int64_t least_ports = 1, most_ports = 1;  ///< that the engine may have
  int64_t slices = 1;                       ///< of the engine at most
  int64_t token_lanes = 1;                  ///< rows of a launch that the engine works on at once
  /// Memory ports behind each port of the engine, which take turns: as many as give a word of 512
  /// bits in a cycle where those of the platform are narrow.
  int64_t ways = 1;
};

/// Whether a program can be bound: folded layers, linear layers with scales for groups of both
/// operands, all of one element type and group. Errors: E0338, all at once.
Status check_bindable(const Graph& graph, const Program& program);

/// Memory ports that a program has beside those of an engine that it is bound to: inputs, outputs,
/// tables, small parameters.
int ports_beside_engine(const Program& program);

/// Binds it; `graph` is what it was lowered from, streams are vectorised and not joined yet.
/// Errors: those of check_bindable(); E0403 where the engine does not fit the ports, or its token
/// lanes a stream.
Status bind_to_engine(const Graph& graph, Program& program, const BindingLimits& limits);

}  // namespace st
