// SPDX-License-Identifier: Apache-2.0
/// Resources of a design whose kernels walk the layers themselves (LayerWalk::streamed): depths to
/// begin with, memory channels, dies of whole units.
#pragma once

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/resources/die_problem.h"

namespace st {

/// Words that may wait ahead of the engine at each port: they hide the gaps between its steps. 512
/// nearly do (notes/roofline.md), but as many fill the blocks of UltraRAM that a word needs.
inline constexpr int64_t WordsAhead = 4096;

/// Depths of all FIFOs: WordsAhead for words of weights and caches; for others room for what a
/// layer sends. refine_fifos() takes back what does not help.
void size_streamed(Program& program);

/// Memories of the engine's ports have a channel each, as far as there are any; the others go to
/// the board's large memory, or behind the ports' channels, or on all channels where these are few.
/// Errors: E0403 where there is no room.
Status place_streamed_memories(Program& program, const Target& target);

/// A die for each unit, with all its kernels; only the decoder may be on several dies, and is a
/// unit on each of them then. Errors: E0403.
Status place_units(Program& program, const Target& target);

/// What dies hold, and the wires between them, once a group's kernels are placed, one by one or by
/// unit: hardware that nodes share counts once.
DieUse use_of_dies(const Program& program, int group, const Target& target);

}  // namespace st
