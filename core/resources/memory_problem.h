// SPDX-License-Identifier: Apache-2.0
/// The memories behind FIFOs and buffers: the problem, what a solution is, and its check. The
/// solver is behind choose_kinds(); the check is in memory_verify.cpp, and counts blocks by itself.
///
/// Each item has a kind that suits its geometry best. Where all of these together exceed what the
/// target has of one resource, items move to other kinds, as few and as cheap ones as possible.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/platform/target.h"
#include "core/resources/memory.h"

namespace st {

/// Bits and banks of one item at most, far more than any device has, and items: the bits of all
/// their blocks stay below 2^63.
inline constexpr int64_t MostItemBits = int64_t{1} << 34;
inline constexpr int64_t MostBanks = int64_t{1} << 17;
inline constexpr size_t MostItems = size_t{1} << 16;

/// FIFOs and buffers of one design, and the resources that they may take.
struct MemoryProblem {
  struct Item {
    std::string name;        ///< for messages
    int64_t width_bits = 1;  ///< of a word
    int64_t words = 1;       ///< of one bank
    int64_t banks = 1;       ///< equal memories side by side; copies of a ping-pong are banks too
    MemoryPorts ports = MemoryPorts::ReadAndWrite;
    bool fifo = false;         ///< may be shift registers; has pointers
    bool initialised = false;  ///< holds values from the start, which URAM cannot
    int64_t used_bits = 0;     ///< that the design stores, at most width * words * banks
  };
  std::vector<Item> items;
  ResourceCounts budget;  ///< LUT, BRAM18 and URAM; the others do not matter here

  /// Sizes out of range. Errors: E0320, all at once.
  [[nodiscard]] Status check() const;
};

/// Whether an item may be of a kind: shift registers are for FIFOs only, and URAM starts empty.
bool is_legal(const MemoryProblem::Item& item, MemoryKind kind);
/// The kind that suits its geometry best.
MemoryKind preferred_kind(const MemoryProblem::Item& item);
/// What all banks of an item cost as `kind`, pointers of a FIFO included.
MemoryCost cost_of(const MemoryProblem::Item& item, MemoryKind kind);

/// Bits of the blocks of one kind, and how many of them hold something.
struct BitsUse {
  int64_t provided = 0;
  int64_t used = 0;
  [[nodiscard]] int64_t wasted() const { return provided - used; }
  friend bool operator==(const BitsUse&, const BitsUse&) = default;
};

/// A kind for each item, and what they take together.
struct MemoryPlan {
  std::vector<MemoryKind> kind;
  MemoryCost cost;
  std::array<BitsUse, AllMemoryKinds.size()> bits;  ///< by kind
};

/// Totals of `kind`. Requires a problem that passes check() and a kind for each item.
MemoryPlan plan_of(const MemoryProblem& problem, std::vector<MemoryKind> kind);

/// Whether a plan is one: a legal kind for each item, the totals that these have, and none above
/// its budget. Errors: E0320, all at once.
Status verify(const MemoryProblem& problem, const MemoryPlan& plan);

/// Preferred kinds where they fit, else kinds that fit with the least cost of what moves.
/// Deterministic. Errors: those of check(); E0403 with what is needed and what there is, per
/// resource that does not suffice; E0901 if the solver fails.
Result<MemoryPlan> choose_kinds(const MemoryProblem& problem);

}  // namespace st
