// SPDX-License-Identifier: Apache-2.0
#include "core/streams/reorder.h"

#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/elementwise.h"
#include "core/streams/converter.h"
#include "core/streams/edges.h"

namespace st {
namespace {

/// The loops of one elementwise kernel, and what its neighbours pay for them.
class Order {
 public:
  Order(Program& program, const Edges& edges, KernelId kernel)
      : program_(program), edges_(edges), id_(kernel) {}

  /// True if every stream has the one type of the result, and none is a parameter, whose own loops
  /// would have to follow.
  [[nodiscard]] bool free() const {
    const Kernel& kernel = program_.kernels[id_];
    if (kernel.kind != "map" && find_elementwise(kernel.kind) == nullptr) return false;
    return std::all_of(kernel.inputs.begin(), kernel.inputs.end(), [&](const Port& port) {
      return edges_.writer[port.tensor].kernel >= 0 && !program_.tensors[port.tensor].constant &&
             port.type == kernel.outputs[0].type;
    });
  }

  /// The type of a neighbour for which there is less to hold around the kernel than for its own;
  /// its own if there is none.
  StreamType best(int64_t pace) {
    const StreamType own = program_.kernels[id_].outputs[0].type;
    StreamType best = own;
    int64_t least = bits_around(own);
    for (const StreamType& type : neighbours()) {
      // As many elements a row, and so each once; in no more beats than the pace allows.
      const int64_t beats = beats_per_row(program_, type);
      if (beats * type.lanes != beats_per_row(program_, own) * own.lanes || beats > pace) continue;
      const int64_t bits = bits_around(type);
      if (bits >= least) continue;
      least = bits;
      best = type;
    }
    return best;
  }

  void set(const StreamType& type) {
    Kernel& kernel = program_.kernels[id_];
    for (Port& port : kernel.inputs) port.type = type;
    kernel.outputs[0].type = type;
    kernel.sizes["L"] = type.lanes;
    kernel.sizes["Beats"] = beats_per_row(program_, type);
  }

 private:
  std::vector<StreamType> neighbours() {
    std::vector<StreamType> types;
    for (const Port& port : program_.kernels[id_].inputs)
      types.push_back(writing(program_, edges_.writer[port.tensor]).type);
    for (const End& reader : edges_.readers[program_.kernels[id_].outputs[0].tensor])
      types.push_back(reading(program_, reader).type);
    return types;
  }

  int64_t bits_around(const StreamType& type) {
    int64_t bits = 0;
    const Kernel& kernel = program_.kernels[id_];
    for (const Port& port : kernel.inputs)
      bits += conversion_bits(program_, writing(program_, edges_.writer[port.tensor]), type);
    const Port result = {kernel.outputs[0].tensor, type, -1};
    for (const End& reader : edges_.readers[result.tensor])
      bits += conversion_bits(program_, result, reading(program_, reader).type);
    return bits;
  }

  Program& program_;
  const Edges& edges_;
  KernelId id_;
};

}  // namespace

void reorder_elementwise(Program& program) {
  const Edges edges(program);
  const std::vector<int64_t> pace = pace_of_groups(program);
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    Order order(program, edges, k);
    if (!order.free()) continue;
    const StreamType best = order.best(pace[static_cast<size_t>(program.kernels[k].group)]);
    if (best != program.kernels[k].outputs[0].type) order.set(best);
  }
}

}  // namespace st
