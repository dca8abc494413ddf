// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/pragma_grammar.h"

#include <algorithm>

namespace st::lint {
namespace {

using Values = std::vector<std::string_view>;

constexpr int64_t NoLimit = std::numeric_limits<int32_t>::max();

OptionRecord flag(std::string_view name) { return {name, OptionKind::Flag}; }
OptionRecord integer(std::string_view name, int64_t least, int64_t most = NoLimit) {
  return {name, OptionKind::Integer, false, {}, least, most};
}
OptionRecord choice(std::string_view name, Values values) {
  return {name, OptionKind::Choice, false, std::move(values)};
}
OptionRecord word(std::string_view name, Values values = {}) {
  return {name, OptionKind::Word, false, std::move(values)};
}
OptionRecord variable(std::string_view name) { return {name, OptionKind::Variable}; }
OptionRecord required(OptionRecord option) {
  option.required = true;
  return option;
}
OptionRecord deprecated(OptionRecord option, std::string_view instead) {
  option.instead = instead;
  return option;
}

/// AXI4: a burst has at most 256 beats.
constexpr int64_t LongestBurst = 256;
/// Bits of the widest m_axi port.
constexpr int64_t WidestPort = 1024;

std::vector<ModeRecord> interface_modes() {
  return {
      {{"m_axi"},
       {word("bundle"), integer("depth", 1), word("offset", {"slave", "direct", "off"}),
        integer("num_read_outstanding", 1), integer("num_write_outstanding", 1),
        integer("max_read_burst_length", 1, LongestBurst),
        integer("max_write_burst_length", 1, LongestBurst), integer("latency", 0),
        integer("max_widen_bitwidth", 0, WidestPort), integer("channel", 0)}},
      {{"axis"},
       {flag("register"), choice("register_mode", {"forward", "reverse", "both", "off"}),
        integer("depth", 1)}},
      {{"s_axilite"},
       {word("bundle"), integer("offset", 0), word("clock"), word("storage_impl"),
        flag("register")}},
      {{"ap_memory", "bram"}, {integer("depth", 1), integer("latency", -1), word("storage_type")}},
      {{"ap_none", "ap_fifo", "ap_ack", "ap_vld", "ap_stable", "ap_bus"},
       {flag("register"), integer("depth", 1), integer("latency", 0)}},
      {{"ap_hs", "ap_ovld"},
       {flag("register"), integer("depth", 1), integer("latency", 0),
        integer("interrupt", 16, 31)}},
      {{"ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain"}, {}},
  };
}

Values operators() {
  return {"mul",    "add",    "sub",  "fadd", "fsub", "fdiv",  "fexp", "flog",  "fmul",  "fsqrt",
          "frsqrt", "frecip", "dadd", "dsub", "ddiv", "dexp",  "dlog", "dmul",  "dsqrt", "drsqrt",
          "drecip", "hadd",   "hsub", "hdiv", "hmul", "hsqrt", "facc", "fmacc", "fmadd"};
}

std::vector<DirectiveRecord> make_records() {
  const Values partitions = {"block", "cyclic", "complete"};
  const std::vector<OptionRecord> partition = {required(variable("variable")), integer("factor", 1),
                                               integer("dim", 0), choice("type", partitions)};
  std::vector<OptionRecord> reshape = partition;
  reshape.push_back(flag("object"));
  std::vector<DirectiveRecord> records = {
      {"aggregate",
       Scope::Block,
       false,
       {required(variable("variable")), choice("compact", {"bit", "byte", "none", "auto"})}},
      {"alias",
       Scope::Function,
       false,
       {required(variable("ports")), variable("offset"), variable("distance")}},
      {"allocation",
       Scope::Block,
       false,
       {choice("type", {"function", "operation"}), required(word("instances")),
        required(integer("limit", 1))}},
      {"array_partition", Scope::Block, false, partition},
      {"array_reshape", Scope::Block, false, reshape},
      {"bind_op",
       Scope::Block,
       false,
       {required(variable("variable")), required(word("op", operators())),
        word("impl",
             {"auto", "dsp", "fabric", "fulldsp", "meddsp", "maxdsp", "nodsp", "primitivedsp"}),
        integer("latency", -1, 64)}},
      {"bind_storage",
       Scope::Block,
       false,
       {required(variable("variable")),
        required(word("type", {"fifo", "ram_1p", "ram_1wnr", "ram_2p", "ram_s2p", "ram_t2p",
                               "rom_1p", "rom_2p", "rom_np"})),
        word("impl", {"auto", "bram", "bram_ecc", "lutram", "uram", "uram_ecc", "srl", "memory"}),
        integer("latency", -1, 64)}},
      {"cache",
       Scope::Function,
       false,
       {required(variable("port")), integer("lines", 1), integer("depth", 1), integer("ways", 1),
        integer("users", 1), word("burst_len_mode"), word("write_mode")}},
      {"data_pack",
       Scope::Block,
       false,
       {required(variable("variable")), word("instance"),
        choice("byte_pad", {"struct_level", "field_level"})},
       {},
       {},
       "AGGREGATE"},
      {"dataflow", Scope::Either, true, {flag("disable_start_propagation"), flag("interval")}},
      {"dependence",
       Scope::Block,
       true,
       {variable("variable"), variable("cross_variables"), choice("class", {"array", "pointer"}),
        choice("type", {"intra", "inter"}), choice("direction", {"raw", "war", "waw"}),
        integer("distance", 1), choice("dependent", {"true", "false"})},
       {{"variable", "class"}}},
      {"disaggregate", Scope::Block, false, {required(variable("variable"))}},
      {"expression_balance", Scope::Block, true, {flag("off")}},
      {"function_instantiate", Scope::Function, true, {required(variable("variable"))}},
      {"inline",
       Scope::Function,
       true,
       {choice("type", {"self", "all", "region"}), flag("recursive"), flag("off")},
       {{"recursive", "off"}}},
      {"interface",
       Scope::Function,
       true,
       {required(variable("port")), word("name"),
        choice("mode", {"m_axi", "s_axilite", "axis", "ap_memory", "bram", "ap_none", "ap_fifo",
                        "ap_hs", "ap_ack", "ap_vld", "ap_ovld", "ap_stable", "ap_bus",
                        "ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain"})},
       {},
       interface_modes()},
      {"latency", Scope::Block, true, {integer("min", 0), integer("max", 0)}},
      {"loop_flatten", Scope::Loop, true, {flag("off")}},
      {"loop_merge", Scope::Block, true, {flag("force")}},
      {"loop_tripcount",
       Scope::Loop,
       true,
       {integer("min", 0), required(integer("max", 0)), integer("avg", 0)}},
      {"occurrence", Scope::Block, true, {integer("cycle", 1)}},
      {"performance",
       Scope::Block,
       true,
       {{"target_ti", OptionKind::Real},
        {"target_tl", OptionKind::Real},
        {"assume_ti", OptionKind::Real},
        {"assume_tl", OptionKind::Real},
        word("unit", {"cycle", "sec"}),
        choice("scope", {"loop", "region"})}},
      {"pipeline",
       Scope::Either,
       true,
       {integer("ii", 1), word("style", {"stp", "flp", "frp"}), flag("rewind"), flag("off"),
        deprecated(flag("enable_flush"), "style=flp")},
       {{"style", "off"}, {"style", "rewind"}, {"style", "enable_flush"}}},
      {"protocol", Scope::Block, true, {choice("mode", {"floating", "fixed"})}},
      {"reset", Scope::Block, false, {required(variable("variable")), flag("off")}},
      {"resource",
       Scope::Block,
       false,
       {required(variable("variable")), required(word("core")), word("ecc_mode"),
        integer("latency", -1), choice("memory_style", {"auto", "distribute", "block", "uram"}),
        word("metadata")},
       {},
       {},
       "BIND_OP or BIND_STORAGE"},
      {"shared",
       Scope::Block,
       false,
       {required(variable("variable"))},
       {},
       {},
       "STREAM with type=shared"},
      {"stable", Scope::Block, false, {required(variable("variable"))}},
      {"stable_content", Scope::Block, false, {required(variable("variable"))}},
      {"stream",
       Scope::Block,
       false,
       {required(variable("variable")), integer("depth", 1),
        word("type", {"fifo", "pipo", "shared", "unsync"}),
        deprecated(integer("dim", 0), "whole arrays"), deprecated(flag("off"), "type=pipo")},
       {{"type", "off"}}},
      {"top", Scope::Function, true, {word("name")}},
      {"unroll",
       Scope::Loop,
       true,
       {integer("factor", 1), flag("skip_exit_check"),
        choice("type", {"region", "complete", "partial"})}},
  };
  return records;
}

}  // namespace

const std::vector<DirectiveRecord>& directive_records() {
  static const std::vector<DirectiveRecord> Records = make_records();
  return Records;
}

const DirectiveRecord* find_directive(std::string_view name) {
  const auto& records = directive_records();
  const auto at = std::find_if(records.begin(), records.end(),
                               [&](const DirectiveRecord& record) { return record.name == name; });
  return at == records.end() ? nullptr : &*at;
}

}  // namespace st::lint
