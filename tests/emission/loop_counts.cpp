// SPDX-License-Identifier: Apache-2.0
#include "tests/emission/loop_counts.h"

#include <functional>
#include <regex>
#include <sstream>

#include "core/dataflow/instances.h"
#include "core/dataflow/kernel_record.h"
#include "core/dataflow/units.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// The iterations of a nest's pipelined loops, loop by loop as they stand.
class NestCounter {
 public:
  explicit NestCounter(const Bindings& launch) : bindings_(launch) {}

  std::map<int64_t, int64_t> iterations(const Nest& nest) {
    walk(nest, 0, 0);
    return std::move(iterations_);
  }

 private:
  void walk(const Nest& nest, int depth, int64_t outer) {
    const std::string counter = "d" + std::to_string(depth);
    for (const NestItem& item : nest) {
      if (!item.is_loop()) continue;
      const int64_t trips = item.trips_by_outer != nullptr
                                ? item.trips_by_outer->at(static_cast<size_t>(outer))
                                : item.trip.count.evaluate(bindings_).value();
      if (trips <= 0) continue;
      if (item.flattened) {
        iterations_[item.interval] += trips * steps_in(item.items);
        continue;
      }
      if (item.interval > 0) {
        // HLS unrolls what is inside a pipelined loop, so no loop in there has an interval.
        iterations_[item.interval] += trips;
        continue;
      }
      for (int64_t k = 0; k < trips; ++k) {
        bindings_[counter] = k;
        walk(item.items, depth + 1, k);
      }
      bindings_.erase(counter);
    }
  }

  /// Steps in an iteration of a flattened loop, whose inner loops have trip counts of the launch.
  [[nodiscard]] int64_t steps_in(const Nest& nest) const {
    int64_t steps = 0;
    for (const NestItem& item : nest)
      steps +=
          item.is_loop() ? item.trip.count.evaluate(bindings_).value() * steps_in(item.items) : 1;
    return steps;
  }

  Bindings bindings_;
  std::map<int64_t, int64_t> iterations_;
};

/// `<folder>/x.h` as `x.h`, with neither folder nor "../".
std::string short_name(const std::string& file) {
  for (const char* part : {"hls_templates/", "src/"}) {
    const size_t at = file.rfind(part);
    if (at != std::string::npos) return file.substr(at);
  }
  return file;
}

void instrument_file(const fs::path& file, int& loops) {
  static const std::regex Form(R"(\s*#pragma HLS PIPELINE II ?= ?(\w+))");
  std::istringstream lines(read(file));
  std::string text, before;
  for (std::string line; std::getline(lines, line); before = line, text += line + "\n") {
    // A pipelined function is no loop: its cycles are those of its callers' iterations.
    if (before == "#pragma HLS INLINE off") continue;
    if (line.find("#pragma") == std::string::npos || line.find("PIPELINE") == std::string::npos)
      continue;
    std::smatch match;
    if (!std::regex_match(line, match, Form)) {
      ADD_FAILURE() << file << ": the form of this pragma is not known: " << line;
      continue;
    }
    ++loops;
    // One line for one, so that messages name the lines of the original.
    line = "static ::loop_counters::Loop loop_counter_(__FILE__, __LINE__, " + match[1].str() +
           "); loop_counter_.iteration();";
  }
  write(file, text);
}

/// A difference in what one port or interval counts.
template <typename Key>
void compare(const std::map<Key, int64_t>& is, const std::map<Key, int64_t>& should,
             const std::function<std::string(const Key&)>& what, std::string& message) {
  std::map<Key, std::pair<int64_t, int64_t>> both;
  for (const auto& [key, number] : is) both[key].first = number;
  for (const auto& [key, number] : should) both[key].second = number;
  for (const auto& [key, numbers] : both) {
    if (numbers.first == numbers.second) continue;
    message += "; " + what(key) + ": the code counts " + std::to_string(numbers.first) +
               ", the nest says " + std::to_string(numbers.second);
  }
}

}  // namespace

int64_t KernelCounts::cycles() const {
  int64_t cycles = 0;
  for (const auto& [interval, number] : iterations) cycles += interval * number;
  return cycles;
}

CountingCode copied_code(const fs::path& build, int group) {
  return copied_code(build, group_name(group));
}

CountingCode copied_code(const fs::path& build, const std::string& name) {
  CountingCode code;
  code.folder = scratch() / "loop_counts";
  code.data = build / "groups" / name / "tb/data";
  code.unit = name;
  fs::remove_all(code.folder);
  const fs::path from = build / "groups" / name, to = code.folder / "groups" / name;
  fs::create_directories(to / "tb");
  fs::copy(build / "hls_templates", code.folder / "hls_templates", fs::copy_options::recursive);
  fs::copy(from / "src", to / "src", fs::copy_options::recursive);
  fs::copy(from / "tb" / (name + "_tb.cpp"), to / "tb");
  return code;
}

void instrument(CountingCode& code) {
  for (const auto& entry : fs::recursive_directory_iterator(code.folder)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") instrument_file(entry.path(), code.loops);
  }
  const fs::path channel = code.folder / "hls_templates/csim/streamtensor_csim/channel.h";
  replace(channel, "++tokens_;", "++tokens_; ::loop_counters::moved(name_, true);");
  replace(channel, "--size_;", "--size_; ::loop_counters::moved(name_, false);");
}

namespace {

/// Launches in which as many tasks run.
std::vector<LaunchCounts> counted(const CountingCode& code, size_t tasks) {
  const std::string& name = code.unit;
  const fs::path here = code.folder / "groups" / name, dump = code.folder / "counts.txt";
  const Outcome compiled = run_program(
      {"g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas",
       "-Wno-maybe-uninitialized", "-ffp-contract=off", "-I../../hls_templates",
       "-I../../hls_templates/csim", "-include", source("tests/emission/loop_counters.h"),
       "src/" + name + ".cpp", "tb/" + name + "_tb.cpp", "-o", "bench", "-lboost_context"},
      here);
  EXPECT_EQ(compiled.status, 0) << compiled.err;
  if (compiled.status != 0) return {};
  const Outcome bench =
      run_program({"./bench", code.data}, here, {{"STREAMTENSOR_LOOP_COUNTS", dump}});
  EXPECT_TRUE(bench.status == 0 || bench.status == 1) << bench.out << bench.err;
  std::vector<LaunchCounts> launches;
  std::istringstream list(read(code.data / "launches.txt"));
  for (std::string word; list >> word;) {
    if (word != "launch") continue;
    launches.emplace_back().kernels.resize(tasks);
    list >> launches.back().tokens >> launches.back().past >> launches.back().results;
  }
  std::istringstream lines(read(dump));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string what, rest;
    size_t serial = 0;
    words >> what >> serial;
    if (serial == 0) continue;  // the bench itself
    if (serial > tasks * launches.size()) {
      ADD_FAILURE() << "no task of a launch does this: " << line;
      continue;
    }
    // Tasks of a launch start in the order in which the top function calls them.
    KernelCounts& kernel = launches[(serial - 1) / tasks].kernels[(serial - 1) % tasks];
    int64_t number = 0, interval = 0, at = 0;
    if (what == "task") {
      std::getline(words >> std::ws, kernel.task);
    } else if (what == "loop") {
      words >> interval >> number >> at >> rest;
      kernel.iterations[interval] += number;
      kernel.loops.push_back(short_name(rest) + ":" + std::to_string(at) + ": " +
                             std::to_string(number) + " at interval " + std::to_string(interval));
    } else {
      std::string stream;
      words >> rest >> number >> stream;
      (rest == "reads" ? kernel.reads : kernel.writes)[stream] = number;
    }
    EXPECT_FALSE(words.fail()) << line;
  }
  return launches;
}

/// The instances of a unit, in the order in which they start.
std::vector<Instance> instances_of_unit(const Program& program, const std::string& name) {
  for (const Unit& unit : units_of(program)) {
    if (unit.name == name)
      return in_stream_order(program, instances_of(program, kernels_of(program, unit)));
  }
  ADD_FAILURE() << "there is no unit " << name;
  return {};
}

}  // namespace

std::vector<LaunchCounts> counted(const Program& program, const CountingCode& code) {
  for (int group = 0; group < program.groups; ++group) {
    if (group_name(group) == code.unit) return counted(code, program.kernels_of(group).size());
  }
  ADD_FAILURE() << "there is no group " << code.unit;
  return {};
}

std::vector<LaunchCounts> counted_unit(const Program& program, const CountingCode& code) {
  return counted(code, instances_of_unit(program, code.unit).size());
}

KernelCounts expected_counts(const Program& program, const Kernel& kernel,
                             const LaunchCounts& launch) {
  const Bindings lengths = in_launch(launch.tokens, launch.past, launch.results);
  const Nest nest = nest_of(program, kernel);
  KernelCounts counts;
  counts.iterations = NestCounter(lengths).iterations(nest);
  const Traffic moved = traffic(nest, kernel.inputs.size(), kernel.outputs.size(), lengths);
  for (size_t i = 0; i < kernel.inputs.size(); ++i)
    counts.reads[program.channels[kernel.inputs[i].channel].name] = moved.reads[i];
  for (size_t o = 0; o < kernel.outputs.size(); ++o)
    counts.writes[program.channels[kernel.outputs[o].channel].name] = moved.writes[o];
  return counts;
}

namespace {

/// Where counts differ, or nothing.
std::string difference(const KernelCounts& is, const KernelCounts& should) {
  std::string message;
  compare<int64_t>(
      is.iterations, should.iterations,
      [](int64_t interval) { return "iterations at interval " + std::to_string(interval); },
      message);
  if (is.cycles() != should.cycles())
    message += "; cycles of pipelined loops: the code counts " + std::to_string(is.cycles()) +
               ", the nest says " + std::to_string(should.cycles());
  compare<std::string>(
      is.reads, should.reads, [](const std::string& c) { return "tokens from " + c; }, message);
  compare<std::string>(
      is.writes, should.writes, [](const std::string& c) { return "tokens to " + c; }, message);
  return message;
}

std::string loops_text(const KernelCounts& counts) {
  std::string text = "; loops of the code:";
  for (const std::string& loop : counts.loops) text += " [" + loop + "]";
  return text;
}

std::string launch_text(size_t number, const LaunchCounts& launch) {
  return "launch " + std::to_string(number) + " of " + std::to_string(launch.tokens) +
         " tokens after " + std::to_string(launch.past) +
         (launch.results == 0 ? " without results" : "");
}

void add(std::map<std::string, int64_t>& to, const Program& program, const std::vector<Port>& ports,
         const std::map<std::string, int64_t>& counts) {
  for (const Port& port : ports) {
    const Channel& channel = program.channels[static_cast<size_t>(port.channel)];
    to[fifo_name(channel)] += counts.at(channel.name);
  }
}

/// What all turns of an instance make.
KernelCounts instance_counts(const Program& program, const Instance& instance,
                             const LaunchCounts& launch) {
  KernelCounts all;
  for (const Turn& turn : turns_of(program, instance, 0, launch.results)) {
    const Kernel kernel = of_layer(program.kernels[static_cast<size_t>(turn.kernel)], turn.layer);
    const KernelCounts counts = expected_counts(program, kernel, launch);
    for (const auto& [interval, number] : counts.iterations) all.iterations[interval] += number;
    add(all.reads, program, kernel.inputs, counts.reads);
    add(all.writes, program, kernel.outputs, counts.writes);
  }
  return all;
}

}  // namespace

std::vector<std::string> differences(const Program& program, int group,
                                     const std::vector<LaunchCounts>& launches) {
  std::vector<std::string> found;
  const std::vector<KernelId> kernels = program.kernels_of(group);
  for (size_t l = 0; l < launches.size(); ++l) {
    const LaunchCounts& launch = launches[l];
    for (size_t k = 0; k < kernels.size(); ++k) {
      const Kernel& kernel = program.kernels[kernels[k]];
      const KernelCounts& is = launch.kernels[k];
      std::string message = difference(is, expected_counts(program, kernel, launch));
      const bool named = is.task == kernel.name || is.task == kernel.name + "_turns" ||
                         is.task.starts_with("st::" + kernel.kind + "<");
      if (!named) message = "; the task that runs in its place is " + is.task + message;
      if (message.empty()) continue;
      found.push_back(kernel.name + " (" + kernel.kind + "), " + launch_text(l, launch) + message +
                      loops_text(is) + "; nest: " + text_of(nest_of(program, kernel)));
    }
  }
  return found;
}

std::vector<std::string> unit_differences(const Program& program, const std::string& unit,
                                          const std::vector<LaunchCounts>& launches) {
  std::vector<std::string> found;
  const std::vector<Instance> instances = instances_of_unit(program, unit);
  for (size_t l = 0; l < launches.size(); ++l) {
    for (size_t i = 0; i < instances.size(); ++i) {
      const KernelCounts& is = launches[l].kernels[i];
      std::string message = difference(is, instance_counts(program, instances[i], launches[l]));
      const Kernel& first = program.kernels[static_cast<size_t>(instances[i].nodes[0])];
      // A task that does nothing in a launch leaves no name.
      const bool idle = turns_of(program, instances[i], 0, launches[l].results).empty();
      const bool named = (idle && is.task.empty()) || is.task == instances[i].name + "_turns" ||
                         is.task == "st::" + first.kind ||
                         is.task.starts_with("st::" + first.kind + "<");
      if (!named) message = "; the task that runs in its place is " + is.task + message;
      if (message.empty()) continue;
      found.push_back(instances[i].name + ", " + launch_text(l, launches[l]) + message +
                      loops_text(is));
    }
  }
  return found;
}

}  // namespace st::test
