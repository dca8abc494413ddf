// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/program.h"

#include <algorithm>
#include <set>

#include "core/support/diagnostics.h"

namespace st {

std::string_view name_of(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::Srl:
      return "srl";
    case MemoryKind::LutRam:
      return "lutram";
    case MemoryKind::Bram:
      return "bram";
    case MemoryKind::Uram:
      return "uram";
  }
  return "";
}

std::string_view name_of(MemoryRole role) {
  switch (role) {
    case MemoryRole::Input:
      return "input";
    case MemoryRole::Output:
      return "output";
    case MemoryRole::Parameters:
      return "parameters";
    case MemoryRole::Table:
      return "table";
    case MemoryRole::Cache:
      return "cache";
    case MemoryRole::Activation:
      return "activation";
  }
  return "";
}

int64_t beats_per_word(int64_t beat_bits) { return std::max<int64_t>(1, WordBits / beat_bits); }

int64_t Memory::words_per_row() const {
  const int64_t per_word = beats_per_word(int64_t{lanes} * bits_of(dtype));
  return (beats + per_word - 1) / per_word;
}

std::vector<int64_t> Kernel::sizes_named(std::string_view prefix) const {
  std::vector<int64_t> found;
  for (auto size = sizes.end();; found.push_back(size->second)) {
    size = sizes.find(std::string(prefix) + std::to_string(found.size()));
    if (size == sizes.end()) return found;
  }
}

std::vector<KernelId> Program::kernels_of(int group) const {
  std::vector<KernelId> ids;
  for (KernelId k = 0; k < static_cast<KernelId>(kernels.size()); ++k) {
    if (kernels[k].group == group) ids.push_back(k);
  }
  return ids;
}

std::vector<MemoryId> Program::memories_of(int group) const {
  std::vector<MemoryId> ids;
  for (KernelId k : kernels_of(group)) {
    for (MemoryId m : kernels[k].memories) {
      if (std::find(ids.begin(), ids.end(), m) == ids.end()) ids.push_back(m);
    }
  }
  return ids;
}

std::vector<ChannelId> Program::channels_of(int group) const {
  std::vector<ChannelId> ids;
  for (ChannelId c = 0; c < static_cast<ChannelId>(channels.size()); ++c) {
    if (channels[c].producer >= 0 && kernels[channels[c].producer].group == group) ids.push_back(c);
  }
  return ids;
}

int64_t beats_per_row(const Program& program, const StreamType& type) {
  return type.max_beats() / program.max_sequence;
}

std::string group_name(int group) { return "group" + std::to_string(group); }

bool writes(const Program& program, int group, MemoryId m) {
  for (KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[k];
    const bool uses = !kernel.memories.empty() && kernel.memories[0] == m;
    if (uses && (kernel.kind == "store_rows" || kernel.kind == "cache_rows")) return true;
  }
  return false;
}

namespace {

std::string shape_text(const DataTensor& tensor) {
  std::string out = std::string(name_of(tensor.dtype)) + "[";
  for (size_t d = 0; d < tensor.shape.size(); ++d) {
    if (d > 0) out += ",";
    out += tensor.shape[d].text();
  }
  return out + "]";
}

std::string port_text(const Program& program, const Port& port) {
  if (port.channel >= 0) return "%" + program.channels[port.channel].name;
  return "#" + std::to_string(port.tensor) + " : " + text_of(port.type.itensor) + " by " +
         std::to_string(port.type.lanes);
}

void append_ports(std::string& out, const Program& program, const std::vector<Port>& ports) {
  out += "(";
  for (size_t i = 0; i < ports.size(); ++i) {
    if (i > 0) out += ", ";
    out += port_text(program, ports[i]);
  }
  out += ")";
}

}  // namespace

std::string text_of(const Program& program) {
  std::string out = "program \"" + printable(program.model) + "\" precision " + program.precision +
                    " sequence<=" + std::to_string(program.max_sequence) +
                    " positions<=" + std::to_string(program.max_positions) + " groups " +
                    std::to_string(program.groups) + "\n";
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const DataTensor& tensor = program.tensors[t];
    out += "tensor #" + std::to_string(t) + " \"" + printable(tensor.name) + "\" " +
           shape_text(tensor);
    if (tensor.constant) out += " = \"" + printable(tensor.constant->describe()) + "\"";
    out += "\n";
  }
  for (const Memory& memory : program.memories) {
    out += "memory @" + memory.name + " " + std::string(name_of(memory.role));
    if (memory.tensor >= 0) out += " #" + std::to_string(memory.tensor);
    out += " " + std::to_string(memory.rows) + " rows of " + std::to_string(memory.beats) +
           " x vector<" + std::to_string(memory.lanes) + "x" + std::string(name_of(memory.dtype)) +
           ">, " + std::to_string(memory.bytes) + " bytes, channel " +
           std::to_string(memory.channel) + "\n";
    for (const Segment& segment : memory.segments) {
      out += "  segment #" + std::to_string(segment.tensor) + " words " +
             std::to_string(segment.first_word) + "+" + std::to_string(segment.words) + " " +
             text_of(segment.type.itensor) + " by " + std::to_string(segment.type.lanes) + "\n";
    }
  }
  for (const Channel& channel : program.channels) {
    out += "channel %" + channel.name + " #" + std::to_string(channel.tensor) + " : " +
           text_of(channel.type.itensor) + " by " + std::to_string(channel.type.lanes) +
           ", depth " + std::to_string(channel.depth) + " " + std::string(name_of(channel.memory));
    if (!channel.why.empty()) out += "  // " + channel.why;
    out += "\n";
  }
  for (const Kernel& kernel : program.kernels) {
    out += "kernel @" + kernel.name + " = " + kernel.kind + "<";
    bool first = true;
    for (const auto& [name, size] : kernel.sizes) {
      out += (first ? "" : ", ") + name + "=" + std::to_string(size);
      first = false;
    }
    out += "> group " + std::to_string(kernel.group) + " ";
    append_ports(out, program, kernel.inputs);
    out += " -> ";
    append_ports(out, program, kernel.outputs);
    for (MemoryId m : kernel.memories) out += " @" + program.memories[m].name;
    for (const auto& [name, real] : kernel.reals) out += " " + name + "=" + std::to_string(real);
    if (!kernel.origin.empty()) out += "  // " + printable(kernel.origin);
    out += "\n";
  }
  return out;
}

Status verify(const Program& program) {
  Diagnostics problems;
  auto report = [&](const std::string& where, const std::string& message) {
    problems.push_back(
        {"E0320", message, where, {}, "this is a fault of the compiler; please report it"});
  };
  std::set<std::string> names;
  auto check_name = [&](const std::string& name) {
    if (!names.insert(name).second) report(name, "the name is used twice");
  };
  for (const Memory& memory : program.memories) {
    check_name(memory.name);
    int64_t end = 0;
    for (const Segment& segment : memory.segments) {
      if (segment.first_word < end) report(memory.name, "segments overlap");
      end = segment.first_word + segment.words;
    }
  }
  std::vector<int> reads(program.channels.size(), 0), writes(program.channels.size(), 0);
  auto check_port = [&](const Kernel& kernel, const Port& port, bool reading) {
    if (Status status = verify(port.type.itensor); !status.ok()) {
      for (Diagnostic problem : status.errors()) {
        problem.where = kernel.name;
        problems.push_back(problem);
      }
      return;
    }
    if (token_elements(port.type.itensor) % port.type.lanes != 0)
      report(kernel.name, "lanes do not divide the tile");
    if (port.channel < 0) return;
    const Channel& channel = program.channels[port.channel];
    (reading ? reads : writes)[port.channel]++;
    if (channel.type != port.type)
      report(kernel.name, "channel '" + channel.name + "' has another type than the port");
    if (channel.tensor != port.tensor)
      report(kernel.name, "channel '" + channel.name + "' carries another tensor");
  };
  for (const Kernel& kernel : program.kernels) {
    check_name(kernel.name);
    for (const Port& port : kernel.inputs) check_port(kernel, port, true);
    for (const Port& port : kernel.outputs) check_port(kernel, port, false);
  }
  for (size_t c = 0; c < program.channels.size(); ++c) {
    const Channel& channel = program.channels[c];
    check_name(channel.name);
    if (reads[c] != 1 || writes[c] != 1)
      report(channel.name, "a channel needs one producer and one consumer");
    if (channel.depth < 0) report(channel.name, "the depth is negative");
    if (channel.producer >= 0 && channel.consumer >= 0 &&
        program.kernels[channel.producer].group != program.kernels[channel.consumer].group) {
      report(channel.name, "a channel joins two groups");
    }
  }
  return problems;
}

}  // namespace st
