// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/stripes.h"

#include <algorithm>
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"

namespace st {

StripeLayout stripe_layout_of(const Kernel& kernel) {
  StripeLayout layout;
  const auto size = [&](const char* name) {
    const auto found = kernel.sizes.find(name);
    return found == kernel.sizes.end() ? 1 : found->second;
  };
  layout.ports = size("Ports");
  layout.word_rows = size("WordRows");
  layout.group_words = size("GroupWords");
  layout.groups = size("Groups");
  layout.rows = size("Rows");
  layout.blocks = size("Blocks");
  return layout;
}

namespace {

StreamType stream(const Program& program, DType dtype, std::vector<Trip> trips,
                  std::vector<int64_t> elem, std::vector<int64_t> steps,
                  std::vector<MapResult> map) {
  trips.insert(trips.begin(), rows_of(program));
  steps.insert(steps.begin(), 1);
  const auto lanes = static_cast<int>(elem.back());
  const ElementForm form = lanes > 1 ? ElementForm::Vector : ElementForm::Scalar;
  return {{std::move(elem), dtype, std::move(trips), std::move(steps), std::move(map), form},
          lanes};
}

}  // namespace

StreamType stripe_words_type(const Program& program, int64_t words) {
  return stream(program, DType::I8, {words}, {1, StripeColumns}, {1}, {1, Zero});
}

StreamType stripe_x_type(const Program& program, const StripeLayout& layout) {
  return stream(program, DType::I8, {layout.blocks, layout.columns()}, {1, StripeColumns},
                {1, StripeColumns}, {0, 2});
}

StreamType stripe_scale_type(const Program& program, const StripeLayout& layout) {
  return stream(program, DType::F32, {layout.blocks, layout.groups}, {1, 1}, {1, 1}, {0, 2});
}

StreamType stripe_y_type(const Program& program, const StripeLayout& layout, int64_t ports) {
  const int64_t lanes = layout.word_rows * ports;
  return stream(program, DType::F32, {layout.blocks * layout.pairs()}, {1, lanes}, {lanes}, {0, 1});
}

int64_t filled_columns(int64_t beats, int64_t lanes) {
  return (beats * lanes + StripeColumns - 1) / StripeColumns;
}

namespace {

// ---- feed_rows

/// What is held of a row between blocks.
struct FedRow {
  std::vector<int8_t> columns;
  std::vector<float> scales;
};

/// Writes column `c` to all slices, and the scale of its group before its first one.
class Sender {
 public:
  Sender(const StripeLayout& layout, int64_t slices)
      : layout_(layout), slices_(slices), row_(std::make_shared<FedRow>()) {
    row_->columns.assign(static_cast<size_t>(layout.columns() * StripeColumns), 0);
    row_->scales.assign(static_cast<size_t>(layout.groups), 0.0f);
  }

  [[nodiscard]] bool begins_group(int64_t column) const {
    return column % layout_.group_words == 0;
  }
  [[nodiscard]] std::vector<int> ports(bool with_scale) const {
    std::vector<int> ports;
    const auto slices = static_cast<int>(slices_);
    for (int s = 0; with_scale && s < slices; ++s) ports.push_back(slices + s);
    for (int s = 0; s < slices; ++s) ports.push_back(s);
    return ports;
  }
  void send(Firing& f, int64_t column) const {
    for (int s = 0; s < static_cast<int>(slices_); ++s) {
      std::memcpy(f.out<int8_t>(s), row_->columns.data() + column * StripeColumns, StripeColumns);
      if (begins_group(column))
        *f.out<float>(static_cast<int>(slices_) + s) =
            row_->scales[static_cast<size_t>(column / layout_.group_words)];
    }
  }
  [[nodiscard]] FedRow& row() const { return *row_; }

 private:
  StripeLayout layout_;
  int64_t slices_;
  std::shared_ptr<FedRow> row_;
};

/// The first block takes the row as it comes: a column goes on when all of its beats are there.
Nest first_block(const Kernel& kernel, const StripeLayout& layout, const Sender& sender) {
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("Beats");
  Nest steps;
  for (int64_t b = 0; b < beats; ++b) {
    const int64_t end = (b + 1) * lanes, column = (end - 1) / StripeColumns;
    const bool complete = end % StripeColumns == 0 || b == beats - 1;
    const bool scaled = complete && sender.begins_group(column);
    const auto take = [=](Firing& f) {
      std::memcpy(sender.row().columns.data() + b * lanes, f.in<int8_t>(0),
                  static_cast<size_t>(lanes));
      if (scaled)
        sender.row().scales[static_cast<size_t>(column / layout.group_words)] = *f.in<float>(1);
      if (complete) sender.send(f, column);
    };
    std::vector<int> reads = {0};
    if (scaled) reads.push_back(1);
    steps.push_back(step(reads, take, complete ? sender.ports(scaled) : std::vector<int>()));
  }
  // A group that is not filled ends with columns of zeroes.
  for (int64_t c = filled_columns(beats, lanes); c < layout.columns(); ++c)
    steps.push_back(step(
        {}, [=](Firing& f) { sender.send(f, c); }, sender.ports(false)));
  return steps;
}

Nest feed_rows(const Program& program, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const Sender sender(layout, kernel.sizes.at("Slices"));
  Nest again;  // of a group
  for (int64_t w = 0; w < layout.group_words; ++w) {
    const auto send = [=](Firing& f) { sender.send(f, f.counter(2) * layout.group_words + w); };
    again.push_back(step({}, send, sender.ports(w == 0)));
  }
  return {loop(rows_of(program),
               {flattened(1, 1, first_block(kernel, layout, sender)),
                flattened(layout.blocks - 1, 1, {loop(layout.groups, std::move(again))})})};
}

std::vector<Buffer> fed_row(const Program&, const Kernel& kernel) {
  const int64_t columns = kernel.sizes.at("MaxColumns");
  return {{.name = "columns", .width_bits = 8 * StripeColumns, .words = columns},
          {.name = "group_scales", .width_bits = 32, .words = columns}};
}

Datapath feed_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  made.add(Operator::Select, selects_of(8 * StripeColumns, 3));
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

Nest collect_rows(const Program& program, const Kernel& kernel) {
  const int64_t lanes = kernel.sizes.at("L"), word_rows = kernel.sizes.at("WordRows");
  std::vector<int64_t> ports;  // of each slice
  std::vector<int> slices;
  for (const Port& port : kernel.inputs) {
    slices.push_back(static_cast<int>(slices.size()));
    ports.push_back(port.type.lanes / word_rows);
  }
  const auto held = std::make_shared<std::vector<float>>();
  const auto take = [=](Firing& f) {
    for (int64_t r = 0; r < word_rows; ++r) {
      for (const int s : slices) {
        const int64_t own = ports[static_cast<size_t>(s)];
        const float* results = f.in<float>(s) + r * own;
        held->insert(held->end(), results, results + own);
      }
    }
  };
  const auto send = [=](Firing& f) {
    std::copy_n(held->begin(), lanes, f.out<float>(0));
    held->erase(held->begin(), held->begin() + lanes);
  };
  const Collecting turns(lanes, kernel.sizes.at("Beats"), word_rows * kernel.sizes.at("Ports"),
                         kernel.sizes.at("SliceBeats"));
  const auto begin = [=](Firing&) { held->clear(); };
  return {loop(rows_of(program),
               {step({}, begin, {}), pipelined(static_cast<int64_t>(turns.takes.size()), 1,
                                               {sometimes(turns.takes, step(slices, take, {})),
                                                sometimes(turns.sends, write(0, send))})})};
}

std::vector<Buffer> held_results(const Program&, const Kernel& kernel) {
  const int64_t lanes =
      kernel.sizes.at("L") + kernel.sizes.at("WordRows") * kernel.sizes.at("Ports");
  return {{.name = "held", .width_bits = 32, .words = lanes, .banks = lanes}};
}

/// New results go behind those that are held, wherever that is.
Datapath collect_datapath(const Program&, const Kernel& kernel) {
  Datapath made;
  const int64_t lanes = kernel.sizes.at("WordRows") * kernel.sizes.at("Ports");
  made.add(Operator::Select, selects_of(32 * (lanes + kernel.sizes.at("L")), kernel.sizes.at("L")));
  made.add(Operator::IntAdd, 3);
  return made;
}

}  // namespace

void add_stripe_kernels(std::vector<KernelRecord>& records) {
  records.push_back(
      {.kind = "feed_rows",
       .header = "streamtensor/stripes.h",
       .summary = "an i8 row with group scales to all slices of the engine, once for each block",
       .template_arguments = {"L", "GroupWords", "MaxColumns"},
       .arguments = {"in0", "in1", "size:Beats", "size:Groups", "size:Blocks", "tokens", "out*"},
       .nest = feed_rows,
       .buffers = fed_row,
       .datapath = feed_datapath});
  records.push_back({.kind = "collect_rows",
                     .header = "streamtensor/stripes.h",
                     .summary = "results of all slices of the engine to rows",
                     .template_arguments = {"L", "Ports", "WordRows"},
                     .arguments = {"out0", "size:Beats", "size:SliceBeats", "tokens", "in*"},
                     .nest = collect_rows,
                     .buffers = held_results,
                     .datapath = collect_datapath});
}

}  // namespace st
