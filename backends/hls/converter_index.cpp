// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/converter_index.h"

namespace st::hls {
namespace {

/// Origin of the token at hand in the block, plus `offset(dimension, elements of a tile inside)`.
template <typename Offset>
std::vector<IndexSum> origin_plus(const ItensorType& type, int shared, const Offset& offset) {
  std::vector<IndexSum> x(type.elem.size());
  int64_t inside = 1;
  for (size_t d = type.elem.size(); d-- > 0;) {
    for (int l : type.map[d].loops()) {
      const auto at = static_cast<size_t>(l);
      if (l >= shared)
        x[d] = x[d] + IndexSum::variable("d" + std::to_string(l), type.trips[at].bound - 1,
                                         type.steps[at]);
    }
    x[d] = x[d] + offset(d, inside);
    inside *= type.elem[d];
  }
  return x;
}

/// A loop over consecutive coordinates of a dimension, and what one iteration adds to a number.
struct Digit {
  int64_t step, trips, weight;
};

/// Per dimension the loops inside the shared ones, outermost first; neighbours that count on are
/// one.
class Digits {
 public:
  explicit Digits(size_t rank) : all_(rank) {}

  /// Adds the loop around all that were added before.
  void add(int dimension, int64_t step, int64_t trips) {
    std::vector<Digit>& own = all_[static_cast<size_t>(dimension)];
    if (trips > 1 && !own.empty() && own.front().weight * own.front().trips == weight_) {
      own.front().trips *= trips;
    } else if (trips > 1) {
      own.insert(own.begin(), {step, trips, weight_});
    }
    weight_ *= trips;
  }
  void add_repeats(int64_t trips) { weight_ *= trips; }

  [[nodiscard]] IndexSum number_at(const std::vector<IndexSum>& x) const {
    IndexSum sum;
    for (size_t d = 0; d < x.size(); ++d) {
      for (size_t i = 0; i < all_[d].size(); ++i) {
        const IndexSum count = x[d].divided(all_[d][i].step);
        sum = sum + (i == 0 ? count : count.modulo(all_[d][i].trips)).times(all_[d][i].weight);
      }
    }
    return sum;
  }

 private:
  std::vector<std::vector<Digit>> all_;
  int64_t weight_ = 1;
};

}  // namespace

std::vector<IndexSum> beat_coordinates(const ItensorType& type, int shared, int lanes) {
  const IndexSum element = IndexSum::variable("beat", token_elements(type) / lanes - 1, lanes) +
                           IndexSum::variable("lane", lanes - 1);
  return origin_plus(type, shared, [&](size_t d, int64_t inside) {
    return element.divided(inside).modulo(type.elem[d]);
  });
}

std::vector<IndexSum> last_coordinates(const ItensorType& type, int shared) {
  return origin_plus(type, shared, [&](size_t d, int64_t) { return IndexSum(type.elem[d] - 1); });
}

IndexSum token_number(const ItensorType& source, int shared, const std::vector<IndexSum>& x) {
  Digits digits(source.elem.size());
  for (int l = static_cast<int>(source.trips.size()); l-- > shared;) {
    const auto at = static_cast<size_t>(l);
    const int dimension = dimension_moved_by(source, l);
    if (dimension < 0) {
      digits.add_repeats(source.trips[at].bound);
    } else {
      digits.add(dimension, source.steps[at], source.trips[at].bound);
    }
  }
  return digits.number_at(x);
}

IndexSum arrival_number(const ItensorType& source, int shared, const std::vector<IndexSum>& x) {
  Digits digits(source.elem.size());
  for (size_t d = source.elem.size(); d-- > 0;) digits.add(static_cast<int>(d), 1, source.elem[d]);
  for (int l = static_cast<int>(source.trips.size()); l-- > shared;) {
    const auto at = static_cast<size_t>(l);
    const int dimension = dimension_moved_by(source, l);
    if (dimension >= 0) digits.add(dimension, source.steps[at], source.trips[at].bound);
  }
  return digits.number_at(x);
}

int64_t tokens_inside(const ItensorType& source, int shared) {
  int64_t tokens = 1;
  for (auto l = static_cast<size_t>(shared); l < source.trips.size(); ++l)
    tokens *= source.trips[l].bound;
  return tokens;
}

bool repeats_inside(const ItensorType& source, int shared) {
  for (int l = shared; l < static_cast<int>(source.trips.size()); ++l)
    if (dimension_moved_by(source, l) < 0) return true;
  return false;
}

namespace {

/// The outermost loop of a block that is no further pass over all of it.
int first_inside_passes(const ItensorType& source, int shared) {
  int outermost = shared;
  while (outermost < static_cast<int>(source.trips.size()) &&
         dimension_moved_by(source, outermost) < 0)
    ++outermost;
  return outermost;
}

}  // namespace

int64_t tokens_of_first_pass(const ItensorType& source, int shared) {
  return tokens_inside(source, first_inside_passes(source, shared));
}

std::string first_copy_condition(const ItensorType& source, int shared) {
  const int outermost = first_inside_passes(source, shared);
  const int loops = static_cast<int>(source.trips.size());
  const IndexSum received = IndexSum::variable("received", tokens_inside(source, shared) - 1);
  std::string out;
  int64_t tokens = 1;
  for (int l = loops; l-- > outermost;) {
    const int64_t trips = source.trips[static_cast<size_t>(l)].bound;
    if (dimension_moved_by(source, l) < 0)
      out = received.divided(tokens).modulo(trips).text() + " == 0" +
            (out.empty() ? "" : " && " + out);
    tokens *= trips;
  }
  return out;
}

}  // namespace st::hls
