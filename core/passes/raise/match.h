// SPDX-License-Identifier: Apache-2.0
/// Small patterns that several rewrites look for.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "core/passes/raise/rewriter.h"

namespace st {

/// Whether a constant is that number, as float32 and some printed digits of it are.
bool is_near(double value, double number);

/// The operands of a node of two, in both orders.
std::array<std::pair<ValueId, ValueId>, 2> either_order(const Node& node);

/// What `id` is the square of, by Pow or Mul; NoValue if it is no square.
ValueId squared(Rewriter& rewriter, ValueId id);
/// What `id` is the mean of, over the last dimension, which is kept; NoValue if it is no such mean.
ValueId mean_of_last(Rewriter& rewriter, ValueId id);

/// x and s of x + s, or x * s, for a scalar constant s.
std::optional<std::pair<ValueId, double>> scaled_by(Rewriter& rewriter, ValueId id,
                                                    std::string_view op);
/// x where `id` is x * number or x / (1 / number); NoValue otherwise.
ValueId multiple_of(Rewriter& rewriter, ValueId id, double number);

/// `numerator` and the d of numerator / sqrt(d), written as a Div by Sqrt, or a Mul by its
/// reciprocal, from node `n`.
std::optional<std::pair<ValueId, ValueId>> over_root(Rewriter& rewriter, ValueId id);

/// A constant row [width], where the last dimension of `of` has that width.
bool is_row_for(const Rewriter& rewriter, ValueId row, ValueId of);

}  // namespace st
