// SPDX-License-Identifier: Apache-2.0
/// Target files, schema "streamtensor.target/1".
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/platform/target.h"
#include "core/support/near_names.h"

namespace st {
namespace {

using nlohmann::json;

constexpr const char* Schema = "streamtensor.target/1";
constexpr size_t MostSlrs = 64;
constexpr size_t MostNames = 1024;  ///< of channels

/// Takes a document apart, and notes everything that is missing, misplaced or unknown.
class Reader {
 public:
  explicit Reader(const std::string& file) : file_(printable(file)) {}

  void report(const std::string& pointer, const std::string& message,
              const std::string& help = "") {
    problems_.push_back({"E0402", message, file_ + ", " + pointer, {}, help});
  }

  /// Whether `value` is an object. Keys other than `keys` are problems: most are misspelt.
  bool object(const json& value, const std::string& pointer, const std::vector<std::string>& keys) {
    if (!value.is_object()) {
      report(pointer.empty() ? "/" : pointer, "must be an object");
      return false;
    }
    for (const auto& [key, unused] : value.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        report(pointer + "/" + pointer_part(key), "unknown key '" + printable(key) + "'",
               did_you_mean(key, keys));
      }
    }
    return true;
  }

  /// The value of a key, or nullptr and a problem.
  const json* member(const json& parent, const std::string& pointer, const std::string& key) {
    const auto found = parent.find(key);
    if (found != parent.end()) return &*found;
    report(pointer + "/" + key, "is missing");
    return nullptr;
  }

  void text(const json& parent, const std::string& pointer, const std::string& key,
            std::string& out) {
    const json* value = member(parent, pointer, key);
    if (value == nullptr) return;
    if (value->is_string()) {
      out = value->get<std::string>();
    } else {
      report(pointer + "/" + key, "must be a string");
    }
  }

  void number(const json& parent, const std::string& pointer, const std::string& key, Number& out) {
    const json* value = member(parent, pointer, key);
    const std::string here = pointer + "/" + key;
    if (value == nullptr || !object(*value, here, {"value", "unit", "source"})) return;
    text(*value, here, "unit", out.unit);
    text(*value, here, "source", out.source);
    const json* magnitude = member(*value, here, "value");
    if (magnitude == nullptr) return;
    if (magnitude->is_number()) {
      out.value = magnitude->get<double>();
    } else {
      report(here + "/value", "must be a number");
    }
  }

  void resources(const json& parent, const std::string& pointer, ResourceNumbers& out) {
    for (const ResourceKind& kind : ResourceKinds)
      number(parent, pointer, kind.key, out.*kind.number);
  }

  [[nodiscard]] const Diagnostics& problems() const { return problems_; }

 private:
  std::string file_;
  Diagnostics problems_;
};

/// Either one string under `one`, or an array of them under `many`; neither leaves `out` empty.
void read_names(Reader& reader, const json& value, const std::string& here, const std::string& one,
                const std::string& many, std::vector<std::string>& out) {
  if (value.contains(one) && value.contains(many)) {
    reader.report(here + "/" + many, "'" + one + "' is given as well: leave one of them out");
    return;
  }
  if (value.contains(one)) {
    out.emplace_back();
    reader.text(value, here, one, out.back());
  }
  if (!value.contains(many)) return;
  const json& names = value[many];
  if (!names.is_array() || names.empty() || names.size() > MostNames ||
      !std::all_of(names.begin(), names.end(), [](const json& n) { return n.is_string(); })) {
    reader.report(here + "/" + many,
                  "must be an array of 1 to " + std::to_string(MostNames) + " strings");
    return;
  }
  for (const json& name : names) out.push_back(name.get<std::string>());
}

void read_optional(Reader& reader, const json& value, const std::string& here,
                   const std::string& key, std::optional<Number>& out) {
  if (value.contains(key)) reader.number(value, here, key, out.emplace());
}

DeviceMemory read_memory(Reader& reader, const json& value, const std::string& here) {
  DeviceMemory memory;
  if (!reader.object(value, here,
                     {"tag", "tags", "slr", "slrs", "channels", "channel_bytes",
                      "channel_bandwidth", "max_ports", "channel_ports", "port_bits", "shared"}))
    return memory;
  std::vector<std::string> names;
  read_names(reader, value, here, "tag", "tags", names);
  if (value.contains("tags")) {
    memory.tags = names;
  } else if (names.empty()) {
    reader.report(here + "/tag", "is missing");
  } else {
    memory.tag = names[0];
  }
  read_names(reader, value, here, "slr", "slrs", memory.slrs);
  reader.number(value, here, "channels", memory.channels);
  reader.number(value, here, "channel_bytes", memory.bytes_per_channel);
  reader.number(value, here, "channel_bandwidth", memory.channel_bandwidth);
  reader.number(value, here, "max_ports", memory.ports);
  read_optional(reader, value, here, "channel_ports", memory.ports_per_channel);
  read_optional(reader, value, here, "port_bits", memory.port_bits);
  if (value.contains("shared")) {
    const std::string inside = here + "/shared";
    SharedMemory shared;
    if (reader.object(value["shared"], inside, {"bytes", "bandwidth"})) {
      reader.number(value["shared"], inside, "bytes", shared.bytes);
      reader.number(value["shared"], inside, "bandwidth", shared.bandwidth);
    }
    memory.shared = shared;
  }
  return memory;
}

void read_flow(Reader& reader, const json& root, Target& target) {
  std::string name, known;
  reader.text(root, "", "flow", name);
  for (const Flow flow : Flows) {
    if (name == name_of(flow)) {
      target.flow = flow;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(name_of(flow));
  }
  if (!name.empty())
    reader.report("/flow", "'" + printable(name) + "' is not a flow of Vitis: " + known);
}

/// `keys`, and behind them those of all kinds of resources.
std::vector<std::string> with_resources(std::vector<std::string> keys) {
  for (const ResourceKind& kind : ResourceKinds) keys.emplace_back(kind.key);
  return keys;
}

void read_slrs(Reader& reader, const json& value, Target& target) {
  if (!value.is_array() || value.size() > MostSlrs) {
    reader.report("/slrs", "must be an array of at most " + std::to_string(MostSlrs) + " objects");
    return;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const std::string here = "/slrs/" + std::to_string(i);
    Slr slr;
    if (reader.object(value[i], here, with_resources({"name"}))) {
      reader.text(value[i], here, "name", slr.name);
      reader.resources(value[i], here, slr.usable);
    }
    target.slrs.push_back(slr);
  }
}

/// "12:3" of a byte offset.
std::string position(const std::string& text, size_t byte) {
  const size_t end = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(end), '\n');
  const size_t newline = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const size_t column = newline == std::string::npos ? end + 1 : end - newline;
  return std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

Result<Target> parse_target(const std::string& text, const std::string& file) {
  json root;
  try {
    root = json::parse(text);
  } catch (const json::parse_error& error) {
    return Diagnostic{"E0402",
                      "the target file is not valid JSON",
                      printable(file) + ":" + position(text, error.byte),
                      {},
                      ""};
  } catch (const json::exception&) {
    return Diagnostic{
        "E0402", "the target file holds a number out of range", printable(file), {}, ""};
  }
  Reader reader(file);
  Target target;
  if (!reader.object(
          root, "",
          {"schema", "name", "description", "part", "platform", "flow", "frequency", "tdp", "total",
           "slrs", "crossing_wires", "budgets", "memory", "large_memory"})) {
    return reader.problems();
  }
  std::string schema;
  reader.text(root, "", "schema", schema);
  if (root.contains("schema") && root["schema"].is_string() && schema != Schema) {
    reader.report("/schema", "is '" + printable(schema) + "', but must be '" + Schema + "'");
  }
  reader.text(root, "", "name", target.name);
  reader.text(root, "", "description", target.description);
  reader.text(root, "", "part", target.part);
  reader.text(root, "", "platform", target.platform);
  read_flow(reader, root, target);
  reader.number(root, "", "frequency", target.frequency);
  reader.number(root, "", "tdp", target.tdp);
  const std::vector<std::string> kinds = with_resources({});
  if (const json* total = reader.member(root, "", "total")) {
    if (reader.object(*total, "/total", kinds)) reader.resources(*total, "/total", target.total);
  }
  if (const json* budgets = reader.member(root, "", "budgets")) {
    if (reader.object(*budgets, "/budgets", kinds)) {
      reader.resources(*budgets, "/budgets", target.budget_percent);
    }
  }
  if (const json* slrs = reader.member(root, "", "slrs")) read_slrs(reader, *slrs, target);
  read_optional(reader, root, "", "crossing_wires", target.crossing_wires);
  if (const json* memory = reader.member(root, "", "memory"))
    target.memory = read_memory(reader, *memory, "/memory");
  if (root.contains("large_memory"))
    target.large_memory = read_memory(reader, root["large_memory"], "/large_memory");
  // A value that was not read would be reported a second time, as zero.
  if (!reader.problems().empty()) return reader.problems();
  ST_CHECK(check(target, file));
  return target;
}

}  // namespace st
