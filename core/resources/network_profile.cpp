// SPDX-License-Identifier: Apache-2.0
#include "core/resources/network_profile.h"

#include <algorithm>
#include <numeric>

#include "core/simulate/simulator.h"

namespace st {
namespace {

/// By task: the kernel that it is a part of, numbered in order of its first task.
std::vector<int> kernels_of(const Network& network, const std::vector<ChannelEnds>& ends) {
  std::vector<int> root(network.tasks.size());
  std::iota(root.begin(), root.end(), 0);
  auto find = [&](int t) {
    while (root[static_cast<size_t>(t)] != t) t = root[static_cast<size_t>(t)];
    return t;
  };
  for (size_t c = 0; c < ends.size(); ++c) {
    if (!network.channels[c].fixed) continue;
    const int a = find(ends[c].source), b = find(ends[c].target);
    root[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
  }
  std::vector<int> kernel(network.tasks.size(), -1);
  int kernels = 0;
  for (size_t t = 0; t < kernel.size(); ++t) {
    const int first = find(static_cast<int>(t));
    if (first == static_cast<int>(t)) {
      kernel[t] = kernels++;
    } else {
      kernel[t] = kernel[static_cast<size_t>(first)];
    }
  }
  return kernel;
}

/// Mean cycles between accesses; 1 where there are not two.
double interval(int64_t first, int64_t last, int64_t count) {
  return count > 1 ? static_cast<double>(last - first) / static_cast<double>(count - 1) : 1;
}

}  // namespace

NetworkProfile profile_alone(const Network& network) {
  const std::vector<ChannelEnds> ends = ends_of(network);
  const std::vector<int> kernel = kernels_of(network, ends);
  const Bindings launch = network.launches_or_largest().front();
  const NetworkTraffic traffic = traffic_of(network, launch);
  NetworkProfile profile;
  const int kernels = kernel.empty() ? 0 : *std::max_element(kernel.begin(), kernel.end()) + 1;
  std::vector<SimulationResult> runs;
  for (int k = 0; k < kernels; ++k) {
    Network alone = network;
    alone.launches = {launch};
    alone.instances.clear();
    for (size_t t = 0; t < kernel.size(); ++t) {
      if (kernel[t] == k) continue;
      alone.tasks[t].items.clear();
    }
    for (size_t c = 0; c < ends.size(); ++c) {
      if (alone.channels[c].fixed) continue;
      alone.channels[c].depth = 0;
      // A token that is there from the start is never waited for.
      if (kernel[static_cast<size_t>(ends[c].target)] == k)
        alone.channels[c].initial = traffic.pulls[c];
    }
    runs.push_back(Simulator(alone).run());
    const auto first = std::find(kernel.begin(), kernel.end(), k) - kernel.begin();
    double delay = static_cast<double>(runs.back().cycles);
    for (size_t c = 0; c < ends.size(); ++c) {
      const int64_t push = runs.back().channels[c].first_push;
      if (!network.channels[c].fixed && push >= 0)
        delay = std::min(delay, static_cast<double>(push));
    }
    profile.problem.tasks.push_back({network.tasks[static_cast<size_t>(first)].name,
                                     static_cast<double>(runs.back().cycles), delay});
  }
  for (size_t c = 0; c < ends.size(); ++c) {
    if (network.channels[c].fixed) continue;
    const int source = kernel[static_cast<size_t>(ends[c].source)];
    const int target = kernel[static_cast<size_t>(ends[c].target)];
    const ChannelActivity& out = runs[static_cast<size_t>(source)].channels[c];
    const ChannelActivity& in = runs[static_cast<size_t>(target)].channels[c];
    profile.problem.edges.push_back({source, target, static_cast<double>(traffic.pushes[c]),
                                     interval(out.first_push, out.last_push, out.pushes),
                                     interval(in.first_pull, in.last_pull, in.pulls)});
    profile.channels.push_back(static_cast<int>(c));
  }
  return profile;
}

Result<std::vector<int64_t>> paper_network_depths(const Network& network, Equalisation strategy,
                                                  int64_t least_depth) {
  const NetworkProfile profile = profile_alone(network);
  ST_TRY(chosen, paper_depths(profile.problem, strategy));
  std::vector<int64_t> depths = depths_of(network);
  for (size_t e = 0; e < chosen.size(); ++e) {
    const auto c = static_cast<size_t>(profile.channels[e]);
    depths[c] = std::max({chosen[e], least_depth, network.channels[c].initial});
  }
  return depths;
}

}  // namespace st
