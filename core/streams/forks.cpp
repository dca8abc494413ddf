// SPDX-License-Identifier: Apache-2.0
#include "core/streams/edges.h"
#include "core/streams/streams.h"

namespace st {

Status insert_forks(Program& program) {
  const Edges edges(program);
  FreshNames names(program);
  const auto count = static_cast<TensorId>(program.tensors.size());
  for (TensorId t = 0; t < count; ++t) {
    const std::vector<End>& readers = edges.readers[t];
    if (edges.writer[t].kernel < 0 || readers.size() < 2) continue;
    const Port source = writing(program, edges.writer[t]);
    Kernel fork;
    fork.kind = "fork";
    fork.name = names.unique("fork_" + program.tensors[t].name);
    stand_with(program.kernels[edges.writer[t].kernel], fork);
    fork.inputs = {source};
    for (const End& reader : readers) {
      const TensorId leg = copy_of(program, t);
      // A fork stands behind who writes, which may be behind who reads.
      program.tensors[leg].fed_back = program.tensors[t].fed_back;
      fork.outputs.push_back({leg, source.type, -1});
      reading(program, reader).tensor = leg;
    }
    fork.sizes = {{"L", source.type.lanes}, {"Beats", beats_per_row(program, source.type)}};
    program.tensors[t].fed_back = false;
    program.kernels.push_back(std::move(fork));
  }
  sort_kernels(program);
  return {};
}

}  // namespace st
