// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/parse.h"

#include <array>
#include <limits>

#include "core/itensor/parse.h"
#include "core/support/text_form.h"

namespace st {
namespace {

/// Sizes up to this are read; sums and products of few of them are exact.
constexpr int64_t MostWords = int64_t{1} << 48;
constexpr int64_t MostBeats = int64_t{1} << 40;
constexpr int MostGroups = 1 << 16;
constexpr int MostSlr = 63;

/// The value whose name_of() comes next.
template <typename Enum, size_t Count>
Enum parse_enum(TextCursor& cursor, const std::array<Enum, Count>& all, const char* what) {
  for (Enum value : all) {
    if (cursor.accept(name_of(value))) return value;
  }
  std::string known;
  for (Enum value : all) known += (known.empty() ? "" : ", ") + std::string(name_of(value));
  cursor.fail(std::string("expected ") + what + ": " + known);
  return all[0];
}

class ProgramParser {
 public:
  ProgramParser(std::string_view text, const ConstantLookup& constants, const std::string& name)
      : cursor_(text, "E0311", name), constants_(constants) {}

  Result<Program> run() {
    if (!cursor_.next_line()) cursor_.fail("the text holds no program");
    header();
    while (cursor_.next_line()) line();
    if (cursor_.failed()) return cursor_.error();
    for (Memory& memory : program_.memories) memory.bytes = bytes_of(memory);
    return std::move(program_);
  }

 private:
  void header() {
    cursor_.expect("program");
    program_.model = cursor_.quoted("the model's name");
    cursor_.expect("precision");
    program_.precision = cursor_.word("a precision");
    cursor_.expect("sequence");
    cursor_.expect("<=");
    program_.max_sequence = cursor_.integer(1, MostBeats);
    cursor_.expect("positions");
    cursor_.expect("<=");
    program_.max_positions = cursor_.integer(1, MostBeats);
    cursor_.expect("groups");
    program_.groups = static_cast<int>(cursor_.integer(1, MostGroups));
    if (cursor_.accept("vocabulary")) program_.vocabulary = cursor_.integer(1, MostBeats);
    if (cursor_.accept("unit")) {
      cursor_.expect("per");
      cursor_.expect("slr");
      program_.unit_per_slr = true;
    }
    if (cursor_.accept("layers")) layers();
    cursor_.end_line();
  }

  /// Tensors of folded layers stand further below.
  void layers() {
    LayerWalk& walk = program_.layers;
    walk.count = cursor_.integer(2, MostLayers);
    walk.streamed = cursor_.accept("streamed");
    if (walk.streamed) return;
    const auto tensor = [&](const char* what) {
      cursor_.expect(what);
      cursor_.expect("#");
      return static_cast<TensorId>(cursor_.integer(0, std::numeric_limits<TensorId>::max()));
    };
    walk.entry = tensor("entry");
    walk.carried = tensor("carried");
    walk.next = tensor("next");
    walk.exit = tensor("exit");
  }

  void line() {
    if (cursor_.accept("tensor")) {
      tensor();
    } else if (cursor_.accept("channel")) {
      channel();
    } else if (cursor_.accept("memory")) {
      memory();
    } else if (cursor_.accept("segment")) {
      segment();
    } else if (cursor_.accept("kernel")) {
      kernel();
    } else {
      cursor_.fail("expected tensor, channel, memory, segment or kernel");
    }
    cursor_.end_line();
  }

  /// #3, of a tensor further up.
  TensorId tensor_id() {
    cursor_.expect("#");
    const size_t before = cursor_.position();
    const int64_t id = cursor_.integer(0, std::numeric_limits<TensorId>::max());
    if (id >= static_cast<int64_t>(program_.tensors.size()))
      cursor_.fail_at(before, "there is no tensor #" + std::to_string(id) + " above");
    return static_cast<TensorId>(id);
  }

  /// The id of a name that stands further up.
  int id_of(const std::map<std::string, int>& ids, const char* what) {
    const size_t before = cursor_.position();
    const std::string name = cursor_.name(std::string("the name of a ") + what);
    const auto found = ids.find(name);
    if (found != ids.end()) return found->second;
    cursor_.fail_at(before,
                    std::string("there is no ") + what + " '" + printable(name) + "' above");
    return -1;
  }
  ChannelId channel_id() {
    cursor_.expect("%");
    return id_of(channels_, "channel");
  }
  MemoryId memory_id() {
    cursor_.expect("@");
    return id_of(memories_, "memory");
  }

  /// The name of something new, whose id is the number of those before.
  std::string new_name(std::map<std::string, int>& ids, const char* what) {
    const size_t before = cursor_.position();
    std::string name = cursor_.name(std::string("the name of a ") + what);
    if (!ids.try_emplace(name, static_cast<int>(ids.size())).second)
      cursor_.fail_at(before,
                      std::string("there is a ") + what + " '" + printable(name) + "' already");
    return name;
  }

  StreamType stream_type() {
    StreamType type;
    type.itensor = parse_itensor(cursor_);
    cursor_.expect("by");
    type.lanes = static_cast<int>(cursor_.integer(1, MostLanes));
    return type;
  }

  /// Reads "(a, b)" by `item`.
  template <typename Item>
  void list(const Item& item) {
    cursor_.expect("(");
    if (cursor_.accept(")")) return;
    do {
      item();
    } while (cursor_.accept(","));
    cursor_.expect(")");
  }

  void tensor() {
    cursor_.expect("#");
    const auto next = static_cast<int64_t>(program_.tensors.size());
    const size_t at_id = cursor_.position();
    if (cursor_.integer(0, std::numeric_limits<TensorId>::max()) != next)
      cursor_.fail_at(at_id, "expected #" + std::to_string(next) + ": tensors are listed in order");
    DataTensor tensor;
    tensor.name = cursor_.quoted("the tensor's name");
    const TensorType type = parse_tensor_type(cursor_);
    tensor.dtype = type.dtype;
    tensor.shape = type.shape;
    tensor.fed_back = cursor_.accept("back");
    if (cursor_.accept("fifo")) tensor.fifo = cursor_.name("the name of a FIFO");
    if (cursor_.accept("=")) {
      const size_t before = cursor_.position();
      const TypedConstant constant = parse_constant(cursor_, constants_);
      if (constant.type && *constant.type != type) {
        cursor_.fail_at(
            before, "the constant is " + text_of(*constant.type) + ", the tensor " + text_of(type));
      }
      tensor.constant = constant.source;
    }
    program_.tensors.push_back(std::move(tensor));
  }

  void channel() {
    Channel channel;
    cursor_.expect("%");
    channel.name = new_name(channels_, "channel");
    channel.tensor = tensor_id();
    cursor_.expect(":");
    channel.type = stream_type();
    cursor_.expect(",");
    cursor_.expect("depth");
    channel.depth = cursor_.integer(0, MostBeats);
    channel.memory = memory_kind();
    if (cursor_.accept("fifo")) channel.fifo = cursor_.name("the name of a FIFO");
    if (cursor_.accept("why")) channel.why = cursor_.quoted("a reason");
    program_.channels.push_back(std::move(channel));
  }

  MemoryKind memory_kind() {
    return parse_enum(
        cursor_,
        std::array{MemoryKind::Srl, MemoryKind::LutRam, MemoryKind::Bram, MemoryKind::Uram},
        "a kind of memory");
  }

  void memory() {
    Memory memory;
    cursor_.expect("@");
    memory.name = new_name(memories_, "memory");
    memory.role =
        parse_enum(cursor_,
                   std::array{MemoryRole::Input, MemoryRole::Output, MemoryRole::Parameters,
                              MemoryRole::Table, MemoryRole::Cache, MemoryRole::Activation},
                   "a role");
    if (memory.role != MemoryRole::Parameters) rows(memory);
    if (cursor_.accept("copies")) memory.copies = cursor_.integer(2, MostLayers);
    cursor_.expect(",");
    cursor_.expect("channel");
    memory.channel = static_cast<int>(cursor_.integer(0, std::numeric_limits<int>::max()));
    if (cursor_.accept("port")) memory.port = cursor_.name("the name of a port");
    if (cursor_.accept("bits")) memory.port_bits = static_cast<int>(cursor_.integer(1, WordBits));
    program_.memories.push_back(std::move(memory));
  }

  /// #2 13 rows of 4 x vector<16xf32>
  void rows(Memory& memory) {
    memory.tensor = tensor_id();
    const size_t before = cursor_.position();
    memory.rows = cursor_.integer(1, MostBeats);
    cursor_.expect("rows");
    cursor_.expect("of");
    memory.beats = cursor_.integer(1, MostBeats);
    cursor_.expect("x");
    cursor_.expect("vector");
    cursor_.expect("<");
    memory.lanes = static_cast<int>(cursor_.integer(1, MostLanes));
    cursor_.expect_joined("x");
    const size_t at_dtype = cursor_.position();
    const std::string dtype = cursor_.identifier("an element type");
    if (const auto known = dtype_named(dtype)) {
      memory.dtype = *known;
    } else {
      cursor_.fail_at(at_dtype, "there is no element type '" + dtype + "'");
    }
    cursor_.expect(">");
    if (!cursor_.failed() && memory.words_per_row() > MostWords / memory.rows)
      cursor_.fail_at(before, "the memory is too large");
  }

  void segment() {
    Segment segment;
    if (program_.memories.empty() || program_.memories.back().role != MemoryRole::Parameters)
      cursor_.fail("a segment stands below its memory, whose role is parameters");
    cursor_.expect("words");
    segment.first_word = cursor_.integer(0, MostWords);
    cursor_.expect("+");
    segment.words = cursor_.integer(1, MostWords);
    segment.layered = cursor_.accept("layered");
    const Port stream = port();
    segment.tensor = stream.tensor;
    segment.type = stream.type;
    segment.channel = stream.channel;
    if (!cursor_.failed()) program_.memories.back().segments.push_back(std::move(segment));
  }

  /// %channel, or #3 : itensor<...> by 16.
  Port port() {
    Port port;
    if (cursor_.at('%')) {
      port.channel = channel_id();
      if (cursor_.failed()) return port;
      port.tensor = program_.channels[port.channel].tensor;
      port.type = program_.channels[port.channel].type;
    } else if (cursor_.at('#')) {
      port.tensor = tensor_id();
      cursor_.expect(":");
      port.type = stream_type();
    } else {
      cursor_.fail("expected a stream: %CHANNEL, or #TENSOR : itensor<...> by LANES");
    }
    return port;
  }

  /// The ports of one side; their channels get this kernel as their `end`.
  std::vector<Port> ports(KernelId Channel::*end, const char* what) {
    std::vector<Port> all;
    list([&] {
      const size_t before = cursor_.position();
      all.push_back(port());
      if (cursor_.failed() || all.back().channel < 0) return;
      Channel& channel = program_.channels[all.back().channel];
      if (channel.*end >= 0)
        cursor_.fail_at(before,
                        "channel '" + printable(channel.name) + "' has a " + what + " already");
      channel.*end = static_cast<KernelId>(program_.kernels.size());
    });
    return all;
  }

  void kernel() {
    Kernel kernel;
    cursor_.expect("@");
    kernel.name = new_name(kernels_, "kernel");
    cursor_.expect("=");
    kernel.kind = cursor_.word("a kind of kernel");
    cursor_.expect("<");
    if (!cursor_.accept(">")) {
      do {
        const size_t before = cursor_.position();
        const std::string name = cursor_.word("a size");
        cursor_.expect("=");
        constexpr int64_t Most = std::numeric_limits<int64_t>::max();
        if (!kernel.sizes.emplace(name, cursor_.integer(0, Most)).second)
          cursor_.fail_at(before, "the kernel has size '" + printable(name) + "' already");
      } while (cursor_.accept(","));
      cursor_.expect(">");
    }
    cursor_.expect("group");
    kernel.group = static_cast<int>(cursor_.integer(0, MostGroups));
    kernel.layered = cursor_.accept("layered");
    if (!kernel.layered) kernel.behind = cursor_.accept("behind");
    kernel.alternates = cursor_.accept("alternates");
    kernel.inputs = ports(&Channel::consumer, "consumer");
    cursor_.expect("->");
    kernel.outputs = ports(&Channel::producer, "producer");
    clauses(kernel);
    program_.kernels.push_back(std::move(kernel));
  }

  /// What most kernels do without, in this order.
  void clauses(Kernel& kernel) {
    if (cursor_.accept("memories")) list([&] { kernel.memories.push_back(memory_id()); });
    if (cursor_.accept("reals")) {
      list([&] {
        const size_t before = cursor_.position();
        const std::string name = cursor_.word("a real");
        cursor_.expect("=");
        if (!kernel.reals.emplace(name, cursor_.real()).second)
          cursor_.fail_at(before, "the kernel has real '" + printable(name) + "' already");
      });
    }
    if (cursor_.accept("by")) {
      cursor_.expect("layer");
      list([&] {
        const size_t before = cursor_.position();
        const std::string name = cursor_.word("a size");
        cursor_.expect("=");
        std::vector<int64_t> sizes;
        list([&] { sizes.push_back(cursor_.integer(0, std::numeric_limits<int64_t>::max())); });
        if (!kernel.layer_sizes.emplace(name, std::move(sizes)).second)
          cursor_.fail_at(before, "the kernel has size '" + printable(name) + "' by layer already");
      });
    }
    if (cursor_.accept("instance")) kernel.instance = cursor_.name("the name of an instance");
    if (cursor_.accept("unit")) kernel.unit = cursor_.name("the name of a unit");
    if (cursor_.accept("body")) list([&] { kernel.body.push_back(cursor_.word("an operation")); });
    if (cursor_.accept("storage")) {
      list([&] {
        const size_t before = cursor_.position();
        const std::string name = cursor_.word("an array");
        cursor_.expect("=");
        if (!kernel.storage.emplace(name, memory_kind()).second)
          cursor_.fail_at(before, "the kernel has storage for '" + printable(name) + "' already");
      });
    }
    if (cursor_.accept("slr")) kernel.slr = static_cast<int>(cursor_.integer(0, MostSlr));
    if (cursor_.accept("node")) {
      kernel.node = static_cast<int>(cursor_.integer(-1, std::numeric_limits<int>::max()));
      kernel.origin = cursor_.quoted("the model's name of the node");
    }
  }

  TextCursor cursor_;
  const ConstantLookup& constants_;
  Program program_;
  std::map<std::string, int> channels_, memories_, kernels_;
};

}  // namespace

Result<Program> parse_program(std::string_view text, const ConstantLookup& constants,
                              const std::string& name) {
  return ProgramParser(text, constants, name).run();
}

}  // namespace st
