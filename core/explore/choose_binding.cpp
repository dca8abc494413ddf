// SPDX-License-Identifier: Apache-2.0
#include "core/explore/choose_binding.h"

#include "core/support/number_text.h"

namespace st {
namespace {

Result<DesignCost> cost_with(const Design& start, const std::string& binding,
                             const Workload& workload) {
  Design design = start;
  design.options.binding = binding;
  return evaluate(design, Rows::Few, workload);
}

std::string cycles_text(const Result<DesignCost>& cost) {
  if (!cost.ok()) return "none: " + cost.errors()[0].message;
  return grouped(cost->cycles()) + (cost->fits() ? "" : ", which does not fit");
}

}  // namespace

Result<BindingChoice> choose_binding(const Design& start, const Workload& workload) {
  const Result<DesignCost> shared = cost_with(start, "shared", workload);
  const Result<DesignCost> spatial = cost_with(start, "spatial", workload);
  if (!shared.ok() && !spatial.ok()) return spatial.errors();
  BindingChoice choice;
  if (shared.ok()) choice.shared_cycles = shared->cycles();
  if (spatial.ok()) choice.spatial_cycles = spatial->cycles();
  bool shares = shared.ok();
  if (shared.ok() && spatial.ok()) {
    shares =
        shared->fits() == spatial->fits() ? shared->cycles() < spatial->cycles() : shared->fits();
  }
  choice.binding = shares ? "shared" : "spatial";
  choice.why =
      "cycles shared " + cycles_text(shared) + "; spatial " + cycles_text(spatial) + " (simulated)";
  return choice;
}

}  // namespace st
