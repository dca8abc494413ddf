// SPDX-License-Identifier: Apache-2.0
#include "core/resources/storage.h"
#include "cli/commands.h"

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

}  // namespace st::cli
