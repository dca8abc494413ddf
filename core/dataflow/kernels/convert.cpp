// SPDX-License-Identifier: Apache-2.0
// Converters between itensor types, and width adapters.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/convert.h"

namespace st {
namespace {

/// Wraps `items` in the loops `from` .. `to` of a type, the innermost first.
Nest in_loops(const ItensorType& type, size_t from, size_t to, Nest items) {
  for (size_t l = to; l-- > from;) items = {loop(type.trips[l], std::move(items))};
  return items;
}

/// Copies between a beat and cells of a buffer; elements are moved as bytes.
struct Cells {
  Cells(int64_t count, DType type)
      : size(static_cast<size_t>(bytes_of(type))),
        bytes(local<uint8_t>(count * static_cast<int64_t>(size))) {}
  [[nodiscard]] uint8_t* at(int64_t cell) const {
    return bytes->data() + static_cast<size_t>(cell) * size;
  }
  size_t size;
  Local<uint8_t> bytes;
};

/// Coordinates of each element within a tile, row-major.
std::vector<std::vector<int64_t>> tile_coordinates(const ItensorType& type) {
  std::vector<std::vector<int64_t>> coordinates;
  for (int64_t e = 0; e < token_elements(type); ++e) {
    std::vector<int64_t> x(type.elem.size());
    int64_t rest = e;
    for (size_t d = x.size(); d-- > 0; rest /= type.elem[d]) x[d] = rest % type.elem[d];
    coordinates.push_back(std::move(x));
  }
  return coordinates;
}

/// One half of a ping-pong at work: a whole block comes, then it goes.
class PingPong {
 public:
  PingPong(const ConversionPlan& plan, const Kernel& kernel)
      : plan_(plan), kernel_(kernel), cells_(block_elements(plan), plan.source.dtype) {}

  Nest nest() const {
    const Nest fill = side(plan_.source, kernel_.inputs[0].type.lanes, true);
    const Nest drain = side(plan_.results[0], kernel_.outputs[0].type.lanes, false);
    Nest both = fill;
    both.insert(both.end(), drain.begin(), drain.end());
    return in_loops(plan_.source, 0, static_cast<size_t>(plan_.shared), std::move(both));
  }

 private:
  Nest side(const ItensorType& type, int lanes, bool fill) const {
    const auto depth = static_cast<int>(type.trips.size());
    // A beat without a loop around it in the block is no iteration of a pipelined one.
    const int64_t beats = token_elements(type) / lanes;
    const bool alone = beats == 1 && depth == plan_.shared;
    const auto move = [=, cells = cells_, block = plan_.block, shared = plan_.shared,
                       within = tile_coordinates(type)](Firing& f) {
      const int64_t number = alone ? 0 : f.counter(depth);
      for (int lane = 0; lane < lanes; ++lane) {
        const auto& x = within[static_cast<size_t>(number * lanes + lane)];
        int64_t cell = 0;
        for (size_t d = 0; d < block.size(); ++d) {
          int64_t coordinate = x[d];
          for (int l : type.map[d].loops()) {
            if (l >= shared) coordinate += f.counter(l) * type.steps[static_cast<size_t>(l)];
          }
          cell = cell * block[d] + coordinate;
        }
        uint8_t* beat = (fill ? const_cast<uint8_t*>(f.in<uint8_t>(0)) : f.out<uint8_t>(0)) +
                        static_cast<size_t>(lane) * cells.size;
        std::memcpy(fill ? cells.at(cell) : beat, fill ? beat : cells.at(cell), cells.size);
      }
    };
    NestItem access = fill ? read(0, move) : write(0, move);
    if (alone) return {std::move(access)};
    return in_loops(type, static_cast<size_t>(plan_.shared), type.trips.size(),
                    {pipelined(beats, 1, {std::move(access)})});
  }

  const ConversionPlan& plan_;
  const Kernel& kernel_;
  Cells cells_;
};

/// A live-range buffer: receives as late as it can, or the whole block first where that costs
/// nothing, and sends to one reader after another.
class Sliding {
 public:
  Sliding(const ConversionPlan& plan, const Kernel& kernel, int64_t window)
      : plan_(plan),
        kernel_(kernel),
        window_(window),
        block_(block_of(plan)),
        cells_(window, plan.source.dtype),
        received_(local<int64_t>(1)) {}

  Nest nest() const {
    Nest items = {step({}, [received = received_](Firing&) { received->front() = 0; }, {})};
    const auto all = static_cast<int64_t>(block_.store.size());
    if (holds_block()) {
      items.push_back(loop(all, {receive()}));
      items.push_back(loop(tokens_of(plan_.results[0]), {send(0)}));
    } else {
      std::vector<int64_t> receives;
      int64_t received = 0;
      for (int64_t last : block_.last) {
        receives.push_back(std::max<int64_t>(0, last + 1 - received));
        received += receives.back();
      }
      Nest first = {cyclo_static(receives, 0, {receive()}), send(0)};
      items.push_back(loop(static_cast<int64_t>(block_.last.size()), std::move(first)));
      if (all > received) items.push_back(loop(all - received, {receive()}));
    }
    for (size_t r = 1; r < plan_.results.size(); ++r)
      items.push_back(loop(tokens_of(plan_.results[r]), {send(static_cast<int>(r))}));
    return in_loops(plan_.source, 0, static_cast<size_t>(plan_.shared), std::move(items));
  }

 private:
  [[nodiscard]] bool holds_block() const { return window_ >= block_elements(plan_); }

  /// Tokens of a block.
  int64_t tokens_of(const ItensorType& type) const {
    int64_t tokens = 1;
    for (size_t l = static_cast<size_t>(plan_.shared); l < type.trips.size(); ++l)
      tokens *= type.trips[l].bound;
    return tokens;
  }

  NestItem receive() const {
    const int lanes = kernel_.inputs[0].type.lanes;
    const int64_t beats = token_elements(plan_.source) / lanes;
    const auto store = [=, received = received_, cells = cells_, window = window_,
                        stores = block_.store, beat = std::make_shared<int64_t>(0)](Firing& f) {
      const int64_t number = stores[static_cast<size_t>(received->front())];
      for (int lane = 0; lane < lanes && number >= 0; ++lane)
        std::memcpy(cells.at((number + *beat * lanes + lane) % window),
                    f.in<uint8_t>(0) + static_cast<size_t>(lane) * cells.size, cells.size);
      if (++*beat == beats) {
        *beat = 0;
        ++received->front();
      }
    };
    return pipelined(beats, 1, {read(0, store)});
  }

  NestItem send(int reader) const {
    const ItensorType& type = plan_.results[static_cast<size_t>(reader)];
    const int lanes = kernel_.outputs[static_cast<size_t>(reader)].type.lanes;
    const int depth = plan_.shared;  // of the loop over tokens; that over beats is inside it
    const int64_t beats = token_elements(type) / lanes;
    // A loop over tokens that receives as well is not pipelined.
    const bool pure = reader > 0 || holds_block();
    const bool alone = beats == 1 && !(pure && static_cast<int>(type.trips.size()) > depth);
    const auto fetch = [=, cells = cells_, window = window_, arrival = block_.arrival,
                        within = tile_coordinates(type), shared = plan_.shared](Firing& f) {
      std::vector<int64_t> origin(type.elem.size(), 0);
      int64_t rest = f.counter(depth);
      for (size_t l = type.trips.size(); l-- > static_cast<size_t>(shared);) {
        const int64_t counter = rest % type.trips[l].bound;
        rest /= type.trips[l].bound;
        const int d = dimension_moved_by(type, static_cast<int>(l));
        if (d >= 0) origin[static_cast<size_t>(d)] += counter * type.steps[l];
      }
      const int64_t beat = alone ? 0 : f.counter(depth + 1);
      for (int lane = 0; lane < lanes; ++lane) {
        const auto& x = within[static_cast<size_t>(beat * lanes + lane)];
        int64_t number = 0;
        for (size_t d = 0; d < origin.size(); ++d)
          number += arrival[d][static_cast<size_t>(origin[d] + x[d])];
        std::memcpy(f.out<uint8_t>(reader) + static_cast<size_t>(lane) * cells.size,
                    cells.at(number % window), cells.size);
      }
    };
    return alone ? write(reader, fetch) : pipelined(beats, 1, {write(reader, fetch)});
  }

  const ConversionPlan& plan_;
  const Kernel& kernel_;
  int64_t window_;
  ConversionBlock block_;
  Cells cells_;
  Local<int64_t> received_;  ///< source tokens of this block so far
};

Nest convert(const Program&, const Kernel& kernel) {
  const ConversionPlan plan = plan_of_converter(kernel);
  const int64_t window = converter_window(kernel);
  return window > 0 ? Sliding(plan, kernel, window).nest() : PingPong(plan, kernel).nest();
}

/// As many banks as the widest beat has lanes; two of the lanes that are sent may come from one
/// bank (cycles_per_beat). The tool doubles an array between two processes.
std::vector<Buffer> convert_buffers(const Program&, const Kernel& kernel) {
  const int64_t window = converter_window(kernel);
  Buffer buffer = {.name = "buffer", .width_bits = bits_of(kernel.inputs[0].type.itensor.dtype)};
  buffer.words = window > 0 ? window : block_elements(plan_of_converter(kernel));
  buffer.copies = window > 0 ? 1 : 2;
  buffer.banks = kernel.inputs[0].type.lanes;
  for (const Port& port : kernel.outputs) {
    buffer.banks = std::max<int64_t>(buffer.banks, port.type.lanes);
    buffer.two_reads = buffer.two_reads || port.type.lanes > 1;
  }
  return {buffer};
}

/// A shift register of pieces that both widths are made of: one piece less than a beat needs, and a
/// beat.
std::vector<Buffer> adapt_buffers(const Program&, const Kernel& kernel) {
  const int64_t in = kernel.sizes.at("LIn"), out = kernel.sizes.at("LOut");
  const int64_t piece = std::gcd(in, out), pieces = (in + out) / piece - 1;
  return {{.name = "held",
           .width_bits = piece * bits_of(kernel.inputs[0].type.itensor.dtype),
           .words = pieces,
           .banks = pieces}};
}

/// Each lane works out where its element lies, and each bank takes or gives that of any lane.
Datapath convert_datapath(const Program& program, const Kernel& kernel) {
  const Buffer buffer = convert_buffers(program, kernel)[0];
  int64_t lanes = kernel.inputs[0].type.lanes;
  for (const Port& port : kernel.outputs) lanes += port.type.lanes;
  Datapath made;
  made.add(Operator::IntAdd, 3 * lanes);
  made.add(Operator::Select, lanes * selects_of(buffer.width_bits, buffer.banks));
  return made;
}

Datapath adapt_datapath(const Program& program, const Kernel& kernel) {
  const Buffer held = adapt_buffers(program, kernel)[0];
  Datapath made;
  made.add(Operator::IntAdd, 2);
  made.add(Operator::Select, held.words * selects_of(held.width_bits, held.words));
  return made;
}

/// Cycles of a row: those of a block as often as blocks make a row.
int64_t convert_cycles(const Program& program, const Kernel& kernel) {
  const ConversionPlan plan = plan_of_converter(kernel);
  std::vector<int> lanes;
  for (const Port& port : kernel.outputs) lanes.push_back(port.type.lanes);
  int64_t blocks = 1;
  for (int l = 0; l < plan.shared; ++l) blocks *= plan.source.trips[static_cast<size_t>(l)].bound;
  return std::max<int64_t>(
      1, blocks * block_cycles(plan, kernel.inputs[0].type.lanes, lanes) / program.max_sequence);
}

/// Beats of a row in other widths. An iteration moves the narrower beat: a wide one is read when
/// what is held does not make an output beat, and written when it does.
Nest adapt(const Program& program, const Kernel& kernel) {
  const int64_t in = kernel.sizes.at("LIn"), out = kernel.sizes.at("LOut");
  const auto size = static_cast<size_t>(bytes_of(kernel.inputs[0].type.itensor.dtype));
  const bool narrows = in > out;
  const int64_t narrow = std::min(in, out), wide = std::max(in, out);
  const int64_t steps = kernel.sizes.at("BeatsOut") * out / narrow;
  // Wide beats that have to be there, or are complete, after each step: one more, or as many.
  std::vector<int64_t> moves_wide;
  int64_t moved = 0;
  for (int64_t b = 1; b <= steps; ++b) {
    const int64_t by_now = (b * narrow + (narrows ? wide - 1 : 0)) / wide;
    moves_wide.push_back(by_now - moved);
    moved = by_now;
  }
  const auto held = std::make_shared<std::vector<uint8_t>>();
  const auto take = [=](Firing& f) {
    const uint8_t* beat = f.in<uint8_t>(0);
    held->insert(held->end(), beat, beat + static_cast<size_t>(in) * size);
  };
  const auto give = [=](Firing& f) {
    const auto bytes = static_cast<std::ptrdiff_t>(static_cast<size_t>(out) * size);
    std::copy_n(held->begin(), bytes, f.out<uint8_t>(0));
    held->erase(held->begin(), held->begin() + bytes);
  };
  const Nest body = narrows ? Nest{cyclo_static(moves_wide, 0, {read(0, take)}), write(0, give)}
                            : Nest{read(0, take), cyclo_static(moves_wide, 0, {write(0, give)})};
  return {loop(rows_of(program, kernel), {pipelined(steps, 1, body)})};
}

}  // namespace

ConversionPlan plan_of_converter(const Kernel& kernel) {
  std::vector<ItensorType> results;
  for (const Port& port : kernel.outputs) results.push_back(port.type.itensor);
  ConversionPlan plan = plan_conversion(kernel.inputs[0].type.itensor, results);
  const auto window = kernel.sizes.find("Window");
  if (window == kernel.sizes.end()) return plan;
  plan.sliding = window->second > 0;
  plan.window = plan.sliding ? window->second : block_elements(plan);
  return plan;
}

int64_t converter_window(const Kernel& kernel) {
  const auto found = kernel.sizes.find("Window");
  return found == kernel.sizes.end() ? 0 : found->second;
}

void add_converter_kernels(std::vector<KernelRecord>& records) {
  records.push_back({.kind = "convert",
                     .header = "",
                     .summary = "from one itensor type to others, through a buffer",
                     .template_arguments = {},
                     .arguments = {"in0", "out*", "tokens"},
                     .nest = convert,
                     .row_cycles = convert_cycles,
                     .buffers = convert_buffers,
                     .datapath = convert_datapath,
                     .row_barrier = true});
  records.push_back({.kind = "adapt",
                     .header = "streamtensor/adapt.h",
                     .summary = "the same elements in beats of another width",
                     .template_arguments = {"type of in0", "LIn", "LOut", "BeatsOut"},
                     .arguments = {"in0", "out0", "tokens"},
                     .nest = adapt,
                     .buffers = adapt_buffers,
                     .datapath = adapt_datapath});
}

}  // namespace st
