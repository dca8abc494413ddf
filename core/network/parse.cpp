// SPDX-License-Identifier: Apache-2.0
/// Network files, schema "streamtensor.network/1" (docs/network.md).
#include <algorithm>
#include <map>
#include <set>

#include "core/network/file_reader.h"
#include "core/network/network.h"
#include "core/support/text_form.h"

namespace st {
namespace {

using json::Value;

constexpr const char* Schema = "streamtensor.network/1";
constexpr size_t MostValues = 2'000'000;  ///< of a document; a large design has some thousands
constexpr size_t MostCompared = 2000;     ///< names that a suggestion is looked for among
constexpr size_t DeepestJson = 100;  ///< 32 loops, each an object in an array, and what is around

/// From the file to the network, which is checked as a whole afterwards.
class NetworkReader {
 public:
  NetworkReader(FileReader& reader, const Value& root) : reader_(reader), root_(root) {}

  Network read() {
    if (!reader_.object(root_, "",
                        {"schema", "name", "symbols", "tasks", "channels", "memories", "instances",
                         "launches", "gap", "overlap"})) {
      return {};
    }
    std::string schema;
    if (reader_.text(root_, "", "schema", schema, true) && schema != Schema) {
      reader_.report("/schema", "is '" + printable(schema) + "', but must be '" + Schema + "'");
    }
    reader_.text(root_, "", "name", network_.name);
    symbols();
    // Firings name channels and memories, instances name tasks.
    reader_.each(root_, "", "channels",
                 [&](const Value& v, const std::string& at) { channel(v, at); });
    reader_.each(root_, "", "memories",
                 [&](const Value& v, const std::string& at) { memory(v, at); });
    reader_.each(root_, "", "tasks", [&](const Value& v, const std::string& at) { task(v, at); });
    reader_.each(root_, "", "instances",
                 [&](const Value& v, const std::string& at) { instance(v, at); });
    reader_.each(root_, "", "launches",
                 [&](const Value& v, const std::string& at) { launch(v, at); });
    reader_.number(root_, "", "gap", network_.gap);
    reader_.boolean(root_, "", "overlap", network_.overlap);
    return std::move(network_);
  }

  /// The place in the file of a place in the network, where the two differ.
  [[nodiscard]] std::string place(const std::string& pointer) const {
    for (const auto& [list, places] :
         {std::pair("/tasks/", &task_places_), std::pair("/channels/", &channel_places_)}) {
      const std::string prefix = list;
      if (pointer.compare(0, prefix.size(), prefix) != 0) continue;
      const size_t end = std::min(pointer.find('/', prefix.size()), pointer.size());
      const size_t index = std::stoul(pointer.substr(prefix.size(), end - prefix.size()));
      const std::string& found = (*places)[index];
      const bool expanded =
          found.size() > 9 && found.compare(found.size() - 9, 9, "ping_pong") == 0;
      return expanded ? found : found + pointer.substr(end);
    }
    return pointer;
  }

 private:
  static int found(const std::map<std::string, int>& ids, const std::string& name) {
    const auto at = ids.find(name);
    return at == ids.end() ? -1 : at->second;
  }

  void symbols() {
    const Value* symbols = root_.find("symbols");
    if (symbols == nullptr) return;
    if (symbols->object() == nullptr) {
      reader_.report("/symbols", "must be an object: the bounds of each symbol, by name");
      return;
    }
    for (const auto& [name, value] : *symbols->object()) {
      const std::string here = "/symbols/" + pointer_part(name);
      const json::Array* bounds = value.array();
      if (bounds == nullptr || bounds->size() != 2 || (*bounds)[0].integer() == nullptr ||
          (*bounds)[1].integer() == nullptr) {
        reader_.report(here, "must be two whole numbers, the least and the largest value");
      } else {
        network_.symbols.push_back({name, *(*bounds)[0].integer(), *(*bounds)[1].integer()});
      }
    }
  }

  int add_channel(const NetworkChannel& channel, const std::string& place) {
    const int id = static_cast<int>(network_.channels.size());
    network_.channels.push_back(channel);
    channel_places_.push_back(place);
    channels_.emplace(channel.name, id);
    return id;
  }
  void channel(const Value& value, const std::string& here) {
    NetworkChannel channel;
    if (reader_.object(value, here, {"name", "width", "depth", "initial", "fixed"})) {
      reader_.text(value, here, "name", channel.name, true);
      reader_.number(value, here, "width", channel.width_bits);
      reader_.number(value, here, "depth", channel.depth);
      reader_.number(value, here, "initial", channel.initial);
      reader_.boolean(value, here, "fixed", channel.fixed);
    }
    add_channel(channel, here);
  }

  void memory(const Value& value, const std::string& here) {
    NetworkMemory memory;
    if (reader_.object(value, here,
                       {"name", "bandwidth", "latency", "burst_bytes", "burst_cycles"})) {
      reader_.text(value, here, "name", memory.name, true);
      bandwidth(value, here, memory);
      reader_.number(value, here, "latency", memory.latency);
      reader_.number(value, here, "burst_bytes", memory.burst_bytes);
      reader_.number(value, here, "burst_cycles", memory.burst_cycles);
    }
    memories_.emplace(memory.name, static_cast<int>(network_.memories.size()));
    network_.memories.push_back(memory);
  }
  void bandwidth(const Value& parent, const std::string& here, NetworkMemory& memory) {
    const Value* value = parent.find("bandwidth");
    if (value == nullptr) return;
    const json::Array* pair = value->array();
    if (value->integer() != nullptr) {
      memory.bytes = *value->integer();
    } else if (pair != nullptr && pair->size() == 2 && (*pair)[0].integer() != nullptr &&
               (*pair)[1].integer() != nullptr) {
      memory.bytes = *(*pair)[0].integer();
      memory.cycles = *(*pair)[1].integer();
    } else {
      reader_.report(here + "/bandwidth",
                     "must be a whole number of bytes per cycle, or [bytes, cycles]",
                     "57.5 bytes per cycle are [115, 2]");
    }
  }

  // --- Tasks.

  void add_task(const NetworkTask& task, const std::string& place) {
    tasks_.emplace(task.name, static_cast<int>(network_.tasks.size()));
    network_.tasks.push_back(task);
    task_places_.push_back(place);
  }
  void task(const Value& value, const std::string& here) {
    NetworkTask task;
    if (value.find("ping_pong") != nullptr) {
      if (!reader_.object(value, here, {"name", "ping_pong"})) return;
      if (reader_.text(value, here, "name", task.name, true)) {
        ping_pong(task.name, *value.find("ping_pong"), here + "/ping_pong");
      }
      return;
    }
    if (reader_.object(value, here, {"name", "in_flight", "body", "ping_pong"})) {
      reader_.text(value, here, "name", task.name, true);
      reader_.number(value, here, "in_flight", task.in_flight);
      task.items = body(value, here);
    }
    add_task(task, here);
  }

  std::vector<NetworkItem> body(const Value& parent, const std::string& here) {
    std::vector<NetworkItem> items;
    if (!reader_.member(parent, here, "body")) return items;
    reader_.each(parent, here, "body",
                 [&](const Value& v, const std::string& at) { items.push_back(item(v, at)); });
    // Without items a loop would be a firing.
    if (parent.find("body")->array() != nullptr && items.empty()) {
      reader_.report(here + "/body", "is empty");
    }
    return items;
  }

  NetworkItem item(const Value& value, const std::string& here) {
    NetworkItem item;
    if (value.find("loop") != nullptr || value.find("body") != nullptr) {
      if (!reader_.object(value, here, {"loop", "drain", "body"})) return item;
      if (reader_.member(value, here, "loop")) trips(*value.find("loop"), here + "/loop", item);
      reader_.boolean(value, here, "drain", item.drain);
      item.items = body(value, here);
      return item;
    }
    if (!reader_.object(value, here,
                        {"reads", "writes", "interval", "latency", "drain", "read_memory",
                         "write_memory", "loop", "body"})) {
      return item;
    }
    item.reads = names(value, here, "reads", channels_, "channel");
    item.writes = names(value, here, "writes", channels_, "channel");
    reader_.number(value, here, "interval", item.interval);
    reader_.number(value, here, "latency", item.latency);
    reader_.boolean(value, here, "drain", item.drain);
    access(value, here, "read_memory", item);
    access(value, here, "write_memory", item);
    return item;
  }

  /// Indices of the names in an array; unknown ones are problems.
  std::vector<int> names(const Value& parent, const std::string& here, const std::string& key,
                         const std::map<std::string, int>& ids, const char* what) {
    std::vector<int> out;
    reader_.each(parent, here, key, [&](const Value& value, const std::string& at) {
      const int id = named(value, at, ids, what);
      if (id >= 0) out.push_back(id);
    });
    return out;
  }
  int named(const Value& value, const std::string& here, const std::map<std::string, int>& ids,
            const char* what) {
    if (value.string() == nullptr) {
      reader_.report(here, std::string("must be the name of a ") + what);
      return -1;
    }
    const int id = found(ids, *value.string());
    if (id < 0) {
      std::vector<std::string> known;
      if (reader_.suggests() && ids.size() <= MostCompared) {
        for (const auto& [name, unused] : ids) known.push_back(name);
      }
      reader_.unknown(here,
                      std::string("there is no ") + what + " '" + printable(*value.string()) + "'",
                      *value.string(), known);
    }
    return id;
  }

  void access(const Value& parent, const std::string& here, const std::string& key,
              NetworkItem& item) {
    const Value* value = parent.find(key);
    const std::string at = here + "/" + key;
    if (value == nullptr || !reader_.object(*value, at, {"memory", "bytes"})) return;
    if (item.access) reader_.report(at, "a firing makes one request, and this one reads already");
    NetworkAccess access;
    access.write = key == "write_memory";
    if (reader_.member(*value, at, "memory")) {
      access.memory = named(*value->find("memory"), at + "/memory", memories_, "memory");
    }
    if (reader_.member(*value, at, "bytes")) reader_.number(*value, at, "bytes", access.bytes);
    item.access = access;
  }

  void trips(const Value& value, const std::string& here, NetworkItem& item) {
    if (value.integer() != nullptr) {
      item.trips = *value.integer();
    } else if (value.string() != nullptr) {
      TextCursor cursor(*value.string(), "E0330", "");
      item.trips = parse_extent(cursor);
      if (!cursor.failed() && !cursor.at_end()) cursor.fail("expected '+', '-' or the end");
      if (cursor.failed()) {
        reader_.report(
            here, "the trip count '" + printable(*value.string()) + "': " + cursor.error().message);
      }
    } else if (value.array() != nullptr) {
      std::vector<int64_t> table;
      for (const Value& entry : *value.array()) {
        if (entry.integer() != nullptr) table.push_back(*entry.integer());
      }
      if (table.size() != value.array()->size()) {
        reader_.report(here, "a table of trip counts holds whole numbers");
      }
      item.trips_by_outer = std::make_shared<const std::vector<int64_t>>(std::move(table));
    } else {
      reader_.report(here,
                     "must be a whole number, a sum such as \"past+d0+1\", or a table of numbers");
    }
  }

  /// Two buffers of a block: a task that fills them, and one that sends them on. Credits for empty
  /// buffers go one way, tokens for full ones the other.
  void ping_pong(const std::string& name, const Value& value, const std::string& here) {
    if (!reader_.object(value, here, {"reads", "writes", "block_in", "block_out", "blocks"}))
      return;
    int64_t block_in = 1, block_out = 1;
    NetworkItem blocks;
    bool complete = true;
    for (const char* key : {"reads", "writes", "block_in", "block_out", "blocks"}) {
      complete = reader_.member(value, here, key) && complete;
    }
    if (!complete) return;
    const int reads = named(*value.find("reads"), here + "/reads", channels_, "channel");
    const int writes = named(*value.find("writes"), here + "/writes", channels_, "channel");
    reader_.count(value, here, "block_in", block_in);
    reader_.count(value, here, "block_out", block_out);
    trips(*value.find("blocks"), here + "/blocks", blocks);
    if (reads < 0 || writes < 0) return;
    NetworkChannel full{name + ".full", 1, 2, 0, true}, free{name + ".free", 1, 2, 2, true};
    const int is_full = add_channel(full, here), is_free = add_channel(free, here);
    blocks.items = block(block_in, {reads}, {}, is_free, is_full);
    add_task({name + ".in", {blocks}, 0}, here);
    blocks.items = block(block_out, {}, {writes}, is_full, is_free);
    add_task({name + ".out", {blocks}, 0}, here);
  }
  /// `count` firings; the first also reads `first`, the last also writes `last`.
  static std::vector<NetworkItem> block(int64_t count, const std::vector<int>& reads,
                                        const std::vector<int>& writes, int first, int last) {
    NetworkItem plain;
    plain.latency = 0;  // a buffer is handed over in the cycle of its last token
    plain.reads = reads;
    plain.writes = writes;
    std::vector<NetworkItem> items(count > 1 ? 2 : 1, plain);
    items.front().reads.push_back(first);
    items.back().writes.push_back(last);
    if (count > 2) {
      NetworkItem loop;
      loop.trips = count - 2;
      loop.items = {plain};
      items.insert(items.begin() + 1, loop);
    }
    return items;
  }

  // --- What stands around them.

  void instance(const Value& value, const std::string& here) {
    NetworkInstance instance;
    if (reader_.object(value, here, {"name", "tasks", "turn"})) {
      reader_.text(value, here, "name", instance.name, true);
      if (reader_.member(value, here, "tasks")) {
        instance.tasks = names(value, here, "tasks", tasks_, "task");
      }
      std::string turn = "launch";
      reader_.text(value, here, "turn", turn);
      instance.per_iteration = turn == "iteration";
      if (turn != "launch" && turn != "iteration") {
        reader_.report(here + "/turn",
                       "is '" + printable(turn) + "', but must be 'launch' or 'iteration'");
      }
    }
    network_.instances.push_back(instance);
  }

  void launch(const Value& value, const std::string& here) {
    Bindings launch;
    if (value.object() == nullptr) {
      reader_.report(here, "must be an object: the value of each symbol, by name");
    } else {
      for (const auto& [name, unused] : *value.object()) {
        reader_.number(value, here, name, launch[name]);
      }
    }
    network_.launches.push_back(launch);
  }

  FileReader& reader_;
  const Value& root_;
  Network network_;
  std::map<std::string, int> channels_, memories_, tasks_;  ///< by name
  std::vector<std::string> channel_places_, task_places_;   ///< JSON pointers
};

}  // namespace

Result<Network> parse_network(const std::string& text, const std::string& file) {
  ST_TRY(root, json::parse(text, printable(file), {DeepestJson, MostValues}));
  FileReader reader(file);
  NetworkReader network_reader(reader, root);
  Network network = network_reader.read();
  if (!reader.problems().empty()) return reader.problems();
  const Status status = check(network);
  if (status.ok()) return network;
  std::set<std::pair<std::string, std::string>> reported;  // both tasks of a ping-pong have it
  for (const Diagnostic& problem : status.errors()) {
    const std::string place = network_reader.place(problem.where);
    if (!reported.emplace(place, problem.message).second) continue;
    reader.report(place, problem.message, problem.help);
  }
  return reader.problems();
}

}  // namespace st
