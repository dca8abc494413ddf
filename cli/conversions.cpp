// SPDX-License-Identifier: Apache-2.0
#include "core/streams/conversions.h"

#include "cli/commands.h"

namespace st::cli {
namespace {

std::string readers_text(const ConversionUse& use) {
  constexpr size_t Most = 3;
  std::string out;
  for (size_t i = 0; i < use.readers.size() && i < Most; ++i)
    out += (i > 0 ? ", " : "") + use.readers[i];
  if (use.readers.size() > Most)
    out += " and " + std::to_string(use.readers.size() - Most) + " more";
  return out;
}

}  // namespace

std::string conversion_text(const Program& program, int group, size_t most) {
  const std::vector<ConversionUse> uses = conversions_of(program, group);
  if (uses.empty()) return "";
  std::vector<std::vector<std::string>> rows = {
      {"  stream of another type", "how", "bits", "paper's rule", "readers"}};
  for (size_t i = 0; i < uses.size() && i < most; ++i) {
    const ConversionUse& use = uses[i];
    rows.push_back({"  " + program.kernels[use.kernel].name, std::string(name_of(use.form)),
                    grouped(use.bits), grouped(use.paper_bits), readers_text(use)});
  }
  if (uses.size() > most)
    rows.push_back({"  and " + std::to_string(uses.size() - most) + " more", "", "", "", ""});
  const ConversionTotals totals = totals_of(uses);
  rows.push_back(
      {"  all of " + group_name(group), "", grouped(totals.bits), grouped(totals.paper_bits), ""});
  return table(rows) + "  saved against the paper's rule: repair " + grouped(totals.by_repair) +
         ", sharing " + grouped(totals.by_sharing) + ", live ranges " +
         grouped(totals.by_live_ranges) + ", width adapters " + grouped(totals.by_adapters) +
         " bits   (predicted)\n";
}

}  // namespace st::cli
