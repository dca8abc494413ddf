// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/itensor/conversion.h"

namespace st {
namespace {

/// Number of the first and of the last token that holds an element.
struct Holders {
  int64_t first = -1;
  int64_t last = -1;
};

/// Calls `visit(element)` with the row-major number of each element of the tile at `origin`.
template <typename Visit>
void for_each_element(const std::vector<int64_t>& shape, const std::vector<int64_t>& origin,
                      const std::vector<int64_t>& elem, const Visit& visit, size_t d = 0,
                      int64_t base = 0) {
  if (d == shape.size()) return visit(base);
  for (int64_t x = 0; x < elem[d]; ++x)
    for_each_element(shape, origin, elem, visit, d + 1, base * shape[d] + origin[d] + x);
}

std::vector<Holders> holders_of(const ItensorType& type, const std::vector<int64_t>& shape) {
  int64_t elements = 1;
  for (int64_t extent : shape) elements *= extent;
  std::vector<Holders> holders(static_cast<size_t>(elements));
  int64_t token = 0;
  for_each_token(type, {}, [&](const std::vector<int64_t>& origin) {
    for_each_element(shape, origin, type.elem, [&](int64_t element) {
      Holders& at = holders[static_cast<size_t>(element)];
      if (at.first < 0) at.first = token;
      at.last = token;
    });
    ++token;
  });
  return holders;
}

}  // namespace

int64_t live_bound(const ItensorType& source, const ItensorType& result) {
  const std::vector<int64_t> shape = max_shape(source);
  const std::vector<Holders> received = holders_of(source, shape), sent = holders_of(result, shape);
  // Elements by the source token that brings them for the last time, and by the result token that
  // sends them for the last time.
  std::vector<std::vector<size_t>> gone_after(static_cast<size_t>(max_tokens(source)));
  std::vector<std::vector<size_t>> done_after(static_cast<size_t>(max_tokens(result)));
  for (size_t e = 0; e < received.size(); ++e) {
    gone_after[static_cast<size_t>(received[e].last)].push_back(e);
    done_after[static_cast<size_t>(sent[e].last)].push_back(e);
  }
  int64_t bound = 0, token = 0, needed = -1, held = 0;
  for_each_token(result, {}, [&](const std::vector<int64_t>& origin) {
    int64_t until = needed;
    for_each_element(shape, origin, result.elem, [&](int64_t e) {
      until = std::max(until, received[static_cast<size_t>(e)].first);
    });
    while (needed < until) {
      for (size_t e : gone_after[static_cast<size_t>(++needed)])
        held += sent[e].last >= token ? 1 : 0;
    }
    int64_t in_tile = 0;
    for_each_element(shape, origin, result.elem, [&](int64_t e) {
      in_tile += received[static_cast<size_t>(e)].last > needed ? 1 : 0;
    });
    bound = std::max(bound, held + in_tile);
    for (size_t e : done_after[static_cast<size_t>(token)])
      held -= received[e].last <= needed ? 1 : 0;
    ++token;
  });
  return bound;
}

}  // namespace st
