// SPDX-License-Identifier: Apache-2.0
// Kernels at the edge of a group: device memory to streams and back.
#include <algorithm>
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/stream_values.h"

namespace st {
namespace {

size_t beat_bytes(const StreamType& type) { return static_cast<size_t>(type.beat_bits() / 8); }

/// Rows of `beats` beats, moved one by one; `move(f, beat)` gets the number of the beat in memory.
template <typename Move>
Body each_beat(int64_t beats, const Move& move) {
  return [=](Firing& f) { move(f, f.counter(0) * beats + f.counter(1)); };
}

Nest load_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.outputs[0].type);
  const int64_t beats = kernel.sizes.at("Beats");
  const Body load = each_beat(beats, [=](Firing& f, int64_t beat) {
    std::memcpy(f.out<uint8_t>(0), bytes_of(*f.memories[0]) + static_cast<size_t>(beat) * bytes,
                bytes);
  });
  return {loop(rows_of(program), {pipelined(beats, 1, {write(0, load)})})};
}

Nest store_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.inputs[0].type);
  const int64_t beats = kernel.sizes.at("Beats");
  const Body store = each_beat(beats, [=](Firing& f, int64_t beat) {
    std::memcpy(bytes_of(*f.memories[0]) + static_cast<size_t>(beat) * bytes, f.in<uint8_t>(0),
                bytes);
  });
  return {loop(rows_of(program), {pipelined(beats, 1, {read(0, store)})})};
}

Nest gather_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.outputs[0].type);
  const int64_t beats = kernel.sizes.at("Beats");
  const auto fetch = [=](Firing& f) {
    const int64_t beat = int64_t{*f.in<int32_t>(0)} * beats + f.counter(1);
    std::memcpy(f.out<uint8_t>(0), bytes_of(*f.constants[0]) + static_cast<size_t>(beat) * bytes,
                bytes);
  };
  return {loop(rows_of(program), {read(0), pipelined(beats, 1, {write(0, fetch)})})};
}

/// The cache is [heads * positions, head].
Nest cache_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.inputs[0].type);
  const int64_t beats = kernel.sizes.at("HeadBeats"), positions = kernel.sizes.at("MaxPositions");
  const auto at = [=](const Firing& f, int64_t head, int64_t position, int64_t beat) {
    return bytes_of(*f.memories[0]) +
           static_cast<size_t>((head * positions + position) * beats + beat) * bytes;
  };
  const auto append = [=](Firing& f) {
    std::memcpy(at(f, f.counter(1), f.past + f.counter(0), f.counter(2)), f.in<uint8_t>(0), bytes);
  };
  const auto recall = [=](Firing& f) {
    std::memcpy(f.out<uint8_t>(0), at(f, f.counter(1), f.counter(3), f.counter(4)), bytes);
  };
  const int64_t heads = kernel.sizes.at("Heads");
  return {loop(
      rows_of(program),
      {loop(heads, {pipelined(beats, 1, {read(0, append)})}),
       loop(heads,
            {loop(kernel.sizes.at("Repeat"),
                  {loop(positions_of(program), {pipelined(beats, 1, {write(0, recall)})})})})})};
}

Nest load_params(const Program& program, const Kernel& kernel) {
  Nest segments;
  for (int o = 0; o < static_cast<int>(kernel.outputs.size()); ++o) {
    const StreamType& type = kernel.outputs[o].type;
    const size_t bytes = beat_bytes(type);
    const auto stream = std::make_shared<std::vector<uint8_t>>();
    const auto load = [=](Firing& f) {
      // Streams do not depend on the row, so that of one row serves all.
      if (stream->empty()) *stream = stream_bytes(*f.constants[static_cast<size_t>(o)], type, 1, 0);
      std::memcpy(f.out<uint8_t>(o), stream->data() + static_cast<size_t>(f.counter(1)) * bytes,
                  bytes);
    };
    segments.push_back(pipelined(beats_per_row(program, type), 1, {write(o, load)}));
  }
  return {loop(rows_of(program), std::move(segments))};
}

/// Beats of a word are taken one after another. Each segment of a loader has a loop of its own.
Datapath word_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  const auto& streams = kernel.outputs.empty() ? kernel.inputs : kernel.outputs;
  for (const Port& port : streams) {
    const int64_t bits = port.type.beat_bits();
    made.add(Operator::Select, selects_of(bits, beats_per_word(bits)));
    made.add(Operator::IntAdd, 1);
  }
  return made;
}

}  // namespace

void add_memory_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "load_rows",
                     .header = "streamtensor/memory.h",
                     .summary = "device memory to stream, row by row",
                     .template_arguments = {"type of out0", "L", "Beats"},
                     .arguments = {"memory0", "out0", "tokens"},
                     .nest = load_rows,
                     .datapath = word_datapath});
  records.push_back({.kind = "store_rows",
                     .header = "streamtensor/memory.h",
                     .summary = "stream to device memory, row by row",
                     .template_arguments = {"type of in0", "L", "Beats"},
                     .arguments = {"in0", "memory0", "tokens"},
                     .nest = store_rows,
                     .datapath = word_datapath});
  records.push_back({.kind = "gather_rows",
                     .header = "streamtensor/memory.h",
                     .summary = "rows of a table by index",
                     .template_arguments = {"type of out0", "L", "Beats"},
                     .arguments = {"in0", "memory0", "out0", "tokens"},
                     .nest = gather_rows,
                     .datapath = word_datapath});
  records.push_back(
      {.kind = "cache_rows",
       .header = "streamtensor/memory.h",
       .summary = "appends a row to a key or value cache, then streams the cache",
       .template_arguments = {"type of in0", "L", "HeadBeats", "Heads", "Repeat", "MaxPositions"},
       .arguments = {"in0", "memory0", "out0", "tokens", "past"},
       .nest = cache_rows,
       .datapath = word_datapath,
       .row_barrier = true});
  records.push_back({.kind = "load_params",
                     .header = "",
                     .summary = "one parameter port: all its segments once per row",
                     .template_arguments = {},
                     .arguments = {"memory0", "out*", "tokens"},
                     .nest = load_params,
                     .datapath = word_datapath});
}

}  // namespace st
