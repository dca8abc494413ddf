// SPDX-License-Identifier: Apache-2.0
/// What the arithmetic of a kernel is made of: operators, and what each of them costs. One table
/// serves resources (core/resources/kernel_resources.h) and latencies
/// (core/resources/program_network.h); every entry names its source.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace st {

/// Operators of an UltraScale+ device at 250 to 300 MHz.
enum class Operator {
  FloatAdd,
  FloatMultiply,
  ScaleMultiply,  ///< float by bfloat16
  ScaleInt,       ///< an integer of 17 bits and a sign by a float, without a conversion before
  FloatDivide,
  FloatSqrt,
  FloatExp,
  FloatCompare,
  IntToFloat,
  FloatToShort,      ///< 16 bits or fewer
  ByteMultiply,      ///< 8 x 8 bits in LUTs, which is what HLS takes if nothing is said
  NibbleMultiply,    ///< 4 x 8 bits in LUTs
  ShortMultiply,     ///< 16 x 8 bits, in one DSP
  ByteMultiplyPair,  ///< two 8 x 8 products, or 4 x 8, that share an operand, in one DSP
  MultiplyAdd,       ///< a product, or products that share factors, added to those of a DSP before
  ChainWait,         ///< a bit of each factor of a chain of four DSPs
  QuadChain,         ///< a chain of four products each is parted and added to those of its port
  IntAdd,            ///< 32 bits
  ShortAdd,          ///< 16 bits
  Select,            ///< one bit out of four
};

struct OperatorCost {
  std::string_view name;
  int64_t stages = 0;  ///< register stages: cycles from operands to result
  int64_t lut = 0, ff = 0, dsp = 0;
  std::string_view source;
};

/// All operators, in the order of the enumeration.
const std::vector<OperatorCost>& operator_costs();
const OperatorCost& cost_of(Operator op);

/// Operations of one kind in a loop. A loop that starts an iteration every `interval` cycles uses
/// each operator that often, so that it needs 1 / interval as many.
struct OperatorUse {
  Operator op;
  int64_t per_iteration = 0;
  int64_t interval = 1;
  [[nodiscard]] int64_t operators() const { return (per_iteration + interval - 1) / interval; }
};

/// The arithmetic of a kernel.
struct Datapath {
  std::vector<OperatorUse> uses;
  /// Operators one after another on the longest way from what an iteration reads to what it writes.
  std::vector<Operator> path;

  void add(Operator op, int64_t per_iteration, int64_t interval = 1) {
    uses.push_back({op, per_iteration, interval});
  }
  void then(Operator op, int64_t times = 1) { path.insert(path.end(), times, op); }
  /// Register stages of `path`.
  [[nodiscard]] int64_t stages() const;
};

/// Levels of a tree over `lanes` values.
int64_t tree_levels(int64_t lanes);
/// LUTs (uses of Select) of a multiplexer of `bits` bits out of `choices`.
int64_t selects_of(int64_t bits, int64_t choices);

}  // namespace st
