// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "core/streams/edges.h"
#include "core/streams/streams.h"
#include "core/support/names.h"

namespace st {
namespace {

/// What a channel is called: like its tensor, and like its reader where several carry the tensor.
std::string label(const Program& program, const Kernel& writer, size_t output,
                  const Kernel& reader) {
  const std::string& tensor = program.tensors[writer.outputs[output].tensor].name;
  if (writer.kind == "fork") return tensor + " to " + reader.name;
  const bool converts = writer.kind == "convert" || writer.kind == "adapt";
  const bool again = output > 0 && output < writer.sizes_named("Repeat").size();
  return converts || again ? tensor + " for " + reader.name : tensor;
}

}  // namespace

Status connect(Program& program) {
  const Edges edges(program);
  std::vector<ChannelId> channel_of(program.tensors.size(), -1);
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    for (size_t o = 0; o < program.kernels[k].outputs.size(); ++o) {
      Port& port = program.kernels[k].outputs[o];
      if (edges.readers[port.tensor].size() != 1) {
        return Diagnostic{"E0320",
                          "tensor '" + printable(program.tensors[port.tensor].name) + "' has " +
                              std::to_string(edges.readers[port.tensor].size()) +
                              " readers: a channel has one",
                          program.kernels[k].name,
                          {},
                          "this is a fault of the compiler; please report it"};
      }
      const End& reader = edges.readers[port.tensor][0];
      Channel channel;
      channel.name = label(program, program.kernels[k], o, program.kernels[reader.kernel]);
      channel.tensor = port.tensor;
      channel.type = port.type;
      channel.producer = k;
      channel.consumer = reader.kernel;
      const auto id = static_cast<ChannelId>(program.channels.size());
      program.channels.push_back(std::move(channel));
      channel_of[port.tensor] = port.channel = id;
      reading(program, reader).channel = id;
    }
  }
  for (Memory& memory : program.memories) {
    for (Segment& segment : memory.segments) segment.channel = channel_of[segment.tensor];
  }
  // Channels are called like their tensors, so kernels and memories may have to make way.
  Names names;
  // Those with copies first: more names follow from theirs.
  for (const bool copies : {true, false}) {
    for (Memory& memory : program.memories)
      if ((memory.copies > 1) == copies) memory.name = names.unique(memory.name);
    if (copies)
      for (const std::string& name : reserved_names(program)) names.unique(name);
  }
  std::map<std::string, std::string> first;  // by FIFO: its first channel, which is called like it
  for (Channel& channel : program.channels) {
    const std::string& fifo = program.tensors[channel.tensor].fifo;
    const bool begins = !fifo.empty() && first.count(fifo) == 0;
    channel.name = names.unique(begins ? fifo : channel.name);
    if (begins) first[fifo] = channel.name;
    if (!fifo.empty()) channel.fifo = first[fifo];
  }
  for (Kernel& kernel : program.kernels) kernel.name = names.unique(kernel.name);
  return {};
}

}  // namespace st
