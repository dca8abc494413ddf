// SPDX-License-Identifier: Apache-2.0
// The program's verifier: nothing behind it has to doubt an id, a type or a size.
#include "core/dataflow/verify.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/graph/sample.h"
#include "core/support/names.h"

namespace st {
namespace {

/// Numbers up to these keep every count, offset and cost of a program within 64 bits.
constexpr int64_t MostPositions = int64_t{1} << 22;  ///< as find_decoder() has it
constexpr int64_t MostElements = int64_t{1} << 54;   ///< of a tensor
constexpr int64_t MostOffset = int64_t{1} << 31;     ///< constant of a sum; a model's extents
constexpr int64_t MostFactor = 1 << 7;               ///< of a symbol in a sum
constexpr int64_t MostStep = int64_t{1} << 30;
constexpr size_t MostLoops = 16;
constexpr int64_t MostLayers = 1 << 16;
constexpr int MostLanes = 1 << 16;
constexpr int64_t MostDepth = int64_t{1} << 40;

class ProgramVerifier {
 public:
  explicit ProgramVerifier(const Program& program) : program_(program), bounds_(program) {}

  Diagnostics run() {
    header();
    if (!problems_.empty()) return problems_;
    for (const DataTensor& tensor : program_.tensors) check_tensor(tensor);
    if (!problems_.empty()) return problems_;
    for (const Channel& channel : program_.channels) check_channel(channel);
    for (const Kernel& kernel : program_.kernels) check_kernel(kernel);
    for (const Memory& memory : program_.memories) check_memory(memory);
    names();
    if (!problems_.empty()) return problems_;
    joins();
    loaders();
    order();
    instances();
    for (const Kernel& kernel : program_.kernels) verify_shapes(program_, kernel, report_);
    return problems_;
  }

 private:
  void report(const std::string& where, const std::string& message) {
    problems_.push_back({"E0320",
                         message,
                         printable(where),
                         {},
                         "this is a fault of the compiler; please report it"});
  }

  void header() {
    if (program_.max_sequence < 1 || program_.max_positions < program_.max_sequence ||
        program_.max_positions > MostPositions) {
      report("program", "a launch has from 1 row up to as many as there are positions, at most " +
                            std::to_string(MostPositions));
    }
    const auto most = static_cast<int>(program_.kernels.size()) + 1;
    if (program_.groups < 1 || program_.groups > most)
      report("program", "there are from 1 to " + std::to_string(most) + " groups");
    const bool fits = std::all_of(
        program_.tensors.begin(), program_.tensors.end(), [&](const DataTensor& tensor) {
          return tensor.name != "logits" || tensor.constant || tensor.shape.empty() ||
                 tensor.shape.back().constant().value_or(0) >= program_.vocabulary;
        });
    if (program_.vocabulary < 0 || !fits)
      report("program", "rows of 'logits' have room for the vocabulary");
    check_walk();
  }

  /// Folded layers hand on one tensor, under four names.
  void check_walk() {
    const LayerWalk& walk = program_.layers;
    if (walk.count < 1 || walk.count > MostLayers)
      report("program", "there are from 1 to " + std::to_string(MostLayers) + " layers");
    if (!walk.folded()) return;
    const auto count = static_cast<TensorId>(program_.tensors.size());
    for (const TensorId id : {walk.entry, walk.carried, walk.next, walk.exit}) {
      if (id < 0 || id >= count || walk.entry < 0 || walk.entry >= count) {
        report("program", "there is no tensor #" + std::to_string(id) + " for layers to hand on");
      } else if (program_.tensors[id].dtype != program_.tensors[walk.entry].dtype ||
                 program_.tensors[id].shape != program_.tensors[walk.entry].shape) {
        report("program", "layers hand on tensors of one type");
      }
    }
  }

  /// A sum whose numbers are small, of `sequence`, `past` and, in trip counts, outer loops.
  static bool is_plain(const Extent& extent, int loops) {
    if (std::abs(extent.offset()) > MostOffset) return false;
    return std::all_of(extent.terms().begin(), extent.terms().end(), [&](const auto& term) {
      const auto& [symbol, factor] = term;
      if (symbol == Sequence || symbol == Past) return std::abs(factor) <= MostFactor;
      const int loop = loop_named(symbol);
      return loop >= 0 && loop < loops && std::abs(factor) == 1;
    });
  }

  void check_tensor(const DataTensor& tensor) {
    int64_t elements = 1;
    for (const Extent& extent : tensor.shape) {
      if (!is_plain(extent, 0) || (tensor.constant && !extent.is_constant())) {
        report(tensor.name,
               "the shape is " + text_of(TensorType{tensor.dtype, tensor.shape}) +
                   (tensor.constant ? ", of a constant" : ", not of numbers, sequence and past"));
        return;
      }
      if (bounds_.least(extent) < 1) report(tensor.name, "an extent is not positive");
      const int64_t most = std::max<int64_t>(1, bounds_.most(extent));
      if (elements > MostElements / most) {
        report(tensor.name, "the tensor has more than 2^54 elements");
        return;
      }
      elements *= most;
    }
  }

  bool has_tensor(const std::string& where, TensorId id) {
    if (id >= 0 && id < static_cast<TensorId>(program_.tensors.size())) return true;
    report(where, "there is no tensor #" + std::to_string(id));
    return false;
  }

  /// The type is well-formed, holds in every launch, and streams the whole of its tensor.
  void check_stream(const std::string& where, TensorId id, const StreamType& type) {
    if (!has_tensor(where, id)) return;
    const DataTensor& tensor = program_.tensors[id];
    const ItensorType& t = type.itensor;
    if (Status status = verify(t); !status.ok()) {
      for (Diagnostic problem : status.errors()) {
        problem.where = printable(where);
        problems_.push_back(problem);
      }
      return;
    }
    if (t.elem.empty() || t.trips.size() > MostLoops) {
      report(where, "a stream has tiles of one dimension or more, and at most " +
                        std::to_string(MostLoops) + " loops");
      return;
    }
    const bool narrow = t.dtype == DType::I4 || t.dtype == DType::BF16;
    const bool computed = t.dtype == DType::F32 || t.dtype == DType::I8 || t.dtype == DType::I32;
    if (!computed && !(narrow && tensor.constant))
      report(where, "a stream carries f32, i8 or i32, or a constant of i4 or bf16");
    if (type.lanes < 1 || type.lanes > MostLanes || token_elements(t) % type.lanes != 0)
      report(where, "lanes do not divide the tile");
    if (t.dtype != tensor.dtype || t.elem.size() != tensor.shape.size()) {
      report(where, "the stream of " + text_of(t) + " cannot carry " +
                        text_of(TensorType{tensor.dtype, tensor.shape}));
      return;
    }
    if (trips_hold(where, t)) covers(where, tensor, t);
  }

  bool trips_hold(const std::string& where, const ItensorType& t) {
    for (int64_t step : t.steps) {
      if (step <= MostStep) continue;
      report(where, "a step is larger than " + std::to_string(MostStep));
      return false;
    }
    for (int loop = 0; loop < static_cast<int>(t.trips.size()); ++loop) {
      const Trip& trip = t.trips[loop];
      const std::string what = "the trip count of loop d" + std::to_string(loop);
      if (!is_plain(trip.count, loop)) {
        report(where, what + " is no sum of sequence, past and outer loops");
        return false;
      }
      const Extent least = iterations(t, loop, true), most = iterations(t, loop);
      if (!is_plain(least, 0) || !is_plain(most, 0)) {
        report(where, what + " is too large");
        return false;
      }
      if (bounds_.least(least) < 1) {
        report(where, what + " may be less than 1");
        return false;
      }
      if (bounds_.most(most) > trip.bound) {
        report(where, what + " may pass its bound of " + std::to_string(trip.bound));
        return false;
      }
    }
    return true;
  }

  void covers(const std::string& where, const DataTensor& tensor, const ItensorType& t) {
    for (size_t d = 0; d < t.elem.size(); ++d) {
      // The outermost loop of a dimension steps over all that its inner ones cover.
      const std::vector<int>& loops = t.map[d].loops();
      const Extent size =
          loops.empty() ? Extent(t.elem[d]) : t.steps[loops[0]] * iterations(t, loops[0]);
      if (!bounds_.equal(size, tensor.shape[d])) {
        report(where, "the stream covers " + size.text() + " of dimension " + std::to_string(d) +
                          ", the tensor '" + printable(tensor.name) + "' has " +
                          tensor.shape[d].text());
      }
    }
  }

  void check_channel(const Channel& channel) {
    check_stream(channel.name, channel.tensor, channel.type);
    if (channel.depth < 0 || channel.depth > MostDepth)
      report(channel.name, "the depth is negative, or too large");
    for (KernelId k : {channel.producer, channel.consumer}) {
      if (k < -1 || k >= static_cast<KernelId>(program_.kernels.size()))
        report(channel.name, "there is no kernel " + std::to_string(k));
    }
  }

  void check_kernel(const Kernel& kernel) {
    if (kernel.layered && !program_.layers.folded())
      report(kernel.name, "there are no folded layers to work for");
    if (kernel.group < 0 || kernel.group >= program_.groups)
      report(kernel.name, "there is no group " + std::to_string(kernel.group));
    for (const auto* ports : {&kernel.inputs, &kernel.outputs}) {
      for (const Port& port : *ports) {
        check_stream(kernel.name, port.tensor, port.type);
        if (port.channel < -1 || port.channel >= static_cast<ChannelId>(program_.channels.size()))
          report(kernel.name, "there is no channel " + std::to_string(port.channel));
      }
    }
    for (MemoryId m : kernel.memories) {
      if (m >= 0 && m < static_cast<MemoryId>(program_.memories.size())) continue;
      report(kernel.name, "there is no memory " + std::to_string(m));
      return;
    }
    verify_record(program_, kernel, report_);
  }

  void check_memory(const Memory& memory) {
    if (memory.channel < 0) report(memory.name, "there is no memory channel below 0");
    if (memory.bytes != bytes_of(memory)) report(memory.name, "the size is not that of its rows");
    if (memory.role == MemoryRole::Parameters) {
      int64_t end = 0;
      bool layered = false;
      for (const Segment& segment : memory.segments) {
        if (segment.first_word < end) report(memory.name, "segments overlap");
        if (layered && !segment.layered)
          report(memory.name, "a segment of all layers stands behind those of each");
        end = segment.first_word + segment.words;
        layered = segment.layered;
        check_segment(memory, segment);
      }
      if (memory.copies != (layered ? program_.layers.count : 1))
        report(memory.name, "layered segments exist once for each layer");
      return;
    }
    if (memory.rows < 1 || memory.beats < 1 || memory.lanes < 1)
      report(memory.name, "rows, beats and lanes are positive");
    const bool per_layer = memory.role == MemoryRole::Cache || memory.role == MemoryRole::Table;
    if (memory.copies != 1 && memory.copies != (per_layer ? program_.layers.count : 2))
      report(memory.name,
             "a cache or table exists once, or once for each layer; two copies have "
             "what layers hand on");
    if (!has_tensor(memory.name, memory.tensor)) return;
    const DataTensor& tensor = program_.tensors[memory.tensor];
    const bool stored =
        memory.dtype == DType::F32 || memory.dtype == DType::I8 || memory.dtype == DType::I32;
    if (memory.dtype != tensor.dtype || !stored ||
        int64_t{memory.lanes} * bits_of(memory.dtype) > WordBits)
      report(memory.name, "a beat is of the tensor's type, f32, i8 or i32, and fits a word");
    if (memory.role == MemoryRole::Cache) return;  // its kernel says how it is laid out
    // Rows are those of a launch, or of the table; what has no rows is one.
    const bool table = memory.role == MemoryRole::Table;
    const bool by_rows = !tensor.shape.empty() && tensor.shape[0] == Extent::symbol(Sequence);
    int64_t elements = 1;
    for (const Extent& extent : tensor.shape)
      elements *= extent == Extent::symbol(Sequence) ? program_.max_sequence
                                                     : extent.constant().value_or(0);
    const int64_t rows = table ? tensor.shape[0].constant().value_or(0) : program_.max_sequence;
    if (memory.rows != rows || elements != rows * memory.beats * memory.lanes ||
        (table ? !tensor.constant : !by_rows && rows != 1)) {
      report(memory.name,
             "the rows are not those of " + text_of(TensorType{tensor.dtype, tensor.shape}));
    }
  }

  /// A constant, streamed once for each row of a launch.
  void check_segment(const Memory& memory, const Segment& segment) {
    const size_t before = problems_.size();
    check_stream(memory.name, segment.tensor, segment.type);
    if (problems_.size() != before) return;
    const auto& trips = segment.type.itensor.trips;
    const bool repeated = !trips.empty() && trips[0].count == Extent::symbol(Sequence) &&
                          std::all_of(trips.begin() + 1, trips.end(),
                                      [](const Trip& t) { return t.count.is_constant(); });
    if (!program_.tensors[segment.tensor].constant || !repeated ||
        segment.type.beat_bits() > WordBits) {
      report(memory.name, "a segment holds a constant that is streamed once for each row");
      return;
    }
    const int64_t per_word = beats_per_word(segment.type.beat_bits());
    const int64_t beats = beats_per_row(program_, segment.type);
    if (segment.words != (beats + per_word - 1) / per_word)
      report(memory.name, "a segment has another size than its stream");
    const bool in_range =
        segment.channel >= -1 && segment.channel < static_cast<ChannelId>(program_.channels.size());
    if (!in_range ||
        (segment.channel >= 0 && (program_.channels[segment.channel].type != segment.type ||
                                  program_.channels[segment.channel].tensor != segment.tensor)))
      report(memory.name, "a segment has another channel than its loader");
  }

  /// Names are C++ identifiers that differ in more than case, and not those of groups once there
  /// are streams: from then on they stand in code.
  void names() {
    Names taken;
    if (!program_.channels.empty()) {
      for (const std::string& name : reserved_names(program_)) taken.take(name);
    }
    auto check = [&](const std::string& name) {
      if (!is_emittable(name)) report(name, "the name is no identifier for emitted code");
      if (!taken.take(name)) report(name, "the name is used twice");
    };
    for (const Memory& memory : program_.memories) check(memory.name);
    for (const Channel& channel : program_.channels) check(channel.name);
    for (const Kernel& kernel : program_.kernels) check(kernel.name);
  }

  void joins() {
    std::vector<int> reads(program_.channels.size(), 0), writes(program_.channels.size(), 0);
    auto check = [&](KernelId k, const Port& port, bool reading) {
      if (port.channel < 0) return;
      const Kernel& kernel = program_.kernels[k];
      const Channel& channel = program_.channels[port.channel];
      (reading ? reads : writes)[port.channel]++;
      if (channel.type != port.type)
        report(kernel.name, "channel '" + channel.name + "' has another type than the port");
      if (channel.tensor != port.tensor)
        report(kernel.name, "channel '" + channel.name + "' carries another tensor");
      if ((reading ? channel.consumer : channel.producer) != k)
        report(kernel.name, "channel '" + channel.name + "' names another kernel");
    };
    for (KernelId k = 0; k < static_cast<KernelId>(program_.kernels.size()); ++k) {
      for (const Port& port : program_.kernels[k].inputs) check(k, port, true);
      for (const Port& port : program_.kernels[k].outputs) check(k, port, false);
    }
    for (size_t c = 0; c < program_.channels.size(); ++c) {
      const Channel& channel = program_.channels[c];
      if (reads[c] != 1 || writes[c] != 1) {
        report(channel.name, "a channel needs one producer and one consumer");
      } else if (program_.kernels[channel.producer].group !=
                 program_.kernels[channel.consumer].group) {
        report(channel.name, "a channel joins two groups");
      } else if (channel.producer >= channel.consumer) {
        report(channel.name, "the consumer stands before the producer");
      }
    }
  }

  /// One loader takes each segment of a parameter file.
  void loaders() {
    std::map<MemoryId, std::map<TensorId, int>> taken;
    for (const Kernel& kernel : program_.kernels) {
      if (kernel.kind != "load_params") continue;
      for (const Port& port : kernel.outputs) ++taken[kernel.memories[0]][port.tensor];
    }
    for (const auto& [m, tensors] : taken) {
      const Memory& memory = program_.memories[m];
      for (const Segment& segment : memory.segments) {
        const auto found = tensors.find(segment.tensor);
        if (found == tensors.end() || found->second != 1)
          report(memory.name, "not one loader takes each of its segments");
      }
    }
  }

  /// Nodes that take turns on one instance need the same hardware: template, sizes, operations,
  /// memories, widths of streams, place.
  void instances() {
    std::map<std::string, const Kernel*> first;
    const auto same_width = [](const Port& a, const Port& b) {
      return a.type.lanes == b.type.lanes && a.type.itensor.dtype == b.type.itensor.dtype;
    };
    for (const Kernel& kernel : program_.kernels) {
      if (kernel.instance.empty()) continue;
      const auto [entry, fresh] = first.try_emplace(kernel.instance, &kernel);
      if (fresh) continue;
      const Kernel& other = *entry->second;
      const bool same = kernel.kind == other.kind && kernel.sizes == other.sizes &&
                        kernel.body == other.body && kernel.group == other.group &&
                        kernel.storage == other.storage && kernel.slr == other.slr &&
                        std::equal(kernel.inputs.begin(), kernel.inputs.end(), other.inputs.begin(),
                                   other.inputs.end(), same_width) &&
                        std::equal(kernel.outputs.begin(), kernel.outputs.end(),
                                   other.outputs.begin(), other.outputs.end(), same_width);
      if (!same) {
        report(kernel.name, "instance '" + printable(kernel.instance) +
                                "' is other hardware for '" + other.name + "'");
      }
    }
  }

  /// Kernels are in topological order: of streams, of tensors that are not streams yet, and of
  /// what groups leave for others in device memory.
  void order() {
    std::map<TensorId, int> makers;
    for (const Kernel& kernel : program_.kernels) {
      for (const Port& port : kernel.outputs) {
        if (port.channel < 0 && ++makers[port.tensor] > 1)
          report(kernel.name, "tensor #" + std::to_string(port.tensor) + " is made twice");
      }
    }
    std::set<TensorId> made;
    std::set<MemoryId> stored;
    // Groups before the layers, those of the layers, those behind them.
    std::map<int, bool> groups;
    for (const Kernel& kernel : program_.kernels) {
      if (groups.try_emplace(kernel.group, kernel.layered).first->second != kernel.layered &&
          program_.groups > 1)
        report(kernel.name, "a group works for each layer, or it does not");
    }
    int changes = 0;
    bool last = false;
    for (const auto& [group, layered] : groups) changes += std::exchange(last, layered) != layered;
    if (changes > 2 && !program_.channels.empty())
      report("program", "groups of layers stand apart");
    for (const Kernel& kernel : program_.kernels) {
      for (const Port& port : kernel.inputs) {
        if (port.channel < 0 && makers.count(port.tensor) != 0 && made.count(port.tensor) == 0)
          report(kernel.name,
                 "tensor #" + std::to_string(port.tensor) + " is read before it is made");
      }
      for (const Port& port : kernel.outputs) made.insert(port.tensor);
      if (kernel.memories.empty()) continue;
      const MemoryId m = kernel.memories[0];
      const bool input = program_.memories[m].role == MemoryRole::Input;
      const bool handed_on = program_.memories[m].copies > 1;  // written before and by the layers
      if (kernel.kind == "store_rows" && !stored.insert(m).second && !handed_on)
        report(kernel.name, "memory '" + program_.memories[m].name + "' is written twice");
      if (kernel.kind == "load_rows" && !input && stored.count(m) == 0)
        report(kernel.name,
               "memory '" + program_.memories[m].name + "' is read before it is written");
    }
  }

  const Program& program_;
  LaunchBounds bounds_;
  Diagnostics problems_;
  Report report_ = [this](const std::string& where, const std::string& message) {
    report(where, message);
  };
};

}  // namespace

Status verify(const Program& program) { return ProgramVerifier(program).run(); }

Status verify_complete(const Program& program) {
  Diagnostics problems;
  auto report = [&](const std::string& where, const std::string& message) {
    problems.push_back({"E0320",
                        message,
                        printable(where),
                        {},
                        "this is a fault of the compiler; please report it"});
  };
  for (const Kernel& kernel : program.kernels) {
    for (const auto* ports : {&kernel.inputs, &kernel.outputs}) {
      for (const Port& port : *ports) {
        if (port.channel < 0) report(kernel.name, "a port has no channel");
      }
    }
  }
  std::set<std::string> instances;
  for (const Kernel& kernel : program.kernels) {
    if (!kernel.instance.empty() && !instances.insert(kernel.instance).second)
      report(kernel.name, "instance '" + kernel.instance +
                              "' does the work of several kernels: code has an instance for each");
  }
  for (const Channel& channel : program.channels) {
    if (channel.depth < 1) report(channel.name, "the channel has no depth");
  }
  // Ids of tokens stay below the rows of their tables (vocabulary_of); positions are what they are.
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != "gather_rows" ||
        program.tensors[kernel.inputs[0].tensor].name != "position_ids")
      continue;
    const int64_t rows = program.memories[kernel.memories[0]].rows;
    if (rows >= program.max_positions) continue;
    problems.push_back({"E0403",
                        "a table has " + std::to_string(rows) + " rows, the bounds give " +
                            std::to_string(program.max_positions) + " positions",
                        "node '" + printable(kernel.origin) + "'",
                        {},
                        "choose smaller bounds with --dim"});
  }
  std::set<MemoryId> stored;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind == "store_rows") stored.insert(kernel.memories[0]);
  }
  for (size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = program.memories[m];
    if (memory.role == MemoryRole::Input) {
      const bool integers = memory.dtype == DType::I32 && memory.beats == 1 && memory.lanes == 1;
      const bool draws = memory.dtype == DType::F32 && memory.beats * memory.lanes == DrawWidth &&
                         memory.tensor >= 0 && program.tensors[memory.tensor].name == DrawsInput;
      if (!integers && !draws)
        report(memory.name, "an input is i32[sequence], or draws for sampling");
    }
    const bool made = memory.role == MemoryRole::Output || memory.role == MemoryRole::Activation;
    if (made && stored.count(static_cast<MemoryId>(m)) == 0)
      report(memory.name, "no kernel writes this " + std::string(name_of(memory.role)));
  }
  const bool answers =
      std::any_of(program.memories.begin(), program.memories.end(), [&](const Memory& memory) {
        return memory.role == MemoryRole::Output && program.tensors[memory.tensor].name == "logits";
      });
  if (!answers) report("program", "no output holds 'logits'");
  return problems;
}

}  // namespace st
