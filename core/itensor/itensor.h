// SPDX-License-Identifier: Apache-2.0
/// The iterative tensor type: which tile of which tensor a stream carries at each step
/// (StreamTensor §3.1.2).
///
///   itensor<1x16xf32, iter_space: [sequence<=64,4]*[1,16], iter_map: (d0,d1)->(d0,d1)>
///
/// Loop level l counts k_l = 0..trip_l-1 and contributes the index k_l*step_l; the token at an
/// iteration is the `elem`-shaped slice whose origin in the full tensor is `iter_map` of these
/// indices; the last loop is the fastest. A loop that the map does not use streams everything
/// inside it again (re-access).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/graph/tensor.h"
#include "core/support/extent.h"
#include "core/support/result.h"

namespace st {

/// A trip count: an expression over symbols and outer loop counters ("d0"), with its largest value.
struct Trip {
  Extent count;
  int64_t bound = 1;  ///< equals count where that is constant
  Trip() = default;
  Trip(int64_t n) : count(n), bound(n) {}
  Trip(Extent e, int64_t b) : count(std::move(e)), bound(b) {}
  friend bool operator==(const Trip&, const Trip&) = default;
};

/// One result of iter_map: a loop dimension, or the constant 0 (`Zero`).
inline constexpr int Zero = -1;

struct ItensorType {
  std::vector<int64_t> elem;  ///< tile shape, in elements; rank of the full tensor
  DType dtype = DType::F32;
  std::vector<Trip> trips;     ///< outermost first
  std::vector<int64_t> steps;  ///< per loop, in elements
  std::vector<int> map;        ///< per tensor dimension: the loop that moves it, or Zero

  friend bool operator==(const ItensorType&, const ItensorType&) = default;
};

/// The text form, as printed in the paper.
std::string text_of(const ItensorType& type);

/// Ranks agree, sizes are positive, every map result is a distinct loop or Zero, steps equal the
/// tile where a loop is mapped. Errors: E0310, one per broken rule.
Status verify(const ItensorType& type);

/// Elements of one token.
int64_t token_elements(const ItensorType& type);
/// Tokens in the stream with every symbol at its bound.
int64_t max_tokens(const ItensorType& type);
/// Bits of one token.
int64_t token_bits(const ItensorType& type);
/// Largest shape of the full tensor.
std::vector<int64_t> max_shape(const ItensorType& type);

/// Calls `visit(origin)` for each token in stream order, trip counts taken under `bindings`.
void for_each_token(const ItensorType& type, const Bindings& bindings,
                    const std::function<void(const std::vector<int64_t>& origin)>& visit);
/// Tokens in the stream under `bindings`.
int64_t token_count(const ItensorType& type, const Bindings& bindings);

/// What must lie between two streams of one tensor (StreamTensor §5.2.1, Algorithm 1, by the
/// loop-prefix rule).
struct Conversion {
  int shared = 0;               ///< outermost loops that both types agree on
  std::vector<int64_t> buffer;  ///< shape of the buffer inside them
};
/// Both types view one tensor. Equal types need no converter; do not ask then.
Conversion infer_conversion(const ItensorType& source, const ItensorType& result);

}  // namespace st
