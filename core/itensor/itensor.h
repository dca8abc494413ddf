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
#include <optional>
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

/// The constant result of iter_map.
inline constexpr int Zero = -1;

/// One result of iter_map: the index of a loop, the sum of the indices of several, or 0. Sums
/// appear where a tile is streamed in smaller pieces (§4.3.3): the outer loop moves the tile, the
/// inner one the piece within it.
class MapResult {
 public:
  MapResult() = default;
  MapResult(int loop) {
    if (loop != Zero) loops_.push_back(loop);
  }
  /// Distinct loops; their order does not matter.
  static MapResult sum(std::vector<int> loops);

  [[nodiscard]] const std::vector<int>& loops() const { return loops_; }  ///< ascending
  [[nodiscard]] bool is_zero() const { return loops_.empty(); }
  [[nodiscard]] bool uses(int loop) const;
  friend bool operator==(const MapResult&, const MapResult&) = default;

 private:
  std::vector<int> loops_;
};

/// How the element of a token is spelt.
enum class ElementForm {
  Tile,    ///< 4x2xf32
  Vector,  ///< vector<4x2xf32>: what a FIFO moves in one cycle
  Scalar,  ///< f32: every tile size is 1
};

struct ItensorType {
  std::vector<int64_t> elem;  ///< tile shape, in elements; rank of the full tensor
  DType dtype = DType::F32;
  std::vector<Trip> trips;     ///< outermost first
  std::vector<int64_t> steps;  ///< per loop, in elements
  std::vector<MapResult> map;  ///< per tensor dimension
  ElementForm form = ElementForm::Tile;

  friend bool operator==(const ItensorType&, const ItensorType&) = default;
};

/// The text form, as printed in the paper.
std::string text_of(const ItensorType& type);

/// Reads the text form. Errors: E0311 with the place; those of verify().
Result<ItensorType> parse_itensor(std::string_view text);

/// Every rule that a type must keep. Errors: E0310, one per broken rule, all at once:
/// as many steps as trip counts; as many map results as tile dimensions; positive tile sizes, steps
/// and bounds; sizes that fit 62 bits together; constant trip counts that equal their bound;
/// symbolic ones that use only outer counters; a map of existing loops, none used twice; per
/// dimension a regular tiling: the innermost of its loops steps by the tile, each outer one by all
/// that is inside it. Overlapping tiles (halos), gaps and strided windows are refused by these
/// names.
Status verify(const ItensorType& type);

/// Elements of one token.
int64_t token_elements(const ItensorType& type);
/// Tokens in the stream with every symbol at its bound.
int64_t max_tokens(const ItensorType& type);
/// Bits of one token.
int64_t token_bits(const ItensorType& type);
/// Largest shape of the full tensor.
std::vector<int64_t> max_shape(const ItensorType& type);
/// Different tiles of the tensor, symbols at their bounds.
int64_t distinct_tiles(const ItensorType& type);
/// How often each tile is streamed, symbols at their bounds; an average where trip counts depend on
/// counters.
double reaccess_factor(const ItensorType& type);

/// Calls `visit(origin)` for each token in stream order, trip counts taken under `bindings`.
void for_each_token(const ItensorType& type, const Bindings& bindings,
                    const std::function<void(const std::vector<int64_t>& origin)>& visit);
/// Tokens in the stream under `bindings`.
int64_t token_count(const ItensorType& type, const Bindings& bindings);
/// Origin of token number `step`; nullopt past the end.
std::optional<std::vector<int64_t>> token_at(const ItensorType& type, const Bindings& bindings,
                                             int64_t step);
/// Number of the first token with this origin; nullopt if no token has it.
std::optional<int64_t> first_step_of(const ItensorType& type, const Bindings& bindings,
                                     const std::vector<int64_t>& origin);

/// Outermost loops that both types agree on: trip count, step, and the dimension that each moves
/// (or none).
int shared_prefix(const ItensorType& a, const ItensorType& b);
/// The loop that a symbol of a trip count names ("d3" -> 3), or -1 if it is no loop counter.
int loop_named(const std::string& symbol);
/// Dimension that a loop moves, or -1.
int dimension_moved_by(const ItensorType& type, int loop);

/// The type of the same stream in pieces of shape `vector`, which divides the tile (§4.3.3): one
/// more loop per divided dimension.
Result<ItensorType> vectorised(const ItensorType& type, const std::vector<int64_t>& vector);

}  // namespace st
