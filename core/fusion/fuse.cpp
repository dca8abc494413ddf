// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/fuse.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/dataflow/kernel_record.h"
#include "core/fusion/partition_greedy.h"
#include "core/fusion/partition_solver.h"
#include "core/streams/converter.h"

namespace st {
namespace {

/// Bytes that a launch moves if a stream goes through device memory: whole words per row.
int64_t bytes_of(const Program& program, const StreamType& type) {
  int64_t elements = 1;
  for (const int64_t extent : max_shape(type.itensor)) elements *= extent;
  const int64_t row_bits = elements / program.max_sequence * bits_of(type.itensor.dtype);
  constexpr int64_t MostBytes = int64_t{1} << 40;
  return std::min(MostBytes,
                  program.max_sequence * ((row_bits + WordBits - 1) / WordBits) * (WordBits / 8));
}

/// A row of the context cannot be stored.
bool grows(const StreamType& type) {
  return std::any_of(type.itensor.trips.begin(), type.itensor.trips.end(),
                     [](const Trip& trip) { return trip.count.terms().count(Past) != 0; });
}

/// Collects units and tensors.
class Problem {
 public:
  Problem(const Program& program, const FusionLimits& limits) : program_(program) {
    problem_.bits = limits.on_chip_bits;
    problem_.ports = limits.max_ports;
    // What is longer is too long for other reasons, and is compared as if it were this long.
    constexpr int64_t MostRows = int64_t{1} << 20;
    problem_.rows = std::min(program.max_sequence, MostRows);
    problem_.launch_cycles = limits.launch_cycles;
    problem_.port_bytes_per_cycle = limits.port_bytes_per_cycle;
  }

  PartitionProblem make() {
    for (KernelId k = 0; k < static_cast<KernelId>(program_.kernels.size()); ++k) add_kernel(k);
    for (KernelId k = 0; k < static_cast<KernelId>(program_.kernels.size()); ++k) add_reads(k);
    for (auto& [id, tensor] : tensors_) {
      if (!tensor.consumers.empty()) problem_.tensors.push_back(std::move(tensor));
    }
    problem_.ports = std::max(0, problem_.ports - parameter_ports_);
    return std::move(problem_);
  }

  [[nodiscard]] const std::vector<int>& unit_of() const { return unit_of_; }
  [[nodiscard]] int parameter_ports() const { return parameter_ports_; }

 private:
  void add_kernel(KernelId k) {
    const Kernel& kernel = program_.kernels[static_cast<size_t>(k)];
    const bool goes_on = k > 0 &&
                         kernel.node == program_.kernels[static_cast<size_t>(k) - 1].node &&
                         kernel.origin == program_.kernels[static_cast<size_t>(k) - 1].origin;
    if (!goes_on) {
      problem_.units.push_back({kernel.origin.empty() ? kernel.name : kernel.origin, 0, 1, 0});
    }
    PartitionProblem::Unit& unit = problem_.units.back();
    unit_of_.push_back(static_cast<int>(problem_.units.size()) - 1);
    const KernelCost cost = cost_of(program_, kernel);
    unit.bits += cost.local_bits;
    constexpr int64_t MostRowCycles = int64_t{1} << 30;
    unit.row_cycles = std::max(unit.row_cycles, std::min(cost.row_cycles, MostRowCycles));
    unit.ports += static_cast<int>(kernel.memories.size());
    for (const Port& port : kernel.outputs) {
      PartitionProblem::Tensor& tensor = tensors_[port.tensor];
      tensor.name = program_.tensors[static_cast<size_t>(port.tensor)].name;
      tensor.producer = unit_of_.back();
      tensor.bytes = bytes_of(program_, port.type);
      tensor.may_cut = !grows(port.type);
      writer_[port.tensor] = &port;
    }
  }

  void add_reads(KernelId k) {
    const Kernel& kernel = program_.kernels[static_cast<size_t>(k)];
    const int unit = unit_of_[static_cast<size_t>(k)];
    int parameters = 0, matrices = 0;
    for (const Port& port : kernel.inputs) {
      if (program_.tensors[static_cast<size_t>(port.tensor)].constant) {
        parameters = 1;
        matrices += port.type.itensor.elem.size() > 1;
        continue;
      }
      const auto made = tensors_.find(port.tensor);
      if (made == tensors_.end() || made->second.producer < 0) {
        // The host writes it: a port for each node that reads it.
        if (inputs_.insert({unit, port.tensor}).second)
          ++problem_.units[static_cast<size_t>(unit)].ports;
        continue;
      }
      PartitionProblem::Tensor& tensor = made->second;
      if (tensor.producer == unit) continue;
      const int64_t bits = conversion_bits(program_, *writer_.at(port.tensor), port.type);
      tensor.consumers.push_back({unit, bits});
      tensor.may_cut = tensor.may_cut && !grows(port.type);
    }
    parameter_ports_ = std::max({parameter_ports_, parameters, matrices});
    for (const Port& port : kernel.outputs) {
      if (readers_of(port.tensor) == 0) ++problem_.units[static_cast<size_t>(unit)].ports;
    }
  }

  /// None: the host reads it.
  int readers_of(TensorId tensor) {
    if (readers_.empty()) {
      for (const Kernel& kernel : program_.kernels)
        for (const Port& port : kernel.inputs) ++readers_[port.tensor];
    }
    const auto found = readers_.find(tensor);
    return found == readers_.end() ? 0 : found->second;
  }

  const Program& program_;
  PartitionProblem problem_;
  std::vector<int> unit_of_;  ///< by kernel
  std::map<TensorId, PartitionProblem::Tensor> tensors_;
  std::map<TensorId, const Port*> writer_;
  std::map<TensorId, int> readers_;
  std::set<std::pair<int, TensorId>> inputs_;
  int parameter_ports_ = 0;
};

/// What does not fit, with what the target has in all.
Diagnostics of_target(Diagnostics problems, const FusionLimits& limits, int parameter_ports) {
  for (Diagnostic& problem : problems) {
    if (problem.code != "E0403") continue;
    problem.details.push_back("the target has " + std::to_string(limits.max_ports) +
                              " memory ports, of which parameters take " +
                              std::to_string(parameter_ports) + ", and a budget of " +
                              std::to_string(limits.on_chip_bits) + " bits of on-chip memory");
  }
  return problems;
}

}  // namespace

const std::vector<std::string>& fusion_methods() {
  static const std::vector<std::string> all = {"search", "greedy"};
  return all;
}

PartitionProblem fusion_problem_of(const Program& program, const FusionLimits& limits) {
  return Problem(program, limits).make();
}

Status fuse(Program& program, const FusionLimits& limits, std::string_view method) {
  Problem maker(program, limits);
  const PartitionProblem problem = maker.make();
  Result<Partition> found =
      method == "greedy" ? partition_greedily(problem) : partition_units(problem);
  if (!found.ok()) return of_target(found.errors(), limits, maker.parameter_ports());
  const Partition& partition = *found;
  ST_CHECK(verify(problem, partition));
  for (size_t k = 0; k < program.kernels.size(); ++k)
    program.kernels[k].group = partition.group[static_cast<size_t>(maker.unit_of()[k])];
  program.groups = partition.groups();
  return {};
}

}  // namespace st
