// SPDX-License-Identifier: Apache-2.0
#include "core/binding/share.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/dataflow/kernels/elementwise.h"
#include "core/streams/edges.h"

namespace st {
namespace {

bool works_over_rows(const Kernel& kernel) {
  return kernel.kind == "layer_norm" || kernel.kind == "rms_norm" ||
         kernel.kind == "quantize_groups" || kernel.kind == "quantize_heads";
}

/// The kernel that parts the row of which an elementwise kernel reads a part, such as biases of
/// queries, keys and values: parts come one after another. -1 where it reads something else.
KernelId parted_by(const Program& program, const Edges& edges, const Kernel& kernel) {
  if (find_elementwise(kernel.kind) == nullptr) return -1;
  std::set<KernelId> writers;
  for (const Port& port : kernel.inputs)
    if (!program.tensors[port.tensor].constant) writers.insert(edges.writer[port.tensor].kernel);
  if (writers.size() != 1 || *writers.begin() < 0) return -1;
  return program.kernels[*writers.begin()].kind == "split" ? *writers.begin() : -1;
}

/// Who reads whom in a unit, where some kernels stand for others as well.
class UnitGraph {
 public:
  UnitGraph(const Program& program, const std::string& unit) {
    const Edges edges(program);
    for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
      stands_for_.push_back(k);
      if (program.kernels[k].unit != unit) continue;
      for (const Port& port : program.kernels[k].inputs) {
        const KernelId writer = edges.writer[port.tensor].kernel;
        if (writer >= 0 && program.kernels[writer].unit == unit) edges_.emplace_back(writer, k);
      }
    }
  }

  /// Makes `k` the same as `other`, unless there is a cycle then.
  bool join(KernelId k, KernelId other) {
    stands_for_[k] = stands_for_[other];
    if (!reaches_itself(stands_for_[k])) return true;
    stands_for_[k] = k;
    return false;
  }

 private:
  [[nodiscard]] bool reaches_itself(KernelId from) const {
    std::map<KernelId, std::vector<KernelId>> readers;
    for (const auto& [writer, reader] : edges_)
      readers[stands_for_[writer]].push_back(stands_for_[reader]);
    std::set<KernelId> seen;
    std::vector<KernelId> open = {from};
    while (!open.empty()) {
      const KernelId at = open.back();
      open.pop_back();
      for (const KernelId reader : readers[at]) {
        if (reader == from) return true;
        if (seen.insert(reader).second) open.push_back(reader);
      }
    }
    return false;
  }

  std::vector<KernelId> stands_for_;
  std::vector<std::pair<KernelId, KernelId>> edges_;
};

/// Whether a kernel needs what one of some others makes, in a launch and a layer.
bool needs_one_of(const Program& program, const Edges& edges, KernelId reader,
                  const std::vector<KernelId>& writers) {
  std::set<KernelId> seen;
  std::vector<KernelId> open = writers;
  while (!open.empty()) {
    const KernelId at = open.back();
    open.pop_back();
    for (const Port& port : program.kernels[at].outputs) {
      const bool again =
          program.tensors[port.tensor].fed_back || port.tensor == program.layers.next;
      for (const End& end : edges.readers[port.tensor]) {
        if (end.kernel == reader) return true;
        if (!again && seen.insert(end.kernel).second) open.push_back(end.kernel);
      }
    }
  }
  return false;
}

/// Nodes of an instance that follow one another and do not need each other alternate, such as those
/// of keys and values.
void alternate(Program& program, const Edges& edges, const std::vector<KernelId>& nodes) {
  std::vector<KernelId> together;
  for (const KernelId k : nodes) {
    Kernel& kernel = program.kernels[k];
    kernel.alternates = kernel.layered && !together.empty() &&
                        program.kernels[together.back()].layered &&
                        !needs_one_of(program, edges, k, together);
    if (!kernel.alternates) together.clear();
    together.push_back(k);
  }
}

}  // namespace

void share_rows(Program& program, const std::string& unit) {
  UnitGraph graph(program, unit);
  FreshNames names(program);
  // The nodes of each instance, by what is alike in them.
  using Alike = std::tuple<std::string, DType, std::map<std::string, int64_t>, KernelId>;
  std::map<Alike, std::vector<std::vector<KernelId>>> alike;
  const Edges edges(program);
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    const Kernel& each = program.kernels[k];
    const KernelId parted = parted_by(program, edges, each);
    if (each.unit != unit || (!works_over_rows(each) && parted < 0)) continue;
    const DType type = each.outputs.back().type.itensor.dtype;
    auto& instances = alike[{each.kind, type, each.sizes, parted}];
    size_t i = 0;
    while (i < instances.size() && !graph.join(k, instances[i].front())) ++i;
    if (i == instances.size()) instances.emplace_back();
    instances[i].push_back(k);
  }
  for (const auto& [what, instances] : alike) {
    for (const std::vector<KernelId>& nodes : instances) {
      if (nodes.size() < 2) continue;
      const std::string instance = names.unique(std::get<0>(what) + "_of_all");
      for (const KernelId k : nodes) program.kernels[k].instance = instance;
      if (program.max_sequence > 1) alternate(program, edges, nodes);
    }
  }
}

}  // namespace st
