// SPDX-License-Identifier: Apache-2.0
#include "core/binding/attention.h"

#include <algorithm>

#include "core/streams/edges.h"

namespace st {
namespace {

/// The kernels of one node, told apart by what they do.
class Parts {
 public:
  Parts(const Program& program, const Edges& edges, KernelId context)
      : program_(program), edges_(edges), context_(context) {
    weights_ = writer_of(kernel(context_).inputs[0]);
    scores_ = writer_of(kernel(weights_).inputs[0]);
  }

  EngineAttention attention() {
    EngineAttention made;
    const Kernel &scores = kernel(scores_), &weights = kernel(weights_), &last = kernel(context_);
    made.name = last.origin;
    made.last = context_;
    made.own = {scores_, weights_, context_};
    made.query = scores.inputs[0];
    made.query_scale = scores.inputs[1];
    made.key = cached(scores.inputs[2], made);
    made.key_scale = cached(scores.inputs[3], made);
    made.value = cached(last.inputs[1], made);
    made.value_scale = cached(weights.inputs[1], made);
    made.context = last.outputs[0];
    made.heads = scores.sizes.at("Heads");
    made.head = scores.sizes.at("HeadBeats") * scores.sizes.at("L");
    made.kv_heads = beats_per_row(program_, made.key_scale.type);
    made.scale = scores.reals.at("scale");
    made.window = weights.sizes.at("Window");
    if (const auto windows = weights.layer_sizes.find("Window");
        windows != weights.layer_sizes.end())
      made.layer_windows = windows->second;
    return made;
  }

 private:
  [[nodiscard]] const Kernel& kernel(KernelId k) const { return program_.kernels[k]; }
  [[nodiscard]] KernelId writer_of(const Port& port) const {
    return edges_.writer[port.tensor].kernel;
  }
  /// What the cache behind a port takes.
  Port cached(const Port& port, EngineAttention& of) const {
    const KernelId cache = writer_of(port);
    of.own.push_back(cache);
    return kernel(cache).inputs[0];
  }

  const Program& program_;
  const Edges& edges_;
  KernelId context_, weights_ = -1, scores_ = -1;
};

}  // namespace

std::vector<EngineAttention> engine_attentions(const Program& program) {
  const Edges edges(program);
  std::vector<EngineAttention> attentions;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    if (program.kernels[k].kind == "attention_context_int8")
      attentions.push_back(Parts(program, edges, k).attention());
  }
  return attentions;
}

}  // namespace st
