// SPDX-License-Identifier: Apache-2.0
/// The dataflow IR: kernels joined by streams of itensors, with memory ports at the edge of each
/// group.
///
/// Few symbols are left at this level: `sequence` (rows of this launch), `past` (rows already in
/// the caches) and, where kernels walk the layers, `results` (rows that are followed behind the
/// layers). The batch dimension and other unit dimensions are folded away: a decoder's activations
/// are [sequence, width].
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"
#include "core/itensor/itensor.h"

namespace st {

using TensorId = int;
using ChannelId = int;
using KernelId = int;
using MemoryId = int;

/// Symbols of extents at this level.
inline constexpr const char* Sequence = "sequence";
inline constexpr const char* Past = "past";
/// Where layers are streamed: 1 if a launch is to give logits or an id, those of its last row; 0 if
/// it only fills the caches. Kernels behind the layers have that row alone. Other designs give
/// results of all rows.
inline constexpr const char* Results = "results";
/// What a program may have: lanes of a stream, layers that kernels walk.
inline constexpr int MostLanes = 1 << 16;
inline constexpr int64_t MostLayers = 1 << 16;
/// Most memory ports over which a shared design stripes its positions.
inline constexpr int64_t MostStripes = 32;
/// Most token lanes of a shared engine: rows of a launch that it works on at once.
inline constexpr int64_t MostTokenLanes = 8;
/// Most tiles of a launch: times that a shared engine goes through a word, for as many rows as it
/// has lanes.
inline constexpr int64_t MostTokenTiles = 4;
/// The symbol for ceil((past + sequence) / stripes): positions that each of `stripes` memory ports
/// holds, the last one filled up, where port p has positions p, p + stripes, and so on.
std::string rounds_of(int64_t stripes);
/// The symbol for ceil(sequence / lanes): tiles of a launch's rows, `lanes` rows each, the last one
/// filled up.
std::string tiles_of(int64_t lanes);
/// The symbols for 1 if the launch has rows for tile number `tile`, else 0; and for how many rows
/// it has there beside the first one.
std::string tile_in_launch(int64_t lanes, int64_t tile);
std::string others_of_tile(int64_t lanes, int64_t tile);
/// The symbols of a launch and their values; rounds for each number of stripes, tiles for each of
/// lanes.
Bindings in_launch(int64_t sequence, int64_t past, int64_t results = 1);
/// The value of one of them; 0 of any other symbol.
int64_t value_in_launch(const std::string& symbol, int64_t sequence, int64_t past,
                        int64_t results = 1);
/// True of a symbol that a launch has a value for.
bool is_launch_symbol(const std::string& symbol);

/// A tensor that is streamed, or kept in device memory.
struct DataTensor {
  std::string name;  ///< the user's name, untrusted
  DType dtype = DType::F32;
  std::vector<Extent> shape;
  std::shared_ptr<const ConstantSource> constant;  ///< set for parameters
  /// Made by a kernel behind the one that reads it: it closes a cycle of kernels.
  bool fed_back = false;
  /// Its stream shares a FIFO with those of all tensors of that name here; empty: it has its own.
  std::string fifo = {};
};

/// How a stream carries a tensor: the itensor type, and how many elements a beat of the FIFO moves.
/// A token takes token_elements / lanes beats, row-major within the tile (StreamTensor §4.3.3).
struct StreamType {
  ItensorType itensor;
  int lanes = 1;
  [[nodiscard]] int64_t beats_per_token() const { return token_elements(itensor) / lanes; }
  [[nodiscard]] int64_t max_beats() const { return max_tokens(itensor) * beats_per_token(); }
  [[nodiscard]] int64_t beat_bits() const { return int64_t{lanes} * bits_of(itensor.dtype); }
  /// Bytes of a beat in this program and in recordings, where each element has bytes of its own.
  [[nodiscard]] int64_t beat_bytes() const { return int64_t{lanes} * bytes_of(itensor.dtype); }
  friend bool operator==(const StreamType&, const StreamType&) = default;
};

/// One side of a kernel: what it reads or writes, and in which order.
struct Port {
  TensorId tensor = -1;
  StreamType type;
  ChannelId channel = -1;  ///< set once the program is connected
};

/// What implements a FIFO or a buffer on the device.
enum class MemoryKind { Srl, LutRam, Bram, Uram };
/// "srl", "lutram", "bram", "uram": as in BIND_STORAGE impl=.
std::string_view name_of(MemoryKind kind);

/// A stream between two kernels of one group.
struct Channel {
  std::string name;  ///< C++ identifier, unique in the program
  /// The FIFO that carries it: channels of one name take turns on one FIFO, between one instance
  /// that writes and one that reads all of them in the same order. It is called like the first of
  /// them. Empty: a FIFO of its own, called like the channel.
  std::string fifo = {};
  TensorId tensor = -1;
  StreamType type;
  KernelId producer = -1;
  KernelId consumer = -1;
  int64_t depth = 0;  ///< in beats; 0: not chosen yet, and without limit
  std::string why;    ///< one line on why it is as deep as it is
  MemoryKind memory = MemoryKind::Srl;
};

enum class MemoryRole {
  Input,       ///< written by the host before a launch: token ids, positions
  Output,      ///< read by the host after a launch: logits
  Parameters,  ///< a packed parameter file, streamed by a loader
  Table,       ///< a parameter matrix of which rows are fetched: embeddings, rotary tables
  Cache,       ///< keys or values of earlier rows; stays on the device
  Activation,  ///< written by one group and read by another
};
std::string_view name_of(MemoryRole role);

/// A run of words of a parameter file: one constant in the order in which its stream takes it.
struct Segment {
  TensorId tensor = -1;
  ChannelId channel = -1;
  StreamType
      type;  ///< with the loop over `sequence` outermost; a segment holds one iteration of it
  int64_t first_word = 0;  ///< in 512-bit words from the start of the file
  int64_t words = 0;
  /// Each folded layer has data of its own here: first_word is that of the first layer, and the
  /// next ones follow every layer_words(). Behind all segments that are not layered.
  bool layered = false;
};

inline constexpr int WordBits = 512;  ///< of device memory, however wide a port to it is

/// A buffer in device memory. Layout: 512-bit words; a row of `beats` beats of `lanes` elements
/// starts at a word.
struct Memory {
  std::string
      name;  ///< C++ identifier, unique; also the name of a kernel's argument and of the file
  MemoryRole role = MemoryRole::Input;
  TensorId tensor = -1;  ///< what it holds; -1 for Parameters
  DType dtype = DType::F32;
  int lanes = 1;
  int64_t beats = 0;  ///< per row
  int64_t rows = 0;   ///< at the bound; for Cache: heads * positions
  /// Folded layers use these in turn: a cache and the layered segments of a parameter file exist
  /// once for each layer; what a layer hands to the next one goes to the other one of 2.
  int64_t copies = 1;
  int64_t bytes = 0;
  std::vector<Segment> segments;  ///< Parameters only
  int channel = 0;                ///< pseudo-channel of the target that holds it
  /// The m_axi port that serves it, and all others of that name, which lie in one pseudo-channel;
  /// empty: each of its arguments has a port of its own. A cache of such a port is read by one
  /// process and written by another one, so that weights and keys stream through one port.
  std::string port;
  /// What its m_axi port moves in a cycle: a power of two from 32 bits to a word. A beat of a row
  /// is not wider.
  int port_bits = WordBits;

  [[nodiscard]] int64_t words_per_row() const;
};

/// Beats of `bits` bits that share a word.
int64_t beats_per_word(int64_t beat_bits);

/// Bytes that a memory takes: those of its rows, or those up to the end of the last segment; of all
/// copies.
int64_t bytes_of(const Memory& memory);
/// Words from one copy to the next: of all rows, or of the layered segments.
int64_t layer_words(const Memory& memory);
/// The segment of that tensor, or nullptr.
const Segment* find_segment(const Memory& memory, TensorId tensor);

/// A unit of work in a group: a *node*. `kind` names the record in kernel_records(), and with it
/// the template, the arithmetic and the cost.
struct Kernel {
  std::string name;  ///< C++ identifier, unique in the program
  std::string kind;
  /// The hardware that does the work: nodes of one name take turns on one *instance*, in their
  /// order: those before the layers, those of each layer, those behind. Nodes of one kind and equal
  /// template arguments share all of it. Empty: an instance of its own, called like the node.
  std::string instance;
  /// The compute unit that holds it; empty: as units_of() has it without.
  std::string unit;
  /// Of a folded kernel ("map"): the operations on each beat, in order; empty for all others.
  std::vector<std::string> body;
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<MemoryId> memories;        ///< in order of the kernel's pointer arguments
  std::map<std::string, int64_t> sizes;  ///< template arguments by name, and some at run time
  /// Of a layered kernel: sizes that differ from layer to layer; `sizes` has that of the first.
  std::map<std::string, std::vector<int64_t>> layer_sizes;
  std::map<std::string, float> reals;  ///< run-time arguments by name
  /// What implements each of its arrays that is no register, by name; empty until it is chosen.
  std::map<std::string, MemoryKind> storage;
  int slr = -1;        ///< die of the target, in the order of its stack; -1: not chosen yet
  int node = -1;       ///< index of the node that it was lowered from: names of nodes may repeat
  std::string origin;  ///< the model's node, untrusted; empty for DMAs, forks, converters
  int group = 0;
  bool layered = false;  ///< works once for each folded layer (Program::layers)
  /// Where layers are streamed and it is not layered: works behind them, for the one row of which
  /// results are wanted.
  bool behind = false;
  /// Its rows alternate with those of the node before it in its instance: both are of the layers,
  /// go row by row, and neither needs what the other one makes. Later rows of the one do not hold
  /// up the first ones of the other.
  bool alternates = false;

  /// The sizes <prefix>0, <prefix>1, ... as far as there are any.
  [[nodiscard]] std::vector<int64_t> sizes_named(std::string_view prefix) const;
};

/// Folded layers (core/graph/layers.h): a launch runs the groups before them, then those of layered
/// kernels once for each layer, then the others. What is handed on is read from `entry` by the
/// first layer, and from the layer before by all others; `exit` is what the last one made.
struct LayerWalk {
  int64_t count = 1;  ///< 1: nothing is folded, and there are no such tensors
  TensorId entry = -1, carried = -1, next = -1, exit = -1;
  /// Layered kernels walk the layers themselves, all at once, and streams carry what one layer
  /// after the other sends through them; a stream that is fed back takes it from layer to layer, so
  /// that there are no tensors to hand on. All kernels are one group.
  bool streamed = false;

  [[nodiscard]] bool folded() const { return count > 1; }
};

/// A whole design: every group of one model on one target.
struct Program {
  std::string model;          ///< name of the graph, untrusted
  std::string precision;      ///< "f32", "w8a8", "w4a8"
  int64_t max_sequence = 1;   ///< rows of one launch at most
  int64_t max_positions = 1;  ///< past + sequence at most
  /// Logits of a row; what the row has behind them is zeroes (core/ops/padding.h). 0: unknown, all.
  int64_t vocabulary = 0;
  LayerWalk layers;
  /// What a group has on each SLR is a compute unit (units.h), joined to the others by streams. Not
  /// where layers are folded.
  bool unit_per_slr = false;
  std::vector<DataTensor> tensors;
  std::vector<Channel> channels;
  std::vector<Kernel> kernels;  ///< in topological order within each group
  std::vector<Memory> memories;
  int groups = 1;

  /// Kernels of a group, in order.
  [[nodiscard]] std::vector<KernelId> kernels_of(int group) const;
  /// Memories that kernels of a group use, each once, in order of first use.
  [[nodiscard]] std::vector<MemoryId> memories_of(int group) const;
  /// Channels whose producer is in a group, in order.
  [[nodiscard]] std::vector<ChannelId> channels_of(int group) const;
};

/// True if a loop of a stream is over the rows of a launch.
bool comes_by_rows(const StreamType& type);
/// Beats that one row of this launch takes in a stream, positions at their bound; of one that has
/// no loop over rows, all of its beats.
int64_t beats_per_row(const Program& program, const StreamType& type);

/// "group0": the name of a group's function.
std::string group_name(int group);

/// "group0_slr1": the name of what a group has on a die, where that is a compute unit of its own.
std::string unit_name(int group, int slr);

/// The argument through which a kernel uses a memory.
std::string argument_name(const Program& program, const Kernel& kernel, MemoryId m);
/// The names of all arguments of a memory.
std::vector<std::string> argument_names(const Memory& memory);
/// The argument behind that one which says at which word the copy begins that a layer uses.
std::string offset_name(const std::string& argument);
/// Names in code that are no memory's, channel's or kernel's: of functions, and of what is passed
/// beside memories.
std::vector<std::string> reserved_names(const Program& program);
/// True of a memory that is read through one argument and written through another.
bool has_two_arguments(const Memory& memory);
/// True if layers hand on what is in it.
bool is_handed_on(const Memory& memory);

/// Whether a loader's segments are words of a shared engine, which one FIFO carries: then they are
/// one run of bursts, nothing ends between them, and all rows of a launch share them.
bool loads_words(const Program& program, const Kernel& kernel);
/// True if the kernel appends to a cache, and streams what is in it.
bool is_cache(const Kernel& kernel);
/// In what the design keeps keys and values: "int8" if a cache of rows does, else "f32".
std::string kv_cache_of(const Program& program);

/// The kernel as it works for a layer: with the sizes of that layer.
Kernel of_layer(const Kernel& kernel, int64_t layer);
/// By what a group is told the size of the layer at hand.
struct SizeArgument {
  KernelId kernel = -1;
  std::string size;   ///< of Kernel::layer_sizes
  std::string name;   ///< of the group's argument: "window", "window_2"
  std::string table;  ///< that has it for all layers: "group1_window"
};
/// Those of a group, in the order of its kernels.
std::vector<SizeArgument> size_arguments(const Program& program, int group);

/// True if the group works once for each folded layer.
bool is_layered(const Program& program, int group);
/// How often a launch runs the group: as often as there are layers, or once.
int64_t runs_of(const Program& program, int group);
/// The groups that a launch runs, in order, each with the layer that it works for.
struct GroupRunOf {
  int group = 0;
  int64_t layer = 0;
};
std::vector<GroupRunOf> launch_order(const Program& program);
/// The copy of memory `m` that a kernel uses when it works for `layer`.
int64_t copy_used(const Program& program, const Kernel& kernel, MemoryId m, int64_t layer);

/// "itensor<...> by 16".
std::string text_of(const StreamType& type);
/// The text form, one line per tensor, memory, channel and kernel; what follows from other fields
/// is left out. Reads back by parse_program (core/dataflow/parse.h). Deterministic.
std::string text_of(const Program& program);

/// Checks all that later passes, interpreters and back ends rely on, so that a program may come
/// from anywhere: that ids are in range and names unique identifiers; that types are well-formed,
/// have bounds that hold in every launch, and stream the whole of their tensor; that channels join
/// equal types, in one group, one producer with one later consumer; that kernels have a record,
/// with the ports, sizes, reals and memories that it asks for; that memories are laid out as their
/// tensors. Errors: E0310 and E0320, all at once.
Status verify(const Program& program);
/// What a program must keep beyond verify() to be emitted: every port has a channel, tables have a
/// row for each position, and the logits go to an output. Errors: E0320; E0403 for the tables.
Status verify_complete(const Program& program);

}  // namespace st
