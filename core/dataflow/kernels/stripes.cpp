// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/stripes.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {

StripeLayout stripe_layout_of(const Kernel& kernel) {
  StripeLayout layout;
  layout.ports = size_of(kernel, "Ports", 1);
  layout.word_rows = size_of(kernel, "WordRows", 1);
  layout.group_words = size_of(kernel, "GroupWords", 1);
  layout.groups = size_of(kernel, "Groups", 1);
  layout.rows = size_of(kernel, "Rows", 1);
  layout.blocks = size_of(kernel, "Blocks", 1);
  return layout;
}

TokenTiles::TokenTiles(const Kernel& kernel) : behind(kernel.behind) {
  lanes = size_of(kernel, "TokenLanes", 1);
  most = size_of(kernel, "TokenTiles", 1);
}

Trip TokenTiles::all() const {
  return behind || most == 1 ? Trip(1) : Trip{Extent::symbol(tiles_of(lanes)), most};
}

Trip TokenTiles::has(int64_t tile) const {
  if (tile == 0) return {1};
  return behind ? Trip(0) : Trip{Extent::symbol(tile_in_launch(lanes, tile)), 1};
}

Trip TokenTiles::others(int64_t tile) const {
  return behind || lanes == 1 ? Trip(0)
                              : Trip{Extent::symbol(others_of_tile(lanes, tile)), lanes - 1};
}

int64_t TokenTiles::rows(int64_t tokens, int64_t tile) const {
  return std::clamp<int64_t>((behind ? 1 : tokens) - tile * lanes, 0, lanes);
}

namespace {

/// Tiles of as many rows as there are lanes.
StreamType stream(const TokenTiles& tiles, DType dtype, std::vector<Trip> trips,
                  std::vector<int64_t> elem, std::vector<int64_t> steps,
                  std::vector<MapResult> map) {
  trips.insert(trips.begin(), tiles.all());
  steps.insert(steps.begin(), tiles.lanes);
  elem.insert(elem.begin(), tiles.lanes);
  map.insert(map.begin(), 0);
  const int64_t lanes = elem[0] * elem[1];
  const ElementForm form = lanes > 1 ? ElementForm::Vector : ElementForm::Scalar;
  return {{std::move(elem), dtype, std::move(trips), std::move(steps), std::move(map), form},
          static_cast<int>(lanes)};
}

}  // namespace

StreamType stripe_words_type(int64_t words) {
  return {{{1, StripeColumns}, DType::I8, {words}, {1}, {0, Zero}, ElementForm::Vector},
          static_cast<int>(StripeColumns)};
}

StreamType stripe_x_type(const StripeLayout& layout, const TokenTiles& tiles) {
  return stream(tiles, DType::I8, {layout.blocks, layout.columns()}, {StripeColumns},
                {1, StripeColumns}, {2});
}

StreamType stripe_scale_type(const StripeLayout& layout, const TokenTiles& tiles) {
  return stream(tiles, DType::F32, {layout.blocks, layout.groups}, {1}, {1, 1}, {2});
}

StreamType stripe_y_type(const StripeLayout& layout, const TokenTiles& tiles, int64_t ports) {
  const int64_t lanes = layout.beat_rows() * ports;
  return stream(tiles, DType::F32, {layout.result_beats()}, {lanes}, {lanes}, {1});
}

Extent stripe_tokens(const TokenTiles& tiles) { return tiles.lanes * tiles.all().count; }

int64_t filled_columns(int64_t beats, int64_t lanes) {
  return (beats * lanes + StripeColumns - 1) / StripeColumns;
}

namespace {

// ---- feed_rows

/// What is held of the rows of a tile, by lane.
struct FedRows {
  std::vector<std::vector<int8_t>> columns;
  std::vector<std::vector<float>> scales;
};

/// Writes column `c` of all rows of a tile to all slices, and the scales of its group before its
/// first one.
class Sender {
 public:
  explicit Sender(const Kernel& kernel)
      : layout_(stripe_layout_of(kernel)),
        tiles_(kernel),
        slices_(kernel.sizes.at("Slices")),
        rows_(std::make_shared<FedRows>()) {
    const auto lanes = static_cast<size_t>(tiles_.lanes);
    rows_->columns.assign(
        lanes, std::vector<int8_t>(static_cast<size_t>(layout_.columns() * StripeColumns), 0));
    rows_->scales.assign(lanes, std::vector<float>(static_cast<size_t>(layout_.groups), 0.0f));
  }

  [[nodiscard]] bool begins_group(int64_t column) const {
    return column % layout_.group_words == 0;
  }
  [[nodiscard]] int64_t group(int64_t column) const { return column / layout_.group_words; }
  [[nodiscard]] std::vector<int> ports(bool with_scale) const {
    std::vector<int> ports;
    const auto slices = static_cast<int>(slices_);
    for (int s = 0; with_scale && s < slices; ++s) ports.push_back(slices + s);
    for (int s = 0; s < slices; ++s) ports.push_back(s);
    return ports;
  }
  void send(Firing& f, int64_t tile, int64_t column) const {
    const int64_t used = tiles_.rows(f.tokens, tile);
    for (int s = 0; s < static_cast<int>(slices_); ++s) {
      int8_t* to = f.out<int8_t>(s);
      const int scales = static_cast<int>(slices_) + s;
      for (size_t t = 0; t < rows_->columns.size(); ++t) {
        const bool has_row = static_cast<int64_t>(t) < used;
        int8_t* lane = to + t * StripeColumns;
        if (has_row) {
          std::memcpy(lane, rows_->columns[t].data() + column * StripeColumns, StripeColumns);
        } else {
          std::memset(lane, 0, StripeColumns);
        }
        if (begins_group(column))
          f.out<float>(scales)[t] =
              has_row ? rows_->scales[t][static_cast<size_t>(group(column))] : 0.0f;
      }
    }
  }
  [[nodiscard]] std::vector<int8_t>& row(int64_t t) const {
    return rows_->columns[static_cast<size_t>(t)];
  }
  [[nodiscard]] float& scale(int64_t t, int64_t group) const {
    return rows_->scales[static_cast<size_t>(t)][static_cast<size_t>(group)];
  }
  [[nodiscard]] const TokenTiles& tiles() const { return tiles_; }

 private:
  StripeLayout layout_;
  TokenTiles tiles_;
  int64_t slices_;
  std::shared_ptr<FedRows> rows_;
};

/// Takes a row as it comes, in a loop of depth 1. Of the last one of a tile, a column of all rows
/// goes on when all of its beats are there.
Nest taken(const Kernel& kernel, const Sender& sender, int64_t tile, bool last) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("Beats");
  Nest steps;
  for (int64_t b = 0; b < beats; ++b) {
    const int64_t end = (b + 1) * lanes, column = (end - 1) / StripeColumns;
    const bool complete = end % StripeColumns == 0 || b == beats - 1;
    const bool scaled = complete && sender.begins_group(column);
    const auto take = [=](Firing& f) {
      const int64_t t = last ? sender.tiles().rows(f.tokens, tile) - 1 : f.counter(1);
      std::memcpy(sender.row(t).data() + b * lanes, f.in<int8_t>(0), static_cast<size_t>(lanes));
      if (scaled) sender.scale(t, sender.group(column)) = *f.in<float>(1);
      if (last && complete) sender.send(f, tile, column);
    };
    std::vector<int> reads = {0};
    if (scaled) reads.push_back(1);
    steps.push_back(
        step(reads, take, last && complete ? sender.ports(scaled) : std::vector<int>()));
  }
  // A group that is not filled ends with columns of zeroes.
  const int64_t columns = stripe_layout_of(kernel).columns();
  for (int64_t c = filled_columns(beats, lanes); last && c < columns; ++c)
    steps.push_back(step(
        {}, [=](Firing& f) { sender.send(f, tile, c); }, sender.ports(false)));
  return steps;
}

Nest feed_rows(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const Sender sender(kernel);
  const TokenTiles& tiles = sender.tiles();
  Nest all;
  for (int64_t tile = 0; tile < tiles.most; ++tile) {
    if (tiles.has(tile).bound == 0) continue;
    Nest again;  // of a group
    for (int64_t w = 0; w < layout.group_words; ++w) {
      const auto send = [=](Firing& f) {
        sender.send(f, tile, f.counter(2) * layout.group_words + w);
      };
      again.push_back(step({}, send, sender.ports(w == 0)));
    }
    Nest of_tile;
    const Trip others = tiles.others(tile);
    if (others.bound > 0)
      of_tile.push_back(loop(others, {flattened(1, 1, taken(kernel, sender, tile, false))}));
    of_tile.push_back(flattened(1, 1, taken(kernel, sender, tile, true)));
    of_tile.push_back(flattened(layout.blocks - 1, 1, {loop(layout.groups, std::move(again))}));
    all.push_back(loop(tiles.has(tile), std::move(of_tile)));
  }
  return all;
}

std::vector<Buffer> fed_row(const Program&, const Kernel& kernel) {
  const int64_t columns = kernel.sizes.at("MaxColumns"), lanes = TokenTiles(kernel).lanes;
  return {{.name = "columns",
           .width_bits = 8 * StripeColumns,
           .words = lanes * columns,
           .banks = lanes},
          {.name = "group_scales", .width_bits = 32, .words = lanes * columns, .banks = lanes}};
}

Datapath feed_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  // Parts of a column; in each of several lanes the newest column, one that is held, or none.
  made.add(Operator::Select, selects_of(8 * StripeColumns, 3));
  if (const int64_t lanes = TokenTiles(kernel).lanes; lanes > 1)
    made.add(Operator::Select, lanes * selects_of(8 * StripeColumns + 32, 3));
  made.add(Operator::IntAdd, 4 * kernel.sizes.at("Slices"));
  return made;
}

// ---- collect_rows

/// By iteration: whether a beat of results is taken from every slice, and whether one of the row
/// leaves. Beats are taken until one of the row is complete; what is behind the row is taken too.
struct Collecting {
  std::vector<int64_t> takes, sends;

  Collecting(int64_t lanes, int64_t beats, int64_t width, int64_t slices_beats) {
    int64_t held = 0, taken = 0, sent = 0;
    while (taken < slices_beats || sent < beats) {
      const bool take = taken < slices_beats && (held < lanes || sent == beats);
      if (take) held += width;
      taken += take ? 1 : 0;
      const bool send = sent < beats && held >= lanes;
      if (send) held -= lanes;
      sent += send ? 1 : 0;
      takes.push_back(take ? 1 : 0);
      sends.push_back(send ? 1 : 0);
    }
  }
};

/// The results of the rows of a tile, and how many beats of the row at hand are gone.
struct Collected {
  std::vector<std::vector<float>> rows;
  int64_t sent = 0;
};

/// Of a tile the first row leaves while results come, those behind it from what is kept, in the
/// same turns.
Nest collect_rows(const Program&, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), beat_rows = kernel.sizes.at("BeatRows");
  const TokenTiles tiles(kernel);
  std::vector<int64_t> ports;  // of each slice
  std::vector<int> slices;
  for (const Port& port : kernel.inputs) {
    slices.push_back(static_cast<int>(slices.size()));
    ports.push_back(port.type.lanes / (tiles.lanes * beat_rows));
  }
  const auto all = std::make_shared<Collected>();
  all->rows.resize(static_cast<size_t>(tiles.lanes));
  const auto take = [=](Firing& f) {
    for (int64_t t = 0; t < static_cast<int64_t>(all->rows.size()); ++t) {
      std::vector<float>& row = all->rows[static_cast<size_t>(t)];
      for (int64_t r = 0; r < beat_rows; ++r) {
        for (const int s : slices) {
          const int64_t own = ports[static_cast<size_t>(s)];
          const float* results = f.in<float>(s) + (t * beat_rows + r) * own;
          row.insert(row.end(), results, results + own);
        }
      }
    }
  };
  const auto send = [=](bool first) -> Body {
    return [=](Firing& f) {
      const auto& row = all->rows[first ? 0 : static_cast<size_t>(f.counter(1)) + 1];
      std::copy_n(row.begin() + all->sent++ * lanes, lanes, f.out<float>(0));
    };
  };
  const Collecting turns(lanes, kernel.sizes.at("Beats"), beat_rows * kernel.sizes.at("Ports"),
                         kernel.sizes.at("SliceBeats"));
  const auto begin = [=](Firing&) {
    for (std::vector<float>& row : all->rows) row.clear();
    all->sent = 0;
  };
  const auto begin_row = [=](Firing&) { all->sent = 0; };
  const auto count = static_cast<int64_t>(turns.takes.size());
  Nest nest;
  for (int64_t tile = 0; tile < tiles.most; ++tile) {
    if (tiles.has(tile).bound == 0) continue;
    Nest of_tile = {step({}, begin, {}), pipelined(count, 1,
                                                   {sometimes(turns.takes, step(slices, take, {})),
                                                    sometimes(turns.sends, write(0, send(true)))})};
    const Nest row = {step({}, begin_row, {}),
                      pipelined(count, 1, {sometimes(turns.sends, write(0, send(false)))})};
    if (tiles.others(tile).bound > 0) of_tile.push_back(loop(tiles.others(tile), row));
    nest.push_back(loop(tiles.has(tile), std::move(of_tile)));
  }
  return nest;
}

std::vector<Buffer> held_results(const Program&, const Kernel& kernel) {
  const int64_t width = kernel.sizes.at("BeatRows") * kernel.sizes.at("Ports");
  const int64_t lanes = kernel.sizes.at("L") + width, others = TokenTiles(kernel).lanes - 1;
  std::vector<Buffer> buffers = {
      {.name = "held", .width_bits = 32, .words = lanes, .banks = lanes}};
  if (others > 0)
    buffers.push_back({.name = "kept",
                       .width_bits = 32 * width,
                       .words = others * kernel.sizes.at("MaxKept"),
                       .banks = others});
  return buffers;
}

/// New results go behind those that are held, at one of few places.
Datapath collect_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  const int64_t width = kernel.sizes.at("BeatRows") * kernel.sizes.at("Ports");
  const int64_t lanes = kernel.sizes.at("L"), places = lanes / std::gcd(width, lanes);
  // One of the results, what is held, or what is held a beat further.
  made.add(Operator::Select, selects_of(32 * (width + lanes), places + 2));
  made.add(Operator::IntAdd, 3);
  return made;
}

}  // namespace

void add_stripe_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "feed_rows",
       .header = "streamtensor/stripe_rows.h",
       .summary = "i8 rows with group scales to all slices of the engine, once for each block",
       .template_arguments = {"L", "GroupWords", "TokenLanes", "MaxColumns"},
       .arguments = {"in0", "in1", "size:Beats", "size:Groups", "size:Blocks", "tokens", "out*"},
       .nest = feed_rows,
       .buffers = fed_row,
       .datapath = feed_datapath});
  records.push_back({.kind = "collect_rows",
                     .header = "streamtensor/stripe_rows.h",
                     .summary = "results of all slices of the engine to rows",
                     .template_arguments = {"L", "Ports", "BeatRows", "TokenLanes", "MaxKept"},
                     .arguments = {"out0", "size:Beats", "size:SliceBeats", "tokens", "in*"},
                     .nest = collect_rows,
                     .buffers = held_results,
                     .datapath = collect_datapath});
}

}  // namespace st
