// SPDX-License-Identifier: Apache-2.0
#include "core/resources/place.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/resources/kernel_resources.h"
#include "core/resources/shortage.h"

namespace st {
namespace {

/// Of a build, which places some hundred kernels in a second or two. What an assignment costs
/// beyond the best one is not proven here; bench_die_assignment shows how far off the search is.
constexpr DieEffort BuildEffort = {.moves = 150,
                                   .kicks = 0,
                                   .rounds = 0,
                                   .branches = 0,
                                   .branch_rounds = 0,
                                   .nodes = 0,
                                   .seconds = 1};

/// The die beside the memory of all ports, if it has room for all kernels: then nothing crosses,
/// and what is left of the cost, imbalance, is less than one stream.
std::optional<int> only_die(const DieProblem& problem) {
  ResourceCounts all;
  std::set<int> beside;
  for (const DieProblem::Kernel& kernel : problem.kernels) {
    all += kernel.need;
    beside.insert(kernel.memory_ports.begin(), kernel.memory_ports.end());
  }
  if (beside.size() > 1) return std::nullopt;
  const int die = beside.empty() ? 0 : *beside.begin();
  const bool fits = within(all, problem.slrs[static_cast<size_t>(die)].budget);
  return fits ? std::optional<int>(die) : std::nullopt;
}

Diagnostic of_group(Diagnostic problem, const Program& program, int group, const Target& target) {
  if (problem.code != "E0403") return problem;
  problem.message =
      "group " + std::to_string(group) + " on " + target.name + ": " + problem.message;
  problem.details.push_back("in all, " + tightest_of(program, target));
  return problem;
}

}  // namespace

DieProblem die_problem_of(const Program& program, int group, const Target& target) {
  DieProblem problem = die_problem_of(target);
  std::map<KernelId, int> index;
  for (KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[static_cast<size_t>(k)];
    index[k] = static_cast<int>(problem.kernels.size());
    problem.kernels.push_back({kernel.name, resources_of(program, kernel), {}});
    for (const MemoryId m : kernel.memories) {
      const int channel = program.memories[static_cast<size_t>(m)].channel;
      problem.kernels.back().memory_ports.push_back(static_cast<int>(target.slr_of(channel)));
    }
  }
  if (!problem.kernels.empty()) problem.kernels[0].need += control_resources(program, group);
  for (ChannelId c : program.channels_of(group)) {
    const Channel& channel = program.channels[static_cast<size_t>(c)];
    problem.streams.push_back(
        {index.at(channel.producer), index.at(channel.consumer), channel.type.beat_bits()});
  }
  return problem;
}

std::vector<int> dies_of(const Program& program, int group) {
  std::vector<int> dies;
  for (KernelId k : program.kernels_of(group)) {
    dies.push_back(program.kernels[static_cast<size_t>(k)].slr);
    if (dies.back() < 0) return {};
  }
  return dies;
}

Status place_kernels(Program& program, const Target& target) {
  if (const auto problem = too_large(program, target)) return *problem;
  Diagnostics problems;
  for (int group = 0; group < program.groups; ++group) {
    const DieProblem problem = die_problem_of(program, group, target);
    const std::vector<KernelId> kernels = program.kernels_of(group);
    std::vector<int> die;
    if (const auto only = only_die(problem)) {
      die.assign(kernels.size(), *only);
    } else {
      const Result<DieSolution> placed = assign_dies(problem, BuildEffort);
      if (!placed.ok()) {
        for (const Diagnostic& diagnostic : placed.errors())
          problems.push_back(of_group(diagnostic, program, group, target));
        continue;
      }
      die = placed->die;
    }
    for (size_t i = 0; i < kernels.size(); ++i)
      program.kernels[static_cast<size_t>(kernels[i])].slr = die[i];
  }
  return problems;
}

}  // namespace st
