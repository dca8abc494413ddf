// SPDX-License-Identifier: Apache-2.0
// Decode of four models at full size with the shared binding on a U280, w4a8 in groups of 128, int8
// caches, LM head included, memory at 90 % of its peak: tokens per second from the simulator on the
// network of the emitted design, beside limits and what was published; what positions cost; how
// long prompts take; where the cycles of a token went.
// Usage: bench_shared_decode [MODEL, e.g. gpt2_medium, or boards] [FOLDER for 3 GB of files;
// default /tmp]
//
//   behind 128    ports  token/s  % of 460 GB/s  limit at 100 %  at 512  at 1,024  128 ids, ms
//   gpt2_medium      28    1,777           74.5           2,437   1,618     1,452         15.6
//   qwen2_0_5b       28    1,357           75.9           1,800   1,342     1,322         16.6
//   tinyllama_1b     28      653           77.4             860     648       640         42.7
//   gemma3_1b        28      678           77.2             889     671       662         33.9
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>

#include "core/resources/kernel_resources.h"
#include "core/resources/program_network.h"
#include "core/simulate/simulator.h"
#include "tests/bench/decode_models.h"

namespace st::bench {
namespace {
namespace fs = std::filesystem;

constexpr int64_t ShortPast = 128;
constexpr int64_t Pasts[] = {ShortPast, 512, 1024};
constexpr int64_t Prompts[] = {32, 64, 128, 256};
constexpr int64_t PromptStep = 32;
constexpr double MostOver = 0.05;  ///< of a launch, over what bytes of keys and values add
constexpr double BoardGoal = 0.6;  ///< of a board's own bandwidth

/// The last of Pasts, as far as the model has positions.
int64_t longest_past(const Model& m) { return std::min(Pasts[2], m.context - 1); }

/// A launch of a group.
struct Launch {
  Network network;
  SimulationResult run;
};
Launch launch_of(const Design& design, int64_t past, int group = 0, int64_t results = 1,
                 int64_t rows = 1) {
  Bindings lengths = {{Sequence, rows}, {Past, past}};
  if (design.program.layers.streamed) lengths[Results] = results;
  Launch made;
  made.network = network_of(design.program, group, design.target, {lengths});
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
  std::string speed, positions, prompts, accounts, notes, boards;
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

/// From nothing to the first token. Rows of prompts come in launches of as many as the design has,
/// and only the last one goes on behind the layers. Launches are simulated every PromptStep
/// positions; in between their cycles are on a line.
double prompt_ms(const Design& design, int64_t rows) {
  const int64_t most = design.program.max_sequence;
  const int64_t last = (rows - 1) / most * most;  // position of the first row of the last launch
  std::vector<double> cycles;
  for (int64_t past = 0; past <= rows; past += PromptStep)
    cycles.push_back(static_cast<double>(launch_of(design, past, 0, 0, most).run.cycles));
  const auto of_launch = [&](int64_t past) {
    const auto at = static_cast<size_t>(past / PromptStep);
    const double part = static_cast<double>(past % PromptStep) / PromptStep;
    return part == 0 ? cycles[at] : cycles[at] + part * (cycles[at + 1] - cycles[at]);
  };
  double all = static_cast<double>(launch_of(design, last, 0, 1, rows - last).run.cycles);
  for (int64_t past = 0; past < last; past += most) all += of_launch(past);
  return 1e3 * seconds_of(design, 1) * all;
}

std::string prompt_lines(const Model& model, const Design& design) {
  std::string lines;
  for (const int64_t rows : Prompts) {
    const double ms = prompt_ms(design, rows);
    lines += text("%-13s %6lld %6lld %9.1f %10.3f", model.name, static_cast<long long>(rows),
                  static_cast<long long>(design.program.max_sequence), ms,
                  ms / static_cast<double>(rows));
    lines += rows == ShortPast ? text(" %8.0f%c\n", model.first_token_goal,
                                      ms <= model.first_token_goal ? ' ' : '!')
                               : "\n";
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

constexpr const char* Boards[] = {"u55c", "u250", "zcu104", "kv260"};
/// Models by their weights, the largest first.
constexpr const char* BySize[] = {"tinyllama_1b", "gemma3_1b", "qwen2_0_5b", "gpt2_medium"};

std::string board_line(const Model& model, const Design& design, const std::string& how) {
  const Launch launch = launch_of(design, ShortPast);
  const double seconds = seconds_of(design, launch.run.cycles);
  const double peak =
      design.target.memory_bytes_per_cycle() / OfPeak * design.target.frequency_mhz() * 1e6;
  const double needed = weight_bytes(model) + cache_bytes(model, ShortPast);
  return text("%-7s %-13s %5d %4.0f %9lld %8.1f %8.1f %6.1f %6.1f%c %6lld %9.0f  %s\n",
              design.target.name.c_str(), model.name, weights_streamed(design.program).ports,
              design.target.frequency_mhz(), static_cast<long long>(launch.run.cycles), 1 / seconds,
              needed / seconds / 1e9, peak / 1e9, 100 * needed / seconds / peak,
              needed / seconds >= BoardGoal * peak ? ' ' : '!',
              static_cast<long long>(design.program.max_sequence), prompt_ms(design, ShortPast),
              how.c_str());
}

/// On each board the largest model that fits.
bool measure_boards(const fs::path& folder, std::string& table) {
  std::set<std::string> left(std::begin(Boards), std::end(Boards));
  for (const char* name : BySize) {
    if (left.empty()) break;
    const Model& model = model_named(name);
    const fs::path place = folder / name;
    if (!import_model(model, place)) return false;
    for (const char* board : Boards) {
      if (left.count(board) == 0) continue;
      Design design;
      std::string how = "default options";
      if (!read_design(place, "shared", board, longest_past(model), design)) return false;
      if (!compile_as_built(design, {.engine_ports = true}, how)) continue;  // it has said why
      table += board_line(model, design, how);
      left.erase(board);
    }
    fs::remove_all(place);
  }
  return left.empty();
}

bool measure(const Model& model, const fs::path& folder, Tables& tables) {
  Design shared, spatial;
  std::string how = "default options", spatial_how = how;
  if (!import_model(model, folder) ||
      !read_design(folder, "shared", "u280", longest_past(model), shared) ||
      !read_design(folder, "spatial", "u280", longest_past(model), spatial) ||
      !compile_as_built(shared, {.engine_ports = true}, how) ||
      !compile_as_built(spatial, {false, true, true}, spatial_how))
    return false;
  const Launch launch = launch_of(shared, ShortPast);
  const double spatial_seconds = seconds_of(spatial, spatial_cycles(spatial));
  tables.speed += speed_line(model, shared, launch, spatial_seconds);
  tables.positions += position_lines(model, shared, launch.run.cycles);
  tables.prompts += prompt_lines(model, shared);
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
      "\nPrompts, from nothing to the first token: only the last row works behind the layers\n"
      "(simulated every %lld positions; the host's part is not in it)\n"
      "model         prompt launch        ms  ms of row  goal, ms\n%s",
      static_cast<long long>(PromptStep), tables.prompts.c_str());
  std::printf(
      "\nWhere the cycles of a token went (simulated; the classes of core/simulate/account.h)\n"
      "model         of                         useful dependency     memory    latency       room "
      " "
      "     turn       idle      total\n%s\n%s",
      tables.accounts.c_str(), tables.notes.c_str());
}

void print_boards(const std::string& boards) {
  std::printf(
      "\nOther boards, each with the largest model that fits: needed bytes of a token behind %lld "
      "positions, and the board's own\nbandwidth, of which memory gives %.0f %% (simulated; goal: "
      "%.0f %%). A model is passed over for what is said above.\n"
      "board   model         ports  MHz    cycles  token/s     GB/s   peak      %%  launch 128 "
      "ids, ms\n%s",
      static_cast<long long>(ShortPast), 100 * OfPeak, 100 * BoardGoal, boards.c_str());
}

int bench(const std::string& only, const fs::path& place) {
  Tables tables;
  bool any = false, good = true;
  const bool boards = only.empty() || only == "boards";
  for (const Model& model : models()) {
    if (!only.empty() && model.name != only) continue;
    any = true;
    const fs::path folder = place / ("shared_decode." + std::to_string(getpid()));
    good = measure(model, folder, tables) && good;
    fs::remove_all(folder);
  }
  if (boards) {
    const fs::path folder = place / ("shared_decode." + std::to_string(getpid()));
    good = measure_boards(folder, tables.boards) && good;
    fs::remove_all(folder);
  }
  if (any) print_tables(tables);
  if (boards) print_boards(tables.boards);
  if (any || boards) return good ? 0 : 3;
  std::printf("there is no model '%s'\n", only.c_str());
  return 2;
}

}  // namespace
}  // namespace st::bench

int main(int argc, char** argv) {
  return st::bench::bench(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "/tmp");
}
