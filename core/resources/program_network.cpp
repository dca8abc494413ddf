// SPDX-License-Identifier: Apache-2.0
#include "core/resources/program_network.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/convert.h"
#include "core/resources/task_items.h"

namespace st {
namespace {

/// UG1399: cycles of read latency that HLS assumes for an m_axi port.
constexpr int64_t MemoryLatency = 64;
/// As the emitted interfaces ask: num_read_outstanding=8 bursts of max_read_burst_length=64.
constexpr int64_t WordsInFlight = 8 * 64;

/// Splits the nest of a ping-pong converter, loops around a half that fills and a half that drains,
/// and puts a step before and one after the half that is kept.
NestItem half_of(const NestItem& item, bool fill, const NestItem& before, const NestItem& after) {
  NestItem made = item;
  const auto reads = [](const NestItem& inner) {
    const NestItem* at = &inner;
    while (at->is_loop()) at = &at->items[0];
    return !at->reads.empty();
  };
  const bool here = std::any_of(item.items.begin(), item.items.end(), reads) &&
                    !std::all_of(item.items.begin(), item.items.end(), reads);
  if (!here) {
    for (NestItem& inner : made.items) inner = half_of(inner, fill, before, after);
    return made;
  }
  made.items.clear();
  made.items.push_back(before);
  for (const NestItem& inner : item.items) {
    if (reads(inner) == fill) made.items.push_back(inner);
  }
  made.items.push_back(after);
  return made;
}

class NetworkMaker {
 public:
  NetworkMaker(const Program& program, int group, const Target& target)
      : program_(program), group_(group), target_(target) {}

  Network make(const std::vector<Bindings>& launches) {
    network_.name = group_name(group_);
    network_.symbols = {{Sequence, 1, program_.max_sequence},
                        {Past, 0, program_.max_positions - 1}};
    if (program_.layers.streamed) network_.symbols.push_back({Results, 0, 1});
    network_.launches = launches;
    if (launches.empty())
      network_.launches = {{{Sequence, program_.max_sequence},
                            {Past, program_.max_positions - program_.max_sequence}}};
    const std::vector<ChannelId> fifos = fifos_of(program_);
    for (ChannelId c : program_.channels_of(group_)) {
      const Channel& channel = program_.channels[static_cast<size_t>(c)];
      const ChannelId first = fifos[static_cast<size_t>(c)];
      channel_[c] = first == c
                        ? add_channel(fifo_name(channel), channel.type.beat_bits(), channel.depth)
                        : channel_.at(first);
    }
    for (const Instance& instance : instances_of(program_, program_.kernels_of(group_))) {
      if (program_.layers.streamed) {
        add_instance(instance);
      } else {
        for (KernelId k : instance.nodes) add_kernel(program_.kernels[static_cast<size_t>(k)]);
      }
    }
    for (Bindings& launch : network_.launches) add_rounds(launch);
    return std::move(network_);
  }

 private:
  int add_channel(const std::string& name, int64_t width, int64_t depth) {
    network_.channels.push_back({name, width, depth, 0, false});
    return static_cast<int>(network_.channels.size()) - 1;
  }

  int memory_of(const Memory& memory) {
    const auto [found, is_new] =
        memories_.try_emplace(memory.channel, static_cast<int>(network_.memories.size()));
    if (!is_new) return found->second;
    NetworkMemory made;
    made.name = target_.bank_name(memory.channel);
    // Bytes per thousand cycles are whole enough.
    made.cycles = 1000;
    const DeviceMemory& kind = target_.memory_of(memory.channel);
    const double gb_per_s = kind.gb_per_s(target_.frequency_mhz(), channels_in_use(kind));
    made.bytes = std::llround(gb_per_s * 1e9 / (target_.frequency_mhz() * 1e6) * 1000);
    made.latency = MemoryLatency;
    network_.memories.push_back(made);
    return found->second;
  }

  /// Channels of a kind of memory that the group uses.
  int channels_in_use(const DeviceMemory& kind) const {
    std::set<int> channels;
    for (const MemoryId m : program_.memories_of(group_)) {
      const int channel = program_.memories[static_cast<size_t>(m)].channel;
      if (&target_.memory_of(channel) == &kind) channels.insert(channel);
    }
    return static_cast<int>(channels.size());
  }

  /// Symbols that nests use beside those that launches are given by.
  void add_rounds(Bindings& launch) {
    const auto sequence = launch.find(Sequence), past = launch.find(Past);
    if (sequence == launch.end() || past == launch.end()) return;
    for (const NetworkSymbol& symbol : network_.symbols)
      launch.try_emplace(symbol.name, value_in_launch(symbol.name, sequence->second, past->second));
  }
  void declare(const std::vector<NetworkItem>& items) {
    for (const NetworkItem& item : items) {
      for (const auto& [symbol, factor] : item.trips.terms()) {
        const auto same = [&, &name = symbol](const NetworkSymbol& s) { return s.name == name; };
        if (!is_launch_symbol(symbol) ||
            std::any_of(network_.symbols.begin(), network_.symbols.end(), same))
          continue;
        network_.symbols.push_back({symbol, 1, value_in_launch(symbol, program_.max_positions, 0)});
      }
      declare(item.items);
    }
  }

  /// An instance where layers are streamed: its nodes one after another, those of the layers in a
  /// loop, and those behind only if results are wanted.
  void add_instance(const Instance& instance) {
    NetworkTask task;
    task.name = instance.name;
    NetworkItem layers, behind;
    layers.trips = Extent(program_.layers.count);
    behind.trips = Extent::symbol(Results);
    bool differ = false;
    const auto items_of = [&](KernelId k, int64_t layer) {
      const Kernel kernel = of_layer(program_.kernels[static_cast<size_t>(k)], layer);
      const TaskShape shape = shape_of(kernel);
      if (shape.memory >= 0) task.in_flight = std::max(task.in_flight, words_in_flight(shape));
      return task_items(program_, shape, nest_of(program_, kernel));
    };
    for (const KernelId k : instance.nodes)
      differ = differ || !program_.kernels[static_cast<size_t>(k)].layer_sizes.empty();
    for (const KernelId k : instance.nodes) {
      const Kernel& kernel = program_.kernels[static_cast<size_t>(k)];
      if (kernel.layered) continue;
      append(kernel.behind ? behind.items : task.items, items_of(k, 0));
    }
    for (int64_t layer = 0; layer < (differ ? program_.layers.count : 1); ++layer) {
      for (const KernelId k : instance.nodes) {
        if (!program_.kernels[static_cast<size_t>(k)].layered) continue;
        std::vector<NetworkItem>& items = differ ? task.items : layers.items;
        if (program_.kernels[static_cast<size_t>(k)].alternates) {
          alternate(items.back(), std::move(items_of(k, layer)[0]));
        } else {
          append(items, items_of(k, layer));
        }
      }
    }
    for (NetworkItem* part : {&layers, &behind}) {
      if (part->items.empty()) continue;
      for (NetworkItem& item : part->items) one_deeper(item);
      task.items.push_back(std::move(*part));
    }
    declare(task.items);
    network_.tasks.push_back(std::move(task));
  }

  static void append(std::vector<NetworkItem>& to, std::vector<NetworkItem> items) {
    std::move(items.begin(), items.end(), std::back_inserter(to));
  }

  /// Puts a row of one loop behind a row of another one. Each is a call of its own, which ends
  /// before the next one begins.
  static void alternate(NetworkItem& rows, NetworkItem others) {
    rows.items.back().drain = others.items.back().drain = true;
    append(rows.items, std::move(others.items));
  }

  /// Counters of outer loops as they are called with one more loop around.
  static void one_deeper(NetworkItem& item) {
    constexpr int MostLoops = 16;
    for (int d = MostLoops; d-- > 0;)
      item.trips = item.trips.substitute("d" + std::to_string(d),
                                         Extent::symbol("d" + std::to_string(d + 1)));
    for (NetworkItem& inner : item.items) one_deeper(inner);
  }

  static int64_t words_in_flight(const TaskShape& shape) {
    return WordsInFlight * (WordBits / 8 / shape.beat_bytes);
  }

  TaskShape shape_of(const Kernel& kernel) {
    TaskShape shape{kernel, {}, {}, -1, 0};
    for (const Port& port : kernel.inputs) shape.inputs.push_back(channel_.at(port.channel));
    for (const Port& port : kernel.outputs) shape.outputs.push_back(channel_.at(port.channel));
    if (!kernel.memories.empty()) {
      shape.memory = memory_of(program_.memories[static_cast<size_t>(kernel.memories[0])]);
      // Beats of one kernel have one width but for parameters, whose words are full either way.
      const Port& port = kernel.outputs.empty() ? kernel.inputs[0] : kernel.outputs[0];
      shape.beat_bytes = WordBits / 8 / std::max<int64_t>(1, beats_per_word(port.type.beat_bits()));
      // A store moves a part of a word in a step; words that are loaded have a step in which all of
      // one is there.
      if (kernel.outputs.empty())
        shape.beat_bytes = std::min<int64_t>(shape.beat_bytes, port_bits(program_, kernel) / 8);
    }
    return shape;
  }

  void add_kernel(const Kernel& kernel) {
    const TaskShape shape = shape_of(kernel);
    const Nest nest = nest_of(program_, kernel);
    if (kernel.kind == "convert" && converter_window(kernel) == 0 && kernel.outputs.size() == 1) {
      add_ping_pong(shape, nest);
      return;
    }
    add_task(kernel.name, shape, nest);
  }

  void add_task(const std::string& name, const TaskShape& shape, const Nest& nest) {
    NetworkTask task;
    task.name = name;
    task.items = task_items(program_, shape, nest);
    if (shape.memory >= 0) task.in_flight = words_in_flight(shape);
    network_.tasks.push_back(std::move(task));
  }

  /// The half that fills takes a free buffer and gives it on when it is full.
  void add_ping_pong(TaskShape shape, const Nest& nest) {
    const std::string& name = shape.kernel.name;
    const int full = add_channel(name + ".full", 1, 2), free = add_channel(name + ".free", 1, 2);
    for (int c : {full, free}) network_.channels[static_cast<size_t>(c)].fixed = true;
    network_.channels[static_cast<size_t>(free)].initial = 2;
    NestItem frame;  // a nest without shared loops has both halves at its top
    frame.items = nest;
    shape.inputs.push_back(free);
    shape.outputs.push_back(full);
    add_task(name + ".in", shape, half_of(frame, true, read(1), write(1)).items);
    shape.inputs.back() = full;
    shape.outputs.back() = free;
    add_task(name + ".out", shape, half_of(frame, false, read(1), write(1)).items);
  }

  const Program& program_;
  int group_;
  const Target& target_;
  std::map<ChannelId, int> channel_;
  std::map<int, int> memories_;
  Network network_;
};

}  // namespace

Network network_of(const Program& program, int group, const Target& target,
                   const std::vector<Bindings>& launches) {
  return NetworkMaker(program, group, target).make(launches);
}

}  // namespace st
