// SPDX-License-Identifier: Apache-2.0
/// What the pass `bind` knows while it works (bind.cpp), and the kernels that it makes, by what
/// they are for: linear layers (bind_layers.cpp), attention (bind_attention.cpp), rows that enter
/// and leave the layers (walk_layers.cpp).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/binding/attention.h"
#include "core/binding/bind.h"
#include "core/binding/steps.h"
#include "core/dataflow/kernels/stripes.h"
#include "core/dataflow/units.h"
#include "core/streams/edges.h"

namespace st {

class Binder {
 public:
  Binder(const Graph& graph, Program& program, const BindingLimits& limits)
      : graph_(graph), program_(program), limits_(limits), names_(program) {}

  Status run();

 private:
  using Kernels = std::vector<Kernel>;

  [[nodiscard]] Status streams_fit() const;

  // Kernels and streams.
  Kernel kernel(const std::string& kind, const std::string& name, const Kernel& of,
                const std::string& unit, const std::string& instance);
  TensorId tensor(const std::string& name, DType dtype, std::vector<Extent> shape,
                  const std::string& fifo = "");
  /// Values of one row of a launch, `lanes` in a beat.
  [[nodiscard]] StreamType row_of(DType dtype, int64_t lanes, int64_t beats) const;
  Port row_port(const std::string& name, DType dtype, int64_t lanes, int64_t beats,
                const std::string& fifo = "");
  /// Positions are counted, where the graph takes them as an input: a launch says where it begins.
  void count_positions();
  /// Puts the kernels of a step in the place of its first layer, and drops the layers.
  void rewrite();
  /// What makes the first layer's rows belongs to the feeder, so that rows come back to it from
  /// another unit.
  void place_in_units();

  // Linear layers.
  void add_step(const Edges& edges, const EngineStep& step, const StripeLayout& layout,
                Kernels& to);
  /// A loader for each memory port of the words of a step and of those that follow it, up to an
  /// attention or the end of the layers: what lies behind one another is one run of bursts.
  void load_run(const EngineStep& first, const Kernel& of, Kernels& to);
  /// The words of a step that a memory port has.
  Port load_words(const EngineStep& step, const std::shared_ptr<const ConstantSource>& words,
                  int64_t port, bool layered);
  /// What comes of the memory ports behind a port of the engine, as one stream.
  Port merge_words(const EngineStep& step, const Kernel& of, int64_t port,
                   std::vector<Port> of_ways, Kernels& to);
  /// Results of all slices to the rows of the step's layers.
  void collect(const EngineStep& step, const Kernel& of, const StripeLayout& layout,
               const std::vector<Port>& results, Kernels& to);
  [[nodiscard]] const StripeLayout& layout_of(const EngineStep& step) const {
    return solution_.layouts[static_cast<size_t>(&step - steps_.data())];
  }

  // Attention.
  void add_attention(const EngineAttention& attention, Kernels& to);
  /// The cache of a memory port, and its loader.
  Kernel load_cache(const EngineAttention& attention, const Kernel& of, int64_t port,
                    const std::map<std::string, int64_t>& sizes);
  /// Keys and values as a port of the engine takes them.
  Port cached_words(const EngineAttention& attention, const Kernel& of, int64_t port,
                    const std::map<std::string, int64_t>& sizes, std::vector<MemoryId>& caches,
                    Kernels& to);

  // Memory.
  void add_parameter_files();
  void lay_out_parameters();
  /// Caches of attentions that the engine has are gone.
  void drop_unused_memories();

  // Layers.
  /// Where rows enter and leave the layers. What the layers read from outside, such as the angles
  /// of positions, is made again for each of them.
  void walk_layers();
  void mark_outside(const Edges& edges);
  /// Behind the layers there is one row, that of which results are wanted.
  void take_one_row_behind();

  [[nodiscard]] int64_t memory_ports() const { return solution_.ports * limits_.ways; }
  /// Of a port of the engine, the number of the memory port that comes `way`-th in turn.
  [[nodiscard]] int64_t memory_port(int64_t port, int64_t way) const {
    return port + way * solution_.ports;
  }
  /// The FIFO behind a loader: that of the engine's port, or of what merges those of several.
  [[nodiscard]] std::string loaded_fifo(int64_t memory_port) const {
    return (limits_.ways == 1 ? "words" : "way") + std::to_string(memory_port);
  }

  const Graph& graph_;
  Program& program_;
  BindingLimits limits_;
  FreshNames names_;
  std::vector<EngineStep> steps_;
  std::vector<EngineAttention> attentions_;
  std::map<const EngineStep*, std::vector<Port>> words_;  ///< of each step, by port of the engine
  EngineSolution solution_;
  std::vector<MemoryId> files_;  ///< of each memory port
  int64_t most_rows_ = 1, most_scale_words_ = 1, most_columns_ = 1;
  // Of steps that may have several rows: beats of results, words of a port.
  int64_t most_kept_ = 1, most_words_ = 1;
  TokenTiles tiles_;  ///< of a launch
};

/// Units of a bound design beside DecoderUnit; the engine has one for each slice.
inline constexpr const char* MemoryUnit = "memory";
inline constexpr const char* FeederUnit = "feeder";
std::string slice_unit(size_t slice);
/// The graph's input of positions.
inline constexpr const char* PositionsInput = "position_ids";
/// Of a beat of AXI4-Stream.
inline constexpr int64_t MostStreamBits = 4096;

}  // namespace st
