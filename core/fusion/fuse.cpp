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

/// Kernels that may share groups with each other: those before folded layers, those of the layers,
/// those behind them; or all.
struct KernelRange {
  KernelId first = 0, end = 0;
};

std::vector<KernelRange> ranges_of(const Program& program) {
  std::vector<KernelRange> ranges;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    const bool layered = program.kernels[static_cast<size_t>(k)].layered;
    if (k == 0 || layered != program.kernels[static_cast<size_t>(k) - 1].layered)
      ranges.push_back({k, k});
    ranges.back().end = k + 1;
  }
  return ranges;
}

/// Collects units and tensors.
class Problem {
 public:
  Problem(const Program& program, const FusionLimits& limits, KernelRange range)
      : program_(program), range_(range) {
    problem_.bits = limits.on_chip_bits;
    problem_.ports = limits.max_ports;
    // What is longer is too long for other reasons, and is compared as if it were this long.
    constexpr int64_t MostRows = int64_t{1} << 20;
    problem_.rows = std::min(program.max_sequence, MostRows);
    problem_.launch_cycles = limits.launch_cycles;
    problem_.port_bytes_per_cycle = limits.port_bytes_per_cycle;
  }

  PartitionProblem make() {
    for (KernelId k = range_.first; k < range_.end; ++k) add_kernel(k);
    for (KernelId k = range_.first; k < range_.end; ++k) add_reads(k);
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
    const bool goes_on = k > range_.first &&
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
    const int unit = unit_of_[static_cast<size_t>(k - range_.first)];
    int parameters = 0, matrices = 0;
    for (const Port& port : kernel.inputs) {
      if (program_.tensors[static_cast<size_t>(port.tensor)].constant) {
        parameters = 1;
        matrices += port.type.itensor.elem.size() > 1;
        continue;
      }
      const auto made = tensors_.find(port.tensor);
      if (made == tensors_.end() || made->second.producer < 0) {
        // The host writes it, or an earlier range: a port for each node that reads it.
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
      if (is_stored(port.tensor)) ++problem_.units[static_cast<size_t>(unit)].ports;
    }
  }

  /// Nobody reads it, so that the host does, or a later range does.
  bool is_stored(TensorId tensor) {
    if (last_reader_.empty()) {
      for (KernelId k = 0; k < static_cast<KernelId>(program_.kernels.size()); ++k)
        for (const Port& port : program_.kernels[static_cast<size_t>(k)].inputs)
          last_reader_[port.tensor] = k;
    }
    const auto found = last_reader_.find(tensor);
    return found == last_reader_.end() || found->second >= range_.end;
  }

  const Program& program_;
  const KernelRange range_;
  PartitionProblem problem_;
  std::vector<int> unit_of_;  ///< by kernel
  std::map<TensorId, PartitionProblem::Tensor> tensors_;
  std::map<TensorId, const Port*> writer_;
  std::map<TensorId, KernelId> last_reader_;
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

/// Partitions the kernels of a range; their groups count from `first_group` on. Returns how many.
Result<int> fuse_range(Program& program, const FusionLimits& limits, std::string_view method,
                       KernelRange range, int first_group) {
  Problem maker(program, limits, range);
  const PartitionProblem problem = maker.make();
  Result<Partition> found =
      method == "greedy" ? partition_greedily(problem) : partition_units(problem);
  if (!found.ok()) return of_target(found.errors(), limits, maker.parameter_ports());
  ST_CHECK(verify(problem, *found));
  for (KernelId k = range.first; k < range.end; ++k) {
    const int unit = maker.unit_of()[static_cast<size_t>(k - range.first)];
    program.kernels[static_cast<size_t>(k)].group =
        first_group + found->group[static_cast<size_t>(unit)];
  }
  return found->groups();
}

}  // namespace

const std::vector<std::string>& fusion_methods() {
  static const std::vector<std::string> all = {"search", "greedy"};
  return all;
}

PartitionProblem fusion_problem_of(const Program& program, const FusionLimits& limits) {
  return Problem(program, limits, {0, static_cast<KernelId>(program.kernels.size())}).make();
}

Status fuse(Program& program, const FusionLimits& limits, std::string_view method) {
  FusionLimits own = limits;
  // Folded layers are walked by the device: a group costs the start of a region, not a launch.
  if (program.layers.folded()) own.launch_cycles = std::min(own.launch_cycles, RegionCycles);
  int groups = 0;
  for (const KernelRange& range : ranges_of(program)) {
    ST_TRY(made, fuse_range(program, own, method, range, groups));
    groups += made;
  }
  program.groups = groups;
  return {};
}

}  // namespace st
