// SPDX-License-Identifier: Apache-2.0
// Kernels at the edge of a group: device memory to streams and back.
#include <algorithm>
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/stream_values.h"

namespace st {
namespace {

size_t beat_bytes(const StreamType& type) { return static_cast<size_t>(type.beat_bytes()); }

/// The loops over the beats of a row in memory, as read_row and write_row have them: a word, or
/// what the port moves of it, takes as many cycles as it has room for beats, the last one of a row
/// too, which may be filled in part. A word that the port moves in parts takes a cycle for each.
class RowInMemory {
 public:
  RowInMemory(const Program& program, const Kernel& kernel, const StreamType& type, int64_t beats)
      : beats_(beats),
        per_word_(std::max<int64_t>(1, port_bits(program, kernel) / type.beat_bits())),
        parts_(std::max<int64_t>(1, type.beat_bits() / port_bits(program, kernel))) {}

  /// `move` is a step that moves a beat.
  [[nodiscard]] NestItem loops(NestItem move) const {
    if (parts_ > 1) return moved_by_parts(beats_, parts_, std::move(move));
    const int64_t words = (beats_ + per_word_ - 1) / per_word_;
    if (per_word_ == 1) return pipelined(words, 1, {std::move(move)});
    if (beats_ % per_word_ == 0)
      return pipelined(words, per_word_, {loop(per_word_, {std::move(move)})});
    std::vector<int64_t> filled(static_cast<size_t>(words), per_word_);
    filled.back() = beats_ % per_word_;
    return pipelined(words, per_word_, {cyclo_static(std::move(filled), 0, {std::move(move)})});
  }

  /// The number in its row of the beat at hand; `depth` is that of the loop over words.
  [[nodiscard]] int64_t beat(const Firing& f, int depth) const {
    if (per_word_ == 1) return f.counter(depth);
    return f.counter(depth) * per_word_ + f.counter(depth + 1);
  }

 private:
  int64_t beats_, per_word_, parts_;
};

Nest load_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.outputs[0].type);
  const int64_t beats = kernel.sizes.at("Beats");
  const RowInMemory row(program, kernel, kernel.outputs[0].type, beats);
  const auto load = [=](Firing& f) {
    const int64_t beat = f.counter(0) * beats + row.beat(f, 1);
    std::memcpy(f.out<uint8_t>(0), bytes_of(*f.memories[0]) + static_cast<size_t>(beat) * bytes,
                bytes);
  };
  return {loop(rows_of(program, kernel), {row.loops(write(0, load))})};
}

Nest store_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.inputs[0].type);
  const int64_t beats = kernel.sizes.at("Beats");
  const RowInMemory row(program, kernel, kernel.inputs[0].type, beats);
  const auto store = [=](Firing& f) {
    const int64_t beat = f.counter(0) * beats + row.beat(f, 1);
    std::memcpy(bytes_of(*f.memories[0]) + static_cast<size_t>(beat) * bytes, f.in<uint8_t>(0),
                bytes);
  };
  return {loop(rows_of(program, kernel), {row.loops(read(0, store))})};
}

Nest gather_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.outputs[0].type);
  const int64_t beats = kernel.sizes.at("Beats");
  const RowInMemory row(program, kernel, kernel.outputs[0].type, beats);
  const auto fetch = [=](Firing& f) {
    const int64_t beat = int64_t{*f.in<int32_t>(0)} * beats + row.beat(f, 1);
    std::memcpy(f.out<uint8_t>(0), bytes_of(*f.constants[0]) + static_cast<size_t>(beat) * bytes,
                bytes);
  };
  return {loop(rows_of(program, kernel), {read(0), row.loops(write(0, fetch))})};
}

/// The cache is [heads * positions, head].
Nest cache_rows(const Program& program, const Kernel& kernel) {
  const size_t bytes = beat_bytes(kernel.inputs[0].type);
  const int64_t beats = kernel.sizes.at("HeadBeats"), positions = kernel.sizes.at("MaxPositions");
  const RowInMemory row(program, kernel, kernel.inputs[0].type, beats);
  const auto at = [=](const Firing& f, int64_t head, int64_t position, int64_t beat) {
    return bytes_of(*f.memories[0]) +
           static_cast<size_t>((head * positions + position) * beats + beat) * bytes;
  };
  const auto append = [=](Firing& f) {
    std::memcpy(at(f, f.counter(1), f.past + f.counter(0), row.beat(f, 2)), f.in<uint8_t>(0),
                bytes);
  };
  const auto recall = [=](Firing& f) {
    std::memcpy(f.out<uint8_t>(0), at(f, f.counter(1), f.counter(3), row.beat(f, 4)), bytes);
  };
  const int64_t heads = kernel.sizes.at("Heads");
  return {
      loop(rows_of(program, kernel),
           {loop(heads, {row.loops(read(0, append))}),
            loop(heads, {loop(kernel.sizes.at("Repeat"),
                              {loop(positions_of(program), {row.loops(write(0, recall))})})})})};
}

/// Where layers are streamed, a segment comes for each row before the next one does; elsewhere all
/// segments come for each row. Segments that rows share come once.
Nest load_params(const Program& program, const Kernel& kernel) {
  const Trip rows = rows_of(program, kernel);
  const bool run = loads_words(program, kernel);
  const bool by_rows = comes_by_rows(kernel.outputs[0].type);
  Nest segments;
  for (int o = 0; o < static_cast<int>(kernel.outputs.size()); ++o) {
    const StreamType& type = kernel.outputs[o].type;
    const size_t bytes = beat_bytes(type);
    const RowInMemory row(program, kernel, type, beats_per_row(program, type));
    const int depth = run || by_rows ? 1 : 0;  // of the loop over words
    const auto stream = std::make_shared<std::vector<uint8_t>>();
    const auto load = [=](Firing& f) {
      // Streams do not depend on the row, so that of one row serves all.
      if (stream->empty()) *stream = stream_bytes(*f.constants[static_cast<size_t>(o)], type, 1, 0);
      std::memcpy(f.out<uint8_t>(o),
                  stream->data() + static_cast<size_t>(row.beat(f, depth)) * bytes, bytes);
    };
    NestItem loops = row.loops(write(o, load));
    const bool own_rows = program.layers.streamed && by_rows;
    segments.push_back(own_rows ? loop(rows, {std::move(loops)}) : std::move(loops));
  }
  if (run) return {flattened(1, 1, std::move(segments))};
  if (program.layers.streamed || !by_rows) return segments;
  return {loop(rows, std::move(segments))};
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
