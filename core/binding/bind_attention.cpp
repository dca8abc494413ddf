// SPDX-License-Identifier: Apache-2.0
// Kernels of attention: caches and their loaders, slices, what they agree on, and what makes the
// context of their sums.
#include <algorithm>

#include "core/binding/binder.h"
#include "core/dataflow/kernels/striped.h"
#include "core/dataflow/kernels/stripes.h"

namespace st {
namespace {

Kernel& with(Kernel& kernel, std::map<std::string, int64_t> sizes) {
  kernel.sizes.merge(sizes);
  return kernel;
}

/// Keys and values of all rounds, a word in a beat.
StreamType words_of_rounds(const StripedShape& shape) {
  return {{{1, StripeColumns},
           DType::I8,
           {shape.words_of_rounds(shape.key_words + shape.value_words)},
           {1},
           {0, Zero},
           ElementForm::Vector},
          static_cast<int>(StripeColumns)};
}

}  // namespace

void Binder::add_attention(const EngineAttention& attention, Kernels& to) {
  const Kernel& of = program_.kernels[attention.last];
  const std::string& name = attention.name;
  const int64_t lanes = attention.query.type.lanes;
  const std::map<std::string, int64_t> heads = {{"Heads", attention.heads},
                                                {"KVHeads", attention.kv_heads}};
  const auto striped_over = [&](int64_t stripes, int64_t ways) -> std::map<std::string, int64_t> {
    const int64_t rounds = (program_.max_positions + stripes * ways - 1) / (stripes * ways);
    return {{"Head", attention.head}, {"Stripes", stripes}, {"MaxRounds", rounds * ways}};
  };
  const auto striped = striped_over(solution_.ports, limits_.ways);
  const auto stored = striped_over(memory_ports(), 1);
  const size_t slices = solution_.slice_ports.size();
  const int64_t rows = attention.heads + 2 * attention.kv_heads;
  const int64_t peaks = attention.heads + attention.kv_heads;
  const int64_t head_words = (attention.head + StripeColumns - 1) / StripeColumns;
  const int64_t most_positions =
      striped.at("MaxRounds") *
      *std::max_element(solution_.slice_ports.begin(), solution_.slice_ports.end());
  const int64_t sum_parts = sum_fits(most_positions, 1) ? 1 : 2;

  Kernel feed = kernel("feed_heads", "feed " + name, of, FeederUnit, "feed");
  feed.inputs = {attention.query,     attention.query_scale, attention.key,
                 attention.key_scale, attention.value,       attention.value_scale};
  with(with(feed, heads), {{"L", lanes}, {"Head", attention.head}});
  feed.reals = {{"scale", attention.scale}};
  // A word of a head is a column of one lane.
  const std::string fifo = tiles_.lanes == 1 ? "columns" : "heads";
  const std::string scale_fifo = tiles_.lanes == 1 ? "column_scales" : "head_scales";
  std::vector<Port> words, scales;
  for (size_t s = 0; s < slices; ++s) {
    const std::string at = std::to_string(s);
    words.push_back(
        row_port("heads of " + name, DType::I8, StripeColumns, rows * head_words, fifo + at));
    scales.push_back(row_port("scales of heads of " + name, DType::F32, 1, rows, scale_fifo + at));
  }
  feed.outputs = words;
  feed.outputs.insert(feed.outputs.end(), scales.begin(), scales.end());
  to.push_back(std::move(feed));

  const Port shared = row_port("peaks of " + name, DType::F32, 1, peaks);
  program_.tensors[shared.tensor].fed_back = true;
  std::vector<Port> own, sums;
  std::vector<MemoryId> caches(static_cast<size_t>(memory_ports()));
  int64_t port = 0;
  for (size_t s = 0; s < slices; ++s) {
    const int64_t ports = solution_.slice_ports[s];
    Kernel attend = kernel("attend", "attend " + name, of, slice_unit(s), slice_unit(s) + "_slice");
    with(with(with(attend, heads), striped), {{"Ports", ports},
                                              {"First", port},
                                              {"Ways", limits_.ways},
                                              {"MaxTokens", program_.max_sequence},
                                              {"SumParts", sum_parts},
                                              {"Window", attention.window}});
    if (!attention.layer_windows.empty()) attend.layer_sizes["Window"] = attention.layer_windows;
    attend.inputs = {words[s], scales[s], shared};
    for (int64_t p = 0; p < ports; ++p, ++port) {
      attend.inputs.push_back(cached_words(attention, of, port, stored, caches, to));
    }
    own.push_back(row_port("peaks of a slice of " + name, DType::F32, 1, peaks));
    sums.push_back(row_port("sums of " + name, DType::I32, ChunkLanes,
                            attention.heads * (1 + sum_parts * ChunksPerWord * head_words)));
    attend.outputs = {own.back(), sums.back()};
    to.push_back(std::move(attend));
  }

  Kernel share = kernel("share_peaks", "share peaks of " + name, of, FeederUnit, "");
  with(share, heads);
  share.inputs = own;
  const Port largest = row_port("largest scales of " + name, DType::F32, 1, attention.kv_heads);
  share.outputs = {shared, largest};
  to.push_back(std::move(share));

  Kernel merge = kernel("merge_heads", "merge " + name, of, "", "");
  with(with(merge, heads),
       {{"L", attention.context.type.lanes}, {"Head", attention.head}, {"SumParts", sum_parts}});
  merge.inputs = {largest};
  merge.inputs.insert(merge.inputs.end(), sums.begin(), sums.end());
  merge.outputs = {attention.context};
  to.push_back(std::move(merge));

  Kernel store = kernel("store_position", "store " + name, of, MemoryUnit, "");
  with(with(store, stored), {{"L", lanes}, {"KVHeads", attention.kv_heads}});
  store.inputs = {attention.key, attention.key_scale, attention.value, attention.value_scale};
  store.memories = caches;
  to.push_back(std::move(store));
}

Kernel Binder::load_cache(const EngineAttention& attention, const Kernel& of, int64_t port,
                          const std::map<std::string, int64_t>& sizes) {
  const std::string number = std::to_string(port);
  Kernel load =
      kernel("load_cache", "load keys and values " + number, of, MemoryUnit, "load" + number);
  with(load, sizes);
  load.sizes["KVHeads"] = attention.kv_heads;
  load.sizes["First"] = port;
  const StripedShape shape(load);
  const Extent rounds = Extent::symbol(rounds_of(memory_ports()));
  const int64_t words = shape.key_words + shape.value_words;
  const TensorId stream = tensor("keys and values of " + attention.name, DType::I8,
                                 {words * rounds, Extent(StripeColumns)}, loaded_fifo(port));
  const StreamType type = words_of_rounds(shape);
  load.outputs = {{stream, type, -1}};
  Memory cache;
  cache.name = names_.unique("cache" + number);
  cache.role = MemoryRole::Cache;
  cache.tensor = stream;
  cache.dtype = DType::I8;
  cache.lanes = static_cast<int>(StripeColumns);
  cache.beats = 1;
  cache.rows = shape.cache_words();
  cache.copies = of.layered ? program_.layers.count : 1;
  cache.port = "port" + number;
  cache.channel = static_cast<int>(port);
  cache.bytes = bytes_of(cache);
  program_.memories.push_back(std::move(cache));
  load.memories = {static_cast<MemoryId>(program_.memories.size()) - 1};
  return load;
}

Port Binder::cached_words(const EngineAttention& attention, const Kernel& of, int64_t port,
                          const std::map<std::string, int64_t>& sizes,
                          std::vector<MemoryId>& caches, Kernels& to) {
  std::vector<Port> of_ways;
  for (int64_t way = 0; way < limits_.ways; ++way) {
    const int64_t from = memory_port(port, way);
    to.push_back(load_cache(attention, of, from, sizes));
    caches[static_cast<size_t>(from)] = to.back().memories[0];
    of_ways.push_back(to.back().outputs[0]);
  }
  if (limits_.ways == 1) return of_ways[0];
  const std::string number = std::to_string(port);
  Kernel merge =
      kernel("merge_rounds", "merge keys and values " + number, of, MemoryUnit, "merge" + number);
  merge.sizes = {{"KVHeads", attention.kv_heads},
                 {"Head", attention.head},
                 {"Stripes", solution_.ports},
                 {"Ways", limits_.ways},
                 {"MaxRounds", sizes.at("MaxRounds") * limits_.ways}};
  const StripedShape shape(merge);
  const int64_t words = shape.key_words + shape.value_words;
  merge.inputs = std::move(of_ways);
  merge.outputs = {{tensor("merged keys and values of " + attention.name, DType::I8,
                           {words * limits_.ways * Extent::symbol(rounds_of(memory_ports())),
                            Extent(StripeColumns)},
                           "words" + number),
                    words_of_rounds(shape), -1}};
  to.push_back(merge);
  return merge.outputs[0];
}

}  // namespace st
