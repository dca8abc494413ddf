// SPDX-License-Identifier: Apache-2.0
/// Small decoders of every form that the compiler takes, made from a seed, with weights in memory.
#pragma once

#include "core/graph/graph.h"
#include "core/support/result.h"
#include "tests/core/random_values.h"

namespace st::test {

/// Small ones take a tenth of the time to run.
enum class DecoderSize { Small, Medium };

/// Whether layers differ in form, or in their weights alone; in that case there are 2 or more.
enum class DecoderLayers { Different, Equal };

/// A decoder with 1 to 3 layers (small: 1 or 2): any widths (primes among them), with or without
/// positions, rotary embeddings, grouped-query attention, biases, gates, splits, joins, and with
/// nodes that canonicalisation is to remove. Sorted; its types are not inferred yet.
Graph random_decoder(uint64_t seed, DecoderSize size = DecoderSize::Medium,
                     DecoderLayers layers = DecoderLayers::Different);

/// Runs the tool's checks, as the first pass does: sorts, checks operators, infers types.
Status prepare(Graph& graph);

}  // namespace st::test
