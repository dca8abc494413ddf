// SPDX-License-Identifier: Apache-2.0
#include "core/platform/target.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace st {
namespace {

/// Far above any device, and small enough for exact conversion to int64_t and for sums.
constexpr double LargestValue = 1e15;
constexpr double MostChannels = 1024;
constexpr size_t LongestText = 200;

std::string whole(double value) { return std::to_string(static_cast<int64_t>(value)); }

/// Names go into makefiles and Tcl, where other characters have a meaning.
bool is_plain(const std::string& text) {
  return !text.empty() && text.size() <= LongestText && text.front() != '-' &&
         text.front() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

class Checker {
 public:
  explicit Checker(const std::string& file) : file_(file) {}

  void report(const std::string& pointer, const std::string& message) {
    const std::string where = file_.empty() ? pointer : printable(file_) + ", " + pointer;
    problems_.push_back({"E0402", message, where, {}, ""});
  }

  void text(const std::string& pointer, const std::string& value) {
    if (!is_plain(value)) {
      report(pointer, "'" + printable(value) + "' is no name: 1 to " + std::to_string(LongestText) +
                          " letters, digits, '_', '-' and '.' are allowed");
    }
  }

  /// Zero is allowed only of resources that a device may lack.
  bool number(const std::string& pointer, const Number& n, const std::string& unit,
              double largest = LargestValue, bool zero = false) {
    const size_t before = problems_.size();
    if (!std::isfinite(n.value) || n.value < 0 || (n.value == 0 && !zero) || n.value > largest) {
      report(pointer + "/value", std::string("must be ") + (zero ? "at least 0" : "above 0") +
                                     " and at most " + whole(largest));
    }
    if (n.unit != unit) {
      report(pointer + "/unit",
             "the unit is '" + printable(n.unit) + "', but must be '" + unit + "'");
    }
    if (n.source.find_first_not_of(" \t\r\n") == std::string::npos) {
      report(pointer + "/source", "every number needs a source");
    }
    return problems_.size() == before;
  }

  void count(const std::string& pointer, const Number& n, const std::string& unit,
             double largest = LargestValue, bool zero = false) {
    if (number(pointer, n, unit, largest, zero) && n.value != std::floor(n.value)) {
      report(pointer + "/value", "must be a whole number");
    }
  }

  [[nodiscard]] Status result() const { return problems_; }
  [[nodiscard]] bool ok() const { return problems_.empty(); }

 private:
  std::string file_;
  Diagnostics problems_;
};

void check_resources(Checker& checker, const Target& target) {
  for (const ResourceKind& r : ResourceKinds) {
    const std::string key = r.key;
    checker.count("/total/" + key, target.total.*r.number, r.name, LargestValue, true);
    checker.number("/budgets/" + key, target.budget_percent.*r.number, "%", 100);
    double sum = 0;
    for (size_t i = 0; i < target.slrs.size(); ++i) {
      const Number& n = target.slrs[i].usable.*r.number;
      checker.count("/slrs/" + std::to_string(i) + "/" + key, n, r.name, LargestValue, true);
      sum += n.value;
    }
    const double total = (target.total.*r.number).value;
    if (sum > total && sum <= LargestValue) {
      checker.report("/total/" + key, "the SLRs have " + whole(sum) + " " + r.name +
                                          " together, more than the device's " + whole(total));
    }
  }
}

/// Names go to the linker: "HBM[3]", "HP0".
void check_names(Checker& checker, const std::string& pointer, const DeviceMemory& memory) {
  if (memory.tags.empty()) {
    if (memory.tag != "HBM" && memory.tag != "DDR") {
      checker.report(pointer + "/tag",
                     "'" + printable(memory.tag) +
                         "' is not a memory: HBM or DDR, or name each channel in tags");
    }
    return;
  }
  std::set<std::string> names;
  for (size_t i = 0; i < memory.tags.size(); ++i) {
    const std::string here = pointer + "/tags/" + std::to_string(i);
    checker.text(here, memory.tags[i]);
    if (!names.insert(memory.tags[i]).second)
      checker.report(here, "'" + printable(memory.tags[i]) + "' is there twice");
  }
  if (static_cast<double>(memory.tags.size()) != memory.channels.value) {
    checker.report(pointer + "/tags", "names " + std::to_string(memory.tags.size()) +
                                          " channels, but there are " +
                                          whole(memory.channels.value));
  }
}

void check_places(Checker& checker, const std::string& pointer, const DeviceMemory& memory,
                  const std::vector<Slr>& slrs) {
  if (memory.slrs.empty()) {
    if (slrs.size() > 1)
      checker.report(pointer + "/slr", "is missing: which SLR is this memory next to?");
    return;
  }
  // One name stands for all channels.
  const bool each = memory.slrs.size() > 1;
  if (each && static_cast<double>(memory.slrs.size()) != memory.channels.value) {
    checker.report(pointer + "/slrs", "places " + std::to_string(memory.slrs.size()) +
                                          " channels, but there are " +
                                          whole(memory.channels.value));
  }
  for (size_t i = 0; i < memory.slrs.size(); ++i) {
    if (std::any_of(slrs.begin(), slrs.end(),
                    [&](const Slr& slr) { return slr.name == memory.slrs[i]; }))
      continue;
    checker.report(pointer + (each ? "/slrs/" + std::to_string(i) : "/slr"),
                   "'" + printable(memory.slrs[i]) + "' is none of the SLRs");
  }
}

void check_memory(Checker& checker, const std::string& pointer, const DeviceMemory& memory,
                  const std::vector<Slr>& slrs) {
  checker.count(pointer + "/channels", memory.channels, "channels", MostChannels);
  checker.count(pointer + "/channel_bytes", memory.bytes_per_channel, "bytes");
  checker.number(pointer + "/channel_bandwidth", memory.channel_bandwidth, "GB/s", 10'000);
  checker.count(pointer + "/max_ports", memory.ports, "ports", MostChannels);
  if (memory.ports_per_channel)
    checker.count(pointer + "/channel_ports", *memory.ports_per_channel, "ports", MostChannels);
  if (memory.port_bits) checker.count(pointer + "/port_bits", *memory.port_bits, "bits", 4096);
  if (memory.shared) {
    checker.count(pointer + "/shared/bytes", memory.shared->bytes, "bytes");
    checker.number(pointer + "/shared/bandwidth", memory.shared->bandwidth, "GB/s", 10'000);
    if (memory.shared->bytes.value < memory.bytes_per_channel.value) {
      checker.report(pointer + "/shared/bytes",
                     "all channels have " + whole(memory.shared->bytes.value) +
                         " bytes together, but one has " + whole(memory.bytes_per_channel.value));
    }
  }
  check_names(checker, pointer, memory);
  check_places(checker, pointer, memory, slrs);
}

}  // namespace

std::string_view name_of(Flow flow) {
  switch (flow) {
    case Flow::Alveo:
      return "alveo";
    case Flow::Versal:
      return "versal";
    case Flow::Embedded:
      return "embedded";
  }
  return "";
}

bool within(const ResourceCounts& used, const ResourceCounts& budget) {
  return std::all_of(std::begin(ResourceKinds), std::end(ResourceKinds),
                     [&](const auto& kind) { return used.*kind.count <= budget.*kind.count; });
}

ResourceCounts ResourceNumbers::counts() const {
  ResourceCounts result;
  for (const ResourceKind& r : ResourceKinds) {
    result.*r.count = static_cast<int64_t>((this->*r.number).value);
  }
  return result;
}

std::string DeviceMemory::title() const {
  if (tags.empty()) return tag;
  return tags.size() == 1 ? tags[0] : tags.front() + " to " + tags.back();
}

std::string DeviceMemory::channel_name(int channel) const {
  if (!tags.empty()) return tags[static_cast<size_t>(channel)];
  return tag + "[" + std::to_string(channel) + "]";
}

double DeviceMemory::gb_per_s(double mhz, int in_use) const {
  double most = channel_bandwidth.value;
  if (port_bits) most = std::min(most, port_bits->value / 8 * mhz / 1e3);
  if (shared) most = std::min(most, shared->bandwidth.value / std::max(1, in_use));
  return most;
}

int64_t DeviceMemory::total_bytes() const {
  return shared ? static_cast<int64_t>(shared->bytes.value) : channel_bytes() * count();
}

int DeviceMemory::most_channel_ports() const {
  return ports_per_channel ? static_cast<int>(ports_per_channel->value) : max_ports();
}

ResourceCounts Target::usable() const {
  ResourceCounts result;
  for (const Slr& slr : slrs) {
    const ResourceCounts counts = slr.usable.counts();
    for (const ResourceKind& r : ResourceKinds) result.*r.count += counts.*r.count;
  }
  return result;
}

namespace {

ResourceCounts share_of(ResourceCounts counts, const ResourceNumbers& percent) {
  for (const ResourceKind& r : ResourceKinds) {
    const double share = (percent.*r.number).value;
    counts.*r.count =
        static_cast<int64_t>(std::floor(static_cast<double>(counts.*r.count) * share / 100));
  }
  return counts;
}

}  // namespace

ResourceCounts Target::budget() const { return share_of(usable(), budget_percent); }

ResourceCounts Target::slr_budget(size_t slr) const {
  return share_of(slrs[slr].usable.counts(), budget_percent);
}

const DeviceMemory& Target::memory_of(int channel) const {
  return channel < memory.count() || !large_memory ? memory : *large_memory;
}

int Target::index_in_memory(int channel) const {
  return channel < memory.count() || !large_memory ? channel : channel - memory.count();
}

std::string Target::bank_name(int channel) const {
  return memory_of(channel).channel_name(index_in_memory(channel));
}

size_t Target::slr_of(int channel) const {
  const std::vector<std::string>& names = memory_of(channel).slrs;
  if (names.empty()) return 0;
  const std::string& name =
      names.size() == 1 ? names[0] : names[static_cast<size_t>(index_in_memory(channel))];
  const auto found =
      std::find_if(slrs.begin(), slrs.end(), [&](const Slr& slr) { return slr.name == name; });
  return static_cast<size_t>(found - slrs.begin());
}

double Target::port_bytes_per_cycle() const {
  return std::min(static_cast<double>(MemoryPortBytes),
                  memory.gb_per_s(frequency_mhz(), 1) * 1e3 / frequency_mhz());
}

double Target::memory_bytes_per_cycle() const {
  const int channels = memory.count();
  return channels * memory.gb_per_s(frequency_mhz(), channels) * 1e3 / frequency_mhz();
}

int64_t Target::on_chip_bits() const {
  const ResourceCounts counts = budget();
  return counts.bram18 * Bram18Bits + counts.uram * UramBits;
}

Status check(const Target& target, const std::string& file) {
  Checker checker(file);
  checker.text("/name", target.name);
  checker.text("/part", target.part);
  checker.text("/platform", target.platform);
  if (std::any_of(target.name.begin(), target.name.end(),
                  [](char c) { return c >= 'A' && c <= 'Z'; })) {
    checker.report("/name", "must be in lower case");
  }
  checker.number("/frequency", target.frequency, "MHz", 2000);
  checker.number("/tdp", target.tdp, "W", 10'000);
  check_memory(checker, "/memory", target.memory, target.slrs);
  if (target.large_memory) {
    check_memory(checker, "/large_memory", *target.large_memory, target.slrs);
    if (target.large_memory->channel_name(0) == target.memory.channel_name(0))
      checker.report("/large_memory/tag",
                     "'" + printable(target.memory.title()) + "' is the tag of the other memory");
  }
  if (target.slrs.empty()) checker.report("/slrs", "at least one SLR is needed");
  std::set<std::string> names;
  for (size_t i = 0; i < target.slrs.size(); ++i) {
    const std::string pointer = "/slrs/" + std::to_string(i) + "/name";
    checker.text(pointer, target.slrs[i].name);
    if (!names.insert(target.slrs[i].name).second) {
      checker.report(pointer, "'" + printable(target.slrs[i].name) + "' is there twice");
    }
  }
  if (target.crossing_wires) checker.count("/crossing_wires", *target.crossing_wires, "wires");
  if (target.slrs.size() > 1 && !target.crossing_wires)
    checker.report("/crossing_wires", "is missing: how many wires join neighbouring SLRs?");
  if (target.slrs.size() == 1 && target.crossing_wires)
    checker.report("/crossing_wires", "a single SLR has no neighbour that wires could join");
  check_resources(checker, target);
  return checker.result();
}

}  // namespace st
