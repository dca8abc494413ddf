// SPDX-License-Identifier: Apache-2.0
// Decode of four models at full size with the shared binding on a U280, w4a8 in groups of 128, int8
// caches, LM head included, memory at 90 % of its peak: tokens per second from the simulator on the
// network of the emitted design, beside limits and what was published; what positions cost; where
// the cycles of a token went.
// Usage: bench_shared_decode [MODEL, e.g. gpt2_medium] [FOLDER for 3 GB of files; default /tmp]
//
//   behind 128    ports  token/s  % of 460 GB/s  limit at 100 %  fluid model  at 512  at 1,024
//   gpt2_medium      28    1,775           74.4           2,437        1,921   1,620     1,452
//   qwen2_0_5b       28    1,322           74.0           1,800        1,418   1,257     1,183
//   tinyllama_1b     28      653           77.4             860          677     648       621
//   gemma3_1b        27      656           74.4             889          700     649       625
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/explore/smaller.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/program_network.h"
#include "core/simulate/simulator.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/tool.h"

namespace st {
namespace {
namespace fs = std::filesystem;

constexpr double OfPeak = 0.9;  ///< of a channel's bandwidth that streams get
constexpr int64_t ShortPast = 128;
constexpr int64_t Pasts[] = {ShortPast, 512, 1024};
constexpr double MostOver = 0.05;  ///< of a launch, over what bytes of keys and values add

struct Model {
  const char* name;
  const char* config;
  int64_t layers, width, query, key, kv_heads, hidden;
  int matrices;  ///< of a feed-forward block
  int64_t vocabulary, context;
  int64_t window, whole_every;  ///< of layers with a window, and which layers have none; 0: none
  double fluid;                 ///< token/s of the fluid model (roofline.md), 4,096 MACs
  double paper, codo;           ///< token/s on boards: StreamTensor, table 4; CODO, table VI
};
constexpr Model Models[] = {
    {"gpt2_medium", "gpt2_medium", 24, 1024, 1024, 1024, 16, 4096, 2, 50257, 1024, 0, 0, 1921,
     224.05, 231.48},
    {"qwen2_0_5b", "qwen2_0_5b", 24, 896, 896, 128, 2, 4864, 3, 151936, 2048, 0, 0, 1418, 0, 0},
    {"tinyllama_1b", "tinyllama_1b_chat_v1.0", 22, 2048, 2048, 256, 4, 5632, 3, 32000, 2048, 0, 0,
     677, 0, 0},
    {"gemma3_1b", "gemma3_1b_it", 26, 1152, 1024, 256, 1, 6912, 3, 262144, 2048, 512, 6, 700, 0,
     0}};

/// Bytes of the weights that a token needs, half a byte each, with a scale for each group.
double weight_bytes(const Model& m) {
  const int64_t layer =
      m.width * (m.query + 2 * m.key) + m.query * m.width + m.matrices * m.width * m.hidden;
  return static_cast<double>(m.layers * layer + m.width * m.vocabulary) * (0.5 + 2.0 / 128);
}

/// Bytes of keys and values, with their scales, that a token needs of earlier positions.
double cache_bytes(const Model& m, int64_t past) {
  double bytes = 0;
  for (int64_t layer = 1; layer <= m.layers; ++layer) {
    const bool whole = m.window == 0 || layer % m.whole_every == 0;
    const int64_t positions = whole ? past : std::min(past, m.window);
    bytes += static_cast<double>(positions * 2 * (m.key + 2 * m.kv_heads));
  }
  return bytes;
}

/// The last of Pasts, as far as the model has positions.
int64_t longest_past(const Model& m) { return std::min(Pasts[2], m.context - 1); }

bool fail(const Diagnostics& problems) {
  print(std::cerr, problems);
  return false;
}

/// The model as `import --random-weights` makes it.
bool import_model(const Model& model, const fs::path& folder) {
  const auto config = test::shared(std::string("configs/") + model.config + ".config.json");
  if (config.empty()) {
    std::fprintf(stderr, "SKIPPED: the shared folder with configs is not here\n");
    return false;
  }
  fs::create_directories(folder / "checkpoint");
  fs::copy_file(config, folder / "checkpoint/config.json");
  const auto made = test::streamtensor(
      {"import", folder / "checkpoint", folder / "model", "--random-weights", "1"});
  if (made.status != 0) std::fprintf(stderr, "%s", made.err.c_str());
  return made.status == 0;
}

/// The model on a board whose memory gives a part of its peak.
bool read_design(const Model& model, const fs::path& folder, const std::string& binding,
                 Design& design) {
  ReadOptions reading;
  reading.graph_only = true;
  if (binding == "shared") {
    reading.dims["sequence_length"] = {1, 1};
    reading.dims["past_sequence_length"] = {0, longest_past(model)};
  }
  auto graph = read_onnx_json(folder / "model/model.json", reading);
  auto target = find_target("u280");
  if (!graph.ok()) return fail(graph.errors());
  if (!target.ok()) return fail(target.errors());
  design.graph = std::move(*graph);
  design.target = *target;
  design.target.memory.channel_bandwidth.value *= OfPeak;
  design.options.precision = "w4a8";
  design.options.weight_group = 128;
  design.options.activation_scales = "group";
  design.options.kv_cache = "int8";
  design.options.binding = binding;
  design.options.fold_layers = true;
  return true;
}

Status compiled(Design& design) {
  return compile(design, [](int, const std::string&) {});
}

/// The same as `build` does without --as-asked; `how` gets what that changed.
bool compile_as_built(Design& design, const OpenChoices& open, std::string& how) {
  const Design start = design;
  Status status = compiled(design);
  if (status.ok()) return true;
  auto smaller = smaller_design(start, open);
  if (!smaller || !smaller->problems.empty()) return fail(status.errors());
  how = smaller->how;
  design = std::move(smaller->design);
  status = compiled(design);
  return status.ok() || fail(status.errors());
}

/// A launch of a group.
struct Launch {
  Network network;
  SimulationResult run;
};
Launch launch_of(const Design& design, int64_t past, int group = 0) {
  Launch made;
  made.network = network_of(design.program, group, design.target, {{{Sequence, 1}, {Past, past}}});
  made.run = Simulator(made.network).run();
  if (!made.run.completed) std::abort();
  return made;
}

double seconds_of(const Design& design, int64_t cycles) {
  return static_cast<double>(cycles) / (design.target.frequency_mhz() * 1e6);
}

int64_t spatial_cycles(const Design& design) {
  int64_t cycles = 0;
  for (int group = 0; group < design.program.groups; ++group)
    cycles += launch_of(design, ShortPast, group).run.cycles * runs_of(design.program, group);
  return cycles;
}

/// Bytes that a launch moved to and from the ports of the engine.
double bytes_moved(const Design& design, const Launch& launch) {
  double bytes = 0;
  for (size_t m = 0; m < launch.network.memories.size(); ++m) {
    if (!launch.network.memories[m].name.starts_with(design.target.memory.tag)) continue;
    bytes += static_cast<double>(launch.run.memories[m].bytes_read);
    bytes += static_cast<double>(launch.run.memories[m].bytes_written);
  }
  return bytes;
}

/// What of it is weights, as they lie in memory; and the ports that stream them.
struct Streamed {
  double bytes = 0;
  int ports = 0;
};
Streamed weights_streamed(const Program& program) {
  Streamed all;
  for (const Memory& memory : program.memories) {
    if (memory.port.empty() || memory.role != MemoryRole::Parameters) continue;
    all.bytes += static_cast<double>(memory.bytes);
    ++all.ports;
  }
  return all;
}

/// All of a model's tables; filled part by part.
struct Tables {
  std::string speed, positions, accounts, notes;
};

std::string text(const char* format, auto... values) {
  char line[512];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

/// A number of a board, or none.
std::string published(double speed) { return speed > 0 ? text("%7.0f", speed) : "      -"; }

std::string speed_line(const Model& model, const Design& design, const Launch& launch,
                       double spatial_seconds) {
  const double seconds = seconds_of(design, launch.run.cycles);
  const double moved = bytes_moved(design, launch),
               weights = weights_streamed(design.program).bytes;
  const double peak =
      design.target.memory_bytes_per_cycle() / OfPeak * design.target.frequency_mhz() * 1e6;
  const double needed = weight_bytes(model) + cache_bytes(model, ShortPast);
  return text(
      "%-13s %5d %8lld %8.0f %8.1f %8.1f %5.1f %8.1f %6.1f %6.1f %8.0f %8.0f %s %s %8.1f %6.1f\n",
      model.name, weights_streamed(design.program).ports, static_cast<long long>(launch.run.cycles),
      1 / seconds, needed / 1e6, weights / 1e6, (moved - weights) / 1e6, moved / seconds / 1e9,
      100 * moved / seconds / peak, 100 * needed / seconds / peak, peak / needed, model.fluid,
      published(model.paper).c_str(), published(model.codo).c_str(), 1 / spatial_seconds,
      spatial_seconds / seconds);
}

/// Launches at several positions; those behind the first ones add the bytes of more positions.
std::string position_lines(const Model& model, const Design& design, int64_t first_cycles) {
  const double bytes_per_cycle =
      weights_streamed(design.program).ports * design.target.port_bytes_per_cycle();
  std::string lines;
  for (const int64_t wanted : Pasts) {
    const int64_t past = std::min(wanted, longest_past(model));
    const auto cycles = static_cast<double>(launch_of(design, past).run.cycles);
    const double added =
        (cache_bytes(model, past) - cache_bytes(model, ShortPast)) / bytes_per_cycle;
    const double over = cycles / (static_cast<double>(first_cycles) + added) - 1;
    lines += text("%-13s %5lld %9.0f %8.0f %8.1f %9.0f %9.0f %7.1f%c\n", model.name,
                  static_cast<long long>(past), cycles, 1 / seconds_of(design, 1) / cycles,
                  cache_bytes(model, past) / 1e6, cycles - static_cast<double>(first_cycles), added,
                  100 * over, over <= MostOver ? ' ' : '!');
  }
  return lines;
}

std::string account_line(const Model& model, const std::string& what, const CycleAccount& a,
                         int64_t accounted) {
  std::string line = text("%-13s %-22s", model.name, what.c_str());
  for (const int64_t part : {a.useful, a.dependency, a.memory, a.latency, a.room, a.turn, a.idle})
    line += text(" %10lld", static_cast<long long>(part));
  return line + text(" %10lld%s\n", static_cast<long long>(a.total()),
                     a.total() == accounted ? "" : " does not add up");
}

/// A loader of the engine: its number, or -1.
int loader_number(const std::string& task) {
  const bool is_loader = task.starts_with("load") && task.size() > 4 &&
                         task.find_first_not_of("0123456789", 4) == std::string::npos;
  return is_loader ? std::stoi(task.substr(4)) : -1;
}

/// Each slice of the engine, and of the loaders the one that is held up longest and the one in the
/// middle.
std::string account_lines(const Model& model, const Launch& launch) {
  const SimulationResult& run = launch.run;
  std::string lines;
  std::vector<size_t> loaders;
  for (size_t t = 0; t < run.tasks.size(); ++t) {
    const std::string& name = launch.network.tasks[t].name;
    if (name.starts_with("engine") && name.ends_with("_slice"))
      lines += account_line(model, name, run.tasks[t].account, run.accounted);
    if (loader_number(name) >= 0) loaders.push_back(t);
  }
  const auto useful = [&](size_t t) { return run.tasks[t].account.useful; };
  const auto held = [&](size_t t) {
    return run.tasks[t].account.memory + run.tasks[t].account.room;
  };
  std::stable_sort(loaders.begin(), loaders.end(), [&](size_t a, size_t b) {
    return std::pair(-held(a), useful(a)) < std::pair(-held(b), useful(b));
  });
  if (loaders.empty()) return lines;
  for (const auto& [what, t] : {std::pair("worst port ", loaders.front()),
                                std::pair("typical port ", loaders[loaders.size() / 2])})
    lines += account_line(model, what + launch.network.tasks[t].name, run.tasks[t].account,
                          run.accounted);
  return lines;
}

/// Time of the channels that the engine's ports have: the busiest and the least busy.
std::string channel_lines(const Model& model, const Design& design, const Launch& launch) {
  const auto& memories = launch.network.memories;
  std::vector<size_t> channels;
  for (size_t m = 0; m < memories.size(); ++m)
    if (memories[m].name.starts_with(design.target.memory.tag)) channels.push_back(m);
  const auto transfer = [&](size_t m) { return launch.run.memories[m].account.transfer; };
  const auto [least, most] =
      std::minmax_element(channels.begin(), channels.end(),
                          [&](size_t a, size_t b) { return transfer(a) < transfer(b); });
  std::string lines;
  for (const size_t m : {*most, *least}) {
    const MemoryAccount& account = launch.run.memories[m].account;
    const auto unit = static_cast<double>(memories[m].bytes);
    lines +=
        text("%-13s %-22s bytes %10.1f starts %10.1f idle %10.1f total %10.1f\n", model.name,
             memories[m].name.c_str(), static_cast<double>(account.transfer) / unit,
             static_cast<double>(account.starts) / unit, static_cast<double>(account.idle) / unit,
             static_cast<double>(account.total()) / unit);
  }
  return lines;
}

bool measure(const Model& model, const fs::path& folder, Tables& tables) {
  Design shared, spatial;
  std::string how = "default options", spatial_how = how;
  if (!import_model(model, folder) || !read_design(model, folder, "shared", shared) ||
      !read_design(model, folder, "spatial", spatial) ||
      !compile_as_built(shared, {.engine_ports = true}, how) ||
      !compile_as_built(spatial, {false, true, true}, spatial_how))
    return false;
  const Launch launch = launch_of(shared, ShortPast);
  const double spatial_seconds = seconds_of(spatial, spatial_cycles(spatial));
  tables.speed += speed_line(model, shared, launch, spatial_seconds);
  tables.positions += position_lines(model, shared, launch.run.cycles);
  tables.accounts += account_lines(model, launch) + channel_lines(model, shared, launch);
  const ResourceCounts needs = resources_of(shared.program), usable = shared.target.usable();
  tables.notes += text("%-13s takes", model.name);
  for (const ResourceKind& kind : ResourceKinds)
    tables.notes += text(
        " %s %.0f %%", kind.name,
        100.0 * static_cast<double>(needs.*kind.count) / static_cast<double>(usable.*kind.count));
  tables.notes += " of what the shell leaves, within the budgets (predicted); shared: " + how +
                  "; spatial: " + spatial_how + "\n";
  return true;
}

void print_tables(const Tables& tables) {
  std::printf(
      "One token of decode behind %lld positions, u280 at 250 MHz, w4a8 in groups of 128, int8 "
      "caches, LM head included;\nmemory at %.0f %% of its channels' peak, data 64 cycles (256 ns) "
      "behind each request. Source of cycles and what follows from them: simulated,\non the "
      "network "
      "of the design that is emitted. needed: what the model has; streamed: with rows of zeroes; "
      "+KV: caches, read and written.\n\n",
      static_cast<long long>(ShortPast), 100 * OfPeak);
  std::printf(
      "                                      needed  weights             moved  moved  needed    "
      "limit    fluid   boards:          spatial\n"
      "model         ports   cycles  token/s       MB streamed   +KV     GB/s  %% peak %% peak    "
      "100 %%    model   paper    CODO  token/s  times\n%s",
      tables.speed.c_str());
  std::printf(
      "\nPositions: what bytes of keys and values alone would add at the speed of all ports "
      "(limit: %.0f %% over)\n"
      "model          past    cycles  token/s    KV MB     added  by bytes  over %%\n%s",
      100 * MostOver, tables.positions.c_str());
  std::printf(
      "\nWhere the cycles of a token went (simulated; the classes of core/simulate/account.h)\n"
      "model         of                         useful dependency     memory    latency       room "
      " "
      "     turn       idle      total\n%s\n%s",
      tables.accounts.c_str(), tables.notes.c_str());
}

int bench(const std::string& only, const fs::path& place) {
  Tables tables;
  bool any = false, good = true;
  for (const Model& model : Models) {
    if (!only.empty() && model.name != only) continue;
    any = true;
    const fs::path folder = place / ("shared_decode." + std::to_string(getpid()));
    good = measure(model, folder, tables) && good;
    fs::remove_all(folder);
  }
  if (any) {
    print_tables(tables);
    return good ? 0 : 3;
  }
  std::printf("there is no model '%s'\n", only.c_str());
  return 2;
}

}  // namespace
}  // namespace st

int main(int argc, char** argv) {
  return st::bench(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "/tmp");
}
