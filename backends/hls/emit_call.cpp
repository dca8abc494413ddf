// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/emit_call.h"

#include <algorithm>

#include "backends/hls/cpp_text.h"
#include "core/dataflow/instances.h"
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
  if (what.starts_with("type of out"))
    return cpp_type(kernel.outputs.at(what.back() - '0').type.itensor.dtype);
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
  if (what == "products") return products_name(kernel);
  if (what == "Interleaved") return kernel.sizes.at("Interleaved") != 0 ? "true" : "false";
  return std::to_string(kernel.sizes.at(std::string(what)));
}

std::string channel_name(const Program& program, const Port& port) {
  return fifo_name(program.channels[port.channel]);
}

/// "in*", "in1*", "out*", "out*-last": the streams of these ports.
void add_streams(const Program& program, const std::vector<Port>& ports, std::string_view what,
                 std::vector<std::string>& arguments) {
  const char before = what[what.find('*') - 1];
  const size_t begin = before >= '0' && before <= '9' ? static_cast<size_t>(before - '0') : 0;
  const size_t end = ports.size() - (what.ends_with("-last") ? 1 : 0);
  for (size_t i = begin; i < end; ++i) arguments.push_back(channel_name(program, ports[i]));
}

/// All memories of a kernel, which are laid out alike: where the copy begins in them, and the
/// pointers.
void add_memories(const Program& program, const Kernel& kernel,
                  std::vector<std::string>& arguments) {
  const MemoryId first = kernel.memories.at(0);
  arguments.push_back(uses_offset(program, kernel, first)
                          ? offset_name(argument_name(program, kernel, first))
                          : "0");
  for (const MemoryId m : kernel.memories) arguments.push_back(argument_name(program, kernel, m));
}

}  // namespace

bool takes_length(const Kernel& kernel, std::string_view length) {
  if (kernel.behind) return length == "results";
  if (kernel.kind == "load_params")
    return length == "tokens" && comes_by_rows(kernel.outputs[0].type);
  const auto& arguments = kernel_record(kernel.kind).arguments;
  return std::find(arguments.begin(), arguments.end(), length) != arguments.end();
}

bool uses_offset(const Program& program, const Kernel& kernel, MemoryId m) {
  const Memory& memory = program.memories[m];
  return memory.copies > 1 && (memory.role != MemoryRole::Parameters || kernel.layered);
}

std::string products_name(const Kernel& kernel) {
  return (kernel.instance.empty() ? kernel.name : kernel.instance) + "_products";
}

std::string function_of(const Kernel& kernel) {
  const KernelRecord& record = kernel_record(kernel.kind);
  if (record.header.empty()) return kernel.name;
  std::string arguments;
  for (std::string_view what : record.template_arguments)
    arguments += (arguments.empty() ? "" : ", ") + template_argument(kernel, what);
  return "st::" + kernel.kind + (arguments.empty() ? "" : "<" + arguments + ">");
}

std::vector<std::string> call_arguments(const Program& program, const Kernel& kernel,
                                        const std::map<std::string, std::string>& sizes) {
  const KernelRecord& record = kernel_record(kernel.kind);
  std::vector<std::string> arguments;
  for (std::string_view what : record.arguments) {
    if (what == "memory*") {
      add_memories(program, kernel, arguments);
    } else if (what.find('*') != std::string_view::npos) {
      add_streams(program, what.starts_with("in") ? kernel.inputs : kernel.outputs, what,
                  arguments);
    } else if (what == "out-last") {
      arguments.push_back(channel_name(program, kernel.outputs.back()));
    } else if (what.starts_with("in")) {
      arguments.push_back(channel_name(program, kernel.inputs.at(what[2] - '0')));
    } else if (what.starts_with("out")) {
      arguments.push_back(channel_name(program, kernel.outputs.at(what[3] - '0')));
    } else if (what.starts_with("memory")) {
      const MemoryId m = kernel.memories.at(what[6] - '0');
      arguments.push_back(argument_name(program, kernel, m));
      if (uses_offset(program, kernel, m)) arguments.push_back(offset_name(arguments.back()));
    } else if (what.starts_with("size:")) {
      const std::string name(what.substr(5));
      arguments.push_back(std::to_string(kernel.sizes.at(name)));
      for (const SizeArgument& argument : size_arguments(program, kernel.group)) {
        if (&program.kernels[argument.kernel] == &kernel && argument.size == name)
          arguments.back() = argument.name;
      }
      if (const auto text = sizes.find(name); text != sizes.end()) arguments.back() = text->second;
    } else if (what.starts_with("real:")) {
      arguments.push_back(float_literal(kernel.reals.at(std::string(what.substr(5)))));
    } else if (const auto text = sizes.find(std::string(what)); text != sizes.end()) {
      arguments.push_back(text->second);
    } else if (what == "tokens" && kernel.behind) {
      arguments.emplace_back("1");  // behind the layers there is one row
    } else if (what != "tokens" || takes_length(kernel, what)) {
      arguments.emplace_back(what);
    }
  }
  return arguments;
}

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

}  // namespace st::hls
