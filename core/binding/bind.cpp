// SPDX-License-Identifier: Apache-2.0
#include "core/binding/bind.h"

#include <algorithm>
#include <set>

#include "core/binding/binder.h"
#include "core/binding/share.h"

namespace st {

std::string slice_unit(size_t slice) { return "engine" + std::to_string(slice); }

Status Binder::run() {
  steps_ = engine_steps(graph_, program_);
  attentions_ = engine_attentions(program_);
  EngineProblem problem = engine_problem(graph_, program_, steps_);
  problem.least_ports = limits_.least_ports;
  problem.most_ports = limits_.most_ports;
  problem.slices = limits_.slices;
  ST_TRY(solution, bind_engine(problem));
  ST_CHECK(verify(problem, solution));
  solution_ = solution;
  tiles_.lanes = std::min(limits_.token_lanes, program_.max_sequence);
  tiles_.most = (program_.max_sequence + tiles_.lanes - 1) / tiles_.lanes;
  ST_CHECK(streams_fit());
  for (const StripeLayout& layout : solution_.layouts) {
    most_rows_ = std::max(most_rows_, layout.rows);
    most_scale_words_ = std::max(most_scale_words_, layout.scale_words());
    most_columns_ = std::max(most_columns_, layout.columns());
  }
  for (const EngineStep& step : steps_) {
    const StripeLayout& layout = layout_of(step);
    if (!program_.kernels[step.layers[0].kernel].layered) continue;
    if (tiles_.lanes > 1) most_kept_ = std::max(most_kept_, layout.result_beats());
    if (tiles_.most > 1) most_words_ = std::max(most_words_, layout.words());
  }
  add_parameter_files();
  rewrite();
  count_positions();
  walk_layers();
  take_one_row_behind();
  place_in_units();
  share_rows(program_, DecoderUnit);
  lay_out_parameters();
  drop_unused_memories();
  sort_kernels(program_);
  return {};
}

/// What all token lanes send in a beat.
Status Binder::streams_fit() const {
  const int64_t columns = 8 * StripeColumns;  // bits of a lane
  for (const int64_t ports : solution_.slice_ports) {
    const int64_t results = 32 * solution_.layouts[0].beat_rows() * ports;
    const int64_t bits = tiles_.lanes * std::max(columns, results);
    if (bits > MostStreamBits)
      return Diagnostic{"E0403",
                        "a stream between the engine and its neighbours has " +
                            std::to_string(bits) + " bits for " + std::to_string(tiles_.lanes) +
                            " token lanes; one of AXI4-Stream has " +
                            std::to_string(MostStreamBits) + " at most",
                        "",
                        {},
                        "choose fewer --token-lanes, or more --engine-slices"};
  }
  return {};
}

Kernel Binder::kernel(const std::string& kind, const std::string& name, const Kernel& of,
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

TensorId Binder::tensor(const std::string& name, DType dtype, std::vector<Extent> shape,
                        const std::string& fifo) {
  DataTensor made;
  made.name = name;
  made.dtype = dtype;
  made.shape = std::move(shape);
  made.fifo = fifo;
  program_.tensors.push_back(std::move(made));
  return static_cast<TensorId>(program_.tensors.size()) - 1;
}

StreamType Binder::row_of(DType dtype, int64_t lanes, int64_t beats) const {
  return {{{1, lanes},
           dtype,
           {{Extent::symbol(Sequence), program_.max_sequence}, beats},
           {1, lanes},
           {0, 1},
           lanes > 1 ? ElementForm::Vector : ElementForm::Scalar},
          static_cast<int>(lanes)};
}
Port Binder::row_port(const std::string& name, DType dtype, int64_t lanes, int64_t beats,
                      const std::string& fifo) {
  return {tensor(name, dtype, {Extent::symbol(Sequence), Extent(lanes * beats)}, fifo),
          row_of(dtype, lanes, beats), -1};
}

void Binder::rewrite() {
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

void Binder::add_parameter_files() {
  for (int64_t port = 0; port < memory_ports(); ++port) {
    Memory file;
    file.name = names_.unique("weights" + std::to_string(port));
    file.role = MemoryRole::Parameters;
    file.port = "port" + std::to_string(port);
    file.channel = static_cast<int>(port);
    program_.memories.push_back(std::move(file));
    files_.push_back(static_cast<MemoryId>(program_.memories.size()) - 1);
  }
}

void Binder::lay_out_parameters() {
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

void Binder::drop_unused_memories() {
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

void Binder::count_positions() {
  const Edges edges(program_);
  for (size_t t = 0; t < program_.tensors.size(); ++t) {
    const bool given = edges.writer[t].kernel < 0 && !edges.readers[t].empty();
    if (!given || program_.tensors[t].name != PositionsInput) continue;
    const End& reader = edges.readers[t][0];
    Kernel count;
    count.kind = "count_positions";
    count.name = names_.unique("count_positions");
    count.outputs = {
        {static_cast<TensorId>(t), program_.kernels[reader.kernel].inputs[reader.port].type, -1}};
    program_.kernels.insert(program_.kernels.begin(), std::move(count));
    return;
  }
}

void Binder::place_in_units() {
  for (Kernel& each : program_.kernels) {
    if (each.unit.empty()) each.unit = DecoderUnit;
  }
}

int ports_beside_engine(const Program& program) {
  constexpr int OutputsAndParameters = 2;  // logits, and the parameters of a unit
  const Edges edges(program);
  int ports = OutputsAndParameters;
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const bool outside = edges.writer[t].kernel < 0 && !edges.readers[t].empty();
    ports += outside && !program.tensors[t].constant && program.tensors[t].name != PositionsInput &&
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
