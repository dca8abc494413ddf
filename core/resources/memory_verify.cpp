// SPDX-License-Identifier: Apache-2.0
// The check of a choice of memories. It lays words out in blocks by itself, and shares no numbers
// with memory.cpp.
#include <algorithm>
#include <limits>

#include "core/resources/memory_problem.h"

namespace st {
namespace {

/// Blocks in a column of `depth` words each, times columns of `width` bits.
int64_t cover(int64_t words, int64_t bits, int64_t depth, int64_t width) {
  const int64_t rows = (words - 1) / depth + 1;
  const int64_t columns = (bits - 1) / width + 1;
  return rows * columns;
}

/// UG573: a BRAM18 has 2^14 addresses of a bit; with an address bit less, words are twice as wide,
/// and from 8 bits on each byte has a parity bit. Words of 32 bits need the wires of both ports.
int64_t block_rams(int64_t words, int64_t bits, bool two_reads) {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (int address = two_reads ? 10 : 9; address <= 14; ++address) {
    const int64_t data = int64_t{1} << (14 - address);
    least = std::min(least, cover(words, bits, int64_t{1} << address, data + data / 8));
  }
  return least;
}

/// UG574: a SLICEM has 8 LUTs of 64 bits, of which 7 can be read where another one is written:
/// 7 bits of 64 words, or 14 of 32. Where two places are read, a bit of 64 words takes two LUTs,
/// and a slice holds 8 bits of 32.
int64_t lut_ram(int64_t words, int64_t bits, bool two_reads) {
  if (two_reads) return std::min(2 * cover(words, bits, 64, 1), 8 * cover(words, bits, 32, 8));
  return 8 * std::min(cover(words, bits, 64, 7), cover(words, bits, 32, 14));
}

/// UG574: half a LUT shifts by 16, a whole one by 32. Counted in halves for each bit.
int64_t shift_luts(int64_t words, int64_t bits) {
  int64_t wholes = 0, halves = 0;
  for (; words > 0; words -= 32) ++(words > 16 ? wholes : halves);
  return wholes * bits + (halves * bits + 1) / 2;
}

/// Bits that count `words` values from 0.
int64_t counter_bits(int64_t words) {
  int64_t bits = 0;
  while (bits < 62 && (int64_t{1} << bits) < words) ++bits;
  return bits;
}

struct Count {
  MemoryCost cost;
  int64_t bits = 0;  ///< of the blocks
};

Count count(const MemoryProblem::Item& item, MemoryKind kind) {
  const bool two_reads = item.ports == MemoryPorts::TwoReadOrWrite;
  Count one;
  switch (kind) {
    case MemoryKind::Srl:
      one.cost.lut = shift_luts(item.words, item.width_bits);
      one.bits = one.cost.lut * 32;
      break;
    case MemoryKind::LutRam:
      one.cost.lut = lut_ram(item.words, item.width_bits, two_reads);
      one.bits = one.cost.lut * 64;
      break;
    case MemoryKind::Bram:
      one.cost.bram18 = block_rams(item.words, item.width_bits, two_reads);
      one.bits = one.cost.bram18 * 18 * 1024;
      break;
    case MemoryKind::Uram:
      one.cost.uram = cover(item.words, item.width_bits, 4096, 72);
      one.bits = one.cost.uram * 288 * 1024;
      break;
  }
  if (item.fifo) one.cost.lut += 2 * counter_bits(item.words);
  return {{one.cost.lut * item.banks, one.cost.bram18 * item.banks, one.cost.uram * item.banks},
          one.bits * item.banks};
}

}  // namespace

Status verify(const MemoryProblem& problem, const MemoryPlan& plan) {
  ST_CHECK(problem.check());
  Diagnostics problems;
  auto report = [&](const std::string& message, const std::string& where = "") {
    problems.push_back({"E0320", message, where, {}, ""});
  };
  if (plan.kind.size() != problem.items.size()) {
    report("the plan is for other memories");
    return problems;
  }
  MemoryCost total;
  std::array<BitsUse, AllMemoryKinds.size()> bits;
  for (size_t i = 0; i < plan.kind.size(); ++i) {
    const MemoryProblem::Item& item = problem.items[i];
    const MemoryKind kind = plan.kind[i];
    const std::string where = "memory '" + printable(item.name) + "'";
    if (kind == MemoryKind::Srl && !item.fifo)
      report("shift registers cannot be addressed freely", where);
    if (kind == MemoryKind::Uram && item.initialised) report("URAM cannot be initialised", where);
    const Count own = count(item, kind);
    total.lut += own.cost.lut;
    total.bram18 += own.cost.bram18;
    total.uram += own.cost.uram;
    bits[static_cast<size_t>(kind)].provided += own.bits;
    bits[static_cast<size_t>(kind)].used += item.used_bits;
  }
  auto check = [&](const std::string& resource, int64_t said, int64_t counted, int64_t budget) {
    if (said != counted)
      report(resource + ": the plan says " + std::to_string(said) + ", its memories take " +
             std::to_string(counted));
    if (counted > budget)
      report(resource + ": " + std::to_string(counted) + " exceed the budget of " +
             std::to_string(budget));
  };
  check("LUT", plan.cost.lut, total.lut, problem.budget.lut);
  check("BRAM18", plan.cost.bram18, total.bram18, problem.budget.bram18);
  check("URAM", plan.cost.uram, total.uram, problem.budget.uram);
  for (const MemoryKind kind : AllMemoryKinds) {
    const auto k = static_cast<size_t>(kind);
    if (plan.bits[k] != bits[k])
      report(std::string(name_of(kind)) + ": the plan says " + std::to_string(plan.bits[k].used) +
             " of " + std::to_string(plan.bits[k].provided) + " bits, its memories hold " +
             std::to_string(bits[k].used) + " of " + std::to_string(bits[k].provided));
  }
  return problems;
}

}  // namespace st
