// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/emit_group.h"

#include <algorithm>
#include <functional>

#include "backends/hls/cpp_text.h"
#include "backends/hls/emit_call.h"
#include "backends/hls/emit_instance.h"
#include "core/dataflow/kernel_record.h"

namespace st::hls {
namespace {

std::string task(const Program& program, const Kernel& kernel) {
  std::string out;
  if (!kernel.origin.empty()) out += "  // " + comment(kernel.origin) + "\n";
  return out +
         wrapped_call("  TASK(" + function_of(kernel) + ")(", call_arguments(program, kernel), 6) +
         "\n";
}

/// A FIFO, with the types of what it carries: a line each for the first few.
std::string channel(const Program& program, ChannelId id) {
  const Channel& c = program.channels[id];
  constexpr size_t Most = 4;
  std::vector<std::string> types;
  for (const Channel& other : program.channels) {
    const std::string text = text_of(other.type.itensor);
    if (fifo_name(other) == c.name && (types.empty() || types.back() != text))
      types.push_back(text);
  }
  std::string out;
  for (size_t i = 0; i < std::min(types.size(), Most); ++i)
    out += "  // " + std::string(i > 0 ? "then " : "") + types[i] + "\n";
  if (types.size() > Most)
    out += "  // and " + std::to_string(types.size() - Most) + " more in turns\n";
  out += "  // depth: " + comment(c.why) + "\n";
  out += "  hls::stream<" + beat_type(c.type) + ", " + std::to_string(c.depth) + "> " + c.name +
         "(\"" + c.name + "\");\n";
  return out + "#pragma HLS BIND_STORAGE variable=" + c.name +
         " type=fifo impl=" + std::string(name_of(c.memory)) + "\n";
}

/// A port of its own for each pointer: one process reads it, one writes it. Bursts of 64 words are
/// the 4 KiB that AXI allows.
std::string interface(const Program& program, const PointerArgument& argument) {
  const Memory& memory = program.memories[argument.memory];
  std::string out = "#pragma HLS INTERFACE mode=m_axi port=" + argument.name +
                    " bundle=" + (memory.port.empty() ? argument.name : memory.port) +
                    " offset=slave depth=" + std::to_string(memory.bytes * 8 / memory.port_bits);
  if (!argument.written || (memory.role == MemoryRole::Cache && memory.port.empty()))
    out += " max_read_burst_length=64 num_read_outstanding=8";
  const bool position = memory.role == MemoryRole::Cache && !memory.port.empty();
  if (argument.written)
    out += position ? " max_write_burst_length=16 num_write_outstanding=2"
                    : " max_write_burst_length=64 num_write_outstanding=8";
  return out + "\n";
}

std::string interfaces(const Program& program, const Unit& unit) {
  std::string out;
  for (const PointerArgument& argument : pointer_arguments(program, unit))
    out += interface(program, argument);
  for (const StreamArgument& argument : stream_arguments(program, unit))
    out += "#pragma HLS INTERFACE mode=axis port=" + program.channels[argument.channel].name + "\n";
  for (const std::string& length : launch_lengths(program))
    out += "#pragma HLS INTERFACE mode=s_axilite port=" + length + "\n";
  return out + "#pragma HLS INTERFACE mode=s_axilite port=return\n";
}

/// The head of a function: pointers, the lengths of the launch of which `used` says if a process
/// takes them, as a region may hold no statement that uses the others, streams.
std::string signature(const Program& program, const std::string& head,
                      std::vector<std::string> parameters,
                      const std::function<bool(const std::string&)>& used,
                      const std::vector<std::string>& streams = {}) {
  for (const std::string& length : launch_lengths(program))
    parameters.push_back((used(length) ? "int " : "[[maybe_unused]] int ") + length);
  parameters.insert(parameters.end(), streams.begin(), streams.end());
  std::string text = wrapped_call(head + "(", parameters, 4);
  text.pop_back();  // the semicolon
  return text;
}

/// Whether a call in a unit takes a length of the launch.
bool uses_length(const Program& program, const Unit& unit, std::string_view length) {
  const std::vector<KernelId> kernels = kernels_of(program, unit);
  return std::any_of(kernels.begin(), kernels.end(),
                     [&](KernelId k) { return takes_length(program.kernels[k], length); });
}

/// The function that the host launches.
std::string top_signature(const Program& program, const Unit& unit) {
  std::vector<std::string> parameters, streams;
  for (const PointerArgument& argument : pointer_arguments(program, unit))
    parameters.push_back(pointer_parameter(program, argument));
  for (const StreamArgument& argument : stream_arguments(program, unit)) {
    const Channel& channel = program.channels[argument.channel];
    streams.push_back("hls::stream<st::" + beat_type(channel.type) + ">& " + channel.name);
  }
  const bool walked = program.layers.folded() && !program.layers.streamed;
  const auto used = [&](const std::string& length) {
    return walked || uses_length(program, unit, length);
  };
  return signature(program, "extern \"C\" void " + unit.name, std::move(parameters), used, streams);
}

/// What a group has to know of a pointer beside it: where the copy begins that it uses.
struct Offset {
  bool needed = false;
  std::string value;  ///< over `layer`, in words
};

Offset offset_of(const Program& program, int group, const PointerArgument& argument) {
  const Memory& memory = program.memories[argument.memory];
  for (KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[k];
    const auto& used = kernel.memories;
    if (std::find(used.begin(), used.end(), argument.memory) == used.end() ||
        argument_name(program, kernel, argument.memory) != argument.name ||
        !uses_offset(program, kernel, argument.memory))
      continue;
    const std::string words = std::to_string(layer_words(memory));
    if (!kernel.layered) {
      const int64_t copy = copy_used(program, kernel, argument.memory, 0);
      return {true, std::to_string(copy * layer_words(memory))};
    }
    if (!is_handed_on(memory)) return {true, "layer * " + words};
    return {true, (argument.written ? "(layer + 1) % 2 * " : "layer % 2 * ") + words};
  }
  return {};
}

/// The dataflow region of a unit of one group: channels and tasks.
std::string region(const Program& program, const Unit& unit) {
  std::string out = "#pragma HLS DATAFLOW\n";
  for (ChannelId c : channels_of(program, unit)) out += channel(program, c);
  out += "\n";
  std::vector<Instance> instances = instances_of(program, kernels_of(program, unit));
  if (program.layers.streamed) instances = in_stream_order(program, instances);
  for (const Instance& instance : instances) {
    out += is_plain_call(program, instance) ? task(program, program.kernels[instance.nodes[0]])
                                            : instance_task(program, instance);
  }
  return out;
}

/// A group that its unit calls.
std::string group_function(const Program& program, int group) {
  std::vector<std::string> parameters;
  for (const PointerArgument& argument : pointer_arguments(program, group)) {
    parameters.push_back(pointer_parameter(program, argument));
    if (offset_of(program, group, argument).needed)
      parameters.push_back("int " + offset_name(argument.name));
  }
  for (const SizeArgument& size : size_arguments(program, group))
    parameters.push_back("int " + size.name);
  const Unit whole{group_name(group), {group}};
  const auto used = [&](const std::string& length) {
    return length == "tokens" || uses_length(program, whole, length);
  };
  return signature(program, "static void " + whole.name, std::move(parameters), used) +
         " {\n#pragma HLS INLINE off\n" + region(program, whole) + "}\n\n";
}

std::string group_call(const Program& program, int group, const std::string& indent) {
  std::vector<std::string> arguments;
  for (const PointerArgument& argument : pointer_arguments(program, group)) {
    arguments.push_back(argument.name);
    const Offset offset = offset_of(program, group, argument);
    if (offset.needed) arguments.push_back(offset.value);
  }
  for (const SizeArgument& size : size_arguments(program, group))
    arguments.push_back(size.table + "[layer]");
  for (std::string& length : launch_lengths(program)) arguments.push_back(std::move(length));
  return wrapped_call(indent + group_name(group) + "(", arguments, indent.size() + 4) + "\n";
}

/// A size of all layers.
std::string table_of(const Program& program, const SizeArgument& argument) {
  std::vector<std::string> values;
  for (const int64_t size : program.kernels[argument.kernel].layer_sizes.at(argument.size))
    values.push_back(std::to_string(size));
  std::string text = wrapped_call("  static const int " + argument.table + "[] = {", values, 6);
  return text.replace(text.size() - 2, 2, "};\n");
}

/// Runs the groups one after another, those of folded layers once for each layer.
std::string walk(const Program& program, const Unit& unit) {
  std::string sizes, before, layers, behind;
  for (const int group : unit.groups) {
    for (const SizeArgument& size : size_arguments(program, group))
      sizes += table_of(program, size);
    if (is_layered(program, group)) {
      layers += group_call(program, group, "    ");
    } else {
      (layers.empty() ? before : behind) += group_call(program, group, "  ");
    }
  }
  return sizes + before + "  for (int layer = 0; layer < " + std::to_string(program.layers.count) +
         "; ++layer) {\n" + layers + "  }\n" + behind;
}

std::string title(const Program& program, const Unit& unit) {
  if (program.layers.streamed)
    return "// Unit " + unit.name + " of " + comment(program.model) + ", " + program.precision;
  std::string what = program.layers.folded()
                         ? "All " + std::to_string(unit.groups.size()) + " groups"
                         : "Group " + std::to_string(unit.groups[0]);
  if (unit.slr >= 0) what += ", the part on SLR " + std::to_string(unit.slr) + ",";
  return "// " + what + " of " + comment(program.model) + ", " + program.precision;
}

}  // namespace

std::string emit_header(const Program& program, const Unit& unit) {
  std::string out = title(program, unit) + ". Generated.\n";
  out += "#pragma once\n\n#include \"streamtensor/kernels.h\"\n\n";
  for (MemoryId m : memories_of(program, unit)) {
    const Memory& memory = program.memories[m];
    out += "// " + memory.name + ": " + std::string(name_of(memory.role)) + ", " +
           std::to_string(memory.bytes) + " bytes";
    if (memory.role != MemoryRole::Parameters) {
      out += ", rows of " + std::to_string(memory.beats) + " x vector<" +
             std::to_string(memory.lanes) + "x" + std::string(name_of(memory.dtype)) + ">";
    }
    if (memory.copies > 1)
      out += is_handed_on(memory) ? "; layers write one of 2 copies and read the other one"
                                  : ", of " + std::to_string(memory.copies) + " layers";
    out += "\n";
  }
  for (const StreamArgument& argument : stream_arguments(program, unit)) {
    const Channel& c = program.channels[argument.channel];
    out += "// " + c.name + ": " + (argument.written ? "to" : "from") + " another kernel of " +
           group_name(unit.groups[0]) + ", " + text_of(c.type.itensor) + "\n";
  }
  out += "// tokens: rows of this launch, 1 to " + std::to_string(program.max_sequence) +
         "; past: rows before them, together at most " + std::to_string(program.max_positions) +
         ".\n";
  if (program.layers.streamed)
    out +=
        "// results: 1 if the launch is to give logits or an id, 0 if it only fills the caches.\n";
  return out + top_signature(program, unit) + ";\n";
}

std::string emit_loader(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  const bool offset = uses_offset(program, kernel, kernel.memories[0]);
  std::vector<std::string> parameters = {"const ap_uint<512>* port"};
  if (offset) parameters.emplace_back("int first_word");
  for (const Port& port : kernel.outputs)
    parameters.push_back(stream_reference(port.type) + " " +
                         fifo_name(program.channels[port.channel]));
  const bool by_rows = comes_by_rows(kernel.outputs[0].type);
  if (by_rows) parameters.emplace_back("int tokens");
  std::string out = by_rows ? "// One row's parameters after another, in the order in which "
                              "kernels come to need them.\n"
                            : "// Parameters that all rows share.\n";
  out += wrapped_call("static void " + kernel.name + "(", parameters, 4);
  out.back() = ' ';
  out += "{\n";
  if (by_rows)
    out +=
        "  for (int token = 0; token < tokens; ++token) {\n#pragma HLS LOOP_TRIPCOUNT min=1 max=" +
        std::to_string(program.max_sequence) + "\n";
  const std::string indent = by_rows ? "    " : "  ";
  for (const Port& port : kernel.outputs) {
    const Segment& segment = *find_segment(memory, port.tensor);
    const StreamType& type = segment.type;
    const int64_t beats = beats_per_row(program, type);
    out += indent + "// " + text_of(type.itensor) + "\n" + indent + "st::load_segment<" +
           cpp_type(type.itensor.dtype) + ", " + std::to_string(type.lanes) + ", " +
           std::to_string(beats) + ">(port, " + (offset ? "first_word + " : "") +
           std::to_string(segment.first_word) + ", " + program.channels[segment.channel].name +
           ");\n";
  }
  return out + (by_rows ? "  }\n}\n" : "}\n");
}

std::string emit_source(const Program& program, const Unit& unit) {
  std::string functions;
  const std::vector<KernelId> kernels = kernels_of(program, unit);
  size_t converters = 0;
  for (const int group : unit.groups) {
    std::vector<KernelId> of_group;
    for (KernelId k : kernels) {
      const Kernel& kernel = program.kernels[k];
      if (kernel.group != group) continue;
      of_group.push_back(k);
      converters += kernel.kind == "convert";
      if (kernel.kind == "convert") functions += emit_converter(kernel) + "\n";
      if (kernel.kind == "load_params" && !program.layers.streamed)
        functions += emit_loader(program, kernel) + "\n";
    }
    for (const Instance& instance : instances_of(program, of_group)) {
      if (!is_plain_call(program, instance))
        functions += instance_function(program, instance) + "\n";
    }
    if (program.layers.folded() && !program.layers.streamed)
      functions += group_function(program, group);
  }
  std::string out = title(program, unit) + ": " + std::to_string(kernels.size()) + " kernels, " +
                    std::to_string(channels_of(program, unit).size()) + " streams, " +
                    std::to_string(converters) +
                    " converters. Generated: edit the model instead.\n";
  out += "#include \"" + unit.name + ".h\"\n\nusing st::vec;\n\n" + functions;
  out += top_signature(program, unit) + " {\n" + interfaces(program, unit);
  const bool walked = program.layers.folded() && !program.layers.streamed;
  out += walked ? walk(program, unit) : region(program, unit);
  return out + "}\n";
}

std::string emit_test_bench(const Program& program, const Unit& unit) {
  const std::string& name = unit.name;
  std::string out = "// Runs " + name +
                    " on the launches of tb/data, and compares what it writes with what the "
                    "interpreter expects.\n";
  out += "// Usage: " + name +
         "_tb [DATA]; exits with 1 if a value or a checksum differs. Generated.\n";
  out += "#include \"../src/" + name + ".h\"\n";
  out += "#include \"streamtensor/testbench.h\"\n\n";
  out += "int main(int argc, char** argv) {\n";
  out += "  st::TestBench bench(st::data_folder(argc, argv, __FILE__));\n";
  const std::vector<MemoryId> memories = memories_of(program, unit);
  for (MemoryId m : memories) {
    const Memory& memory = program.memories[m];
    const std::string bits = "<" + std::to_string(memory.port_bits) + ">";
    out += "  st::Words" + bits + " " + memory.name + " = bench.memory" + bits + "(\"" +
           memory.name + "\", " + std::to_string(memory.bytes) + ");\n";
  }
  out += "  while (bench.next_launch()) {\n";
  const std::vector<StreamArgument> streams = stream_arguments(program, unit);
  for (const StreamArgument& argument : streams) {
    const Channel& c = program.channels[argument.channel];
    // As deep as the longest launch needs: the bench feeds it whole.
    out += "    hls::stream<st::" + beat_type(c.type) + ", " +
           std::to_string(max_beats_of_fifo(program, argument.channel)) + "> " + c.name + "(\"" +
           c.name + "\");\n";
    if (!argument.written) out += "    bench.feed(\"" + c.name + "\", " + c.name + ");\n";
  }
  for (MemoryId m : memories) {
    const Memory& memory = program.memories[m];
    if (is_given(program, unit, m))
      out += "    bench.read_input(\"" + memory.name + "\", " + memory.name + ");\n";
  }
  std::vector<std::string> arguments;
  for (const PointerArgument& argument : pointer_arguments(program, unit))
    arguments.push_back(program.memories[argument.memory].name + ".data()");
  for (const std::string& length : launch_lengths(program))
    arguments.push_back("bench." + length + "()");
  for (const StreamArgument& argument : streams)
    arguments.push_back(program.channels[argument.channel].name);
  out += wrapped_call("    " + name + "(", arguments, 8) + "\n";
  for (MemoryId m : memories) {
    const Memory& memory = program.memories[m];
    if (!is_made(program, unit, m)) continue;
    out += "    bench.compare<" + cpp_type(memory.dtype) + ", " + std::to_string(memory.lanes) +
           ", " + std::to_string(memory.beats) + ">(\"" + memory.name + "\", " + memory.name +
           (memory.rows == 1 ? ", 1" : ", bench.tokens()") + ");\n";
  }
  for (const StreamArgument& argument : streams) {
    const std::string& stream = program.channels[argument.channel].name;
    if (argument.written) out += "    bench.compare_stream(\"" + stream + "\", " + stream + ");\n";
  }
  return out + "  }\n  return bench.finish();\n}\n";
}

}  // namespace st::hls
