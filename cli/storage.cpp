// SPDX-License-Identifier: Apache-2.0
// What a group takes of the device, as text.
#include <algorithm>

#include "cli/commands.h"
#include "core/resources/place.h"
#include "core/resources/storage.h"
#include "core/resources/streamed.h"

namespace st::cli {

std::string waste_text(const Program& program, int group) {
  const MemoryPlan storage = storage_of(program, group);
  std::string out;
  for (const MemoryKind kind : AllMemoryKinds) {
    const BitsUse& bits = storage.bits[static_cast<size_t>(kind)];
    if (bits.provided == 0) continue;
    out += (out.empty() ? "" : ", ") + std::string(name_of(kind)) + " " + grouped(bits.wasted()) +
           " of " + grouped(bits.provided);
  }
  return out.empty() ? "none" : out;
}

std::string dies_text(const Program& program, int group, const Target& target) {
  const std::vector<int> dies = dies_of(program, group);
  if (dies.empty()) return "not placed";
  std::string out;
  for (size_t slr = 0; slr < target.slrs.size(); ++slr) {
    const auto here = std::count(dies.begin(), dies.end(), static_cast<int>(slr));
    if (here == 0) continue;
    out += (out.empty() ? "" : ", ") + printable(target.slrs[slr].name) + " " +
           std::to_string(here) + (here == 1 ? " kernel" : " kernels");
  }
  int64_t wires = 0;
  for (int64_t crossing : use_of_dies(program, group, target).crossing) wires += crossing;
  return out + "; " + (wires == 0 ? "no" : grouped(wires)) + " wires cross";
}

}  // namespace st::cli
