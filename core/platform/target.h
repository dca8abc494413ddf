// SPDX-License-Identifier: Apache-2.0
/// What a board offers. Targets are data files (targets/*.json, schema "streamtensor.target/1"),
/// and each number in them carries its unit and the document that it is from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/support/result.h"

namespace st {

/// A number of a data sheet.
struct Number {
  double value = 0;
  std::string unit;
  std::string source;  ///< name of a document, or why the value was chosen
};

/// Counts of a device's resources. A BRAM18 is half of a BRAM36.
struct ResourceCounts {
  int64_t lut = 0;
  int64_t ff = 0;
  int64_t dsp = 0;
  int64_t bram18 = 0;
  int64_t uram = 0;
  friend bool operator==(const ResourceCounts&, const ResourceCounts&) = default;
};

/// The same kinds of resources, as numbers of a target file.
struct ResourceNumbers {
  Number lut, ff, dsp, bram18, uram;
  [[nodiscard]] ResourceCounts counts() const;
};

/// A kind of resource, for code that treats all alike.
struct ResourceKind {
  const char* name;  ///< as in messages; also the unit of its numbers
  const char* key;   ///< in JSON files
  int64_t ResourceCounts::*count;
  Number ResourceNumbers::*number;
};
inline constexpr ResourceKind ResourceKinds[] = {
    {"LUT", "lut", &ResourceCounts::lut, &ResourceNumbers::lut},
    {"FF", "ff", &ResourceCounts::ff, &ResourceNumbers::ff},
    {"DSP", "dsp", &ResourceCounts::dsp, &ResourceNumbers::dsp},
    {"BRAM18", "bram18", &ResourceCounts::bram18, &ResourceNumbers::bram18},
    {"URAM", "uram", &ResourceCounts::uram, &ResourceNumbers::uram}};

/// Whether no kind of `used` exceeds that of a budget.
bool within(const ResourceCounts& used, const ResourceCounts& budget);

/// A die of the device, and what the shell leaves of it.
struct Slr {
  std::string name;  ///< as in the linker's slr= option: SLR0
  ResourceNumbers usable;
};

inline constexpr int64_t Bram18Bits = 18'432;  ///< UG573: 18 Kb, parity bits included
inline constexpr int64_t UramBits = 294'912;   ///< UG573: 288 Kb

/// A word of device memory, and of the m_axi ports of emitted code: 512 bits.
inline constexpr int64_t MemoryPortBytes = 64;

/// What the channels of a memory have together where they are ways into one memory, as the ports of
/// a processing system are.
struct SharedMemory {
  Number bytes;      ///< that a design may take
  Number bandwidth;  ///< GB/s (10^9 bytes) at best
};

/// Device memory of one kind, in channels of equal size and speed.
struct DeviceMemory {
  /// As in the linker's sp= option: "HBM" or "DDR", behind which an index in brackets follows; or
  /// "" where channels have names of their own.
  std::string tag;
  std::vector<std::string> tags;            ///< by channel, "HP0"; empty where there is a tag
  std::vector<std::string> slrs;            ///< by channel: name of the SLR that it is next to
  Number channels;                          ///< (pseudo-)channels
  Number bytes_per_channel;                 ///< that one reaches
  Number channel_bandwidth;                 ///< GB/s (10^9 bytes) at best
  Number ports;                             ///< m_axi ports that a design may have to it
  std::optional<Number> ports_per_channel;  ///< of all compute units together; unset: no limit
  std::optional<Number> port_bits;          ///< width of the platform's port to a channel
  std::optional<SharedMemory> shared;       ///< unset: each channel is a memory of its own

  [[nodiscard]] int count() const { return static_cast<int>(channels.value); }
  /// "HBM", or "HP0 to HP3": of all channels, for people.
  [[nodiscard]] std::string title() const;
  /// "HBM[3]" or "HP3": what the linker calls a channel.
  [[nodiscard]] std::string channel_name(int channel) const;
  /// GB/s of a channel at a clock in MHz while `in_use` channels are busy: no more than its port
  /// takes, and an even share of what all have together.
  [[nodiscard]] double gb_per_s(double mhz, int in_use) const;
  /// Bytes of all channels together.
  [[nodiscard]] int64_t total_bytes() const;
  /// m_axi ports to one channel at most.
  [[nodiscard]] int most_channel_ports() const;
  [[nodiscard]] int64_t channel_bytes() const {
    return static_cast<int64_t>(bytes_per_channel.value);
  }
  [[nodiscard]] int max_ports() const { return static_cast<int>(ports.value); }
};

/// How Vitis makes what a board loads.
enum class Flow {
  Alveo,     ///< v++ links the .xclbin itself
  Versal,    ///< v++ links an .xsa, and packages it as .xclbin
  Embedded,  ///< the same on a platform of the user's, whose processors run the host program
};
inline constexpr Flow Flows[] = {Flow::Alveo, Flow::Versal, Flow::Embedded};
/// "alveo", "versal", "embedded".
std::string_view name_of(Flow flow);

/// A board with its shell.
struct Target {
  std::string name;         ///< lower case, as on the command line: u280
  std::string description;  ///< one line
  std::string part;         ///< of the FPGA, as for the synthesis tool
  std::string platform;     ///< of the shell, as for the linker
  Flow flow = Flow::Alveo;
  Number frequency;  ///< MHz
  Number tdp;        ///< W; of the card, not a prediction of its draw
  DeviceMemory memory;
  /// Larger and slower channels, for what does not fit one of `memory`: large embedding tables.
  std::optional<DeviceMemory> large_memory;
  ResourceNumbers total;           ///< of the device, shell included
  ResourceNumbers budget_percent;  ///< of the usable resources
  std::vector<Slr> slrs;           ///< in the order of the stack: wires join neighbours only
  /// That a design may have between two neighbours, both ways; of a single die there are none.
  std::optional<Number> crossing_wires;

  [[nodiscard]] double frequency_mhz() const { return frequency.value; }
  [[nodiscard]] int memory_channels() const { return memory.count(); }
  [[nodiscard]] int64_t channel_bytes() const { return memory.channel_bytes(); }
  /// Bytes that one m_axi port gets from a channel of `memory` in a cycle at best: no more than a
  /// word.
  [[nodiscard]] double port_bytes_per_cycle() const;
  /// Bytes that all channels of `memory` move in a cycle at best.
  [[nodiscard]] double memory_bytes_per_cycle() const;
  [[nodiscard]] int max_ports() const { return memory.max_ports(); }
  /// Channels of `memory` count from 0, those of `large_memory` go on behind them.
  [[nodiscard]] const DeviceMemory& memory_of(int channel) const;
  /// "HBM[3]": what the linker calls a channel.
  [[nodiscard]] std::string bank_name(int channel) const;
  /// Number of a channel within memory_of().
  [[nodiscard]] int index_in_memory(int channel) const;
  [[nodiscard]] double tdp_watts() const { return tdp.value; }
  /// Totals of the device, which reports of the synthesis tool call "Available".
  [[nodiscard]] int64_t lut() const { return total.counts().lut; }
  [[nodiscard]] int64_t ff() const { return total.counts().ff; }
  [[nodiscard]] int64_t dsp() const { return total.counts().dsp; }
  [[nodiscard]] int64_t bram18() const { return total.counts().bram18; }
  [[nodiscard]] int64_t uram() const { return total.counts().uram; }

  /// What the shell leaves of all SLRs.
  [[nodiscard]] ResourceCounts usable() const;
  /// What a design should stay below to meet timing: the budgeted share of usable(), rounded down.
  [[nodiscard]] ResourceCounts budget() const;
  /// The budgeted share of one SLR, rounded down.
  [[nodiscard]] ResourceCounts slr_budget(size_t slr) const;
  /// Index of the SLR that a channel is next to; 0 on a single die.
  [[nodiscard]] size_t slr_of(int channel) const;
  /// Bits of BRAM and URAM in budget().
  [[nodiscard]] int64_t on_chip_bits() const;
};

/// Whether a target contradicts itself: units, sources, positive whole counts, SLRs within the
/// device, names that are safe in scripts. Errors: E0402, all at once, each with the JSON pointer
/// of its value; `file` stands in front of the pointer.
Status check(const Target& target, const std::string& file = "");

/// Reads a target file. Errors: E0402, all at once, with JSON pointers. The result has passed
/// check().
Result<Target> parse_target(const std::string& text, const std::string& file);

/// All targets that the program carries, sorted by name.
std::vector<Target> built_in_targets();

/// The target of a built-in name in either case, or of a JSON file: what holds a '/' or ends in
/// ".json" is a path. Errors: E0401 unknown name; E0404 a board that is known and not supported;
/// E0101 unreadable file; E0402 bad file.
Result<Target> find_target(const std::string& name_or_path);

/// The JSON text behind find_target(), for keeping a copy. Errors: the same.
Result<std::string> target_text(const std::string& name_or_path);

}  // namespace st
