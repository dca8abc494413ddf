// SPDX-License-Identifier: Apache-2.0
#include "core/resources/memory_problem.h"

namespace st {

Status MemoryProblem::check() const {
  Diagnostics problems;
  auto report = [&](const std::string& message, const std::string& where) {
    problems.push_back({"E0320", message, where, {}, ""});
  };
  if (items.size() > MostItems) report("more memories than " + std::to_string(MostItems), "");
  for (const Item& item : items) {
    const std::string where = "memory '" + printable(item.name) + "'";
    if (item.width_bits < 1 || item.words < 1 || item.banks < 1) {
      report("width, words and banks are at least 1", where);
    } else if (item.banks > MostBanks) {
      report("more banks than " + std::to_string(MostBanks), where);
    } else if (item.words > MostItemBits / item.width_bits ||
               item.banks > MostItemBits / (item.width_bits * item.words)) {
      report("more bits than " + std::to_string(MostItemBits), where);
    } else if (item.fifo && item.ports != MemoryPorts::ReadAndWrite) {
      report("a FIFO has one port to read and one to write", where);
    } else if (item.used_bits < 0 || item.used_bits > item.width_bits * item.words * item.banks) {
      report("it stores " + std::to_string(item.used_bits) + " bits, and has " +
                 std::to_string(item.width_bits * item.words * item.banks),
             where);
    }
  }
  if (budget.lut < 0 || budget.bram18 < 0 || budget.uram < 0) report("a budget is negative", "");
  return problems;
}

bool is_legal(const MemoryProblem::Item& item, MemoryKind kind) {
  if (kind == MemoryKind::Srl) return item.fifo;
  return kind != MemoryKind::Uram || !item.initialised;
}

MemoryKind preferred_kind(const MemoryProblem::Item& item) {
  if (item.fifo) return choose_fifo_memory(item.width_bits, item.words);
  const MemoryKind kind = choose_buffer_memory(item.width_bits, item.words);
  return is_legal(item, kind) ? kind : MemoryKind::Bram;
}

namespace {

MemoryCost bank_of(const MemoryProblem::Item& item, MemoryKind kind) {
  return blocks_of(kind, item.width_bits, item.words, item.ports);
}

}  // namespace

MemoryCost cost_of(const MemoryProblem::Item& item, MemoryKind kind) {
  MemoryCost total;
  accumulate(total, item.fifo ? cost_of(kind, item.width_bits, item.words) : bank_of(item, kind),
             item.banks);
  return total;
}

MemoryPlan plan_of(const MemoryProblem& problem, std::vector<MemoryKind> kind) {
  MemoryPlan plan;
  for (size_t i = 0; i < kind.size(); ++i) {
    const MemoryProblem::Item& item = problem.items[i];
    accumulate(plan.cost, cost_of(item, kind[i]));
    BitsUse& bits = plan.bits[static_cast<size_t>(kind[i])];
    bits.provided += item.banks * capacity_bits(kind[i], bank_of(item, kind[i]));
    bits.used += item.used_bits;
  }
  plan.kind = std::move(kind);
  return plan;
}

}  // namespace st
