// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/program.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace st {

namespace {

int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// What a symbol that follows from a launch's lengths stands for.
struct Derived {
  enum Kind { Rounds, Tiles, TileThere, OthersOfTile } kind;
  int64_t number = 1;  ///< of stripes, or of token lanes
  int64_t tile = 0;

  [[nodiscard]] int64_t value(int64_t sequence, int64_t past) const {
    if (kind == Rounds) return divided_up(past + sequence, number);
    if (kind == Tiles) return divided_up(sequence, number);
    const int64_t rows = std::clamp<int64_t>(sequence - tile * number, 0, number);
    return kind == TileThere ? std::min<int64_t>(rows, 1) : std::max<int64_t>(rows - 1, 0);
  }
};

std::map<std::string, Derived> make_derived_symbols() {
  std::map<std::string, Derived> symbols;
  for (int64_t stripes = 1; stripes <= MostStripes; ++stripes)
    symbols[rounds_of(stripes)] = {Derived::Rounds, stripes, 0};
  for (int64_t lanes = 1; lanes <= MostTokenLanes; ++lanes) {
    symbols[tiles_of(lanes)] = {Derived::Tiles, lanes, 0};
    for (int64_t tile = 0; tile < MostTokenTiles; ++tile) {
      symbols[tile_in_launch(lanes, tile)] = {Derived::TileThere, lanes, tile};
      symbols[others_of_tile(lanes, tile)] = {Derived::OthersOfTile, lanes, tile};
    }
  }
  return symbols;
}

const std::map<std::string, Derived>& derived_symbols() {
  static const std::map<std::string, Derived> symbols = make_derived_symbols();
  return symbols;
}

}  // namespace

std::string rounds_of(int64_t stripes) { return "rounds_of_" + std::to_string(stripes); }
std::string tiles_of(int64_t lanes) { return "tiles_of_" + std::to_string(lanes); }
std::string tile_in_launch(int64_t lanes, int64_t tile) {
  return "tile_" + std::to_string(tile + 1) + "_of_" + std::to_string(lanes);
}
std::string others_of_tile(int64_t lanes, int64_t tile) {
  return "others_of_" + tile_in_launch(lanes, tile);
}

int64_t value_in_launch(const std::string& symbol, int64_t sequence, int64_t past,
                        int64_t results) {
  if (symbol == Sequence) return sequence;
  if (symbol == Past) return past;
  if (symbol == Results) return results;
  const auto derived = derived_symbols().find(symbol);
  return derived == derived_symbols().end() ? 0 : derived->second.value(sequence, past);
}

bool is_launch_symbol(const std::string& symbol) {
  return symbol == Sequence || symbol == Past || symbol == Results ||
         derived_symbols().count(symbol) != 0;
}

Bindings in_launch(int64_t sequence, int64_t past, int64_t results) {
  Bindings values = {{Sequence, sequence}, {Past, past}, {Results, results}};
  for (const auto& [symbol, derived] : derived_symbols())
    values.emplace_hint(values.end(), symbol, derived.value(sequence, past));
  return values;
}

std::string_view name_of(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::Srl:
      return "srl";
    case MemoryKind::LutRam:
      return "lutram";
    case MemoryKind::Bram:
      return "bram";
    case MemoryKind::Uram:
      return "uram";
  }
  return "";
}

std::string_view name_of(MemoryRole role) {
  switch (role) {
    case MemoryRole::Input:
      return "input";
    case MemoryRole::Output:
      return "output";
    case MemoryRole::Parameters:
      return "parameters";
    case MemoryRole::Table:
      return "table";
    case MemoryRole::Cache:
      return "cache";
    case MemoryRole::Activation:
      return "activation";
  }
  return "";
}

int64_t beats_per_word(int64_t beat_bits) { return std::max<int64_t>(1, WordBits / beat_bits); }

int64_t Memory::words_per_row() const {
  const int64_t per_word = beats_per_word(int64_t{lanes} * bits_of(dtype));
  return (beats + per_word - 1) / per_word;
}

std::vector<int64_t> Kernel::sizes_named(std::string_view prefix) const {
  std::vector<int64_t> found;
  for (auto size = sizes.end();; found.push_back(size->second)) {
    size = sizes.find(std::string(prefix) + std::to_string(found.size()));
    if (size == sizes.end()) return found;
  }
}

int64_t layer_words(const Memory& memory) {
  if (memory.role != MemoryRole::Parameters) return memory.rows * memory.words_per_row();
  int64_t words = 0;
  for (const Segment& segment : memory.segments) words += segment.layered ? segment.words : 0;
  return words;
}

int64_t bytes_of(const Memory& memory) {
  int64_t words = memory.copies * layer_words(memory);
  for (const Segment& segment : memory.segments) words += segment.layered ? 0 : segment.words;
  return words * (WordBits / 8);
}

const Segment* find_segment(const Memory& memory, TensorId tensor) {
  for (const Segment& segment : memory.segments)
    if (segment.tensor == tensor) return &segment;
  return nullptr;
}

std::vector<KernelId> Program::kernels_of(int group) const {
  std::vector<KernelId> ids;
  for (KernelId k = 0; k < static_cast<KernelId>(kernels.size()); ++k) {
    if (kernels[k].group == group) ids.push_back(k);
  }
  return ids;
}

std::vector<MemoryId> Program::memories_of(int group) const {
  std::vector<MemoryId> ids;
  for (KernelId k : kernels_of(group)) {
    for (MemoryId m : kernels[k].memories) {
      if (std::find(ids.begin(), ids.end(), m) == ids.end()) ids.push_back(m);
    }
  }
  return ids;
}

std::vector<ChannelId> Program::channels_of(int group) const {
  std::vector<ChannelId> ids;
  for (ChannelId c = 0; c < static_cast<ChannelId>(channels.size()); ++c) {
    if (channels[c].producer >= 0 && kernels[channels[c].producer].group == group) ids.push_back(c);
  }
  return ids;
}

bool comes_by_rows(const StreamType& type) {
  const std::vector<Trip>& trips = type.itensor.trips;
  return std::any_of(trips.begin(), trips.end(),
                     [](const Trip& trip) { return trip.count == Extent::symbol(Sequence); });
}

int64_t beats_per_row(const Program& program, const StreamType& type) {
  return type.max_beats() / (comes_by_rows(type) ? program.max_sequence : 1);
}

std::string group_name(int group) { return "group" + std::to_string(group); }

std::string unit_name(int group, int slr) {
  return group_name(group) + "_slr" + std::to_string(slr);
}

bool is_handed_on(const Memory& memory) {
  return memory.role == MemoryRole::Activation && memory.copies > 1;
}

bool has_two_arguments(const Memory& memory) {
  return is_handed_on(memory) || (memory.role == MemoryRole::Cache && !memory.port.empty());
}

std::vector<std::string> argument_names(const Memory& memory) {
  if (!has_two_arguments(memory)) return {memory.name};
  return {memory.name + "_in", memory.name + "_out"};
}

std::string offset_name(const std::string& argument) { return argument + "_at"; }

namespace {
constexpr int MostSlrs = 64;  ///< as many as a target may have
}  // namespace

std::vector<std::string> reserved_names(const Program& program) {
  std::vector<std::string> names;
  for (int group = 0; group < program.groups; ++group) {
    names.push_back(group_name(group));
    for (int slr = 0; slr < MostSlrs; ++slr) names.push_back(unit_name(group, slr));
  }
  if (!program.layers.folded()) return names;
  names.insert(names.end(), {"decoder", "layer"});
  for (const Kernel& kernel : program.kernels) {
    if (!kernel.unit.empty()) names.push_back(kernel.unit);
  }
  std::set<std::string> sizes;
  for (int group = 0; group < program.groups; ++group) {
    for (const SizeArgument& argument : size_arguments(program, group))
      sizes.insert({argument.name, argument.table});
  }
  names.insert(names.end(), sizes.begin(), sizes.end());
  for (const Memory& memory : program.memories) {
    for (const std::string& argument : argument_names(memory)) {
      if (argument != memory.name) names.push_back(argument);
      if (memory.copies > 1) names.push_back(offset_name(argument));
    }
  }
  return names;
}

namespace {
/// Whether a kernel writes memories that others read.
bool stores(const Kernel& kernel) {
  return kernel.kind == "store_rows" || kernel.kind == "store_position";
}
}  // namespace

std::string argument_name(const Program& program, const Kernel& kernel, MemoryId m) {
  const std::vector<std::string> names = argument_names(program.memories[m]);
  return stores(kernel) ? names.back() : names.front();
}

bool loads_words(const Program& program, const Kernel& kernel) {
  return program.layers.streamed && kernel.kind == "load_params" &&
         !program.memories[kernel.memories[0]].port.empty() &&
         std::all_of(kernel.outputs.begin(), kernel.outputs.end(),
                     [](const Port& port) { return port.type.beat_bits() == WordBits; });
}

bool is_cache(const Kernel& kernel) {
  return kernel.kind == "cache_rows" || kernel.kind == "cache_scales";
}

std::string kv_cache_of(const Program& program) {
  const bool any =
      std::any_of(program.memories.begin(), program.memories.end(), [](const Memory& memory) {
        return memory.role == MemoryRole::Cache && memory.dtype == DType::I8;
      });
  return any ? "int8" : "f32";
}

Kernel of_layer(const Kernel& kernel, int64_t layer) {
  Kernel made = kernel;
  for (const auto& [name, sizes] : kernel.layer_sizes)
    made.sizes[name] = sizes[static_cast<size_t>(layer)];
  return made;
}

std::vector<SizeArgument> size_arguments(const Program& program, int group) {
  std::vector<SizeArgument> arguments;
  std::map<std::string, int> times;
  for (const KernelId k : program.kernels_of(group)) {
    for (const auto& [size, of_layer] : program.kernels[static_cast<size_t>(k)].layer_sizes) {
      std::string name;
      for (const char c : size)
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const int time = ++times[name];
      if (time > 1) name += "_" + std::to_string(time);
      arguments.push_back({k, size, name, group_name(group) + "_" + name});
    }
  }
  return arguments;
}

bool is_layered(const Program& program, int group) {
  return std::any_of(program.kernels.begin(), program.kernels.end(),
                     [&](const Kernel& kernel) { return kernel.group == group && kernel.layered; });
}

int64_t runs_of(const Program& program, int group) {
  if (program.layers.streamed) return 1;
  return is_layered(program, group) ? program.layers.count : 1;
}

std::vector<GroupRunOf> launch_order(const Program& program) {
  if (program.layers.streamed) return {{0, 0}};
  std::vector<GroupRunOf> order;
  std::vector<int> layered;
  const auto walk = [&] {
    for (int64_t layer = 0; layer < program.layers.count && !layered.empty(); ++layer)
      for (const int group : layered) order.push_back({group, layer});
    layered.clear();
  };
  for (int group = 0; group < program.groups; ++group) {
    if (is_layered(program, group)) {
      layered.push_back(group);
      continue;
    }
    walk();
    order.push_back({group, 0});
  }
  walk();
  return order;
}

int64_t copy_used(const Program& program, const Kernel& kernel, MemoryId m, int64_t layer) {
  const Memory& memory = program.memories[m];
  if (memory.copies == 1) return 0;
  if (memory.role != MemoryRole::Activation) return kernel.layered ? layer : 0;
  // What layers hand on: written to the one that is not read; the last layer's is read behind them.
  const bool stores = kernel.kind == "store_rows";
  if (!kernel.layered) return stores ? 0 : program.layers.count % 2;
  return (layer + (stores ? 1 : 0)) % 2;
}

}  // namespace st
