// SPDX-License-Identifier: Apache-2.0
// Words of several memory ports, which take turns, to the one stream that a port of the engine is.
#include <algorithm>
#include <cstring>

#include "core/dataflow/kernels/striped.h"

namespace st {
namespace {

NestItem moved_word(int from, bool sent) {
  const auto copy = [=](Firing& f) {
    std::memcpy(f.out<int8_t>(0), f.in<int8_t>(from), WordBytes);
  };
  return sent ? step({from}, copy, {0}) : step({from}, nullptr, {});
}

/// `words` words of each port in turn.
Nest turns_of(int64_t ports, int64_t words) {
  Nest turns;
  for (int p = 0; p < static_cast<int>(ports); ++p)
    turns.push_back(loop(words, {moved_word(p, true)}));
  return turns;
}

/// Words behind those that there are end the last turns.
Nest merge_ports(const Program&, const Kernel& kernel) {
  const auto ports = static_cast<int64_t>(kernel.inputs.size());
  const int64_t part = kernel.sizes.at("Part"), turns = kernel.sizes.at("Turns");
  int64_t left = kernel.sizes.at("Words") - (turns - 1) * ports * part;
  Nest last;
  for (int p = 0; p < static_cast<int>(ports); ++p) {
    const int64_t sent = std::clamp<int64_t>(left, 0, part);
    if (sent > 0) last.push_back(loop(sent, {moved_word(p, true)}));
    if (sent < part) last.push_back(loop(part - sent, {moved_word(p, false)}));
    left -= sent;
  }
  Nest nest;
  if (turns > 1) nest.push_back(flattened(turns - 1, 1, turns_of(ports, part)));
  nest.push_back(flattened(1, 1, std::move(last)));
  return nest;
}

Nest merge_rounds(const Program&, const Kernel& kernel) {
  const StripedShape shape(kernel);
  const Trip turns = {Extent::symbol(rounds_of(shape.stripes * shape.ways)),
                      shape.max_rounds / shape.ways};
  return {flattened(turns, 1, turns_of(shape.ways, shape.key_words)),
          flattened(turns, 1, turns_of(shape.ways, shape.value_words))};
}

Datapath turns_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  made.add(Operator::Select, selects_of(WordBits, static_cast<int64_t>(kernel.inputs.size())));
  return made;
}

}  // namespace

void add_merge_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "merge_ports",
                     .header = "streamtensor/merge.h",
                     .summary = "words of weights of some memory ports in turn",
                     .template_arguments = {"Part"},
                     .arguments = {"out0", "size:Turns", "size:Words", "in*"},
                     .nest = merge_ports,
                     .datapath = turns_datapath});
  records.push_back({.kind = "merge_rounds",
                     .header = "streamtensor/merge.h",
                     .summary = "keys and values of some memory ports, a position of each in turn",
                     .template_arguments = {"KVHeads", "Head", "Stripes", "MaxRounds"},
                     .arguments = {"out0", "tokens", "past", "in*"},
                     .nest = merge_rounds,
                     .datapath = turns_datapath});
}

}  // namespace st
