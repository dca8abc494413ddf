// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/streams/edges.h"
#include "core/streams/reorder.h"
#include "core/streams/repeats.h"
#include "core/streams/streams.h"

namespace st {
namespace {

/// The row outputs of one kernel, and who reads them.
class Repair {
 public:
  Repair(Program& program, const Edges& edges, KernelId kernel)
      : program_(program), edges_(edges), id_(kernel), rows_(program.kernels[kernel].outputs[0]) {}

  /// True if some reader takes the row several times and the group keeps its pace when the kernel
  /// itself streams it so. Of several, as many as the pace allows; the others take it once, and
  /// convert.
  bool worthwhile(int64_t pace) {
    int64_t cycles = cost_of(program_, program_.kernels[id_]).row_cycles;
    for (const End& reader : edges_.readers[rows_.tensor]) {
      const Port& wanted = reading(program_, reader);
      const auto repeats = repeats_of(wanted.type, rows_.type);
      // One reader after another, each at its own pace.
      const int64_t more = std::max(cost_of(program_, program_.kernels[reader.kernel]).row_cycles,
                                    beats_per_row(program_, wanted.type));
      if (!repeats || cycles + more > pace + slack(pace)) {
        ++direct_;
        continue;
      }
      repeats_.push_back({reader, *repeats});
      cycles += more;
    }
    return !repeats_.empty();
  }

  void apply() {
    std::vector<Port> outputs;
    std::vector<int64_t> passes;
    if (direct_ > 0) {
      outputs.push_back(rows_);
      passes.push_back(1);
    }
    for (const auto& [reader, repeats] : repeats_) {
      Port& wanted = reading(program_, reader);
      if (!outputs.empty()) {
        wanted.tensor = copy_of(program_, rows_.tensor);
      }
      outputs.push_back({wanted.tensor, wanted.type, -1});
      passes.push_back(repeats);
    }
    Kernel& kernel = program_.kernels[id_];
    outputs.insert(outputs.end(), kernel.outputs.begin() + 1, kernel.outputs.end());
    kernel.outputs = std::move(outputs);
    for (size_t i = 0; i < passes.size(); ++i)
      kernel.sizes["Repeat" + std::to_string(i)] = passes[i];
  }

 private:
  struct Repeated {
    End reader;
    int64_t repeats;
  };
  Program& program_;
  const Edges& edges_;
  KernelId id_;
  const Port rows_;
  int direct_ = 0;  ///< readers of the row as it is
  std::vector<Repeated> repeats_;
};

}  // namespace

Status repair(Program& program) {
  reorder_elementwise(program);
  const Edges edges(program);
  const std::vector<int64_t> pace = pace_of_groups(program);
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    if (!kernel_record(program.kernels[k].kind).holds_row) continue;
    Repair repair(program, edges, k);
    if (repair.worthwhile(pace[static_cast<size_t>(program.kernels[k].group)])) repair.apply();
  }
  return {};
}

}  // namespace st
