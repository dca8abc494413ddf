// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/program.h"

#include <algorithm>

namespace st {

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

int64_t bytes_of(const Memory& memory) {
  int64_t words = memory.rows * memory.words_per_row();
  if (memory.role == MemoryRole::Parameters) {
    words = memory.segments.empty()
                ? 0
                : memory.segments.back().first_word + memory.segments.back().words;
  }
  return words * (WordBits / 8);
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

int64_t beats_per_row(const Program& program, const StreamType& type) {
  return type.max_beats() / program.max_sequence;
}

std::string group_name(int group) { return "group" + std::to_string(group); }

bool writes(const Program& program, int group, MemoryId m) {
  for (KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[k];
    const bool uses = !kernel.memories.empty() && kernel.memories[0] == m;
    if (uses && (kernel.kind == "store_rows" || kernel.kind == "cache_rows")) return true;
  }
  return false;
}

}  // namespace st
