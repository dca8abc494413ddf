// SPDX-License-Identifier: Apache-2.0
#include "core/streams/converter.h"

#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/convert.h"

namespace st {

Kernel converter(const Program& program, const Port& source, const std::vector<StreamType>& wanted,
                 bool ping_pong) {
  Kernel kernel;
  kernel.kind = "convert";
  kernel.name = "convert_" + program.tensors[source.tensor].name;
  kernel.inputs = {source};
  int lanes = source.type.lanes;
  for (const StreamType& type : wanted) {
    kernel.outputs.push_back({source.tensor, type, -1});
    lanes = std::max(lanes, type.lanes);
  }
  const ConversionPlan plan = plan_of_converter(kernel);
  kernel.sizes["Window"] = plan.sliding && !ping_pong ? aligned_window(plan, lanes) : 0;
  return kernel;
}

Kernel adapter(const Program& program, const Port& source, const StreamType& wanted) {
  Kernel kernel;
  kernel.kind = "adapt";
  kernel.name = "adapt_" + program.tensors[source.tensor].name;
  kernel.inputs = {source};
  kernel.outputs = {{source.tensor, wanted, -1}};
  kernel.sizes = {{"LIn", source.type.lanes},
                  {"LOut", wanted.lanes},
                  {"BeatsOut", beats_per_row(program, wanted)}};
  return kernel;
}

int64_t conversion_bits(const Program& program, const Port& source, const StreamType& wanted) {
  if (source.type == wanted) return 0;
  return local_bits_of(program, same_order(source.type.itensor, wanted.itensor)
                                    ? adapter(program, source, wanted)
                                    : converter(program, source, {wanted}, false));
}

}  // namespace st
