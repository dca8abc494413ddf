// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/itensor.h"

#include <algorithm>
#include <numeric>

namespace st {
namespace {

std::string counter(int loop) { return "d" + std::to_string(loop); }

/// The loops as a recursion; `visit` sees the index k*step of every loop.
template <typename Visit>
void walk(const ItensorType& type, size_t level, Bindings& bindings, std::vector<int64_t>& index,
          const Visit& visit) {
  if (level == type.trips.size()) {
    visit(index);
    return;
  }
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
    walk(type, level + 1, bindings, index, visit);
  }
}

}  // namespace

std::string text_of(const ItensorType& type) {
  std::string out = "itensor<";
  for (int64_t size : type.elem) out += std::to_string(size) + "x";
  out += std::string(name_of(type.dtype)) + ", iter_space: [";
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
    out += type.map[d] == Zero ? "0" : counter(type.map[d]);
  }
  return out + ")>";
}

Status verify(const ItensorType& type) {
  Diagnostics problems;
  auto report = [&](const std::string& message) {
    problems.push_back({"E0310", message, "", {text_of(type)}, ""});
  };
  if (type.steps.size() != type.trips.size()) {
    report("the iteration space has " + std::to_string(type.trips.size()) + " trip counts but " +
           std::to_string(type.steps.size()) + " steps");
    return problems;
  }
  if (type.map.size() != type.elem.size()) {
    report("the tile has rank " + std::to_string(type.elem.size()) + " but the map has " +
           std::to_string(type.map.size()) + " results");
    return problems;
  }
  for (int64_t size : type.elem) {
    if (size <= 0) report("a tile size is not positive");
  }
  for (const Trip& trip : type.trips) {
    if (trip.bound <= 0) report("a trip count's bound is not positive");
    if (trip.count.is_constant() && trip.count.offset() != trip.bound) {
      report("a constant trip count differs from its bound");
    }
  }
  std::vector<bool> used(type.trips.size(), false);
  for (size_t d = 0; d < type.map.size(); ++d) {
    const int loop = type.map[d];
    if (loop == Zero) continue;
    if (loop < 0 || loop >= static_cast<int>(type.trips.size())) {
      report("the map uses loop d" + std::to_string(loop) + ", which does not exist");
      continue;
    }
    if (used[loop]) report("loop d" + std::to_string(loop) + " moves two dimensions");
    used[loop] = true;
    if (type.steps[loop] != type.elem[d]) {
      report("loop d" + std::to_string(loop) + " steps by " + std::to_string(type.steps[loop]) +
             " over tiles of " + std::to_string(type.elem[d]) +
             ": overlapping or gapped tiles are not supported");
    }
  }
  return problems;
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
    if (type.map[d] != Zero) shape[d] *= type.trips[type.map[d]].bound;
  }
  return shape;
}

void for_each_token(const ItensorType& type, const Bindings& bindings,
                    const std::function<void(const std::vector<int64_t>&)>& visit) {
  Bindings local = bindings;
  std::vector<int64_t> index(type.trips.size(), 0);
  std::vector<int64_t> origin(type.elem.size(), 0);
  walk(type, 0, local, index, [&](const std::vector<int64_t>& i) {
    for (size_t d = 0; d < origin.size(); ++d) origin[d] = type.map[d] == Zero ? 0 : i[type.map[d]];
    visit(origin);
  });
}

int64_t token_count(const ItensorType& type, const Bindings& bindings) {
  int64_t count = 0;
  for_each_token(type, bindings, [&](const std::vector<int64_t>&) { ++count; });
  return count;
}

Conversion infer_conversion(const ItensorType& source, const ItensorType& result) {
  auto dimension_moved_by = [](const ItensorType& type, int loop) {
    auto found = std::find(type.map.begin(), type.map.end(), loop);
    return found == type.map.end() ? -1 : static_cast<int>(found - type.map.begin());
  };
  Conversion conversion;
  conversion.buffer = max_shape(source);
  const size_t levels = std::min(source.trips.size(), result.trips.size());
  for (size_t l = 0; l < levels; ++l) {
    const int dimension = dimension_moved_by(source, static_cast<int>(l));
    if (dimension != dimension_moved_by(result, static_cast<int>(l))) break;
    if (source.trips[l] != result.trips[l]) break;
    if (dimension >= 0) {
      if (source.steps[l] != result.steps[l] || source.elem[dimension] != result.elem[dimension])
        break;
      conversion.buffer[dimension] = source.elem[dimension];
    }
    ++conversion.shared;
  }
  return conversion;
}

}  // namespace st
