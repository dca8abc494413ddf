// SPDX-License-Identifier: Apache-2.0
#include "core/binding/bind.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "core/binding/attention.h"
#include "core/binding/share.h"
#include "core/binding/steps.h"
#include "core/dataflow/kernels/striped.h"
#include "core/dataflow/kernels/stripes.h"
#include "core/streams/edges.h"

namespace st {
namespace {

constexpr const char* MemoryUnit = "memory";
constexpr const char* FeederUnit = "feeder";
constexpr const char* DecoderUnit = "decoder";

class Binder {
 public:
  Binder(const Graph& graph, Program& program, const BindingLimits& limits)
      : graph_(graph), program_(program), limits_(limits), names_(program) {}

  Status run() {
    steps_ = engine_steps(graph_, program_);
    attentions_ = engine_attentions(program_);
    EngineProblem problem = engine_problem(graph_, program_, steps_);
    problem.least_ports = limits_.least_ports;
    problem.most_ports = limits_.most_ports;
    problem.slices = limits_.slices;
    ST_TRY(solution, bind_engine(problem));
    ST_CHECK(verify(problem, solution));
    solution_ = solution;
    for (const StripeLayout& layout : solution_.layouts) {
      most_rows_ = std::max(most_rows_, layout.rows);
      most_scale_words_ = std::max(most_scale_words_, layout.scale_words());
      most_columns_ = std::max(most_columns_, layout.columns());
    }
    add_parameter_files();
    rewrite();
    walk_layers();
    place_in_units();
    share_rows(program_, DecoderUnit);
    lay_out_parameters();
    drop_unused_memories();
    sort_kernels(program_);
    return {};
  }

 private:
  // ---- kernels

  Kernel kernel(const std::string& kind, const std::string& name, const Kernel& of,
                const std::string& unit, const std::string& instance) {
    Kernel made;
    made.kind = kind;
    made.name = names_.unique(name);
    made.unit = unit;
    made.instance = instance;
    made.layered = of.layered;
    made.node = of.node;
    made.origin = of.origin;
    return made;
  }

  TensorId tensor(const std::string& name, DType dtype, std::vector<Extent> shape,
                  const std::string& fifo = "") {
    DataTensor made;
    made.name = name;
    made.dtype = dtype;
    made.shape = std::move(shape);
    made.fifo = fifo;
    program_.tensors.push_back(std::move(made));
    return static_cast<TensorId>(program_.tensors.size()) - 1;
  }

  static std::string slice_unit(size_t slice) { return "engine" + std::to_string(slice); }

  /// Puts the kernels of a step in the place of its first layer, and drops the layers.
  void rewrite() {
    std::map<KernelId, size_t> first;
    std::set<KernelId> dropped;
    for (size_t s = 0; s < steps_.size(); ++s) {
      first[steps_[s].layers[0].kernel] = s;
      for (const EngineLayer& layer : steps_[s].layers) dropped.insert(layer.kernel);
    }
    std::map<KernelId, size_t> attends;
    for (size_t a = 0; a < attentions_.size(); ++a) {
      attends[attentions_[a].last] = a;
      dropped.insert(attentions_[a].own.begin(), attentions_[a].own.end());
    }
    const Edges edges(program_);
    std::vector<Kernel> kept;
    for (KernelId k = 0; k < static_cast<KernelId>(program_.kernels.size()); ++k) {
      if (const auto attention = attends.find(k); attention != attends.end())
        add_attention(attentions_[attention->second], kept);
      if (const auto step = first.find(k); step != first.end())
        add_step(edges, steps_[step->second], solution_.layouts[step->second], kept);
      if (dropped.count(k) == 0) kept.push_back(program_.kernels[k]);
    }
    program_.kernels = std::move(kept);
  }

  void add_step(const Edges& edges, const EngineStep& step, const StripeLayout& layout,
                std::vector<Kernel>& to) {
    const Kernel& of = program_.kernels[step.layers[0].kernel];
    const std::string name = step.name;
    const size_t slices = solution_.slice_ports.size();
    const Extent rows = Extent::symbol(Sequence);
    const Port x = writing(program_, edges.writer[step.x]);
    const Port scale = writing(program_, edges.writer[step.x_scale]);

    Kernel feed = kernel("feed_rows", "feed " + name, of, FeederUnit, "feed");
    feed.inputs = {{step.x, x.type, -1}, {step.x_scale, scale.type, -1}};
    feed.sizes = {{"L", x.type.lanes},
                  {"Beats", beats_per_row(program_, x.type)},
                  {"GroupWords", layout.group_words},
                  {"Groups", layout.groups},
                  {"Blocks", layout.blocks},
                  {"MaxColumns", most_columns_},
                  {"Slices", static_cast<int64_t>(slices)}};
    std::vector<Port> columns, scales, results;
    for (size_t s = 0; s < slices; ++s) {
      const std::string at = std::to_string(s);
      columns.push_back({tensor("columns of " + name, DType::I8,
                                {rows, layout.columns() * StripeColumns}, "columns" + at),
                         stripe_x_type(program_, layout), -1});
      scales.push_back({tensor("scales of columns of " + name, DType::F32, {rows, layout.groups},
                               "column_scales" + at),
                        stripe_scale_type(program_, layout), -1});
    }
    feed.outputs = columns;
    feed.outputs.insert(feed.outputs.end(), scales.begin(), scales.end());
    to.push_back(std::move(feed));

    if (words_.count(&step) == 0) load_run(step, of, to);
    int64_t port = 0;
    for (size_t s = 0; s < slices; ++s) {
      const int64_t ports = solution_.slice_ports[s];
      Kernel slice = kernel("multiply_stripes", "multiply " + name, of, slice_unit(s),
                            slice_unit(s) + "_slice");
      slice.inputs = {columns[s], scales[s]};
      for (int64_t p = 0; p < ports; ++p, ++port)
        slice.inputs.push_back(words_.at(&step)[static_cast<size_t>(port)]);
      const StreamType type = stripe_y_type(program_, layout, ports);
      results.push_back({tensor("results of " + name, DType::F32,
                                {rows, layout.blocks * layout.pairs() * type.lanes},
                                "results" + std::to_string(s)),
                         type, -1});
      slice.outputs = {results.back()};
      slice.sizes = {{"Ports", ports},
                     {"GroupWords", layout.group_words},
                     {"WordRows", layout.word_rows},
                     {"MaxRows", most_rows_},
                     {"MaxScaleWords", most_scale_words_},
                     {"Rows", layout.rows},
                     {"Groups", layout.groups},
                     {"Blocks", layout.blocks}};
      to.push_back(std::move(slice));
    }
    collect(step, of, layout, results, to);
  }

  /// A loader for each port of the words of a step and of those that follow it, up to an attention
  /// or the end of the layers: what lies behind one another is one run of bursts.
  void load_run(const EngineStep& first, const Kernel& of, std::vector<Kernel>& to) {
    std::vector<const EngineStep*> run;
    const auto begin = static_cast<size_t>(&first - steps_.data());
    for (size_t s = begin; s < steps_.size(); ++s) {
      const KernelId k = steps_[s].layers[0].kernel;
      const bool parted = std::any_of(
          attentions_.begin(), attentions_.end(), [&](const EngineAttention& attention) {
            return attention.last > first.layers[0].kernel && attention.last < k;
          });
      if (parted || program_.kernels[k].layered != of.layered) break;
      run.push_back(&steps_[s]);
    }
    std::vector<std::shared_ptr<const ConstantSource>> all;
    for (const EngineStep* step : run)
      all.push_back(stripes_constant(graph_, program_, *step, layout_of(*step)));
    for (int64_t port = 0; port < solution_.ports; ++port) {
      const std::string number = std::to_string(port);
      const MemoryId m = files_[static_cast<size_t>(port)];
      Kernel load = kernel("load_params", "load " + first.name + " " + number, of, MemoryUnit,
                           "load" + number);
      load.memories = {m};
      for (size_t s = 0; s < run.size(); ++s) {
        const int64_t words = layout_of(*run[s]).words();
        const TensorId stream = tensor("words of " + run[s]->name, DType::I8,
                                       {Extent(words), Extent(StripeColumns)}, "words" + number);
        program_.tensors[stream].constant = derived_constant(all[s], "part", {words, port + 1});
        const StreamType type = stripe_words_type(program_, words);
        program_.memories[m].segments.push_back({stream, -1, type, 0, words, of.layered});
        load.outputs.push_back({stream, type, -1});
        words_[run[s]].push_back(load.outputs.back());
      }
      to.push_back(std::move(load));
    }
  }

  const StripeLayout& layout_of(const EngineStep& step) const {
    return solution_.layouts[static_cast<size_t>(&step - steps_.data())];
  }

  /// Results of all slices to the rows of the step's layers.
  void collect(const EngineStep& step, const Kernel& of, const StripeLayout& layout,
               const std::vector<Port>& results, std::vector<Kernel>& to) {
    int64_t width = 0;
    for (const EngineLayer& layer : step.layers) width += layer.width;
    Kernel collect = kernel("collect_rows", "collect " + step.name, of, "", "collect");
    collect.inputs = results;
    collect.sizes = {{"L", step.lanes},
                     {"Ports", layout.ports},
                     {"WordRows", layout.word_rows},
                     {"Beats", width / step.lanes},
                     {"SliceBeats", layout.blocks * layout.pairs()}};
    const bool one = step.layers.size() == 1;
    const TensorId whole = one ? step.layers[0].y
                               : tensor("results of " + step.name, DType::F32,
                                        {Extent::symbol(Sequence), Extent(width)});
    collect.outputs = {{whole, row_type(width, step.lanes), -1}};
    to.push_back(collect);
    if (one) return;
    Kernel split = kernel("split", "split " + step.name, of, "", "");
    split.inputs = collect.outputs;
    split.sizes = {{"L", step.lanes}};
    for (const EngineLayer& layer : step.layers) {
      split.sizes["Part" + std::to_string(split.outputs.size())] = layer.width / step.lanes;
      split.outputs.push_back({layer.y, row_type(layer.width, step.lanes), -1});
    }
    to.push_back(std::move(split));
  }

  // ---- attention

  static Kernel& with(Kernel& kernel, std::map<std::string, int64_t> sizes) {
    kernel.sizes.merge(sizes);
    return kernel;
  }

  /// Values of one row of a launch, `lanes` in a beat.
  [[nodiscard]] StreamType row_of(DType dtype, int64_t lanes, int64_t beats) const {
    return {{{1, lanes},
             dtype,
             {{Extent::symbol(Sequence), program_.max_sequence}, beats},
             {1, lanes},
             {0, 1},
             lanes > 1 ? ElementForm::Vector : ElementForm::Scalar},
            static_cast<int>(lanes)};
  }
  Port row_port(const std::string& name, DType dtype, int64_t lanes, int64_t beats,
                const std::string& fifo = "") {
    return {tensor(name, dtype, {Extent::symbol(Sequence), Extent(lanes * beats)}, fifo),
            row_of(dtype, lanes, beats), -1};
  }

  void add_attention(const EngineAttention& attention, std::vector<Kernel>& to) {
    const Kernel& of = program_.kernels[attention.last];
    const std::string& name = attention.name;
    const int64_t lanes = attention.query.type.lanes;
    const std::map<std::string, int64_t> heads = {{"Heads", attention.heads},
                                                  {"KVHeads", attention.kv_heads}};
    const int64_t stripes = solution_.ports;
    const std::map<std::string, int64_t> striped = {
        {"Head", attention.head},
        {"Stripes", stripes},
        {"MaxRounds", (program_.max_positions + stripes - 1) / stripes}};
    const size_t slices = solution_.slice_ports.size();
    const int64_t rows = attention.heads + 2 * attention.kv_heads;
    const int64_t peaks = attention.heads + attention.kv_heads;
    const int64_t head_words = (attention.head + StripeColumns - 1) / StripeColumns;

    Kernel feed = kernel("feed_heads", "feed " + name, of, FeederUnit, "feed");
    feed.inputs = {attention.query,     attention.query_scale, attention.key,
                   attention.key_scale, attention.value,       attention.value_scale};
    with(with(feed, heads), {{"L", lanes}, {"Head", attention.head}});
    feed.reals = {{"scale", attention.scale}};
    std::vector<Port> words, scales;
    for (size_t s = 0; s < slices; ++s) {
      const std::string at = std::to_string(s);
      words.push_back(row_port("heads of " + name, DType::I8, StripeColumns, rows * head_words,
                               "columns" + at));
      scales.push_back(
          row_port("scales of heads of " + name, DType::F32, 1, rows, "column_scales" + at));
    }
    feed.outputs = words;
    feed.outputs.insert(feed.outputs.end(), scales.begin(), scales.end());
    to.push_back(std::move(feed));

    const Port shared = row_port("peaks of " + name, DType::F32, 1, peaks);
    program_.tensors[shared.tensor].fed_back = true;
    std::vector<Port> own, sums;
    std::vector<MemoryId> caches;
    int64_t port = 0;
    for (size_t s = 0; s < slices; ++s) {
      const int64_t ports = solution_.slice_ports[s];
      Kernel attend =
          kernel("attend", "attend " + name, of, slice_unit(s), slice_unit(s) + "_slice");
      with(with(with(attend, heads), striped),
           {{"Ports", ports}, {"First", port}, {"Window", attention.window}});
      if (!attention.layer_windows.empty()) attend.layer_sizes["Window"] = attention.layer_windows;
      attend.inputs = {words[s], scales[s], shared};
      for (int64_t p = 0; p < ports; ++p, ++port) {
        to.push_back(load_cache(attention, of, port, striped));
        caches.push_back(to.back().memories[0]);
        attend.inputs.push_back(to.back().outputs[0]);
      }
      own.push_back(row_port("peaks of a slice of " + name, DType::F32, 1, peaks));
      sums.push_back(row_port("sums of " + name, DType::I32, ChunkLanes,
                              attention.heads * (1 + 2 * ChunksPerWord * head_words)));
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
    with(with(merge, heads), {{"L", attention.context.type.lanes}, {"Head", attention.head}});
    merge.inputs = {largest};
    merge.inputs.insert(merge.inputs.end(), sums.begin(), sums.end());
    merge.outputs = {attention.context};
    to.push_back(std::move(merge));

    Kernel store = kernel("store_position", "store " + name, of, MemoryUnit, "");
    with(with(store, striped), {{"L", lanes}, {"KVHeads", attention.kv_heads}});
    store.inputs = {attention.key, attention.key_scale, attention.value, attention.value_scale};
    store.memories = caches;
    to.push_back(std::move(store));
  }

  /// The cache of a port, and its loader.
  Kernel load_cache(const EngineAttention& attention, const Kernel& of, int64_t port,
                    const std::map<std::string, int64_t>& sizes) {
    const std::string number = std::to_string(port);
    Kernel load =
        kernel("load_cache", "load keys and values " + number, of, MemoryUnit, "load" + number);
    with(load, sizes);
    load.sizes["KVHeads"] = attention.kv_heads;
    load.sizes["First"] = port;
    const StripedShape shape(load);
    const Extent rounds = Extent::symbol(rounds_of(solution_.ports));
    const int64_t words = shape.key_words + shape.value_words;
    const TensorId stream = tensor("keys and values of " + attention.name, DType::I8,
                                   {words * rounds, Extent(StripeColumns)}, "words" + number);
    const StreamType type = {{{1, StripeColumns},
                              DType::I8,
                              {shape.words_of_rounds(words)},
                              {1},
                              {0, Zero},
                              ElementForm::Vector},
                             static_cast<int>(StripeColumns)};
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

  StreamType row_type(int64_t width, int64_t lanes) const {
    return {{{1, lanes},
             DType::F32,
             {{Extent::symbol(Sequence), program_.max_sequence}, width / lanes},
             {1, lanes},
             {0, 1},
             lanes > 1 ? ElementForm::Vector : ElementForm::Scalar},
            static_cast<int>(lanes)};
  }

  // ---- memory

  void add_parameter_files() {
    for (int64_t port = 0; port < solution_.ports; ++port) {
      Memory file;
      file.name = names_.unique("weights" + std::to_string(port));
      file.role = MemoryRole::Parameters;
      file.port = "port" + std::to_string(port);
      file.channel = static_cast<int>(port);
      program_.memories.push_back(std::move(file));
      files_.push_back(static_cast<MemoryId>(program_.memories.size()) - 1);
    }
  }

  void lay_out_parameters() {
    for (const MemoryId m : files_) {
      Memory& file = program_.memories[m];
      const auto layered =
          std::stable_partition(file.segments.begin(), file.segments.end(),
                                [](const Segment& segment) { return !segment.layered; });
      file.copies = layered == file.segments.end() ? 1 : program_.layers.count;
      int64_t words = 0;
      for (Segment& segment : file.segments) {
        segment.first_word = words;
        words += segment.words;
      }
      file.bytes = bytes_of(file);
    }
  }

  /// Caches of attentions that the engine has are gone.
  void drop_unused_memories() {
    std::set<MemoryId> used;
    for (const Kernel& each : program_.kernels)
      used.insert(each.memories.begin(), each.memories.end());
    std::vector<MemoryId> now(program_.memories.size(), -1);
    std::vector<Memory> left;
    for (MemoryId m = 0; m < static_cast<MemoryId>(program_.memories.size()); ++m) {
      if (used.count(m) == 0) continue;
      now[m] = static_cast<MemoryId>(left.size());
      left.push_back(std::move(program_.memories[m]));
    }
    program_.memories = std::move(left);
    for (Kernel& each : program_.kernels) {
      for (MemoryId& m : each.memories) m = now[m];
    }
  }

  // ---- layers

  /// Where rows enter and leave the layers. What the layers read from outside, such as the angles
  /// of positions, is made again for each of them.
  void walk_layers() {
    LayerWalk& walk = program_.layers;
    const Edges edges(program_);
    const auto type_of = [&](TensorId t) { return writing(program_, edges.writer[t]).type; };
    const StreamType type = type_of(walk.entry);
    const Kernel& last = program_.kernels[edges.writer[walk.next].kernel];
    DataTensor next = program_.tensors[walk.next];
    next.fed_back = true;
    next.name += " of the layer before";
    program_.tensors.push_back(next);
    const auto handed = static_cast<TensorId>(program_.tensors.size()) - 1;
    const auto flags = [&](int64_t at) {
      std::vector<int64_t> of_layer(static_cast<size_t>(walk.count), 0);
      of_layer[static_cast<size_t>(at)] = 1;
      return of_layer;
    };
    Kernel enter = kernel("enter_layers", "enter layers", last, FeederUnit, "");
    enter.inputs = {{walk.entry, type, -1}, {handed, type, -1}};
    enter.outputs = {{walk.carried, type, -1}};
    enter.sizes = {{"L", type.lanes}, {"Beats", beats_per_row(program_, type)}, {"Entry", 1}};
    enter.layer_sizes["Entry"] = flags(0);
    Kernel leave = kernel("leave_layers", "leave layers", last, "", "");
    leave.inputs = {{walk.next, type_of(walk.next), -1}};
    leave.outputs = {{handed, type, -1}, {walk.exit, type, -1}};
    leave.sizes = {{"L", type.lanes}, {"Beats", beats_per_row(program_, type)}, {"Exit", 0}};
    leave.layer_sizes["Exit"] = flags(walk.count - 1);
    enter.layered = leave.layered = true;
    enter.node = leave.node = -1;
    enter.origin = leave.origin = "";
    mark_outside(edges);
    const auto end =
        std::find_if(program_.kernels.rbegin(), program_.kernels.rend(), [](const Kernel& k) {
          return k.layered;
        }).base();
    program_.kernels.insert(end, std::move(leave));
    program_.kernels.insert(std::find_if(program_.kernels.begin(), program_.kernels.end(),
                                         [](const Kernel& k) { return k.layered; }),
                            std::move(enter));
    walk = {walk.count, -1, -1, -1, -1, true};
    program_.groups = 1;
    for (Kernel& each : program_.kernels) each.group = 0;
  }

  /// Kernels whose results layers read, other than what enters, work for each layer; the others
  /// that come after layers are behind them.
  void mark_outside(const Edges& edges) {
    const LayerWalk& walk = program_.layers;
    std::set<KernelId> inside;
    const std::function<void(TensorId)> pull = [&](TensorId t) {
      const KernelId writer = edges.writer[t].kernel;
      if (writer < 0 || program_.kernels[writer].layered || !inside.insert(writer).second) return;
      for (const Port& port : program_.kernels[writer].inputs) pull(port.tensor);
    };
    std::set<TensorId> after = {walk.exit};
    for (Kernel& each : program_.kernels) {
      if (each.layered) {
        for (const Port& port : each.inputs)
          if (port.tensor != walk.carried) pull(port.tensor);
        continue;
      }
      each.behind = std::any_of(each.inputs.begin(), each.inputs.end(),
                                [&](const Port& port) { return after.count(port.tensor) != 0; });
      if (each.behind)
        for (const Port& port : each.outputs) after.insert(port.tensor);
    }
    for (const KernelId k : inside) program_.kernels[k].layered = true;
    // Loaders stand before what they feed.
    const Edges now(program_);
    for (Kernel& each : program_.kernels) {
      if (each.layered || each.behind || !each.inputs.empty() || each.outputs.empty()) continue;
      const auto& readers = now.readers[each.outputs[0].tensor];
      each.behind = !readers.empty() && program_.kernels[readers[0].kernel].behind;
    }
  }

  /// What makes the first layer's rows belongs to the feeder, so that rows come back to it from
  /// another unit.
  void place_in_units() {
    for (Kernel& each : program_.kernels) {
      if (!each.unit.empty()) continue;
      each.unit = each.layered || each.behind ? DecoderUnit : FeederUnit;
    }
  }

  const Graph& graph_;
  Program& program_;
  BindingLimits limits_;
  FreshNames names_;
  std::vector<EngineStep> steps_;
  std::vector<EngineAttention> attentions_;
  std::map<const EngineStep*, std::vector<Port>> words_;  ///< of each step, by port
  EngineSolution solution_;
  std::vector<MemoryId> files_;  ///< of each port
  int64_t most_rows_ = 1, most_scale_words_ = 1, most_columns_ = 1;
};

}  // namespace

int ports_beside_engine(const Program& program) {
  constexpr int OutputsAndParameters = 3;  // logits, and the parameters of two units
  const Edges edges(program);
  int ports = OutputsAndParameters;
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const bool outside = edges.writer[t].kernel < 0 && !edges.readers[t].empty();
    ports += outside && !program.tensors[t].constant &&
             static_cast<TensorId>(t) != program.layers.carried &&
             static_cast<TensorId>(t) != program.layers.exit;
  }
  for (const Memory& memory : program.memories) ports += memory.role == MemoryRole::Table;
  return ports;
}

Status bind_to_engine(const Graph& graph, Program& program, const BindingLimits& limits) {
  ST_CHECK(check_bindable(graph, program));
  return Binder(graph, program, limits).run();
}

}  // namespace st
