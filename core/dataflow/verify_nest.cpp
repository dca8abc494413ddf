// SPDX-License-Identifier: Apache-2.0
// Kernels against the order in which their ports carry tokens: converters, and the loops of all.
#include <algorithm>
#include <functional>
#include <numeric>

#include "core/dataflow/kernels/convert.h"
#include "core/dataflow/kernels/elementwise.h"
#include "core/dataflow/verify.h"

namespace st {
namespace {

/// Tokens and elements of what a converter holds, so that its plan is made in well below a second;
/// beats of a row, of which a nest may have a table.
constexpr int64_t MostBlock = int64_t{1} << 28;
/// Of the buffers of one kernel; the largest devices have 2^29 on-chip bits.
constexpr int64_t MostBits = int64_t{1} << 34;

bool plannable(const Port& port) {
  int64_t tokens = 1;
  for (const Trip& trip : port.type.itensor.trips) {
    if (tokens > MostBlock / trip.bound) return false;
    tokens *= trip.bound;
  }
  return tokens <= MostBlock / token_elements(port.type.itensor);
}

bool same_elements(const Program& program, const Kernel& kernel) {
  const DataTensor& source = program.tensors[kernel.inputs[0].tensor];
  return std::all_of(kernel.outputs.begin(), kernel.outputs.end(), [&](const Port& port) {
    const DataTensor& result = program.tensors[port.tensor];
    return result.dtype == source.dtype && result.shape == source.shape;
  });
}

/// "d0 of sequence, d1 of 4": the loops around the beats of a type, those of one trip apart.
using LoopList = std::vector<Extent>;

LoopList loops_of_beats(const StreamType& type) {
  LoopList loops;
  for (const Trip& trip : type.itensor.trips) loops.push_back(trip.count);
  loops.emplace_back(type.beats_per_token());
  return loops;
}

/// The same with neighbouring constants as one, which is how a nest may spell them. A counter in a
/// symbolic trip count is that of a loop over rows, the outermost on both sides.
LoopList coalesced(const Program& program, const LoopList& loops) {
  LoopList out;
  for (Extent loop : loops) {
    if (program.max_sequence == 1) loop = loop.substitute(Sequence, 1);
    if (loop == Extent(1)) continue;
    if (!out.empty() && out.back().is_constant() && loop.is_constant()) {
      out.back() = Extent(out.back().offset() * loop.offset());
    } else {
      out.push_back(loop);
    }
  }
  return out;
}

/// Rows of device memory and of adapters may have rates that are tables, as long as the row.
bool rows_are_short(const Program& program, const Kernel& kernel) {
  if (kernel.memories.empty() && kernel.kind != "adapt") return true;
  const auto is_short = [&](const Port& port) {
    return beats_per_row(program, port.type) <= MostBlock;
  };
  return std::all_of(kernel.inputs.begin(), kernel.inputs.end(), is_short) &&
         std::all_of(kernel.outputs.begin(), kernel.outputs.end(), is_short);
}

/// The loops around every access to a port in a nest. A loop whose trip counts are a table is one
/// with that around it.
void collect(const Nest& nest, LoopList& around, bool writes, int port,
             std::vector<LoopList>& found) {
  for (const NestItem& item : nest) {
    if (!item.is_loop()) {
      const auto& ports = writes ? item.writes : item.reads;
      if (std::find(ports.begin(), ports.end(), port) != ports.end()) found.push_back(around);
      continue;
    }
    const LoopList outside = around;
    if (item.trips_by_outer != nullptr) {
      const std::vector<int64_t>& trips = *item.trips_by_outer;
      around.back() = Extent(std::accumulate(trips.begin(), trips.end(), int64_t{0}));
    } else {
      around.push_back(item.trip.count);
    }
    collect(item.items, around, writes, port, found);
    around = outside;
  }
}

}  // namespace

std::string check_converter(const Program& program, const Kernel& kernel) {
  if (!same_elements(program, kernel)) return "it makes another tensor than it takes";
  const bool small = plannable(kernel.inputs[0]) &&
                     std::all_of(kernel.outputs.begin(), kernel.outputs.end(), plannable);
  if (!small) return "its streams are too long";
  std::vector<ItensorType> results;
  for (const Port& port : kernel.outputs) results.push_back(port.type.itensor);
  const ConversionPlan plan = plan_conversion(kernel.inputs[0].type.itensor, results);
  const int64_t window = converter_window(kernel), block = block_elements(plan);
  if (window == 0) return kernel.outputs.size() == 1 ? "" : "a ping-pong has one reader";
  if (!plan.sliding) return "only a ping-pong suits trip counts that are symbolic inside its block";
  if (window < plan.window)
    return "a buffer of " + std::to_string(window) +
           " elements is too small: " + std::to_string(plan.window) + " are live at once";
  return window <= block ? "" : "its buffer is larger than its block";
}

std::string check_adapter(const Program& program, const Kernel& kernel) {
  const StreamType &in = kernel.inputs[0].type, &out = kernel.outputs[0].type;
  if (!same_elements(program, kernel)) return "it makes another tensor than it takes";
  if (!same_order(in.itensor, out.itensor)) return "both sides are not in the same order";
  const bool fits = kernel.sizes.at("LIn") == in.lanes && kernel.sizes.at("LOut") == out.lanes &&
                    kernel.sizes.at("BeatsOut") == beats_per_row(program, out) &&
                    kernel.sizes.at("BeatsOut") * out.lanes % in.lanes == 0;
  return fits ? "" : "its sizes are not those of its streams";
}

bool row_major(const ItensorType& type) {
  ItensorType plain = type;
  plain.elem.assign(type.elem.size(), 1);
  plain.form = ElementForm::Scalar;
  plain.trips.clear();
  plain.steps.assign(type.elem.size(), 1);
  plain.map.clear();
  const std::vector<int64_t> shape = max_shape(type);
  for (size_t d = 0; d < shape.size(); ++d) {
    const std::vector<int>& loops = type.map[d].loops();
    const bool symbolic =
        !loops.empty() && !type.trips[static_cast<size_t>(loops[0])].count.is_constant();
    plain.trips.push_back(symbolic ? type.trips[static_cast<size_t>(loops[0])] : Trip(shape[d]));
    plain.map.emplace_back(static_cast<int>(d));
  }
  return same_order(type, plain);
}

namespace {

/// Whether an iteration of a pipelined loop reads behind a write. The network (core/network) lets a
/// blocked write hold back no read of its own iteration, and would promise room that code has not.
bool reads_behind_writes(const NestItem& loop) {
  bool writes = false;
  const std::function<bool(const Nest&)> walk = [&](const Nest& items) {
    return std::any_of(items.begin(), items.end(), [&](const NestItem& item) {
      if (item.is_loop()) return walk(item.items);
      if (writes && !item.reads.empty()) return true;
      writes = writes || !item.writes.empty();
      return false;
    });
  };
  return walk(loop.items);
}

bool reads_come_first(const Nest& nest) {
  return std::all_of(nest.begin(), nest.end(), [](const NestItem& item) {
    if (!item.is_loop()) return true;
    return item.interval > 0 && !item.flattened ? !reads_behind_writes(item)
                                                : reads_come_first(item.items);
  });
}

}  // namespace

void verify_nest(const Program& program, const Kernel& kernel, const Report& report) {
  const KernelRecord& record = kernel_record(kernel.kind);
  if (local_bits_of(program, kernel) > MostBits) {
    report(kernel.name, "its buffers are larger than any device");
    return;
  }
  if (!rows_are_short(program, kernel)) {
    report(kernel.name, "its rows have more than 2^28 beats");
    return;
  }
  if (record.by_layer) return;  // its rule looks at its streams
  const Nest nest = record.nest(program, kernel);
  if (!reads_come_first(nest))
    report(kernel.name, "an iteration reads behind a write: " + text_of(nest));
  const int64_t rows = std::min<int64_t>(2, program.max_sequence);
  // Behind none, one, and positions of several rounds; tokens of causal streams are counted one by
  // one.
  constexpr int64_t SomeRounds = 1000;
  const int64_t most = std::min(SomeRounds, program.max_positions - rows);
  for (const Bindings& lengths :
       {in_launch(1, 0), in_launch(rows, std::min<int64_t>(1, most)), in_launch(rows, most)}) {
    const Traffic moved = traffic(nest, kernel.inputs.size(), kernel.outputs.size(), lengths);
    auto check = [&](const std::vector<Port>& ports, const std::vector<int64_t>& beats,
                     const char* what) {
      for (size_t i = 0; i < ports.size(); ++i) {
        const StreamType& type = ports[i].type;
        const int64_t wanted = token_count(type.itensor, lengths) * type.beats_per_token();
        if (beats[i] == wanted) continue;
        report(kernel.name, "its loops move " + std::to_string(beats[i]) + " beats through " +
                                what + std::to_string(i) + ", the type of the stream says " +
                                std::to_string(wanted));
        return false;
      }
      return true;
    };
    if (!check(kernel.inputs, moved.reads, "in") || !check(kernel.outputs, moved.writes, "out"))
      return;
  }
  // The rule that makes the type a contract: the loops around an access are those of the type. A
  // port that several loops serve, or that a converter walks by tables, was counted above.
  // Where elements are only passed on, or treated one by one, any order will do that is the same
  // on all sides.
  if (kernel.kind == "convert" || kernel.kind == "adapt" || kernel.kind == "fork" ||
      kernel.kind == "map" || find_elementwise(kernel.kind) != nullptr)
    return;
  auto check = [&](const std::vector<Port>& ports, bool writes, const char* what) {
    for (size_t i = 0; i < ports.size(); ++i) {
      LoopList around;
      std::vector<LoopList> found;
      collect(nest, around, writes, static_cast<int>(i), found);
      if (found.size() != 1) continue;
      if (coalesced(program, found[0]) != coalesced(program, loops_of_beats(ports[i].type))) {
        report(kernel.name, "the loops around " + std::string(what) + std::to_string(i) +
                                " are not those of its type: " + text_of(nest) + ", " +
                                text_of(ports[i].type));
      }
    }
  };
  check(kernel.inputs, false, "in");
  check(kernel.outputs, true, "out");
}

void verify_storage(const Program& program, const Kernel& kernel, const Report& report) {
  if (kernel.storage.empty()) return;
  size_t found = 0;
  for (const Buffer& buffer : buffers_of(program, kernel)) {
    if (buffer.in_registers()) continue;
    const auto chosen = kernel.storage.find(std::string(buffer.name));
    if (chosen == kernel.storage.end()) {
      report(kernel.name, "array '" + std::string(buffer.name) + "' has no memory");
    } else if (++found; chosen->second == MemoryKind::Srl) {
      report(kernel.name, "array '" + std::string(buffer.name) + "' cannot be shift registers");
    }
  }
  if (found < kernel.storage.size())
    report(kernel.name, "it has memories for arrays that it has not, or that are registers");
}

}  // namespace st
