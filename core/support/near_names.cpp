// SPDX-License-Identifier: Apache-2.0
#include "core/support/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/support/diagnostics.h"

namespace st {
namespace {

constexpr size_t LongestName = 200;
/// Work spent on one suggestion, in cells of distance tables: a few milliseconds.
constexpr size_t MostCells = 4'000'000;

/// Levenshtein distance by rows.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> near_names(std::string_view wanted,
                                    const std::vector<std::string>& candidates, size_t limit) {
  if (wanted.size() > LongestName) return {};
  std::vector<std::pair<size_t, size_t>> ranked;  // distance, index
  size_t cells = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].size() > LongestName) continue;
    const size_t shortest = std::min(wanted.size(), candidates[i].size());
    const size_t longest = std::max(wanted.size(), candidates[i].size());
    if (longest - shortest > longest / 3 + 1) continue;
    cells += wanted.size() * candidates[i].size();
    if (cells > MostCells) break;
    const size_t distance = edit_distance(wanted, candidates[i]);
    if (distance <= longest / 3 + 1 && distance < longest) ranked.emplace_back(distance, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < ranked.size() && i < limit; ++i) {
    names.push_back(candidates[ranked[i].second]);
  }
  return names;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& candidates) {
  std::string text;
  for (const std::string& name : near_names(wanted, candidates)) {
    text += (text.empty() ? "did you mean '" : ", '") + printable(name) + "'";
  }
  return text.empty() ? text : text + "?";
}

}  // namespace st
