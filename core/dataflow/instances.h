// SPDX-License-Identifier: Apache-2.0
/// The hardware behind nodes and channels: instances, each a process that does its nodes' work in
/// turns, and FIFOs, each of which carries the streams of one instance to another (design.md §5,
/// "Binding").
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

struct Instance {
  std::string name;             ///< of the kernel, where it has one node
  std::vector<KernelId> nodes;  ///< in the order of kernels, which is that of their turns
};
/// Of some kernels, in the order of their first nodes.
std::vector<Instance> instances_of(const Program& program, const std::vector<KernelId>& kernels);

/// The same instances such that each stands behind those whose streams it reads, as far as streams
/// between them have no cycle; `cyclic` says if they have.
std::vector<Instance> in_stream_order(const Program& program,
                                      const std::vector<Instance>& instances,
                                      bool* cyclic = nullptr);

/// The kernels whose hardware all others share: of the nodes of an instance that have one kind,
/// body and template arguments, the first.
std::vector<KernelId> distinct_hardware(const Program& program,
                                        const std::vector<KernelId>& kernels);

/// A node's work for a layer.
struct Turn {
  KernelId kernel = -1;
  int64_t layer = 0;
  int64_t rows = 0;  ///< of the launch; 0: all of them
};
/// What an instance does in a launch where layers are streamed: nodes before the layers, those of
/// the layers once for each, those behind if results are wanted. Elsewhere its nodes' work for
/// `layer`.
std::vector<Turn> turns_of(const Program& program, const Instance& instance, int64_t layer = 0,
                           int64_t results = 1);
/// The same of a launch of `tokens` rows, where nodes that alternate have a turn for each row.
std::vector<Turn> row_by_row(const Program& program, const std::vector<Turn>& turns,
                             int64_t tokens);

/// The name of the FIFO that carries a channel.
const std::string& fifo_name(const Channel& channel);
/// Beats that a launch sends through the FIFO of a channel, at most.
int64_t max_beats_of_fifo(const Program& program, ChannelId channel);
/// By channel: the first one that its FIFO carries, which stands for all of them.
std::vector<ChannelId> fifos_of(const Program& program);

}  // namespace st
