// SPDX-License-Identifier: Apache-2.0
#include "core/simulate/simulator.h"

#include "core/simulate/run.h"

namespace st {

/// What all runs of a network share.
struct Simulator::Image {
  explicit Image(const Network& n) : network(n), flat(n), ends(ends_of(n)) {
    instance_of.assign(n.tasks.size(), -1);
    for (size_t i = 0; i < n.instances.size(); ++i) {
      for (int t : n.instances[i].tasks) instance_of[static_cast<size_t>(t)] = static_cast<int>(i);
    }
    for (const NetworkTask& task : n.tasks) in_flight.push_back(in_flight_of(task));
    for (const Bindings& launch : n.launches_or_largest()) {
      launches.emplace_back();
      for (const std::string& symbol : flat.symbols) launches.back().push_back(launch.at(symbol));
    }
  }

  const Network& network;
  FlatNetwork flat;
  std::vector<ChannelEnds> ends;
  std::vector<int> instance_of;
  std::vector<int64_t> in_flight;
  std::vector<std::vector<int64_t>> launches;  ///< values of the symbols
};

Simulator::Simulator(const Network& network) : image_(std::make_unique<Image>(network)) {}
Simulator::~Simulator() = default;

SimulationResult Simulator::run(const std::vector<int64_t>& depths, int64_t most_cycles,
                                const CycleRange& range) const {
  return SimulationRun(image_->network, image_->flat, image_->ends, image_->instance_of,
                       image_->in_flight, image_->launches, depths, range)
      .run(most_cycles);
}

SimulationResult Simulator::run() const { return run(depths_of(image_->network)); }

}  // namespace st
