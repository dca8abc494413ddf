// SPDX-License-Identifier: Apache-2.0
// The program's verifier: nothing behind it has to doubt an id, a type or a size.
#include "core/dataflow/verify.h"

#include <algorithm>
#include <bit>

#include "core/support/names.h"

namespace st {
namespace {

/// Numbers up to these keep every count, offset and cost of a program within 64 bits.
constexpr int64_t MostPositions = int64_t{1} << 22;  ///< as find_decoder() has it
constexpr int64_t MostDepth = int64_t{1} << 40;

class ProgramVerifier {
 public:
  explicit ProgramVerifier(const Program& program)
      : program_(program), streams_(program, problems_) {}

  Diagnostics run() {
    header();
    if (!problems_.empty()) return problems_;
    for (const DataTensor& tensor : program_.tensors) streams_.check_tensor(tensor);
    if (!problems_.empty()) return problems_;
    for (const Channel& channel : program_.channels) check_channel(channel);
    for (const Kernel& kernel : program_.kernels) check_kernel(kernel);
    for (const Memory& memory : program_.memories) check_memory(memory);
    names();
    if (!problems_.empty()) return problems_;
    verify_channels(program_, report_);
    verify_loaders(program_, report_);
    verify_order(program_, report_);
    verify_instances(program_, report_);
    for (const Kernel& kernel : program_.kernels) verify_shapes(program_, kernel, report_);
    return problems_;
  }

 private:
  void report(const std::string& where, const std::string& message) {
    problems_.push_back(fault_of_program(where, message));
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
    if (walk.streamed && (!walk.folded() || program_.groups != 1))
      report("program", "layers that are streamed are folded, and one group");
    if (!walk.folded() || walk.streamed) return;
    if (program_.unit_per_slr)
      report("program", "folded layers are one unit, which runs its groups one after another");
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

  void check_channel(const Channel& channel) {
    streams_.check_stream(channel.name, channel.tensor, channel.type);
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
        streams_.check_stream(kernel.name, port.tensor, port.type);
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

  /// Whether a port moves whole beats; that of an engine moves parts of words, which they are.
  static bool moves_whole(const Memory& memory, int64_t beat_bits) {
    return memory.port_bits == WordBits || !memory.port.empty() ||
           memory.port_bits % std::max<int64_t>(beat_bits, 1) == 0;
  }

  void check_port(const Memory& memory) {
    const int bits = memory.port_bits;
    bool whole = moves_whole(memory, int64_t{memory.lanes} * bits_of(memory.dtype));
    for (const Segment& segment : memory.segments)
      whole = whole && moves_whole(memory, segment.type.beat_bits());
    if (bits < 32 || bits > WordBits || !std::has_single_bit(static_cast<unsigned>(bits)) || !whole)
      report(memory.name, "a port is 32 to 512 bits wide, a power of two, and moves whole beats");
  }

  void check_memory(const Memory& memory) {
    check_port(memory);
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
    if (!streams_.has_tensor(memory.name, memory.tensor)) return;
    const DataTensor& tensor = program_.tensors[memory.tensor];
    const bool scales = memory.dtype == DType::BF16 && memory.role == MemoryRole::Cache;
    const bool stored = memory.dtype == DType::F32 || memory.dtype == DType::I8 ||
                        memory.dtype == DType::I32 || scales;
    if (memory.dtype != tensor.dtype || !stored ||
        int64_t{memory.lanes} * bits_of(memory.dtype) > WordBits)
      report(memory.name,
             "a beat is of the tensor's type, f32, i8, i32 or a cache's bf16, and fits a word");
    if (memory.role == MemoryRole::Cache) return;  // its kernel says how it is laid out
    // Rows are those of a launch, or of the table; what has no rows, or the one of results, is one.
    const bool table = memory.role == MemoryRole::Table;
    const bool by_rows = !tensor.shape.empty() && tensor.shape[0] == Extent::symbol(Sequence);
    int64_t elements = 1;
    for (const Extent& extent : tensor.shape)
      elements *= extent == Extent::symbol(Sequence) ? program_.max_sequence
                                                     : extent.constant().value_or(0);
    const bool one = program_.layers.streamed && !by_rows;
    const int64_t rows =
        table ? tensor.shape[0].constant().value_or(0) : (one ? 1 : program_.max_sequence);
    if (memory.rows != rows || elements != rows * memory.beats * memory.lanes ||
        (table ? !tensor.constant : !by_rows && rows != 1)) {
      report(memory.name,
             "the rows are not those of " + text_of(TensorType{tensor.dtype, tensor.shape}));
    }
  }

  /// A constant, streamed once for each row of a launch, or for all of them.
  void check_segment(const Memory& memory, const Segment& segment) {
    const size_t before = problems_.size();
    streams_.check_stream(memory.name, segment.tensor, segment.type);
    if (problems_.size() != before) return;
    const auto& trips = segment.type.itensor.trips;
    const bool plain =
        std::all_of(trips.begin() + (comes_by_rows(segment.type) ? 1 : 0), trips.end(),
                    [](const Trip& t) { return t.count.is_constant(); });
    if (!program_.tensors[segment.tensor].constant || !plain ||
        segment.type.beat_bits() > WordBits) {
      report(memory.name, "a segment holds a constant that is streamed once, or once for each row");
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

  const Program& program_;
  Diagnostics problems_;
  StreamVerifier streams_;
  Report report_ = [this](const std::string& where, const std::string& message) {
    report(where, message);
  };
};

}  // namespace

Diagnostic fault_of_program(const std::string& where, const std::string& message) {
  return {
      "E0320", message, printable(where), {}, "this is a fault of the compiler; please report it"};
}

Status verify(const Program& program) { return ProgramVerifier(program).run(); }

}  // namespace st
