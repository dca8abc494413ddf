// SPDX-License-Identifier: Apache-2.0
#include "core/platform/consistency.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/platform/known_boards.h"
#include "core/platform/unsupported.h"

namespace st {
namespace {

using Findings = std::vector<TargetFinding>;

/// PG276: a pseudo-channel's AXI port has 256 bits at 450 MHz.
constexpr double FastestHbmChannel = 14.4;
/// JEDEC: a DDR4 DIMM has 64 bits at 3,200 MT/s at most.
constexpr double FastestDdrChannel = 25.6;
/// PG276: pseudo-channels of a stack.
constexpr int HbmStack = 16;
/// UG1393, Clocks: the faster one of a shell's two clocks.
constexpr double FastestCardClock = 500;
/// DS925: AXI between fabric and processing system, quoted from memory; to be confirmed.
constexpr double FastestPortClock = 333.4;
/// Buffers of XRT begin at pages.
constexpr int64_t PageBytes = 4096;
/// A shell that takes more than this share of a device is a misread table.
constexpr double MostOfShell = 0.5;
/// Of products of decimal fractions.
constexpr double Tolerance = 1e-9;

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Each kind of memory with its pointer.
std::vector<std::pair<std::string, const DeviceMemory*>> memories_of(const Target& target) {
  std::vector<std::pair<std::string, const DeviceMemory*>> all = {{"/memory", &target.memory}};
  if (target.large_memory) all.emplace_back("/large_memory", &*target.large_memory);
  return all;
}

bool any_channel_begins(const DeviceMemory& memory, std::string_view with) {
  return memory.channel_name(0).starts_with(with);
}

void names(const Target& target, Findings& found) {
  const auto compare = [&](const std::string& pointer, const std::string& text) {
    const KnownBoard* board = board_named_in(text);
    if (board == nullptr || target.part.starts_with(board->part)) return;
    found.push_back({pointer, "'" + printable(text) + "' is a " + std::string(board->name) +
                                  ", whose part begins with " + std::string(board->part) +
                                  ", but the part is " + printable(target.part)});
  };
  compare("/name", target.name);
  compare("/platform", target.platform);
}

void flow(const Target& target, Findings& found) {
  for (const UnsupportedBoard& board : unsupported_boards()) {
    if (target.part.starts_with(board.part)) found.push_back({"/part", std::string(board.why)});
  }
  const DeviceFamily* family = family_of(target.part);
  if (family == nullptr ||
      std::find(family->flows.begin(), family->flows.end(), target.flow) != family->flows.end())
    return;
  std::string flows;
  for (const Flow each : family->flows)
    flows += (flows.empty() ? "" : " or ") + std::string(name_of(each));
  found.push_back({"/flow", std::string(name_of(target.flow)) + " does not suit " +
                                printable(target.part) + ", " + std::string(family->name) + ": " +
                                flows});
}

void fabric(const Target& target, Findings& found) {
  if (target.ff() != 2 * target.lut()) {
    found.push_back(
        {"/total/ff", "a slice has two registers per LUT: " + std::to_string(2 * target.lut()) +
                          " beside " + std::to_string(target.lut()) + " LUT, not " +
                          std::to_string(target.ff())});
  }
  const auto even = [&](const std::string& pointer, int64_t blocks) {
    if (blocks % 2 == 0) return;
    found.push_back({pointer + "/bram18",
                     std::to_string(blocks) + " BRAM18 is odd, but each BRAM36 is two of them"});
  };
  even("/total", target.bram18());
  for (size_t i = 0; i < target.slrs.size(); ++i)
    even("/slrs/" + std::to_string(i), target.slrs[i].usable.counts().bram18);
}

void shell(const Target& target, Findings& found) {
  const ResourceCounts all = target.total.counts(), left = target.usable();
  for (const ResourceKind& kind : ResourceKinds) {
    const auto least = MostOfShell * static_cast<double>(all.*kind.count);
    if (static_cast<double>(left.*kind.count) >= least) continue;
    found.push_back({std::string("/total/") + kind.key,
                     "the SLRs have " + std::to_string(left.*kind.count) + " of " +
                         std::to_string(all.*kind.count) + " " + kind.name +
                         ": no shell takes more than half of a device"});
  }
}

void budgets(const Target& target, Findings& found) {
  for (const ResourceKind& kind : ResourceKinds) {
    const double percent = (target.budget_percent.*kind.number).value;
    if (percent < 100) continue;
    found.push_back({std::string("/budgets/") + kind.key,
                     decimal(percent) + " % leaves no room to place and route"});
  }
}

void clock(const Target& target, Findings& found) {
  const bool ports = target.memory.port_bits.has_value();
  const double most = ports ? FastestPortClock : FastestCardClock;
  if (target.frequency_mhz() <= most) return;
  found.push_back({"/frequency", decimal(target.frequency_mhz()) + " MHz is above the " +
                                     decimal(most) + " MHz that " +
                                     (ports ? "ports of a processing system" : "shells") +
                                     " take"});
}

void kinds(const Target& target, Findings& found) {
  const DeviceFamily* family = family_of(target.part);
  for (const auto& kind : memories_of(target)) {
    const std::string& pointer = kind.first;
    const DeviceMemory* const memory = kind.second;
    const std::string tag = memory->tags.empty() ? pointer + "/tag" : pointer + "/tags";
    const auto refuse = [&](const std::string& why) { found.push_back({tag, why}); };
    if (memory->tag == "HBM" && family != nullptr && !has_hbm(target.part))
      refuse(printable(target.part) + " has no HBM");
    if (any_channel_begins(*memory, "HP") && target.flow != Flow::Embedded)
      refuse("HP ports belong to a processing system, and so to the flow embedded");
    if (any_channel_begins(*memory, "MC_NOC") && family != nullptr && !family->network_on_chip)
      refuse("a network on chip is in Versal devices only, and " + printable(target.part) +
             " is none");
  }
}

void channels(const Target& target, Findings& found) {
  for (const auto& [pointer, memory] : memories_of(target)) {
    if (memory->tag == "HBM" && memory->count() % HbmStack != 0) {
      found.push_back({pointer + "/channels", std::to_string(memory->count()) +
                                                  " is no multiple of the 16 pseudo-channels of a "
                                                  "stack of HBM"});
    }
    if (memory->channel_bytes() % PageBytes != 0)
      found.push_back({pointer + "/channel_bytes", "is no multiple of a page, 4096 bytes"});
    const int64_t reach = int64_t{memory->count()} * memory->most_channel_ports();
    if (memory->max_ports() > reach) {
      found.push_back(
          {pointer + "/max_ports", std::to_string(memory->max_ports()) + " ports, but " +
                                       std::to_string(memory->count()) + " channels take " +
                                       std::to_string(memory->most_channel_ports()) + " each"});
    }
    if (memory->ports_per_channel && memory->most_channel_ports() > memory->max_ports() &&
        memory->count() == 1) {
      found.push_back(
          {pointer + "/channel_ports", "is above max_ports, and there is one channel only"});
    }
  }
}

void bandwidth(const Target& target, Findings& found) {
  const double mhz = target.frequency_mhz();
  for (const auto& kind : memories_of(target)) {
    const std::string& pointer = kind.first;
    const DeviceMemory* const memory = kind.second;
    const double rate = memory->channel_bandwidth.value;
    const auto above = [&](double most, const std::string& why) {
      if (rate <= most * (1 + Tolerance)) return;
      found.push_back({pointer + "/channel_bandwidth",
                       decimal(rate) + " GB/s is above the " + decimal(most) + " GB/s of " + why});
    };
    if (memory->tag == "HBM") above(FastestHbmChannel, "256 bits at 450 MHz");
    if (memory->tag == "DDR") above(FastestDdrChannel, "a DIMM of DDR4-3200");
    if (memory->port_bits)
      above(memory->port_bits->value / 8 * mhz / 1e3,
            "a port of " + decimal(memory->port_bits->value) + " bits at " + decimal(mhz) + " MHz");
    const int ports = std::min(memory->most_channel_ports(), memory->max_ports());
    above(static_cast<double>(ports * MemoryPortBytes) * mhz / 1e3,
          std::to_string(ports) + (ports == 1 ? " port" : " ports") + " of 512 bits at " +
              decimal(mhz) + " MHz");
    if (memory->shared) above(memory->shared->bandwidth.value, "all channels together");
  }
}

void large(const Target& target, Findings& found) {
  if (!target.large_memory) return;
  if (target.large_memory->channel_bytes() <= target.channel_bytes()) {
    found.push_back({"/large_memory/channel_bytes",
                     "is no more than a channel of memory has: nothing would ever go there"});
  }
}

void each_number(const Target& target, const auto& visit) {
  const auto resources = [&](const ResourceNumbers& numbers) {
    for (const ResourceKind& kind : ResourceKinds) visit(numbers.*kind.number);
  };
  visit(target.frequency);
  visit(target.tdp);
  resources(target.total);
  resources(target.budget_percent);
  for (const Slr& slr : target.slrs) resources(slr.usable);
  if (target.crossing_wires) visit(*target.crossing_wires);
  for (const auto& [pointer, memory] : memories_of(target)) {
    for (const Number* n : {&memory->channels, &memory->bytes_per_channel,
                            &memory->channel_bandwidth, &memory->ports})
      visit(*n);
    if (memory->ports_per_channel) visit(*memory->ports_per_channel);
    if (memory->port_bits) visit(*memory->port_bits);
    if (memory->shared) visit(memory->shared->bytes);
    if (memory->shared) visit(memory->shared->bandwidth);
  }
}

}  // namespace

const std::vector<TargetCheck>& target_checks() {
  static const std::vector<TargetCheck> all = {
      {"names", "name and platform are of the board that has this part", names},
      {"flow", "Vitis makes designs for this part in this way", flow},
      {"fabric", "two registers per LUT, whole BRAM36", fabric},
      {"shell", "the SLRs have at least half of the device", shell},
      {"budgets", "below 100 %", budgets},
      {"clock", "no faster than shells, or ports of a processing system, are", clock},
      {"memory", "the device has this kind of memory", kinds},
      {"channels", "stacks, pages, and ports that the channels can take", channels},
      {"bandwidth", "no more than memory, ports at this clock, and all channels together give",
       bandwidth},
      {"large", "what takes large buffers is larger", large},
  };
  return all;
}

Status examine(const Target& target, const std::string& file) {
  Findings found;
  for (const TargetCheck& check : target_checks()) check.run(target, found);
  Diagnostics problems;
  for (const TargetFinding& finding : found) {
    problems.push_back({"E0402",
                        finding.message,
                        file.empty() ? finding.pointer : printable(file) + ", " + finding.pointer,
                        {},
                        ""});
  }
  return problems;
}

int unconfirmed_numbers(const Target& target) {
  int count = 0;
  each_number(target, [&](const Number& number) {
    if (number.source.find("to be confirmed") != std::string::npos) ++count;
  });
  return count;
}

}  // namespace st
