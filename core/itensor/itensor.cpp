// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/itensor.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace st {
namespace {

std::string counter(int loop) { return "d" + std::to_string(loop); }

/// The loops as a recursion; `visit(index)` sees k*step of every loop, and returns false to stop.
template <typename Visit>
bool walk(const ItensorType& type, size_t level, Bindings& bindings, std::vector<int64_t>& index,
          const Visit& visit) {
  if (level == type.trips.size()) return visit(index);
  const Extent& count = type.trips[level].count;
  const int64_t trips = count.is_constant() ? count.offset() : count.evaluate(bindings).value_or(0);
  // Only a later triangular trip count reads the counter, so it is bound only where the type has
  // one.
  const bool triangular = std::any_of(type.trips.begin(), type.trips.end(), [&](const Trip& trip) {
    return trip.count.terms().count(counter(static_cast<int>(level))) != 0;
  });
  for (int64_t k = 0; k < trips; ++k) {
    if (triangular) bindings[counter(static_cast<int>(level))] = k;
    index[level] = k * type.steps[level];
    if (!walk(type, level + 1, bindings, index, visit)) return false;
  }
  return true;
}

/// Calls `visit(origin)` for each token until it returns false.
template <typename Visit>
void walk_tokens(const ItensorType& type, const Bindings& bindings, const Visit& visit) {
  Bindings local = bindings;
  std::vector<int64_t> index(type.trips.size(), 0);
  std::vector<int64_t> origin(type.elem.size(), 0);
  walk(type, 0, local, index, [&](const std::vector<int64_t>& i) {
    for (size_t d = 0; d < origin.size(); ++d) {
      origin[d] = 0;
      for (int loop : type.map[d].loops()) origin[d] += i[loop];
    }
    return visit(origin);
  });
}

bool rectangular(const ItensorType& type) {
  return std::all_of(type.trips.begin(), type.trips.end(), [](const Trip& trip) {
    const auto& terms = trip.count.terms();
    return std::none_of(terms.begin(), terms.end(),
                        [](const auto& term) { return loop_named(term.first) >= 0; });
  });
}

}  // namespace

MapResult MapResult::sum(std::vector<int> loops) {
  MapResult result;
  result.loops_ = std::move(loops);
  std::sort(result.loops_.begin(), result.loops_.end());
  return result;
}

bool MapResult::uses(int loop) const {
  return std::find(loops_.begin(), loops_.end(), loop) != loops_.end();
}

std::string text_of(const ItensorType& type) {
  std::string element;
  if (type.form != ElementForm::Scalar) {
    for (int64_t size : type.elem) element += std::to_string(size) + "x";
  }
  element += name_of(type.dtype);
  std::string out = "itensor<" +
                    (type.form == ElementForm::Vector ? "vector<" + element + ">" : element) +
                    ", iter_space: [";
  for (size_t l = 0; l < type.trips.size(); ++l) {
    if (l > 0) out += ",";
    out += type.trips[l].count.text();
    if (!type.trips[l].count.is_constant()) out += "<=" + std::to_string(type.trips[l].bound);
  }
  out += "]*[";
  for (size_t l = 0; l < type.steps.size(); ++l) {
    if (l > 0) out += ",";
    out += std::to_string(type.steps[l]);
  }
  out += "], iter_map: (";
  for (size_t l = 0; l < type.trips.size(); ++l) {
    if (l > 0) out += ",";
    out += counter(static_cast<int>(l));
  }
  out += ")->(";
  for (size_t d = 0; d < type.map.size(); ++d) {
    if (d > 0) out += ",";
    std::string sum;
    for (int loop : type.map[d].loops()) sum += (sum.empty() ? "" : "+") + counter(loop);
    out += sum.empty() ? "0" : sum;
  }
  return out + ")>";
}

int64_t token_elements(const ItensorType& type) {
  return std::accumulate(type.elem.begin(), type.elem.end(), int64_t{1}, std::multiplies<>());
}

int64_t max_tokens(const ItensorType& type) {
  int64_t tokens = 1;
  for (const Trip& trip : type.trips) tokens *= trip.bound;
  return tokens;
}

int64_t token_bits(const ItensorType& type) { return token_elements(type) * bits_of(type.dtype); }

std::vector<int64_t> max_shape(const ItensorType& type) {
  std::vector<int64_t> shape = type.elem;
  for (size_t d = 0; d < shape.size(); ++d) {
    for (int loop : type.map[d].loops())
      shape[d] += (type.trips[loop].bound - 1) * type.steps[loop];
  }
  return shape;
}

int64_t distinct_tiles(const ItensorType& type) {
  int64_t tiles = 1;
  const std::vector<int64_t> shape = max_shape(type);
  for (size_t d = 0; d < shape.size(); ++d) tiles *= shape[d] / type.elem[d];
  return tiles;
}

double reaccess_factor(const ItensorType& type) {
  return static_cast<double>(max_tokens(type)) / static_cast<double>(distinct_tiles(type));
}

void for_each_token(const ItensorType& type, const Bindings& bindings,
                    const std::function<void(const std::vector<int64_t>&)>& visit) {
  walk_tokens(type, bindings, [&](const std::vector<int64_t>& origin) {
    visit(origin);
    return true;
  });
}

int64_t token_count(const ItensorType& type, const Bindings& bindings) {
  int64_t count = 1;
  if (rectangular(type)) {
    for (const Trip& trip : type.trips)
      count *= std::max<int64_t>(0, trip.count.evaluate(bindings).value_or(0));
    return count;
  }
  count = 0;
  walk_tokens(type, bindings, [&](const std::vector<int64_t>&) { return ++count > 0; });
  return count;
}

std::optional<std::vector<int64_t>> token_at(const ItensorType& type, const Bindings& bindings,
                                             int64_t step) {
  std::optional<std::vector<int64_t>> found;
  if (step < 0) return found;
  int64_t number = 0;
  walk_tokens(type, bindings, [&](const std::vector<int64_t>& origin) {
    if (number++ == step) found = origin;
    return !found;
  });
  return found;
}

std::optional<int64_t> first_step_of(const ItensorType& type, const Bindings& bindings,
                                     const std::vector<int64_t>& wanted) {
  std::optional<int64_t> found;
  int64_t number = 0;
  walk_tokens(type, bindings, [&](const std::vector<int64_t>& origin) {
    if (origin == wanted) found = number;
    ++number;
    return !found;
  });
  return found;
}

int loop_named(const std::string& symbol) {
  if (symbol.size() < 2 || symbol[0] != 'd') return -1;
  int loop = 0;
  const auto [end, error] = std::from_chars(symbol.data() + 1, symbol.data() + symbol.size(), loop);
  return error == std::errc() && end == symbol.data() + symbol.size() ? loop : -1;
}

int dimension_moved_by(const ItensorType& type, int loop) {
  for (size_t d = 0; d < type.map.size(); ++d) {
    if (type.map[d].uses(loop)) return static_cast<int>(d);
  }
  return -1;
}

int shared_prefix(const ItensorType& a, const ItensorType& b) {
  int shared = 0;
  while (shared < static_cast<int>(std::min(a.trips.size(), b.trips.size()))) {
    const int dimension = dimension_moved_by(a, shared);
    if (dimension != dimension_moved_by(b, shared) || a.trips[shared] != b.trips[shared]) break;
    if (dimension >= 0 && a.steps[shared] != b.steps[shared]) break;
    ++shared;
  }
  return shared;
}

Result<ItensorType> vectorised(const ItensorType& type, const std::vector<int64_t>& vector) {
  if (vector.size() != type.elem.size())
    return Diagnostic{"E0310",
                      "a vector of rank " + std::to_string(vector.size()) +
                          " cannot divide a tile of rank " + std::to_string(type.elem.size()),
                      "",
                      {text_of(type)},
                      ""};
  ItensorType pieces = type;
  pieces.form = ElementForm::Vector;
  pieces.elem = vector;
  for (size_t d = 0; d < vector.size(); ++d) {
    if (vector[d] <= 0 || type.elem[d] % vector[d] != 0) {
      return Diagnostic{"E0310",
                        "a vector of " + std::to_string(vector[d]) + " does not divide a tile of " +
                            std::to_string(type.elem[d]),
                        "",
                        {text_of(type)},
                        ""};
    }
    if (vector[d] == type.elem[d]) continue;
    std::vector<int> loops = type.map[d].loops();
    loops.push_back(static_cast<int>(pieces.trips.size()));
    pieces.trips.emplace_back(type.elem[d] / vector[d]);
    pieces.steps.push_back(vector[d]);
    pieces.map[d] = MapResult::sum(loops);
  }
  return pieces;
}

}  // namespace st
