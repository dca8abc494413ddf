// SPDX-License-Identifier: Apache-2.0
#include "core/explore/evaluate.h"

#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/program_network.h"
#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"

namespace st {
namespace {

/// Enough rows to reach a steady pace, and as many more to measure it by.
constexpr int64_t WarmRows = 2, PacedRows = 4;

Result<int64_t> launch_of(const Program& program, int group, const Target& target, int64_t rows,
                          int64_t past = 0) {
  const Network network = network_of(program, group, target, {{{Sequence, rows}, {Past, past}}});
  const SimulationResult run = Simulator(network).run();
  if (!run.completed) return deadlock_problem(network, depths_of(network), run);
  return run.cycles;
}

}  // namespace

int64_t Workload::prompt_rows(const Program& program) const {
  return prompt > 0 ? std::min(prompt, program.max_positions) : program.max_sequence;
}

int64_t Workload::middle(const Program& program) const {
  return std::min(prompt_rows(program) + generated / 2, program.max_positions - 1);
}

bool DesignCost::fits() const { return within(resources, budget); }

Result<DesignCost> evaluate(Design& design, Rows rows, const Workload& workload) {
  ST_CHECK(compile_up_to("place-memories", design));
  const Program& program = design.program;
  DesignCost cost;
  cost.groups = program.groups;
  cost.workload = workload;
  cost.resources = resources_of(program);
  cost.budget = design.target.budget();
  for (const Kernel& kernel : program.kernels) {
    const int64_t cycles = cost_of(program, kernel).row_cycles;
    if (cycles <= cost.row_cycles) continue;
    cost.row_cycles = cycles;
    cost.slowest = kernel.name;
    cost.slowest_node = kernel.origin;
  }
  const int64_t prompt = workload.prompt_rows(program);
  const int64_t all = std::min(prompt, program.max_sequence);
  cost.extrapolated = rows == Rows::Few && all > WarmRows + PacedRows;
  for (int group = 0; group < program.groups; ++group) {
    const int64_t runs = runs_of(program, group);
    if (workload.generated > 0) {
      ST_TRY(step, launch_of(program, group, design.target, 1, workload.middle(program)));
      cost.decode_cycles += runs * step;
    }
    if (!cost.extrapolated) {
      ST_TRY(cycles, launch_of(program, group, design.target, all));
      cost.prefill_cycles += runs * cycles;
      continue;
    }
    ST_TRY(warm, launch_of(program, group, design.target, WarmRows));
    ST_TRY(paced, launch_of(program, group, design.target, WarmRows + PacedRows));
    cost.prefill_cycles += runs * (warm + (paced - warm) * (all - WarmRows) / PacedRows);
  }
  // A launch behind others has longer caches; that is left out of what a long prompt costs.
  cost.prefill_cycles = cost.prefill_cycles * prompt / all;
  return cost;
}

int64_t token_cycles(const Design& design) {
  const Bindings launch = {{Sequence, 1}, {Past, design.program.max_positions / 2}};
  const Network network = network_of(design.program, 0, design.target, {launch});
  return Simulator(network).run().cycles;
}

}  // namespace st
