// SPDX-License-Identifier: Apache-2.0
/// The text form of a program. Its reader is parse.cpp: a field that is added here is added there.
#include "core/dataflow/program.h"
#include "core/support/text_form.h"

namespace st {
namespace {

std::string id_text(TensorId id) { return "#" + std::to_string(id); }

/// "#3 : itensor<...> by 16", or the channel, which knows both.
std::string port_text(const Program& program, TensorId tensor, const StreamType& type,
                      ChannelId channel) {
  if (channel >= 0) return "%" + name_text(program.channels[channel].name);
  return id_text(tensor) + " : " + text_of(type);
}

/// "(a, b)".
template <typename Items, typename Item>
std::string list(const Items& items, const Item& text) {
  std::string out = "(";
  for (const auto& item : items) out += (out.size() > 1 ? ", " : "") + text(item);
  return out + ")";
}

std::string tensor_text(const DataTensor& tensor) {
  std::string out =
      quoted_text(tensor.name) + " " + text_of(TensorType{tensor.dtype, tensor.shape});
  if (tensor.fed_back) out += " back";
  if (!tensor.fifo.empty()) out += " fifo " + name_text(tensor.fifo);
  return tensor.constant ? out + " = " + tensor.constant->describe() : out;
}

std::string channel_text(const Channel& channel) {
  std::string out = "%" + name_text(channel.name) + " " + id_text(channel.tensor) + " : " +
                    text_of(channel.type) + ", depth " + std::to_string(channel.depth) + " " +
                    std::string(name_of(channel.memory)) +
                    (channel.fifo.empty() ? "" : " fifo " + name_text(channel.fifo));
  return channel.why.empty() ? out : out + " why " + quoted_text(channel.why);
}

std::string memory_text(const Program& program, const Memory& memory) {
  std::string out = "@" + name_text(memory.name) + " " + std::string(name_of(memory.role));
  if (memory.role != MemoryRole::Parameters) {
    out += " " + id_text(memory.tensor) + " " + std::to_string(memory.rows) + " rows of " +
           std::to_string(memory.beats) + " x vector<" + std::to_string(memory.lanes) + "x" +
           std::string(name_of(memory.dtype)) + ">";
  }
  if (memory.copies > 1) out += " copies " + std::to_string(memory.copies);
  out += ", channel " + std::to_string(memory.channel);
  if (!memory.port.empty()) out += " port " + name_text(memory.port);
  if (memory.port_bits != WordBits) out += " bits " + std::to_string(memory.port_bits);
  for (const Segment& segment : memory.segments) {
    out += "\n  segment words " + std::to_string(segment.first_word) + "+" +
           std::to_string(segment.words) + (segment.layered ? " layered " : " ") +
           port_text(program, segment.tensor, segment.type, segment.channel);
  }
  return out;
}

std::string kernel_text(const Program& program, const Kernel& kernel) {
  auto port = [&](const Port& p) { return port_text(program, p.tensor, p.type, p.channel); };
  std::string out = "@" + name_text(kernel.name) + " = " + word_text(kernel.kind) + "<";
  for (const auto& [name, size] : kernel.sizes)
    out += (out.back() == '<' ? "" : ", ") + word_text(name) + "=" + std::to_string(size);
  out += "> group " + std::to_string(kernel.group) +
         (kernel.layered  ? " layered"
          : kernel.behind ? " behind"
                          : "") +
         (kernel.alternates ? " alternates" : "") + " " + list(kernel.inputs, port) + " -> " +
         list(kernel.outputs, port);
  if (!kernel.memories.empty()) {
    out += " memories " + list(kernel.memories, [&](MemoryId m) {
             return "@" + name_text(program.memories[m].name);
           });
  }
  if (!kernel.reals.empty()) {
    out += " reals " + list(kernel.reals, [](const auto& real) {
             return word_text(real.first) + "=" + real_text(real.second);
           });
  }
  if (!kernel.layer_sizes.empty()) {
    out += " by layer " + list(kernel.layer_sizes, [](const auto& size) {
             return word_text(size.first) + "=" +
                    list(size.second, [](int64_t value) { return std::to_string(value); });
           });
  }
  if (!kernel.instance.empty()) out += " instance " + name_text(kernel.instance);
  if (!kernel.unit.empty()) out += " unit " + name_text(kernel.unit);
  if (!kernel.body.empty()) out += " body " + list(kernel.body, word_text);
  if (!kernel.storage.empty()) {
    out += " storage " + list(kernel.storage, [](const auto& array) {
             return word_text(array.first) + "=" + std::string(name_of(array.second));
           });
  }
  if (kernel.slr >= 0) out += " slr " + std::to_string(kernel.slr);
  if (kernel.node != -1 || !kernel.origin.empty())
    out += " node " + std::to_string(kernel.node) + " " + quoted_text(kernel.origin);
  return out;
}

}  // namespace

std::string text_of(const StreamType& type) {
  return text_of(type.itensor) + " by " + std::to_string(type.lanes);
}

std::string text_of(const Program& program) {
  std::string out = "program " + quoted_text(program.model) + " precision " +
                    word_text(program.precision) +
                    " sequence<=" + std::to_string(program.max_sequence) +
                    " positions<=" + std::to_string(program.max_positions) + " groups " +
                    std::to_string(program.groups);
  if (program.vocabulary > 0) out += " vocabulary " + std::to_string(program.vocabulary);
  if (program.unit_per_slr) out += " unit per slr";
  if (program.layers.folded()) {
    const LayerWalk& walk = program.layers;
    out += " layers " + std::to_string(walk.count);
    if (walk.streamed) out += " streamed";
  }
  if (program.layers.folded() && !program.layers.streamed) {
    const LayerWalk& walk = program.layers;
    out += " entry " + id_text(walk.entry) + " carried " + id_text(walk.carried) + " next " +
           id_text(walk.next) + " exit " + id_text(walk.exit);
  }
  out += "\n";
  for (size_t t = 0; t < program.tensors.size(); ++t)
    out += "tensor " + id_text(static_cast<TensorId>(t)) + " " + tensor_text(program.tensors[t]) +
           "\n";
  for (const Channel& channel : program.channels) out += "channel " + channel_text(channel) + "\n";
  for (const Memory& memory : program.memories)
    out += "memory " + memory_text(program, memory) + "\n";
  for (const Kernel& kernel : program.kernels)
    out += "kernel " + kernel_text(program, kernel) + "\n";
  return out;
}

}  // namespace st
