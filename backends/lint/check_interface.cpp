// SPDX-License-Identifier: Apache-2.0
// The kernel's function: its arguments and their INTERFACE pragmas.
#include <algorithm>
#include <map>
#include <set>

#include "backends/lint/context.h"
#include "core/support/near_names.h"

namespace st::lint {
namespace {

/// AXI4: a burst stays inside of 4 KiB.
constexpr int64_t BurstBytes = 4096;

/// Words of Verilog that are good names in C++, and signals that every kernel has.
bool is_reserved(std::string_view name) {
  static const std::set<std::string_view> Words = {
      "always",   "and",     "assign",    "begin",    "buf",         "case",      "deassign",
      "defparam", "disable", "edge",      "end",      "endcase",     "endmodule", "endfunction",
      "endtask",  "event",   "force",     "forever",  "fork",        "function",  "generate",
      "initial",  "inout",   "input",     "integer",  "join",        "logic",     "macromodule",
      "module",   "nand",    "negedge",   "nmos",     "nor",         "not",       "notif0",
      "or",       "output",  "parameter", "pmos",     "posedge",     "primitive", "pulldown",
      "pullup",   "real",    "realtime",  "reg",      "release",     "repeat",    "scalared",
      "signal",   "specify", "strength",  "supply0",  "supply1",     "table",     "task",
      "time",     "tran",    "tri",       "trireg",   "vectored",    "wait",      "wand",
      "wire",     "wor",     "xnor",      "xor",      "ap_clk",      "ap_rst",    "ap_rst_n",
      "ap_start", "ap_done", "ap_idle",   "ap_ready", "ap_continue", "interrupt"};
  return Words.count(name) != 0;
}

class InterfaceChecks {
 public:
  explicit InterfaceChecks(Context& context) : context_(context) {}

  void run() {
    for (const Function& function : context_.unit.functions) {
      if (!function.has_body) continue;
      if (context_.is_top(function)) {
        top(function);
        continue;
      }
      context_.each_directive(
          function, "interface", [&](const Directive& directive, const PragmaLine&) {
            context_.report.add(
                "interface-outside-top", directive.place,
                "INTERFACE in " + in_quotes(function.name) + ", which is no kernel");
          });
    }
  }

 private:
  struct Interface {
    const Directive* directive;
    const PragmaLine* line;
    std::string mode;
  };

  void top(const Function& function) {
    const auto& functions = context_.unit.functions;
    const bool plain = std::none_of(functions.begin(), functions.end(), [&](const Function& f) {
      return f.name == function.name && f.is_extern_c;
    });
    if (plain && context_.kernels)
      context_.report.add("top-mangled", context_.place(function.token),
                          in_quotes(function.name) + " is not extern \"C\"");
    name(function.name, function.token);
    for (const Variable& parameter : function.parameters) name(parameter.name, parameter.token);

    std::multimap<std::string, Interface> by_port;
    context_.each_directive(function, "interface",
                            [&](const Directive& directive, const PragmaLine& line) {
                              const GivenOption* port = directive.option("port");
                              if (port == nullptr) return;
                              for (const size_t i : variables_of(line, *port))
                                this->port(function, line.tokens[i],
                                           {&directive, &line, directive.value("mode")}, by_port);
                            });
    if (context_.kernels) missing(function, by_port);
  }

  void name(std::string_view name, size_t token) {
    if (is_reserved(name))
      context_.report.add("top-name", context_.place(token),
                          in_quotes(name) + " is a word of Verilog or a signal of every kernel");
  }

  /// One INTERFACE pragma of an argument.
  void port(const Function& function, const Token& token, const Interface& interface,
            std::multimap<std::string, Interface>& by_port) {
    const std::string port(token.text);
    const bool of_function = port == "return" || port == function.name;
    const Variable* parameter = function.parameter(port);
    if (parameter == nullptr && !of_function) {
      std::vector<std::string> names;
      for (const Variable& p : function.parameters) names.emplace_back(p.name);
      const std::string near = did_you_mean(port, names);
      context_.report.add("interface-unknown-port", token.place,
                          in_quotes(port) + " is no argument of " + in_quotes(function.name) +
                              (near.empty() ? "" : ": " + near));
      return;
    }
    for (auto [at, end] = by_port.equal_range(port); at != end; ++at) {
      // s_axilite beside it holds the address of an m_axi port, or the control of the function.
      const bool control = (at->second.mode == "s_axilite") != (interface.mode == "s_axilite");
      if (!control)
        context_.report.add("interface-twice", token.place,
                            in_quotes(port) + " has an interface in line " +
                                std::to_string(at->second.directive->place.line) + " already");
    }
    by_port.insert({port, interface});
    mode(of_function ? nullptr : parameter, token, interface);
    if (interface.mode == "m_axi" && parameter != nullptr) memory(*parameter, interface);
  }

  void mode(const Variable* parameter, const Token& token, const Interface& interface) {
    const std::string& mode = interface.mode;
    const bool control = mode.starts_with("ap_ctrl_");
    std::string kind = "the function";
    bool fits = control || mode == "s_axilite";
    if (parameter != nullptr) {
      const Type& type = parameter->type;
      if (type.stream) {
        kind = "a stream";
        fits = mode == "axis" || mode == "ap_fifo";
      } else if (type.shares()) {
        kind = "an array, pointer or reference";
        fits = !control;
      } else {
        kind = "a scalar";
        fits = mode == "s_axilite" ||
               (mode.starts_with("ap_") && !control && mode != "ap_memory" && mode != "ap_fifo");
      }
    }
    const auto& modes = interface.directive->record->options;
    const bool known = std::any_of(modes.begin(), modes.end(), [&](const OptionRecord& option) {
      return option.name == "mode" &&
             std::find(option.values.begin(), option.values.end(), mode) != option.values.end();
    });
    if (!fits && known)
      context_.report.add("interface-mode", token.place,
                          mode + " does not fit " + in_quotes(token.text) + ", which is " + kind);
  }

  void memory(const Variable& parameter, const Interface& interface) {
    const Directive& directive = *interface.directive;
    const Tokens& tokens = interface.line->tokens;
    const auto number = [&](std::string_view option) -> std::optional<int64_t> {
      const GivenOption* given = directive.option(option);
      if (given == nullptr) return std::nullopt;
      return constant_value(tokens, given->begin, given->end,
                            [](std::string_view) { return std::optional<int64_t>(); });
    };
    const std::string port = in_quotes(parameter.name);
    if (!directive.has("depth")) {
      context_.report.add("interface-depth", directive.place, port + " has no depth");
    } else if (const auto depth = number("depth"), words = array_words(parameter);
               depth && words && *depth != *words) {
      context_.report.add(
          "interface-depth", directive.option("depth")->place,
          port + " has depth " + std::to_string(*depth) + ", its array " + std::to_string(*words));
    }
    std::optional<int64_t> bits = type_bits(parameter.type);
    if (const auto widened = number("max_widen_bitwidth"); bits && widened)
      bits = std::max(*bits, *widened);
    for (const char* option : {"max_read_burst_length", "max_write_burst_length"}) {
      const auto length = number(option);
      if (!length || !bits || *length <= BurstBytes * 8 / *bits) continue;
      context_.report.add("interface-burst", directive.option(option)->place,
                          port + " asks for bursts of " + std::to_string(*length) + " x " +
                              std::to_string(*bits) +
                              " bits: " + std::to_string(*length * *bits / 8) + " bytes");
    }
  }

  [[nodiscard]] std::optional<int64_t> constant(Range range) const {
    return constant_value(context_.unit.tokens(), range.begin, range.end,
                          [](std::string_view) { return std::optional<int64_t>(); });
  }

  [[nodiscard]] std::optional<int64_t> array_words(const Variable& parameter) const {
    if (parameter.type.dimensions.empty()) return std::nullopt;
    int64_t words = 1;
    for (const Range& dimension : parameter.type.dimensions) {
      const auto size = constant(dimension);
      if (!size || *size <= 0 || __builtin_mul_overflow(words, *size, &words)) return std::nullopt;
    }
    return words;
  }

  [[nodiscard]] std::optional<int64_t> type_bits(const Type& type) const {
    static const std::map<std::string_view, int64_t> Bits = {
        {"char", 8},      {"int8_t", 8}, {"uint8_t", 8}, {"short", 16},    {"int16_t", 16},
        {"uint16_t", 16}, {"half", 16},  {"int", 32},    {"unsigned", 32}, {"int32_t", 32},
        {"uint32_t", 32}, {"float", 32}, {"double", 64}, {"int64_t", 64},  {"uint64_t", 64}};
    if ((type.name == "ap_uint" || type.name == "ap_int") && !type.arguments.empty()) {
      const auto width = constant(type.arguments[0]);
      return width && *width > 0 ? width : std::nullopt;
    }
    const auto at = Bits.find(type.name);
    return at == Bits.end() ? std::nullopt : std::optional(at->second);
  }

  /// Arguments without the interface that their type needs.
  void missing(const Function& function, const std::multimap<std::string, Interface>& by_port) {
    const auto has = [&](std::string_view port, const auto& accept) {
      const auto [begin, end] = by_port.equal_range(std::string(port));
      return std::any_of(begin, end, [&](const auto& entry) { return accept(entry.second.mode); });
    };
    for (const Variable& parameter : function.parameters) {
      const Type& type = parameter.type;
      // An s_axilite beside a pointer is its address, not its data.
      const bool there = has(parameter.name, [&](const std::string& mode) {
        return !type.shares() || type.reference || mode != "s_axilite";
      });
      if (there) continue;
      const std::string wanted = type.stream ? "axis" : type.shares() ? "m_axi" : "s_axilite";
      context_.report.add("interface-missing", context_.place(parameter.token),
                          in_quotes(parameter.name) + " of " + in_quotes(function.name) +
                              " has no " + wanted + " interface");
    }
    const bool control = has("return", [](const std::string&) { return true; }) ||
                         has(function.name, [](const std::string&) { return true; });
    if (!control)
      context_.report.add(
          "interface-missing", context_.place(function.token),
          "'return' of " + in_quotes(function.name) + " has no s_axilite interface");
  }

  Context& context_;
};

}  // namespace

void check_interface(Context& context) { InterfaceChecks(context).run(); }

}  // namespace st::lint
