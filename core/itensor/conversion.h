// SPDX-License-Identifier: Apache-2.0
/// What must lie between two streams of one tensor that differ in type (StreamTensor §5.2.1).
///
/// The paper shares the outermost loops that both types agree on, and holds what is inside them in
/// a ping-pong buffer. Here loops are first split where that makes more of them agree, and a
/// *block*, the part of the tensor inside the shared loops, is held in one *live-range buffer*: its
/// elements are numbered in the order in which they first arrive, element `a` lives in cell
/// `a mod window`, and the window is the largest distance between the newest element that had to
/// be received and the oldest that is still to be sent.
#pragma once

#include <cstdint>
#include <vector>

#include "core/itensor/itensor.h"

namespace st {

/// A converter from one stream to one or several others of the same tensor.
///
/// Schedule of a sliding one, per block. A buffer of the whole block first receives all of it: its
/// writer can finish a block whatever the readers do. A smaller one receives, before each token of
/// the first reader, up to and including the last source token whose elements it needs for the
/// first time, and after its last one what is left of the block (repeats), which it drops. Then the
/// other readers get theirs, one after another. A ping-pong receives a whole block while it sends
/// the one before.
struct ConversionPlan {
  int shared = 0;                    ///< outermost loops that `source` and all `results` agree on
  ItensorType source;                ///< the same streams with loops dropped, merged and split
  std::vector<ItensorType> results;  ///< one per reader
  std::vector<int64_t> block;        ///< shape of the tensor inside the shared loops, at the bounds
  bool sliding = false;  ///< one live-range buffer; false: a ping-pong of the whole block
  int64_t window = 0;    ///< elements of the buffer, or of one half of the ping-pong
};

/// The smallest live-range buffer, or a ping-pong where trip counts inside the shared loops are
/// symbolic. All types must pass verify() and view one tensor (verify of a plan says if not).
/// Time: linear in the elements of a block. Equal orders need no converter; see same_order().
ConversionPlan plan_conversion(const ItensorType& source, const std::vector<ItensorType>& results);

/// Elements of a block, at the bounds.
int64_t block_elements(const ConversionPlan& plan);
/// Bits of the buffer; a ping-pong counts twice.
int64_t buffer_bits(const ConversionPlan& plan);
/// The smallest window not below the plan's that is a multiple of `lanes`, and never more than the
/// block: a beat then never wraps around inside, which saves a remainder for each lane.
int64_t aligned_window(const ConversionPlan& plan, int lanes);

/// One block of a sliding conversion as tables: what an interpreter walks, and what the emitted
/// code computes from its counters. The arrival number of the element at block coordinates x is the
/// sum over d of arrival[d][x[d]], and the elements of a tile arrive in row-major order.
struct ConversionBlock {
  std::vector<std::vector<int64_t>> arrival;  ///< per dimension and coordinate
  /// Per source token: arrival number of its first element, the others follow; -1: all are repeats,
  /// to be dropped.
  std::vector<int64_t> store;
  /// Per token of the first reader: number of the last source token to be received before it.
  std::vector<int64_t> last;
};
/// The tables of a sliding plan. Size: the block's tokens, repeats included.
ConversionBlock block_of(const ConversionPlan& plan);

/// Cycles of a block, with `lanes_in` and, per reader, `lanes_out` elements in a beat; the buffer
/// is split into as many banks as the widest beat has lanes, dealt out in turn. Receiving and
/// sending alternate in a sliding buffer, and overlap in a ping-pong. Bounds in place of symbols.
int64_t block_cycles(const ConversionPlan& plan, int lanes_in, const std::vector<int>& lanes_out);
/// Cycles that one beat to reader `reader` takes, because lanes may meet in a bank: a bank serves
/// two reads (AMD UG1399: true dual-port BRAM). 1 for a ping-pong, whose banks are not modelled.
int64_t cycles_per_beat(const ConversionPlan& plan, size_t reader, int lanes, int banks);

/// True if both streams carry the same elements in the same order, so that at most the widths of
/// their beats differ. Exact for constant trip counts; types with symbols whose orders agree only
/// through arithmetic on them count as different.
bool same_order(const ItensorType& a, const ItensorType& b);

/// Replays the streams through a buffer of exactly `window` cells, for small values of the symbols,
/// and knows nothing of how the plan was made. Errors: E0320, for each reader the first token that
/// goes wrong; types of different tensors; loops that are not those of the streams.
Status verify(const ItensorType& source, const std::vector<ItensorType>& results,
              const ConversionPlan& plan);

/// Elements that any converter must hold at some moment, whatever its schedule: those still to be
/// sent that no later source token brings again, and those of the token being sent. Constant trip
/// counts only.
int64_t live_bound(const ItensorType& source, const ItensorType& result);

/// The paper's converter by the loop-prefix rule (Algorithm 1, read from the outermost loop).
struct Conversion {
  int shared = 0;               ///< outermost loops that both types agree on
  std::vector<int64_t> buffer;  ///< shape of the buffer inside them
};
/// Elements of one half of the ping-pong buffer.
int64_t buffer_elements(const Conversion& conversion);
/// Both types view one tensor. Equal types need no converter; do not ask then.
Conversion infer_conversion(const ItensorType& source, const ItensorType& result);
/// Elements of the paper's converter: both halves of its ping-pong.
int64_t paper_elements(const ItensorType& source, const ItensorType& result);

}  // namespace st
