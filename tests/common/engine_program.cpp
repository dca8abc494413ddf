// SPDX-License-Identifier: Apache-2.0
// The program of tests/common/engine_model.h.
#include "core/dataflow/kernels/stripes.h"
#include "tests/common/engine_model.h"

namespace st::test {
namespace {

class EngineMaker {
 public:
  EngineMaker(const EngineCase& of, const EngineValues& values)
      : of_(of), values_(values), layout_(of.layout()) {
    program_.model = "a layer on the engine";
    program_.precision = of.weights == DType::I4 ? "w4a8" : "w8a8";
    program_.max_sequence = of.most_tokens;
    program_.max_positions = 8;
    tiles_.lanes = of.token_lanes();
    tiles_.most = of.tiles;
  }

  Program make() {
    load("x", row(DType::I8, of_.lanes, of_.beats));
    load("x_scales", row(DType::F32, 1, layout_.groups));
    feed();
    load_words();
    multiply();
    collect();
    for (Channel& channel : program_.channels) channel.depth = 2;
    return std::move(program_);
  }

 private:
  [[nodiscard]] StreamType row(DType dtype, int64_t lanes, int64_t beats) const {
    return {{{1, lanes},
             dtype,
             {{Extent::symbol(Sequence), of_.most_tokens}, beats},
             {1, lanes},
             {0, 1},
             lanes > 1 ? ElementForm::Vector : ElementForm::Scalar},
            static_cast<int>(lanes)};
  }

  Kernel& kernel(const std::string& name, const std::string& kind) {
    Kernel made;
    made.name = name;
    made.kind = kind;
    program_.kernels.push_back(made);
    return program_.kernels.back();
  }
  TensorId tensor(const std::string& name, DType dtype, std::vector<Extent> shape) {
    program_.tensors.push_back({name, dtype, std::move(shape), nullptr});
    return static_cast<TensorId>(program_.tensors.size()) - 1;
  }
  TensorId rows_tensor(const std::string& name, DType dtype, int64_t width) {
    return tensor(name, dtype, {Extent::symbol(Sequence), Extent(width)});
  }
  /// What all token lanes have, tile by tile.
  TensorId lanes_tensor(const std::string& name, DType dtype, int64_t width) {
    return tensor(name, dtype, {stripe_tokens(tiles_), Extent(width)});
  }
  void out(const std::string& name, const StreamType& type, TensorId of) {
    Channel channel;
    channel.name = name;
    channel.tensor = of;
    channel.type = type;
    channel.why = "chosen by the test";
    channel.producer = static_cast<KernelId>(program_.kernels.size()) - 1;
    channels_[name] = static_cast<ChannelId>(program_.channels.size());
    program_.channels.push_back(channel);
    program_.kernels.back().outputs.push_back({of, type, channels_[name]});
  }
  void in(const std::string& name) {
    const ChannelId c = channels_.at(name);
    Channel& channel = program_.channels[static_cast<size_t>(c)];
    channel.consumer = static_cast<KernelId>(program_.kernels.size()) - 1;
    program_.kernels.back().inputs.push_back({channel.tensor, channel.type, c});
  }

  MemoryId memory(const std::string& name, MemoryRole role, TensorId of, const StreamType& type) {
    Memory made;
    made.name = name;
    made.role = role;
    made.tensor = of;
    made.dtype = type.itensor.dtype;
    made.lanes = type.lanes;
    made.beats = beats_per_row(program_, type);
    made.rows = of_.most_tokens;
    made.bytes = bytes_of(made);
    program_.memories.push_back(made);
    return static_cast<MemoryId>(program_.memories.size()) - 1;
  }
  void load(const std::string& name, const StreamType& type) {
    const int64_t beats = beats_per_row(program_, type);
    const TensorId of = rows_tensor(name, type.itensor.dtype, beats * type.lanes);
    const MemoryId m = memory(name, MemoryRole::Input, of, type);
    Kernel& loader = kernel("load_" + name, "load_rows");
    loader.memories = {m};
    loader.sizes = {{"L", type.lanes}, {"Beats", beats}};
    out(name + "_in", type, of);
  }

  void feed() {
    kernel("feed", "feed_rows").sizes = {{"L", of_.lanes},
                                         {"Beats", of_.beats},
                                         {"GroupWords", layout_.group_words},
                                         {"Groups", layout_.groups},
                                         {"Blocks", layout_.blocks},
                                         {"TokenLanes", tiles_.lanes},
                                         {"TokenTiles", tiles_.most},
                                         {"MaxColumns", layout_.columns() + 1},
                                         {"Slices", static_cast<int64_t>(of_.slices.size())}};
    in("x_in");
    in("x_scales_in");
    for (size_t s = 0; s < of_.slices.size(); ++s)
      out("columns_" + std::to_string(s), stripe_x_type(layout_, tiles_),
          lanes_tensor("columns", DType::I8, layout_.columns() * StripeColumns));
    for (size_t s = 0; s < of_.slices.size(); ++s)
      out("scales_" + std::to_string(s), stripe_scale_type(layout_, tiles_),
          lanes_tensor("scales", DType::F32, layout_.groups));
  }

  void load_words() {
    const auto all = combined_constant(
        "stripes", {constant_of(values_.weights, "w"), constant_of(values_.scales, "s")},
        {layout_.ports, layout_.rows, layout_.blocks, layout_.group_words});
    const int64_t words = layout_.words();
    const StreamType type = stripe_words_type(words);
    for (int64_t p = 0; p < layout_.ports; ++p) {
      const std::string number = "_" + std::to_string(p);
      const TensorId of = tensor("words" + number, DType::I8, {words, StripeColumns});
      program_.tensors.back().constant = derived_constant(all, "part", {words, p + 1});
      Memory file;
      file.name = "weights" + number;
      file.role = MemoryRole::Parameters;
      kernel("load_words" + number, "load_params").memories = {
          static_cast<MemoryId>(program_.memories.size())};
      out("words" + number, type, of);
      file.segments = {{of, channels_.at("words" + number), type, 0, words, false}};
      file.bytes = bytes_of(file);
      program_.memories.push_back(file);
    }
  }

  void multiply() {
    int64_t port = 0;
    for (size_t s = 0; s < of_.slices.size(); ++s) {
      const std::string number = "_" + std::to_string(s);
      kernel("multiply" + number, "multiply_stripes").sizes = {
          {"Ports", of_.slices[s]},
          {"GroupWords", layout_.group_words},
          {"WordRows", layout_.word_rows},
          {"TokenLanes", tiles_.lanes},
          {"TokenTiles", tiles_.most},
          {"MaxRows", layout_.rows + 2},
          {"MaxScaleWords", layout_.scale_words() + 1},
          {"MaxWords", layout_.words()},
          {"Rows", layout_.rows},
          {"Groups", layout_.groups},
          {"Blocks", layout_.blocks}};
      in("columns" + number);
      in("scales" + number);
      for (int64_t p = 0; p < of_.slices[s]; ++p) in("words_" + std::to_string(port++));
      const StreamType type = stripe_y_type(layout_, tiles_, of_.slices[s]);
      out("results" + number, type,
          lanes_tensor("results", DType::F32, layout_.blocks * layout_.rows * of_.slices[s]));
    }
  }

  void collect() {
    kernel("collect", "collect_rows").sizes = {{"L", of_.y_lanes},
                                               {"Beats", of_.y_beats},
                                               {"Ports", layout_.ports},
                                               {"BeatRows", layout_.beat_rows()},
                                               {"TokenLanes", tiles_.lanes},
                                               {"TokenTiles", tiles_.most},
                                               {"MaxKept", layout_.result_beats()},
                                               {"SliceBeats", layout_.result_beats()}};
    for (size_t s = 0; s < of_.slices.size(); ++s) in("results_" + std::to_string(s));
    const StreamType type = row(DType::F32, of_.y_lanes, of_.y_beats);
    const TensorId y = rows_tensor("y", DType::F32, of_.width());
    out("y", type, y);
    const MemoryId m = memory("y_out", MemoryRole::Output, y, type);
    Kernel& store = kernel("store_y", "store_rows");
    store.memories = {m};
    store.sizes = {{"L", of_.y_lanes}, {"Beats", of_.y_beats}};
    in("y");
  }

  const EngineCase& of_;
  const EngineValues& values_;
  StripeLayout layout_;
  TokenTiles tiles_;
  Program program_;
  std::map<std::string, ChannelId> channels_;
};

template <typename T>
Tensor rows_of(const std::vector<std::vector<T>>& rows) {
  std::vector<T> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  return {{static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows.at(0).size())}, all};
}

}  // namespace

Program engine_program(const EngineCase& of, const EngineValues& values) {
  return EngineMaker(of, values).make();
}

void set_rows(const Program& program, const EngineValues& values, DeviceState& state) {
  for (size_t m = 0; m < program.memories.size(); ++m) {
    if (program.memories[m].name == "x") state[static_cast<MemoryId>(m)] = rows_of(values.x);
    if (program.memories[m].name == "x_scales")
      state[static_cast<MemoryId>(m)] = rows_of(values.x_scales);
  }
}

}  // namespace st::test
