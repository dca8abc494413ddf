// SPDX-License-Identifier: Apache-2.0
#include "core/resources/shortage.h"

#include <algorithm>

#include "core/resources/kernel_resources.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// Of a budget: more than other choices of memories for arrays can save.
constexpr double FarBeyond = 1.1;

std::string line_of(const Program& program, const ResourceKind& kind, int64_t need, int64_t have) {
  const Kernel* largest = nullptr;
  int64_t most = -1;
  for (const Kernel& kernel : program.kernels) {
    const int64_t taken = resources_of(program, kernel).*kind.count;
    if (taken <= most) continue;
    most = taken;
    largest = &kernel;
  }
  std::string line = shortfall(kind.name, need, have);
  if (largest == nullptr) return line;
  line += "; kernel '" + printable(largest->name) + "'";
  if (!largest->origin.empty() && largest->origin != largest->name)
    line += " of node '" + printable(largest->origin) + "'";
  return line + " takes most, " + std::to_string(most);
}

}  // namespace

Diagnostic does_not_fit(const Target& target, std::vector<std::string> reasons) {
  return {"E0403", "the design does not fit " + target.name, "", std::move(reasons), LargerTarget};
}

std::optional<Diagnostic> too_large(const Program& program, const Target& target) {
  const ResourceCounts need = resources_of(program), budget = target.budget();
  std::vector<std::string> reasons;
  for (const ResourceKind& kind : ResourceKinds) {
    if (need.*kind.count > budget.*kind.count)
      reasons.push_back(line_of(program, kind, need.*kind.count, budget.*kind.count));
  }
  if (reasons.empty()) return std::nullopt;
  return does_not_fit(target, std::move(reasons));
}

std::optional<Diagnostic> far_too_large(const Program& program, const Target& target) {
  Program bare = program;
  for (Channel& channel : bare.channels) channel.depth = 0;  // takes nothing
  const ResourceCounts need = resources_of(bare), budget = target.budget();
  const bool far = std::any_of(std::begin(ResourceKinds), std::end(ResourceKinds),
                               [&](const ResourceKind& kind) {
                                 return static_cast<double>(need.*kind.count) >
                                        FarBeyond * static_cast<double>(budget.*kind.count);
                               });
  return far ? too_large(program, target) : std::nullopt;
}

std::string tightest_of(const Program& program, const Target& target) {
  const ResourceCounts need = resources_of(program), budget = target.budget();
  const auto fill = [&](const ResourceKind& kind) {
    return static_cast<double>(need.*kind.count) /
           static_cast<double>(std::max<int64_t>(1, budget.*kind.count));
  };
  const ResourceKind& tightest = *std::max_element(
      std::begin(ResourceKinds), std::end(ResourceKinds),
      [&](const ResourceKind& a, const ResourceKind& b) { return fill(a) < fill(b); });
  return line_of(program, tightest, need.*tightest.count, budget.*tightest.count);
}

}  // namespace st
