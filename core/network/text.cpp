// SPDX-License-Identifier: Apache-2.0
/// Network files as they are written: a line for each channel and each firing.
#include <nlohmann/json.hpp>

#include "core/network/network.h"
#include "core/support/text_form.h"

namespace st {
namespace {

/// A string of JSON. Bytes that are no UTF-8 are replaced: a file cannot hold them.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// {"key": value, ...}: members are joined as they come.
class Members {
 public:
  void add(const std::string& key, const std::string& value) {
    text_ += (text_.empty() ? "" : ", ") + quoted(key) + ": " + value;
  }
  void add(const std::string& key, int64_t value, int64_t usual) {
    if (value != usual) add(key, std::to_string(value));
  }
  void flag(const std::string& key, bool value) {
    if (value) add(key, std::string("true"));
  }
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

/// [a, b] on one line, or an element a line if `indent` is given.
std::string list(const std::vector<std::string>& elements, const std::string& indent = "") {
  std::string out = "[";
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += indent.empty() ? ", " : ",";
    out += (indent.empty() ? "" : "\n" + indent) + elements[i];
  }
  return out + "]";
}

class Writer {
 public:
  explicit Writer(const Network& network) : network_(network) {}

  std::string text() const {
    std::vector<std::string> tasks, channels, memories, instances, launches;
    for (const NetworkTask& t : network_.tasks) tasks.push_back(task(t));
    for (const NetworkChannel& c : network_.channels) channels.push_back(channel(c));
    for (const NetworkMemory& m : network_.memories) memories.push_back(memory(m));
    for (const NetworkInstance& i : network_.instances) instances.push_back(instance(i));
    for (const Bindings& launch : network_.launches) {
      Members members;
      for (const auto& [symbol, value] : launch) members.add(symbol, std::to_string(value));
      launches.push_back(members.text());
    }
    std::string out = "{\n  \"schema\": \"streamtensor.network/1\"";
    const auto add = [&](const std::string& key, const std::string& value) {
      out += ",\n  " + quoted(key) + ": " + value;
    };
    if (!network_.name.empty()) add("name", quoted(network_.name));
    if (!network_.symbols.empty()) {
      Members symbols;
      for (const NetworkSymbol& symbol : network_.symbols) {
        symbols.add(symbol.name, list({std::to_string(symbol.least), std::to_string(symbol.most)}));
      }
      add("symbols", symbols.text());
    }
    add("tasks", list(tasks, "    "));
    if (!channels.empty()) add("channels", list(channels, "    "));
    if (!memories.empty()) add("memories", list(memories, "    "));
    if (!instances.empty()) add("instances", list(instances, "    "));
    if (!launches.empty()) add("launches", list(launches));
    if (network_.gap != 0) add("gap", std::to_string(network_.gap));
    if (network_.overlap) add("overlap", "true");
    return out + "\n}\n";
  }

 private:
  std::string task(const NetworkTask& task) const {
    Members members;
    members.add("name", quoted(task.name));
    members.add("in_flight", task.in_flight, 0);
    members.add("body", body(task.items, "      "));
    return members.text();
  }
  std::string body(const std::vector<NetworkItem>& items, const std::string& indent) const {
    std::vector<std::string> lines;
    for (const NetworkItem& item : items) {
      lines.push_back(item.is_loop() ? loop(item, indent) : firing(item));
    }
    return list(lines, indent);
  }
  std::string loop(const NetworkItem& item, const std::string& indent) const {
    Members members;
    if (item.trips_by_outer != nullptr) {
      std::vector<std::string> table;
      for (const int64_t trips : *item.trips_by_outer) table.push_back(std::to_string(trips));
      members.add("loop", list(table));
    } else {
      const std::string trips = extent_text(item.trips);
      members.add("loop", item.trips.is_constant() ? trips : quoted(trips));
    }
    members.flag("drain", item.drain);
    members.add("body", body(item.items, indent + "  "));
    return members.text();
  }
  std::string firing(const NetworkItem& item) const {
    Members members;
    if (!item.reads.empty()) members.add("reads", channels(item.reads));
    if (!item.writes.empty()) members.add("writes", channels(item.writes));
    members.add("interval", item.interval, 1);
    members.add("latency", item.latency, 1);
    members.flag("drain", item.drain);
    if (item.access) {
      Members access;
      access.add("memory",
                 quoted(network_.memories[static_cast<size_t>(item.access->memory)].name));
      access.add("bytes", std::to_string(item.access->bytes));
      members.add(item.access->write ? "write_memory" : "read_memory", access.text());
    }
    return members.text();
  }
  std::string channels(const std::vector<int>& ids) const {
    std::vector<std::string> names;
    for (const int c : ids) names.push_back(quoted(network_.channels[static_cast<size_t>(c)].name));
    return list(names);
  }

  static std::string channel(const NetworkChannel& channel) {
    const NetworkChannel usual;
    Members members;
    members.add("name", quoted(channel.name));
    members.add("width", channel.width_bits, usual.width_bits);
    members.add("depth", channel.depth, usual.depth);
    members.add("initial", channel.initial, usual.initial);
    members.flag("fixed", channel.fixed);
    return members.text();
  }
  static std::string memory(const NetworkMemory& memory) {
    Members members;
    members.add("name", quoted(memory.name));
    members.add("bandwidth", list({std::to_string(memory.bytes), std::to_string(memory.cycles)}));
    members.add("latency", memory.latency, 0);
    members.add("burst_bytes", memory.burst_bytes, 0);
    members.add("burst_cycles", memory.burst_cycles, 0);
    return members.text();
  }
  std::string instance(const NetworkInstance& instance) const {
    std::vector<std::string> names;
    for (const int t : instance.tasks)
      names.push_back(quoted(network_.tasks[static_cast<size_t>(t)].name));
    Members members;
    members.add("name", quoted(instance.name));
    members.add("tasks", list(names));
    members.add("turn", instance.per_iteration ? "\"iteration\"" : "\"launch\"");
    return members.text();
  }

  const Network& network_;
};

}  // namespace

std::string text_of(const Network& network) { return Writer(network).text(); }

}  // namespace st
