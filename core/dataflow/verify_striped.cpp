// SPDX-License-Identifier: Apache-2.0
// Kernels of striped attention: their sizes against the program, and what their streams carry.
// Numbers of beats are those of the nest, which is checked for all kernels.
#include <algorithm>

#include "core/dataflow/kernels/striped.h"
#include "core/dataflow/verify.h"

namespace st {
namespace {

/// What a port moves in a beat.
struct Beat {
  DType dtype;
  int64_t lanes;
};
using Beats = std::vector<Beat>;

constexpr Beat Words = {DType::I8, WordBytes}, Scale = {DType::F32, 1};
constexpr Beat Sums = {DType::I32, ChunkLanes};

bool carry(const std::vector<Port>& ports, const Beats& beats) {
  return std::equal(ports.begin(), ports.end(), beats.begin(), beats.end(),
                    [](const Port& port, const Beat& beat) {
                      const DType own = port.type.itensor.dtype;
                      // Scales of keys and values are bfloat16, as such or as floats.
                      const bool scale = own == DType::BF16 && beat.dtype == DType::F32;
                      return (own == beat.dtype || scale) && port.type.lanes == beat.lanes;
                    });
}

void add(Beats& beats, int64_t times, Beat beat) {
  beats.insert(beats.end(), static_cast<size_t>(std::max<int64_t>(times, 0)), beat);
}

/// The beats of all ports of a kernel.
bool streams_fit(const Kernel& kernel, const StripedShape& shape) {
  const Beat bytes = {DType::I8, shape.lanes}, floats = {DType::F32, shape.lanes};
  const auto ins = static_cast<int64_t>(kernel.inputs.size());
  const auto outs = static_cast<int64_t>(kernel.outputs.size());
  Beats in, out;
  if (kernel.kind == "load_cache") {
    out = {Words};
  } else if (kernel.kind == "merge_rounds") {
    add(in, shape.ways, Words);
    out = {Words};
  } else if (kernel.kind == "store_position") {
    in = {bytes, Scale, bytes, Scale};
  } else if (kernel.kind == "feed_heads") {
    in = {bytes, Scale, bytes, Scale, bytes, Scale};
    add(out, outs / 2, Words);
    add(out, outs / 2, Scale);
  } else if (kernel.kind == "attend") {
    in = {Words, Scale, Scale};
    add(in, shape.ports, Words);
    out = {Scale, Sums};
  } else if (kernel.kind == "share_peaks") {
    add(in, ins, Scale);
    out = {Scale, Scale};
  } else {
    in = {Scale};
    add(in, ins - 1, Sums);
    out = {floats};
  }
  return carry(kernel.inputs, in) && carry(kernel.outputs, out);
}

/// Caches of ports, one like the other.
bool caches_fit(const Program& program, const Kernel& kernel, const StripedShape& shape) {
  return std::all_of(kernel.memories.begin(), kernel.memories.end(), [&](MemoryId m) {
    const Memory& memory = program.memories[m];
    return memory.role == MemoryRole::Cache && memory.dtype == DType::I8 &&
           memory.lanes == WordBytes && memory.beats == 1 && memory.rows == shape.cache_words() &&
           memory.copies == program.memories[kernel.memories[0]].copies;
  });
}

bool rounds_fit(const Program& program, const StripedShape& shape) {
  const int64_t together = shape.stripes * shape.ways;
  return shape.max_rounds == (program.max_positions + together - 1) / together * shape.ways;
}

}  // namespace

std::string check_striped(const Program& program, const Kernel& kernel) {
  const bool has_heads = kernel.sizes.count("Heads") != 0;
  const bool has_rounds = kernel.sizes.count("MaxRounds") != 0;
  if (has_heads && kernel.sizes.at("Heads") % kernel.sizes.at("KVHeads") != 0)
    return "Heads is no multiple of KVHeads";
  const StripedShape shape(kernel);
  if (kernel.kind == "attend" && shape.tokens != program.max_sequence)
    return "it has not a lane for each row of a launch";
  if (kernel.behind) return "it stands behind the layers";
  if (shape.stripes * shape.ways > MostStripes || shape.first + shape.ports > shape.stripes)
    return "there are fewer ports";
  if (has_rounds && !rounds_fit(program, shape)) return "MaxRounds is not that of all positions";
  if (shape.sum_parts > 2) return "sums have one part or two";
  if (kernel.kind == "attend" && !sum_fits(shape.ports * shape.max_rounds, shape.sum_parts))
    return "its sums have more bits";
  const int64_t row = shape.kv_heads * shape.head;
  if (row % shape.lanes != 0 || (has_heads && shape.heads * shape.head % shape.lanes != 0))
    return "rows are no whole beats";
  if (kernel.kind == "store_position" &&
      static_cast<int64_t>(kernel.memories.size()) != shape.stripes)
    return "it has not a memory for each port";
  if (!caches_fit(program, kernel, shape)) return "a memory is no cache of a port";
  return streams_fit(kernel, shape) ? "" : "its streams are not those of its sizes";
}

}  // namespace st
