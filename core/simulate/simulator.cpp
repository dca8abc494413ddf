// SPDX-License-Identifier: Apache-2.0
#include "core/simulate/simulator.h"

#include "core/simulate/run.h"

namespace st {

Simulator::Simulator(const Network& network) : image_(std::make_unique<NetworkImage>(network)) {}
Simulator::~Simulator() = default;

SimulationResult Simulator::run(const std::vector<int64_t>& depths, int64_t most_cycles,
                                const CycleRange& range) const {
  return SimulationRun(*image_, depths, range).run(most_cycles);
}

SimulationResult Simulator::run() const { return run(depths_of(image_->network)); }

}  // namespace st
