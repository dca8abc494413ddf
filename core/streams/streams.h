// SPDX-License-Identifier: Apache-2.0
/// From kernels with typed ports to kernels joined by channels, in small steps (StreamTensor §4.2,
/// §4.3). Until the last step an edge is a tensor that one kernel writes and others read; each step
/// leaves a program that the interpreter can run.
#pragma once

#include <set>

#include "core/dataflow/program.h"
#include "core/support/result.h"

namespace st {

/// Streams move vectors as wide as the kernels' unroll factors (§4.3.3): each port's type becomes
/// that of its beats, `itensor<vector<1x16xf32>, ...>`, with a loop for each divided tile
/// dimension.
Status vectorise(Program& program);

/// DMAs (§4.3.1): a tensor that another group reads, or the host (`outputs`), is stored to device
/// memory; what a group reads from elsewhere is loaded. A tensor that nobody reads is stored, so
/// that its stream ends somewhere. Errors: E0403 if a group needs more than `max_ports` memory
/// ports.
Status materialise_dmas(Program& program, const std::set<TensorId>& outputs, int max_ports);

/// Folds equal adjacent accesses (§4.3.2): where one elementwise kernel reads what another one
/// writes, beat by beat in the same order, and nobody else does, both become one loop without a
/// FIFO.
Status fold(Program& program);

/// Repairs loop orders. An elementwise kernel gets the loops of a neighbour where that leaves less
/// to convert around it. A kernel that holds its row until the next one gets the re-access loops of
/// its readers, and streams the row as often as they take it; their converters go. Done where the
/// slowest kernel of the group still sets the pace.
Status repair(Program& program);

/// Puts a converter wherever a reader's type differs from the writer's (§4.3.1): a width adapter
/// where only the beats do; otherwise a live-range buffer, or a ping-pong where sending and
/// receiving in turn would slow the group down; one for several readers of one stream where that
/// does not.
Status materialise_converters(Program& program);

/// A stream has one reader: one fork where a tensor has several. It comes before converters, each
/// of which holds what it needs, so that no reader waits for another one.
Status insert_forks(Program& program);

/// One loader per parameter port, at most `most_ports` of them and of what `max_ports` leaves. Each
/// serves its kernels in topological order, so that none waits for a later one. Errors: E0403.
Status load_parameters(Program& program, int most_ports, int max_ports);

/// A channel for each tensor that is left; names become unique C++ identifiers.
Status connect(Program& program);

}  // namespace st
