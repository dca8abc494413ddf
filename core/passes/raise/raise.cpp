// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/raise.h"

#include "core/passes/raise/microsoft.h"
#include "core/passes/raise/padding_masks.h"
#include "core/passes/raise/rewrites.h"

namespace st {
namespace {

constexpr Rewrite Rewrites[] = {
    skip_index_casts, raise_layer_norm,  raise_layer_norm_bias, raise_rms_norm,  raise_gelu,
    raise_silu,       raise_split_sizes, raise_rotary,          raise_attention,
};

}  // namespace

Status raise(Graph& graph) {
  Rewriter rewriter(graph);
  Diagnostics problems;
  // In the order of data, so that types of what a node reads are known when it is looked at. What
  // is appended meanwhile needs no rewrite.
  const size_t count = graph.nodes.size();
  for (size_t n = 0; n < count; ++n) {
    rewriter.infer(n);
    if (const MicrosoftRecord* record = find_microsoft(graph.nodes[n])) {
      const Status status = record->rewrite(rewriter, n);
      if (!status.ok())
        problems.insert(problems.end(), status.errors().begin(), status.errors().end());
    }
    for (const Rewrite rewrite : Rewrites) rewrite(rewriter, n);
  }
  if (!problems.empty()) return problems;
  ST_CHECK(rewriter.finish());
  drop_attention_mask(graph);
  return {};
}

}  // namespace st
