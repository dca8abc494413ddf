// SPDX-License-Identifier: Apache-2.0
// Boards: the list, every number of one with its source, and whether descriptions are consistent.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/commands.h"
#include "core/platform/consistency.h"
#include "core/platform/target.h"
#include "core/platform/unsupported.h"

namespace st::cli {
namespace {

std::string number_text(const Number& number) {
  std::ostringstream text;
  text << (number.value == static_cast<double>(static_cast<int64_t>(number.value))
               ? grouped(static_cast<int64_t>(number.value))
               : "");
  if (text.str().empty()) text << number.value;
  return text.str() + " " + number.unit;
}

/// GB/s of all channels of the memory together, at the target's clock.
std::string bandwidth_text(const Target& target) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g GB/s",
                target.memory_bytes_per_cycle() * target.frequency_mhz() / 1e3);
  return text;
}

void print_target(const Target& target) {
  std::cout << target.name << "  " << target.description << "\n  part " << target.part
            << "\n  platform " << target.platform << "\n";
  std::vector<std::vector<std::string>> rows;
  auto add = [&](const std::string& what, const Number& number) {
    rows.push_back({"  " + what, number_text(number), number.source});
  };
  add("clock", target.frequency);
  const auto memory = [&](const DeviceMemory& kind) {
    add(kind.title() + " channels", kind.channels);
    add("per channel", kind.bytes_per_channel);
    add("per channel", kind.channel_bandwidth);
    if (kind.port_bits) add("port of a channel", *kind.port_bits);
    if (kind.shared) add("all channels", kind.shared->bytes);
    if (kind.shared) add("all channels", kind.shared->bandwidth);
    add("ports to " + kind.title(), kind.ports);
    if (kind.ports_per_channel) add("ports to a channel", *kind.ports_per_channel);
  };
  memory(target.memory);
  if (target.large_memory) memory(*target.large_memory);
  if (target.crossing_wires) add("between SLRs", *target.crossing_wires);
  add("card power", target.tdp);
  auto resources = [&](const std::string& what, const ResourceNumbers& numbers) {
    add(what + " LUT", numbers.lut);
    add(what + " FF", numbers.ff);
    add(what + " DSP", numbers.dsp);
    add(what + " BRAM18", numbers.bram18);
    add(what + " URAM", numbers.uram);
  };
  resources("device", target.total);
  for (const Slr& slr : target.slrs) resources(slr.name, slr.usable);
  resources("budget", target.budget_percent);
  std::cout << table(rows);
}

void print_list() {
  std::vector<std::vector<std::string>> rows = {
      {"target", "part", "memory", "at best", "LUT", "DSP", "BRAM18", "URAM"}};
  for (const Target& t : built_in_targets()) {
    rows.push_back({t.name, t.part, t.memory.title(), bandwidth_text(t), grouped(t.lut()),
                    grouped(t.dsp()), grouped(t.bram18()), grouped(t.uram())});
  }
  std::cout << table(rows);
  for (const UnsupportedBoard& board : unsupported_boards())
    std::cout << board.name << " is not supported: " << board.why << "\n";
  std::cout << "`streamtensor targets NAME` prints every number with its source, `targets --check` "
               "whether they are consistent.\n";
}

int print_targets(const std::vector<std::string>& names) {
  Diagnostics problems;
  for (const std::string& name : names) {
    const auto target = find_target(name);
    if (target.ok()) {
      print_target(*target);
    } else {
      problems.insert(problems.end(), target.errors().begin(), target.errors().end());
    }
  }
  return problems.empty() ? 0 : fail(problems);
}

/// Where a built-in description is from, as messages call it.
std::string file_of(const std::string& name, const Target& target) {
  return name == target.name ? "targets/" + name + ".json" : name;
}

int check_targets(std::vector<std::string> names) {
  if (names.empty()) {
    for (const Target& target : built_in_targets()) names.push_back(target.name);
  }
  std::vector<std::vector<std::string>> checks = {
      {"file", "keys, units, sources, whole numbers above 0, SLRs within the device"}};
  for (const TargetCheck& check : target_checks())
    checks.push_back({std::string(check.name), std::string(check.summary)});
  std::cout << table(checks) << "\n";
  Diagnostics problems;
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : names) {
    const auto target = find_target(name);
    const Status status =
        target.ok() ? examine(*target, file_of(name, *target)) : Status(target.errors());
    const auto found = status.ok() ? size_t{0} : status.errors().size();
    if (!status.ok())
      problems.insert(problems.end(), status.errors().begin(), status.errors().end());
    std::string unconfirmed;
    if (target.ok()) {
      const int count = unconfirmed_numbers(*target);
      if (count > 0) unconfirmed = "numbers to be confirmed: " + std::to_string(count);
    }
    rows.push_back(
        {printable(name),
         found == 0 ? "consistent"
                    : std::to_string(found) + (found == 1 ? " inconsistency" : " inconsistencies"),
         unconfirmed});
  }
  std::cout << table(rows) << std::flush;
  return problems.empty() ? 0 : fail(problems);
}

}  // namespace

Action add_targets(CLI::App& app) {
  auto names = std::make_shared<std::vector<std::string>>();
  auto check = std::make_shared<bool>(false);
  app.add_option("names", *names, "boards, or JSON files: every number with its source");
  app.add_flag("--check", *check,
               "whether descriptions are consistent: those that are named, or all built-in ones");
  return [names, check] {
    if (*check) return check_targets(*names);
    if (!names->empty()) return print_targets(*names);
    print_list();
    return 0;
  };
}

}  // namespace st::cli
