// SPDX-License-Identifier: Apache-2.0
/// What a decoder's graph computes of sizes and positions, seen by example.
///
/// Exports compute shapes and masks from the shapes of their inputs, by dozens of nodes that differ
/// from one exporter to the next. A probe runs them for one number of rows and of cached positions,
/// without padding: what they are is then seen, not recognised.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/passes/raise/rewriter.h"

namespace st {

class Probe {
 public:
  /// `rows` tokens behind `past` cached ones.
  Probe(Rewriter& rewriter, int64_t rows, int64_t past);

  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] int64_t past() const { return past_; }

  /// The shape of a value, by types that are known and by what nodes do to shapes; nullopt where it
  /// does not follow.
  std::optional<std::vector<int64_t>> shape(ValueId id);
  /// The value, if it depends on nothing but constants, shapes, positions, and a mask that hides
  /// nothing; nullptr otherwise, and for more than MostElements elements.
  const Tensor* value(ValueId id);
  /// The same of one element.
  std::optional<double> scalar(ValueId id);

 private:
  static constexpr int64_t MostElements = int64_t{1} << 24;
  static constexpr int MostDepth = 400;  ///< nodes between a value and the inputs

  std::optional<std::vector<int64_t>> shape_of_node(const Node& node);
  /// Constant axes, which are an attribute or operand 1; none where they are not known.
  std::vector<int64_t> axes_of(const Node& node);
  std::optional<Tensor> value_of(ValueId id);
  std::optional<Tensor> input_value(const Value& input);

  Rewriter& rewriter_;
  int64_t rows_, past_;
  Bindings bindings_;
  std::map<ValueId, std::optional<Tensor>> values_;
  std::map<ValueId, std::optional<std::vector<int64_t>>> shapes_;
  int depth_ = 0;
};

}  // namespace st
