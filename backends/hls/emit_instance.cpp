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
    const Kernel& first = program_.kernels[instance_.nodes[0]];
    const std::string title_and_head = "// " + title() + "\n" + head + "{\n";
    if (has_products(first)) {
      const std::string turns = instance_.nodes.size() > 1 ? table_of_turns() : calls_of_turns();
      return products_function() + title_and_head +
             "#pragma HLS ALLOCATION function instances=" + products_name(first) + " limit=1\n" +
             turns + "}\n";
    }
    return title_and_head + calls_of_turns() + "}\n";
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
    return std::any_of(instance_.nodes.begin(), instance_.nodes.end(),
                       [&](KernelId k) { return takes_length(program_.kernels[k], length); });
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
    return lower(kernel.name + "_" + size);
  }
  static std::string lower(std::string name) {
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

  /// The call, behind the names of the model's nodes.
  [[nodiscard]] std::string commented_call(
      const Kernel& kernel, const std::string& indent,
      const std::map<std::string, std::string>& sizes = {}) const {
    const std::string text =
        kernel.kind == "load_params" ? segment_calls(kernel, indent) : call(kernel, indent, sizes);
    return kernel.origin.empty() ? text : indent + "// " + comment(kernel.origin) + "\n" + text;
  }

  /// The call, with what stands for a layer's copies and sizes in the place of names. `sizes` has
  /// what stands for other sizes.
  [[nodiscard]] std::string call(const Kernel& kernel, const std::string& indent,
                                 std::map<std::string, std::string> sizes) const {
    std::map<std::string, std::string> offsets;
    for (const MemoryId m : kernel.memories) {
      if (!uses_offset(program_, kernel, m)) continue;
      const std::string words = std::to_string(layer_words(program_.memories[m]));
      offsets[offset_name(argument_name(program_, kernel, m))] = "layer * " + words;
    }
    for (const auto& [size, of_layers] : kernel.layer_sizes)
      sizes[size] = table_name(kernel, size) + "[layer]";
    std::vector<std::string> arguments = call_arguments(program_, kernel, sizes);
    for (std::string& argument : arguments) {
      if (const auto value = offsets.find(argument); value != offsets.end())
        argument = value->second;
    }
    return wrapped_call(indent + function_of(kernel) + "(", arguments, indent.size() + 4) + "\n";
  }

  [[nodiscard]] const Kernel& node(size_t n) const { return program_.kernels[instance_.nodes[n]]; }

  /// A call for each node. Those that alternate are in a loop over the rows.
  [[nodiscard]] std::string calls_of_turns() const {
    std::string tables, before, layered, behind;
    for (size_t n = 0; n < instance_.nodes.size(); ++n) {
      const Kernel& kernel = node(n);
      tables += size_tables(kernel);
      if (!kernel.layered) {
        (kernel.behind ? behind : before) += commented_call(kernel, kernel.behind ? "    " : "  ");
        continue;
      }
      const bool more = n + 1 < instance_.nodes.size() && node(n + 1).alternates;
      if (more && !kernel.alternates)
        layered +=
            "    for (int row = 0; row < tokens; ++row) {\n#pragma HLS LOOP_TRIPCOUNT min=1 max=" +
            std::to_string(program_.max_sequence) + "\n";
      layered += more || kernel.alternates ? commented_call(kernel, "      ", {{"tokens", "1"}})
                                           : commented_call(kernel, "    ");
      if (kernel.alternates && !more) layered += "    }\n";
    }
    if (!layered.empty())
      layered = "  for (int layer = 0; layer < " + std::to_string(program_.layers.count) +
                "; ++layer) {\n" + layered + "  }\n";
    if (!behind.empty()) behind = "  if (results > 0) {\n" + behind + "  }\n";
    return tables + before + layered + behind;
  }

  /// The multipliers of all nodes: a plain function, as ALLOCATION knows no template by its name.
  [[nodiscard]] std::string products_function() const {
    int64_t ports = 1, word_rows = 1, token_lanes = 1;
    for (const KernelId k : instance_.nodes) {
      const std::map<std::string, int64_t>& sizes = program_.kernels[k].sizes;
      ports = sizes.at("Ports");
      if (sizes.count("WordRows") == 0) continue;  // attention
      word_rows = sizes.at("WordRows");
      token_lanes = sizes.at("TokenLanes");
    }
    const std::string of = "<" + std::to_string(ports) + ">";
    std::string head =
        wrapped_call("static void " + products_name(program_.kernels[instance_.nodes[0]]) + "(",
                     {"const st::port_words" + of + "& words", "const st::word_bytes& token0",
                      "const st::word_bytes& token1",
                      "const vec<int16_t, " + std::to_string(ports) + ">& port_weights",
                      "st::word_use use", "st::chain_totals" + of + "& totals"},
                     4);
    head.back() = ' ';
    return "// The multipliers of " + instance_.name + ": weights, keys and values take turns.\n" +
           head + "{\n#pragma HLS INLINE off\n#pragma HLS PIPELINE II=1\n" +
           "  st::stripe_products<" + std::to_string(ports) + ", " + std::to_string(word_rows) +
           (token_lanes > 1 ? ", 2" : ", 1") +
           ">(words, token0, token1, port_weights, use, totals);\n}\n\n";
  }

  /// Sizes that the nodes take at run time and that differ from node to node. What differs from
  /// layer to layer has a table of its own.
  [[nodiscard]] std::vector<std::string> sizes_of_turns() const {
    std::map<std::string, std::set<int64_t>> values;
    std::vector<std::string> sizes;
    for (const KernelId k : instance_.nodes) {
      const Kernel& kernel = program_.kernels[k];
      for (const std::string_view what : kernel_record(kernel.kind).arguments) {
        if (!what.starts_with("size:")) continue;
        const std::string size(what.substr(5));
        if (kernel.layer_sizes.count(size) != 0) continue;
        std::set<int64_t>& known = values[size];
        known.insert(kernel.sizes.at(size));
        if (known.size() == 2 && std::find(sizes.begin(), sizes.end(), size) == sizes.end())
          sizes.push_back(size);
      }
    }
    return sizes;
  }

  /// Nodes before the layers, of the layers, behind them.
  [[nodiscard]] std::vector<KernelId> nodes_in_order() const {
    std::vector<KernelId> nodes = instance_.nodes;
    std::stable_sort(nodes.begin(), nodes.end(), [&](KernelId a, KernelId b) {
      const auto place = [&](KernelId k) {
        return program_.kernels[k].layered ? 1 : program_.kernels[k].behind ? 2 : 0;
      };
      return place(a) < place(b);
    });
    return nodes;
  }

  /// The nodes as a table. What differs in sizes alone has one call, and all calls are of one
  /// scope: within it they have one array of multipliers.
  [[nodiscard]] std::string table_of_turns() const {
    const std::vector<std::string> sizes = sizes_of_turns();
    const std::vector<KernelId> nodes = nodes_in_order();
    const auto first_behind =
        static_cast<size_t>(std::find_if(nodes.begin(), nodes.end(),
                                         [&](KernelId k) { return program_.kernels[k].behind; }) -
                            nodes.begin());
    std::vector<std::string> calls;
    std::string tables, rows;
    for (const KernelId k : nodes) {
      const Kernel& kernel = program_.kernels[k];
      tables += size_tables(kernel);
      std::map<std::string, std::string> names;
      for (const std::string& size : sizes) names[size] = lower(size);
      if (first_behind < nodes.size()) names["tokens"] = "turn_tokens";
      const std::string text = call(kernel, "      ", names);
      const auto known = std::find(calls.begin(), calls.end(), text);
      rows += "      {" + std::to_string(known - calls.begin());
      if (known == calls.end()) calls.push_back(text);
      for (const std::string& size : sizes) {
        const auto own = kernel.sizes.find(size);
        const bool taken = own != kernel.sizes.end() && kernel.layer_sizes.count(size) == 0;
        rows += ", " + std::to_string(taken ? own->second : 0);
      }
      rows += "},  // " + comment(kernel.origin) + "\n";
    }
    std::string columns = "  // Of a turn: its call";
    std::string row = "    const int call = turns[turn][0];\n";
    if (first_behind < nodes.size())
      row +=
          "    const int turn_tokens = turn < " + std::to_string(first_behind) + " ? tokens : 1;\n";
    for (size_t i = 0; i < sizes.size(); ++i) {
      columns += ", " + lower(sizes[i]);
      row +=
          "    const int " + lower(sizes[i]) + " = turns[turn][" + std::to_string(i + 1) + "];\n";
    }
    return tables + columns + "\n  static const int turns[][" + std::to_string(sizes.size() + 1) +
           "] = {\n" + rows + "  };\n" + walk_of_turns(nodes, row + choice_of(calls));
  }

  /// The loop over the turns, whose body is given.
  [[nodiscard]] std::string walk_of_turns(const std::vector<KernelId>& nodes,
                                          const std::string& body) const {
    const auto number = [&](const auto& which) {
      return std::count_if(nodes.begin(), nodes.end(),
                           [&](KernelId k) { return which(program_.kernels[k]); });
    };
    const int64_t layered = number([](const Kernel& kernel) { return kernel.layered; });
    const int64_t behind = number([](const Kernel& kernel) { return kernel.behind; });
    const auto all = static_cast<int64_t>(nodes.size());
    const int64_t before = all - layered - behind;
    const int64_t again = layered * (program_.layers.count - 1);
    std::string end = std::to_string(all);
    if (behind > 0) end = "results > 0 ? " + end + " : " + std::to_string(all - behind);
    const std::string last = std::to_string(before + layered - 1);
    std::string next = "    ++turn;\n";
    if (layered > 0)
      next = "    const bool again = turn == " + last + " && layer < " +
             std::to_string(program_.layers.count - 1) + ";\n" +
             "    layer = again ? layer + 1 : layer;\n    turn = again ? " +
             std::to_string(before) + " : turn + 1;\n";
    return std::string("  int turn = 0") + (layered > 0 ? ", layer = 0" : "") + ";\n" +
           "  const int end = " + end + ";\n  while (turn < end) {\n" +
           "#pragma HLS LOOP_TRIPCOUNT min=" + std::to_string(all - behind + again) +
           " max=" + std::to_string(all + again) + "\n" + body + next + "  }\n";
  }

  /// The call of a turn.
  static std::string choice_of(const std::vector<std::string>& calls) {
    std::string text;
    for (size_t i = 0; i < calls.size(); ++i) {
      const bool last = i + 1 == calls.size();
      text += (i == 0 ? "    " : " else ") +
              (last && i > 0 ? "{\n" : "if (call == " + std::to_string(i) + ") {\n") + calls[i] +
              "    }";
    }
    return text + "\n";
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
  if (has_products(kernel)) return false;
  return !program.layers.streamed || (instance.nodes.size() == 1 && !kernel.layered &&
                                      !kernel.behind && kernel.kind != "load_params");
}

std::string instance_function(const Program& program, const Instance& instance) {
  return InstanceText(program, instance).function();
}

std::string instance_task(const Program& program, const Instance& instance) {
  return InstanceText(program, instance).task();
}

}  // namespace st::hls
