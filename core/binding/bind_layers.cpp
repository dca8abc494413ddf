// SPDX-License-Identifier: Apache-2.0
// Kernels of the linear layers: loaders of words, slices of the engine, what feeds them and what
// collects their results.
#include <algorithm>

#include "core/binding/binder.h"
#include "core/dataflow/kernels/stripes.h"

namespace st {
namespace {

/// Words that come of a memory port before the next one's turn: a burst of a kilobyte.
constexpr int64_t TurnWords = 16;

/// Turns of each of some memory ports for so many words of all.
int64_t turns_of(int64_t words, int64_t ways) {
  return (words + TurnWords * ways - 1) / (TurnWords * ways);
}

}  // namespace

void Binder::add_step(const Edges& edges, const EngineStep& step, const StripeLayout& layout,
                      Kernels& to) {
  const Kernel& of = program_.kernels[step.layers[0].kernel];
  const std::string name = step.name;
  const size_t slices = solution_.slice_ports.size();
  const Extent rows = stripe_tokens(tiles_);
  const Port x = writing(program_, edges.writer[step.x]);
  const Port scale = writing(program_, edges.writer[step.x_scale]);

  Kernel feed = kernel("feed_rows", "feed " + name, of, FeederUnit, "feed");
  feed.inputs = {{step.x, x.type, -1}, {step.x_scale, scale.type, -1}};
  feed.sizes = {{"L", x.type.lanes},
                {"Beats", beats_per_row(program_, x.type)},
                {"GroupWords", layout.group_words},
                {"Groups", layout.groups},
                {"Blocks", layout.blocks},
                {"TokenLanes", tiles_.lanes},
                {"TokenTiles", tiles_.most},
                {"MaxColumns", most_columns_},
                {"Slices", static_cast<int64_t>(slices)}};
  std::vector<Port> columns, scales, results;
  for (size_t s = 0; s < slices; ++s) {
    const std::string at = std::to_string(s);
    columns.push_back({tensor("columns of " + name, DType::I8,
                              {rows, Extent(layout.columns() * StripeColumns)}, "columns" + at),
                       stripe_x_type(layout, tiles_), -1});
    scales.push_back({tensor("scales of columns of " + name, DType::F32,
                             {rows, Extent(layout.groups)}, "column_scales" + at),
                      stripe_scale_type(layout, tiles_), -1});
  }
  feed.outputs = columns;
  feed.outputs.insert(feed.outputs.end(), scales.begin(), scales.end());
  to.push_back(std::move(feed));

  if (words_.count(&step) == 0) load_run(step, of, to);
  int64_t port = 0;
  for (size_t s = 0; s < slices; ++s) {
    const int64_t ports = solution_.slice_ports[s];
    Kernel slice =
        kernel("multiply_stripes", "multiply " + name, of, slice_unit(s), slice_unit(s) + "_slice");
    slice.inputs = {columns[s], scales[s]};
    for (int64_t p = 0; p < ports; ++p, ++port)
      slice.inputs.push_back(words_.at(&step)[static_cast<size_t>(port)]);
    const StreamType type = stripe_y_type(layout, tiles_, ports);
    results.push_back(
        {tensor("results of " + name, DType::F32,
                {rows, Extent(layout.blocks * layout.rows * ports)}, "results" + std::to_string(s)),
         type, -1});
    slice.outputs = {results.back()};
    slice.sizes = {{"Ports", ports},
                   {"GroupWords", layout.group_words},
                   {"WordRows", layout.word_rows},
                   {"TokenLanes", tiles_.lanes},
                   {"TokenTiles", tiles_.most},
                   {"MaxRows", most_rows_},
                   {"MaxScaleWords", most_scale_words_},
                   {"MaxWords", most_words_},
                   {"Rows", layout.rows},
                   {"Groups", layout.groups},
                   {"Blocks", layout.blocks}};
    to.push_back(std::move(slice));
  }
  collect(step, of, layout, results, to);
}

void Binder::load_run(const EngineStep& first, const Kernel& of, Kernels& to) {
  std::vector<const EngineStep*> run;
  const auto begin = static_cast<size_t>(&first - steps_.data());
  for (size_t s = begin; s < steps_.size(); ++s) {
    const KernelId k = steps_[s].layers[0].kernel;
    const bool parted =
        std::any_of(attentions_.begin(), attentions_.end(), [&](const EngineAttention& attention) {
          return attention.last > first.layers[0].kernel && attention.last < k;
        });
    if (parted || program_.kernels[k].layered != of.layered) break;
    run.push_back(&steps_[s]);
  }
  std::vector<std::shared_ptr<const ConstantSource>> all;
  for (const EngineStep* step : run)
    all.push_back(stripes_constant(graph_, program_, *step, layout_of(*step)));
  const auto count = static_cast<size_t>(solution_.ports);
  std::vector<std::vector<std::vector<Port>>> loaded(run.size(), {count, std::vector<Port>()});
  for (int64_t way = 0; way < limits_.ways; ++way) {
    for (int64_t port = 0; port < solution_.ports; ++port) {
      const int64_t from = memory_port(port, way);
      const std::string number = std::to_string(from);
      Kernel load = kernel("load_params", "load " + first.name + " " + number, of, MemoryUnit,
                           "load" + number);
      load.memories = {files_[static_cast<size_t>(from)]};
      for (size_t s = 0; s < run.size(); ++s) {
        load.outputs.push_back(load_words(*run[s], all[s], from, of.layered));
        loaded[s][static_cast<size_t>(port)].push_back(load.outputs.back());
      }
      to.push_back(std::move(load));
    }
  }
  for (size_t s = 0; s < run.size(); ++s) {
    for (int64_t port = 0; port < solution_.ports; ++port) {
      std::vector<Port>& ways = loaded[s][static_cast<size_t>(port)];
      words_[run[s]].push_back(
          limits_.ways == 1 ? ways[0] : merge_words(*run[s], of, port, std::move(ways), to));
    }
  }
}

Port Binder::load_words(const EngineStep& step, const std::shared_ptr<const ConstantSource>& all,
                        int64_t port, bool layered) {
  const int64_t of_port = layout_of(step).words(), ways = limits_.ways;
  auto words = derived_constant(all, "part", {of_port, port % solution_.ports + 1});
  int64_t count = of_port;
  if (ways > 1) {
    count = turns_of(of_port, ways) * TurnWords;
    words = derived_constant(words, "padded_matrix", {count * ways, StripeColumns});
    words = derived_constant(words, "dealt", {TurnWords, ways, port / solution_.ports + 1});
  }
  const TensorId stream = tensor("words of " + step.name, DType::I8,
                                 {Extent(count), Extent(StripeColumns)}, loaded_fifo(port));
  program_.tensors[stream].constant = words;
  const StreamType type = stripe_words_type(count);
  program_.memories[files_[static_cast<size_t>(port)]].segments.push_back(
      {stream, -1, type, 0, count, layered});
  return {stream, type, -1};
}

Port Binder::merge_words(const EngineStep& step, const Kernel& of, int64_t port,
                         std::vector<Port> of_ways, Kernels& to) {
  const std::string number = std::to_string(port);
  const int64_t words = layout_of(step).words();
  Kernel merge =
      kernel("merge_ports", "merge " + step.name + " " + number, of, MemoryUnit, "merge" + number);
  merge.sizes = {{"Words", words}, {"Part", TurnWords}, {"Turns", turns_of(words, limits_.ways)}};
  merge.inputs = std::move(of_ways);
  merge.outputs = {{tensor("merged words of " + step.name, DType::I8,
                           {Extent(words), Extent(StripeColumns)}, "words" + number),
                    stripe_words_type(words), -1}};
  to.push_back(merge);
  return merge.outputs[0];
}

void Binder::collect(const EngineStep& step, const Kernel& of, const StripeLayout& layout,
                     const std::vector<Port>& results, Kernels& to) {
  int64_t width = 0;
  for (const EngineLayer& layer : step.layers) width += layer.width;
  Kernel collect = kernel("collect_rows", "collect " + step.name, of, "", "collect");
  collect.inputs = results;
  collect.sizes = {{"L", step.lanes},
                   {"Ports", layout.ports},
                   {"BeatRows", layout.beat_rows()},
                   {"TokenLanes", tiles_.lanes},
                   {"TokenTiles", tiles_.most},
                   {"MaxKept", most_kept_},
                   {"Beats", width / step.lanes},
                   {"SliceBeats", layout.result_beats()}};
  const bool one = step.layers.size() == 1;
  const TensorId whole = one ? step.layers[0].y
                             : tensor("results of " + step.name, DType::F32,
                                      {Extent::symbol(Sequence), Extent(width)});
  collect.outputs = {{whole, row_of(DType::F32, step.lanes, width / step.lanes), -1}};
  to.push_back(collect);
  if (one) return;
  Kernel split = kernel("split", "split " + step.name, of, "", "");
  split.inputs = collect.outputs;
  split.sizes = {{"L", step.lanes}};
  for (const EngineLayer& layer : step.layers) {
    split.sizes["Part" + std::to_string(split.outputs.size())] = layer.width / step.lanes;
    split.outputs.push_back(
        {layer.y, row_of(DType::F32, step.lanes, layer.width / step.lanes), -1});
  }
  to.push_back(std::move(split));
}

}  // namespace st
