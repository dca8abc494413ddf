// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/emit_group.h"

#include "backends/hls/cpp_text.h"
#include "core/dataflow/kernel_record.h"

namespace st::hls {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

/// One template argument, as kernel_record.h describes them.
std::string template_argument(const Kernel& kernel, std::string_view what) {
  if (what.starts_with("type of in"))
    return cpp_type(kernel.inputs.at(what.back() - '0').type.itensor.dtype);
  if (what == "type of out0") return cpp_type(kernel.outputs[0].type.itensor.dtype);
  if (what.starts_with("sizes ")) {
    const std::string prefix(what.substr(6, what.size() - 7));
    std::vector<std::string> parts;
    for (int64_t size : kernel.sizes_named(prefix)) parts.push_back(std::to_string(size));
    return joined(parts);
  }
  if (what == "body") {
    std::vector<std::string> operations;
    for (const std::string& name : kernel.body) operations.push_back("st::op::" + name);
    return joined(operations);
  }
  if (what == "Interleaved") return kernel.sizes.at("Interleaved") != 0 ? "true" : "false";
  return std::to_string(kernel.sizes.at(std::string(what)));
}

std::string channel_name(const Program& program, const Port& port) {
  return program.channels[port.channel].name;
}

/// Arguments of a call: streams, pointers, numbers.
std::vector<std::string> call_arguments(const Program& program, const Kernel& kernel,
                                        const KernelRecord& record) {
  std::vector<std::string> arguments;
  for (std::string_view what : record.arguments) {
    if (what == "in*" || what == "in1*" || what == "in2*" || what == "out*" ||
        what == "out*-last") {
      const std::vector<Port>& ports = what.starts_with("in") ? kernel.inputs : kernel.outputs;
      const size_t end = ports.size() - (what == "out*-last" ? 1 : 0);
      for (size_t i = what == "in1*" ? 1 : what == "in2*" ? 2 : 0; i < end; ++i)
        arguments.push_back(channel_name(program, ports[i]));
    } else if (what == "out-last") {
      arguments.push_back(channel_name(program, kernel.outputs.back()));
    } else if (what.starts_with("in")) {
      arguments.push_back(channel_name(program, kernel.inputs.at(what[2] - '0')));
    } else if (what.starts_with("out")) {
      arguments.push_back(channel_name(program, kernel.outputs.at(what[3] - '0')));
    } else if (what.starts_with("memory")) {
      arguments.push_back(program.memories[kernel.memories.at(what[6] - '0')].name);
    } else if (what.starts_with("real:")) {
      arguments.push_back(float_literal(kernel.reals.at(std::string(what.substr(5)))));
    } else {
      arguments.emplace_back(what);
    }
  }
  return arguments;
}

/// `text` broken after commas so that no line is longer than it has to be.
std::string wrapped_call(const std::string& head, const std::vector<std::string>& arguments,
                         size_t hang) {
  constexpr size_t Width = 110;
  std::string out = head, line = head;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string piece = arguments[i] + (i + 1 < arguments.size() ? "," : ");");
    if (line.size() + 1 + piece.size() > Width && i > 0) {
      line = std::string(hang, ' ') + piece;
      out += "\n" + line;
    } else {
      const std::string joined = (i > 0 ? " " : "") + piece;
      line += joined;
      out += joined;
    }
  }
  return out;
}

std::string task(const Program& program, const Kernel& kernel) {
  const KernelRecord& record = kernel_record(kernel.kind);
  std::string function = kernel.name;
  if (!record.header.empty()) {
    function = "st::" + kernel.kind;
    std::string arguments;
    for (std::string_view what : record.template_arguments) {
      arguments += (arguments.empty() ? "" : ", ") + template_argument(kernel, what);
    }
    function += "<" + arguments + ">";
  }
  std::string out;
  if (!kernel.origin.empty()) out += "  // " + comment(kernel.origin) + "\n";
  return out +
         wrapped_call("  TASK(" + function + ")(", call_arguments(program, kernel, record), 6) +
         "\n";
}

std::string channel(const Channel& c) {
  std::string out = "  // " + text_of(c.type.itensor) + "\n";
  out += "  // depth: " + comment(c.why) + "\n";
  out += "  hls::stream<" + beat_type(c.type) + ", " + std::to_string(c.depth) + "> " + c.name +
         "(\"" + c.name + "\");\n";
  return out + "#pragma HLS BIND_STORAGE variable=" + c.name +
         " type=fifo impl=" + std::string(name_of(c.memory)) + "\n";
}

/// A port of its own for each pointer: one process reads it, one writes it. Bursts of 64 words are
/// the 4 KiB that AXI allows.
std::string interface(const Program& program, int group, MemoryId m) {
  const Memory& memory = program.memories[m];
  std::string out = "#pragma HLS INTERFACE mode=m_axi port=" + memory.name +
                    " bundle=" + memory.name +
                    " offset=slave depth=" + std::to_string(memory.bytes / (WordBits / 8));
  const bool written = writes(program, group, m);
  if (!written || memory.role == MemoryRole::Cache)
    out += " max_read_burst_length=64 num_read_outstanding=8";
  if (written) out += " max_write_burst_length=64 num_write_outstanding=8";
  return out + "\n";
}

std::string signature(const Program& program, int group) {
  std::vector<std::string> parameters;
  for (MemoryId m : program.memories_of(group))
    parameters.push_back(pointer_parameter(program, group, m));
  parameters.emplace_back("int tokens");
  parameters.emplace_back("int past");
  std::string text = wrapped_call("extern \"C\" void " + group_name(group) + "(", parameters, 4);
  text.pop_back();  // the semicolon
  return text;
}

/// `past` is read by caches and attention only.
bool uses_past(const Program& program, int group) {
  for (KernelId k : program.kernels_of(group)) {
    for (std::string_view what : kernel_record(program.kernels[k].kind).arguments) {
      if (what == "past") return true;
    }
  }
  return false;
}

}  // namespace

std::string emit_header(const Program& program, int group) {
  std::string out = "// Group " + std::to_string(group) + " of " + comment(program.model) + ", " +
                    program.precision + ". Generated.\n";
  out += "#pragma once\n\n#include \"streamtensor/kernels.h\"\n\n";
  for (MemoryId m : program.memories_of(group)) {
    const Memory& memory = program.memories[m];
    out += "// " + memory.name + ": " + std::string(name_of(memory.role)) + ", " +
           std::to_string(memory.bytes) + " bytes";
    if (memory.role != MemoryRole::Parameters) {
      out += ", rows of " + std::to_string(memory.beats) + " x vector<" +
             std::to_string(memory.lanes) + "x" + std::string(name_of(memory.dtype)) + ">";
    }
    out += "\n";
  }
  out += "// tokens: rows of this launch, 1 to " + std::to_string(program.max_sequence) +
         "; past: rows before them, together at most " + std::to_string(program.max_positions) +
         ".\n";
  return out + signature(program, group) + ";\n";
}

std::string emit_loader(const Program& program, const Kernel& kernel) {
  const Memory& memory = program.memories[kernel.memories[0]];
  std::vector<std::string> parameters = {"const ap_uint<512>* port"};
  for (const Port& port : kernel.outputs)
    parameters.push_back(stream_reference(port.type) + " " + channel_name(program, port));
  parameters.emplace_back("int tokens");
  std::string out =
      "// One row's parameters after another, in the order in which kernels come to need them.\n";
  out += wrapped_call("static void " + kernel.name + "(", parameters, 4);
  out.back() = ' ';
  out +=
      "{\n  for (int token = 0; token < tokens; ++token) {\n#pragma HLS LOOP_TRIPCOUNT min=1 max=" +
      std::to_string(program.max_sequence) + "\n";
  for (const Segment& segment : memory.segments) {
    const StreamType& type = segment.type;
    const int64_t beats = beats_per_row(program, type);
    out += "    // " + text_of(type.itensor) + "\n    st::load_segment<" +
           cpp_type(type.itensor.dtype) + ", " + std::to_string(type.lanes) + ", " +
           std::to_string(beats) + ">(port, " + std::to_string(segment.first_word) + ", " +
           program.channels[segment.channel].name + ");\n";
  }
  return out + "  }\n}\n";
}

std::string emit_source(const Program& program, int group) {
  const std::vector<KernelId> kernels = program.kernels_of(group);
  const std::vector<ChannelId> channels = program.channels_of(group);
  int converters = 0;
  for (KernelId k : kernels) converters += program.kernels[k].kind == "convert";
  std::string out = "// Group " + std::to_string(group) + " of " + comment(program.model) + ", " +
                    program.precision + ": " + std::to_string(kernels.size()) + " kernels, " +
                    std::to_string(channels.size()) + " streams, " + std::to_string(converters) +
                    " converters. Generated: edit the model instead.\n";
  out += "#include \"" + group_name(group) + ".h\"\n\nusing st::vec;\n\n";
  for (KernelId k : kernels) {
    const Kernel& kernel = program.kernels[k];
    if (kernel.kind == "convert") out += emit_converter(kernel) + "\n";
    if (kernel.kind == "load_params") out += emit_loader(program, kernel) + "\n";
  }
  out += signature(program, group) + " {\n";
  for (MemoryId m : program.memories_of(group)) {
    out += interface(program, group, m);
  }
  out +=
      "#pragma HLS INTERFACE mode=s_axilite port=tokens\n#pragma HLS INTERFACE mode=s_axilite "
      "port=past\n";
  out += "#pragma HLS INTERFACE mode=s_axilite port=return\n#pragma HLS DATAFLOW\n";
  for (ChannelId c : channels) out += channel(program.channels[c]);
  out += "\n";
  if (!uses_past(program, group)) out += "  (void)past;\n";
  for (KernelId k : kernels) out += task(program, program.kernels[k]);
  return out + "}\n";
}

std::string emit_test_bench(const Program& program, int group) {
  const std::string name = group_name(group);
  std::string out = "// Runs " + name +
                    " on the launches of tb/data, and compares what it writes with what the "
                    "interpreter expects.\n";
  out += "// Usage: " + name +
         "_tb [DATA]; exits with 1 if a value or a checksum differs. Generated.\n";
  out += "#include \"../src/" + name + ".h\"\n";
  out += "#include \"streamtensor/testbench.h\"\n\n";
  out += "int main(int argc, char** argv) {\n";
  out += "  st::TestBench bench(st::data_folder(argc, argv, __FILE__));\n";
  for (MemoryId m : program.memories_of(group)) {
    const Memory& memory = program.memories[m];
    out += "  st::Words " + memory.name + " = bench.memory(\"" + memory.name + "\", " +
           std::to_string(memory.bytes / (WordBits / 8)) + ");\n";
  }
  out += "  while (bench.next_launch()) {\n";
  std::vector<std::string> arguments;
  for (MemoryId m : program.memories_of(group)) {
    const Memory& memory = program.memories[m];
    if (memory.role == MemoryRole::Input ||
        (memory.role == MemoryRole::Activation && !writes(program, group, m))) {
      out += "    bench.read_input(\"" + memory.name + "\", " + memory.name + ");\n";
    }
    arguments.push_back(memory.name + ".data()");
  }
  arguments.emplace_back("bench.tokens()");
  arguments.emplace_back("bench.past()");
  out += wrapped_call("    " + name + "(", arguments, 8) + "\n";
  for (MemoryId m : program.memories_of(group)) {
    const Memory& memory = program.memories[m];
    if (!writes(program, group, m) || memory.role == MemoryRole::Cache) continue;
    out += "    bench.compare<" + cpp_type(memory.dtype) + ", " + std::to_string(memory.lanes) +
           ", " + std::to_string(memory.beats) + ">(\"" + memory.name + "\", " + memory.name +
           ");\n";
  }
  return out + "  }\n  return bench.finish();\n}\n";
}

}  // namespace st::hls
