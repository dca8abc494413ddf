// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/stripes.h"

#include <algorithm>
#include <cstring>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/graph/half.h"

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

// ---- multiply_stripes

/// What a slice holds between its iterations.
struct Lanes {
  std::vector<int> sums;                      ///< [word rows][ports], of the group so far
  std::vector<float> totals;                  ///< [pair][word row][port]
  std::vector<std::vector<uint16_t>> scales;  ///< [port], of a block
  std::vector<int8_t> columns;                ///< of the group at hand
  float x_scale = 0.0f;
  int64_t n = 0;  ///< iterations of the block so far
};

class Slice {
 public:
  explicit Slice(const StripeLayout& layout) : layout_(layout), lanes_(std::make_shared<Lanes>()) {
    lanes_->sums.resize(static_cast<size_t>(layout.word_rows * layout.ports));
    lanes_->totals.resize(static_cast<size_t>(layout.rows * layout.ports));
    lanes_->scales.assign(
        static_cast<size_t>(layout.ports),
        std::vector<uint16_t>(static_cast<size_t>(layout.scale_words() * StripeScales)));
    lanes_->columns.resize(static_cast<size_t>(layout.group_words * StripeColumns));
  }

  void take_scales(Firing& f, int64_t word) const {
    lanes_->n = 0;
    for (int p = 0; p < static_cast<int>(layout_.ports); ++p)
      std::memcpy(lanes_->scales[static_cast<size_t>(p)].data() + word * StripeScales,
                  f.in<uint8_t>(FirstWord + p), StripeColumns);
  }

  /// An iteration that takes a word of each port, and before that what `reads` says of x.
  void multiply(Firing& f, bool takes_x, bool takes_scale) const {
    const int64_t w = lanes_->n % layout_.group_words;
    const int64_t pair = lanes_->n / layout_.group_words % layout_.pairs();
    const int64_t group = lanes_->n / (layout_.group_words * layout_.pairs());
    ++lanes_->n;
    if (takes_scale) lanes_->x_scale = *f.in<float>(1);
    int8_t* x = lanes_->columns.data() + w * StripeColumns;
    if (takes_x) std::memcpy(x, f.in<int8_t>(0), StripeColumns);
    for (int64_t p = 0; p < layout_.ports; ++p) {
      const auto* word = f.in<int8_t>(FirstWord + static_cast<int>(p));
      for (int64_t r = 0; r < layout_.word_rows; ++r) {
        int& sum = lanes_->sums[static_cast<size_t>(r * layout_.ports + p)];
        sum = (w == 0 ? 0 : sum) + dot(word, x, r);
      }
    }
    if (w == layout_.group_words - 1) end_group(f, group, pair);
  }

  static constexpr int FirstWord = 2;  ///< input of the first port

 private:
  /// Of a row of a word with 64 columns of x.
  [[nodiscard]] int dot(const int8_t* word, const int8_t* x, int64_t row) const {
    int sum = 0;
    if (layout_.word_rows == 1) {
      for (int64_t j = 0; j < StripeColumns; ++j) sum += int{word[j]} * int{x[j]};
      return sum;
    }
    for (int64_t j = 0; j < StripeColumns; ++j) {
      const int nibble = (static_cast<uint8_t>(word[j]) >> 4 * row) & 15;
      sum += ((nibble ^ 8) - 8) * int{x[j]};
    }
    return sum;
  }

  void end_group(Firing& f, int64_t group, int64_t pair) const {
    for (int64_t r = 0; r < layout_.word_rows; ++r) {
      for (int64_t p = 0; p < layout_.ports; ++p) {
        const int64_t lane = r * layout_.ports + p;
        const int64_t at = group * layout_.rows + pair * layout_.word_rows + r;
        const float scale =
            bfloat16_value(lanes_->scales[static_cast<size_t>(p)][static_cast<size_t>(at)]);
        float& total =
            lanes_->totals[static_cast<size_t>(pair * layout_.word_rows * layout_.ports + lane)];
        const auto sum = static_cast<float>(lanes_->sums[static_cast<size_t>(lane)]);
        total = (group == 0 ? 0.0f : total) + sum * (lanes_->x_scale * scale);
        f.out<float>(0)[lane] = total;
      }
    }
  }

  StripeLayout layout_;
  std::shared_ptr<Lanes> lanes_;
};

Nest multiply_stripes(const Program& program, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const Slice slice(layout);
  std::vector<int> words;
  for (int p = 0; p < static_cast<int>(layout.ports); ++p) words.push_back(Slice::FirstWord + p);
  const auto with = [&](std::vector<int> reads) {
    reads.insert(reads.end(), words.begin(), words.end());
    return reads;
  };
  // The iterations of a group: columns of x come with the first pair of rows, results leave with
  // the last group.
  const auto group = [&](bool last) {
    Nest first, others;
    for (int64_t w = 0; w < layout.group_words; ++w) {
      const bool scale = w == 0, ends = last && w == layout.group_words - 1;
      const std::vector<int> writes = ends ? std::vector<int>{0} : std::vector<int>();
      first.push_back(step(
          with(scale ? std::vector<int>{1, 0} : std::vector<int>{0}),
          [=](Firing& f) { slice.multiply(f, true, scale); }, writes));
      others.push_back(step(
          words, [=](Firing& f) { slice.multiply(f, false, false); }, writes));
    }
    first.push_back(loop(layout.pairs() - 1, std::move(others)));
    return first;
  };
  Nest iterations = {loop(layout.groups - 1, group(false))};
  for (NestItem& item : group(true)) iterations.push_back(std::move(item));
  const auto scales = [=](Firing& f) { slice.take_scales(f, f.counter(2)); };
  iterations.insert(iterations.begin(), loop(layout.scale_words(), {step(words, scales, {})}));
  return {loop(rows_of(program), {flattened(layout.blocks, 1, std::move(iterations))})};
}

std::vector<Buffer> slice_buffers(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  return {{.name = "totals",
           .width_bits = 32 * layout.word_rows * layout.ports,
           .words = kernel.sizes.at("MaxRows") / layout.word_rows},
          {.name = "scales",
           .width_bits = 8 * StripeColumns * layout.ports,
           .words = kernel.sizes.at("MaxScaleWords")}};
}

/// Two products of i4 share a DSP, as both rows of a word take the same column of x. Groups are
/// scaled in iterations of one pipeline, which has operators for all lanes, however seldom it needs
/// them.
Datapath slice_datapath(const Program&, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const int64_t chains = StripeColumns / DspChain, lanes = layout.word_rows * layout.ports;
  Datapath made;
  made.add(Operator::MultiplyAdd, StripeColumns * layout.ports);
  // Pairs of rows are parted once they are summed up.
  made.add(Operator::IntAdd, chains * layout.ports + (layout.word_rows - 1) * lanes);
  made.add(Operator::Select, selects_of(16 * lanes, StripeScales));
  for (const Operator op :
       {Operator::IntToFloat, Operator::FloatMultiply, Operator::FloatMultiply, Operator::FloatAdd})
    made.add(op, lanes);
  made.then(Operator::ShortMultiply);
  made.then(Operator::MultiplyAdd, DspChain - 1);
  made.then(Operator::IntAdd, tree_levels(chains) + layout.word_rows);
  made.then(Operator::IntToFloat);
  made.then(Operator::FloatMultiply);
  made.then(Operator::FloatAdd);
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
  records.push_back(
      {.kind = "multiply_stripes",
       .header = "streamtensor/stripes.h",
       .summary = "a slice of the engine: a word of weights of each port in a cycle",
       .template_arguments = {"Ports", "GroupWords", "WordRows", "MaxRows", "MaxScaleWords"},
       .arguments = {"in0", "in1", "out0", "size:Rows", "size:Groups", "size:Blocks", "tokens",
                     "in2*"},
       .nest = multiply_stripes,
       .buffers = slice_buffers,
       .datapath = slice_datapath});
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
