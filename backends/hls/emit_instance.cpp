// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/emit_instance.h"

#include <algorithm>
#include <map>
#include <set>

#include "backends/hls/cpp_text.h"
#include "backends/hls/emit_call.h"
#include "core/dataflow/kernel_record.h"

namespace st::hls {
namespace {

/// A parameter of the function, and what it gets.
struct Parameter {
  std::string declaration;
  std::string argument;
};

class InstanceText {
 public:
  InstanceText(const Program& program, const Instance& instance)
      : program_(program), instance_(instance), name_(instance.name + "_turns") {
    for (const KernelId k : instance.nodes) pointers(program.kernels[k]);
    for (const KernelId k : instance.nodes) streams(program.kernels[k]);
    for (const std::string& length : launch_lengths(program))
      if (uses(length)) parameters_.push_back({"int " + length, length});
  }

  [[nodiscard]] std::string function() const {
    std::vector<std::string> declarations;
    for (const Parameter& parameter : parameters_) declarations.push_back(parameter.declaration);
    std::string head = wrapped_call("static void " + name_ + "(", declarations, 4);
    head.back() = ' ';
    std::string tables, before, layered, behind;
    for (const KernelId k : instance_.nodes) {
      const Kernel& kernel = program_.kernels[k];
      tables += size_tables(kernel);
      if (kernel.layered) {
        layered += call(kernel, "    ");
      } else {
        (kernel.behind ? behind : before) += call(kernel, kernel.behind ? "    " : "  ");
      }
    }
    if (!layered.empty())
      layered = "  for (int layer = 0; layer < " + std::to_string(program_.layers.count) +
                "; ++layer) {\n" + layered + "  }\n";
    if (!behind.empty()) behind = "  if (results > 0) {\n" + behind + "  }\n";
    return "// " + title() + "\n" + head + "{\n" + tables + before + layered + behind + "}\n";
  }

  [[nodiscard]] std::string task() const {
    std::vector<std::string> arguments;
    for (const Parameter& parameter : parameters_) arguments.push_back(parameter.argument);
    return wrapped_call("  TASK(" + name_ + ")(", arguments, 6) + "\n";
  }

 private:
  [[nodiscard]] std::string title() const {
    std::set<std::string> kinds;
    std::string text;
    for (const KernelId k : instance_.nodes) {
      const std::string& kind = program_.kernels[k].kind;
      if (kinds.insert(kind).second) text += (text.empty() ? "" : ", ") + kind;
    }
    return instance_.name + ": " + text + ", " + std::to_string(instance_.nodes.size()) +
           (instance_.nodes.size() == 1 ? " node" : " nodes in turns");
  }

  /// Whether a call takes a length of the launch.
  [[nodiscard]] bool uses(const std::string& length) const {
    return std::any_of(instance_.nodes.begin(), instance_.nodes.end(), [&](KernelId k) {
      return takes_length(program_.kernels[k], length);
    });
  }

  void add(const std::string& name, const std::string& declaration) {
    if (known_.insert(name).second) parameters_.push_back({declaration, name});
  }

  void pointers(const Kernel& kernel) {
    for (const MemoryId m : kernel.memories) {
      const std::string name = argument_name(program_, kernel, m);
      const bool written =
          kernel.kind == "store_rows" || kernel.kind == "store_position" || is_cache(kernel);
      add(name, pointer_parameter(program_, {m, written, name}));
    }
  }

  void streams(const Kernel& kernel) {
    for (const auto* ports : {&kernel.inputs, &kernel.outputs}) {
      for (const Port& port : *ports) {
        const std::string& name = fifo_name(program_.channels[port.channel]);
        add(name, stream_reference(port.type) + " " + name);
      }
    }
  }

  static std::string table_name(const Kernel& kernel, const std::string& size) {
    std::string name = kernel.name + "_" + size;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name;
  }

  /// Sizes that differ from layer to layer.
  static std::string size_tables(const Kernel& kernel) {
    std::string text;
    for (const auto& [size, of_layers] : kernel.layer_sizes) {
      std::vector<std::string> values;
      for (const int64_t value : of_layers) values.push_back(std::to_string(value));
      std::string table =
          wrapped_call("  static const int " + table_name(kernel, size) + "[] = {", values, 6);
      text += table.replace(table.size() - 2, 2, "};\n");
    }
    return text;
  }

  /// The segments that a loader reads, one call each.
  [[nodiscard]] std::string segment_calls(const Kernel& kernel, const std::string& indent) const {
    const MemoryId m = kernel.memories[0];
    const Memory& memory = program_.memories[m];
    std::string text;
    for (size_t o = 0; o < kernel.outputs.size(); ++o) {
      const Segment& segment = *find_segment(memory, kernel.outputs[o].tensor);
      const std::string& fifo = fifo_name(program_.channels[segment.channel]);
      const bool words = loads_words(program_, kernel);
      int64_t beats = beats_per_row(program_, segment.type);
      // Words that follow each other, in memory and in a FIFO, are one run.
      for (; words && o + 1 < kernel.outputs.size(); ++o) {
        const Segment& next = *find_segment(memory, kernel.outputs[o + 1].tensor);
        if (next.first_word != segment.first_word + beats ||
            fifo_name(program_.channels[next.channel]) != fifo)
          break;
        beats += next.words;
      }
      std::string first = std::to_string(segment.first_word);
      if (uses_offset(program_, kernel, m))
        first = "layer * " + std::to_string(layer_words(memory)) + " + " + first;
      std::vector<std::string> arguments = {argument_name(program_, kernel, m), first};
      if (words) arguments.push_back(std::to_string(beats));
      arguments.push_back(fifo);
      if (comes_by_rows(segment.type)) arguments.emplace_back("tokens");
      const std::string function =
          words ? "st::load_words"
                : "st::load_segment<" + cpp_type(segment.type.itensor.dtype) + ", " +
                      std::to_string(segment.type.lanes) + ", " + std::to_string(beats) + ">";
      text += wrapped_call(indent + function + "(", arguments, indent.size() + 4) + "\n";
    }
    return text;
  }

  /// The call, with what stands for a layer's copies and sizes in the place of names.
  [[nodiscard]] std::string call(const Kernel& kernel, const std::string& indent) const {
    std::map<std::string, std::string> values;
    for (const MemoryId m : kernel.memories) {
      if (!uses_offset(program_, kernel, m)) continue;
      const std::string words = std::to_string(layer_words(program_.memories[m]));
      values[offset_name(argument_name(program_, kernel, m))] = "layer * " + words;
    }
    for (const SizeArgument& size : size_arguments(program_, kernel.group)) {
      if (&program_.kernels[size.kernel] == &kernel)
        values[size.name] = table_name(kernel, size.size) + "[layer]";
    }
    if (kernel.kind == "load_params") {
      const std::string calls = segment_calls(kernel, indent);
      return kernel.origin.empty() ? calls : indent + "// " + comment(kernel.origin) + "\n" + calls;
    }
    std::vector<std::string> arguments = call_arguments(program_, kernel);
    for (std::string& argument : arguments) {
      if (const auto value = values.find(argument); value != values.end()) argument = value->second;
    }
    std::string text;
    if (!kernel.origin.empty()) text += indent + "// " + comment(kernel.origin) + "\n";
    return text + wrapped_call(indent + function_of(kernel) + "(", arguments, indent.size() + 4) +
           "\n";
  }

  const Program& program_;
  const Instance& instance_;
  std::string name_;
  std::set<std::string> known_;
  std::vector<Parameter> parameters_;
};

}  // namespace

bool is_plain_call(const Program& program, const Instance& instance) {
  const Kernel& kernel = program.kernels[instance.nodes[0]];
  return instance.nodes.size() == 1 && !kernel.layered && !kernel.behind &&
         kernel.kind != "load_params";
}

std::string instance_function(const Program& program, const Instance& instance) {
  return InstanceText(program, instance).function();
}

std::string instance_task(const Program& program, const Instance& instance) {
  return InstanceText(program, instance).task();
}

}  // namespace st::hls
