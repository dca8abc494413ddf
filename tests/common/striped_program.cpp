// SPDX-License-Identifier: Apache-2.0
// The program of tests/common/striped_model.h.
#include <cstring>

#include "core/dataflow/stream_values.h"
#include "tests/common/striped_model.h"

namespace st::test {
namespace {

class StripedMaker {
 public:
  explicit StripedMaker(const StripedCase& of) : of_(of) {
    program_.model = "striped attention";
    program_.precision = "w8a8";
    program_.max_positions = of.max_positions;
  }

  Program make() {
    load("q", bytes(of_.heads));
    load("factors", values(of_.heads));
    for (const std::string name : {"k", "v"}) {
      load(name, bytes(of_.kv_heads));
      load(name + "_scales", values(of_.kv_heads));
      fork(name);
      fork(name + "_scales");
    }
    feed();
    load_caches();
    attend();
    share_and_merge();
    store();
    for (Channel& channel : program_.channels) set_depth(channel);
    return std::move(program_);
  }

 private:
  /// Rows of a launch: beats of `lanes` elements.
  static StreamType row(DType dtype, int64_t lanes, int64_t beats) {
    return {{{1, lanes},
             dtype,
             {{Extent::symbol(Sequence), 1}, beats},
             {1, lanes},
             {0, 1},
             ElementForm::Vector},
            static_cast<int>(lanes)};
  }
  [[nodiscard]] StreamType bytes(int64_t heads) const {
    return row(DType::I8, of_.lanes, heads * of_.head / of_.lanes);
  }
  static StreamType values(int64_t count) { return row(DType::F32, 1, count); }

  TensorId tensor(const std::string& name, const StreamType& type) {
    DataTensor made;
    made.name = name;
    made.dtype = type.itensor.dtype;
    made.shape = {Extent::symbol(Sequence), Extent(type.max_beats() * type.lanes)};
    program_.tensors.push_back(made);
    return static_cast<TensorId>(program_.tensors.size()) - 1;
  }

  Kernel& kernel(const std::string& name, const std::string& kind) {
    Kernel made;
    made.name = name;
    made.kind = kind;
    program_.kernels.push_back(made);
    return program_.kernels.back();
  }
  [[nodiscard]] KernelId last() const { return static_cast<KernelId>(program_.kernels.size()) - 1; }

  /// A channel; who writes and who reads it may come later.
  void channel(const std::string& name, const StreamType& type) {
    Channel made;
    made.name = name;
    made.tensor = tensor(name, type);
    made.type = type;
    made.why = "chosen by the test";
    channels_[name] = static_cast<ChannelId>(program_.channels.size());
    program_.channels.push_back(made);
  }
  void out(const std::string& name) {
    const ChannelId c = channels_.at(name);
    program_.channels[static_cast<size_t>(c)].producer = last();
    program_.kernels.back().outputs.push_back(port(c));
  }
  void out(const std::string& name, const StreamType& type) {
    channel(name, type);
    out(name);
  }
  void in(const std::string& name) {
    const ChannelId c = channels_.at(name);
    program_.channels[static_cast<size_t>(c)].consumer = last();
    program_.kernels.back().inputs.push_back(port(c));
  }
  [[nodiscard]] Port port(ChannelId c) const {
    const Channel& channel = program_.channels[static_cast<size_t>(c)];
    return {channel.tensor, channel.type, c};
  }

  MemoryId memory(const std::string& name, MemoryRole role, const StreamType& type, int64_t rows,
                  int64_t beats) {
    Memory made;
    made.name = name;
    made.role = role;
    made.tensor = tensor(name, type);
    made.dtype = type.itensor.dtype;
    made.lanes = type.lanes;
    made.beats = beats;
    made.rows = rows;
    made.bytes = bytes_of(made);
    program_.memories.push_back(made);
    return static_cast<MemoryId>(program_.memories.size()) - 1;
  }

  void load(const std::string& name, const StreamType& type) {
    const MemoryId m = memory(name, MemoryRole::Input, type, 1, type.max_beats());
    Kernel& loader = kernel("load_" + name, "load_rows");
    loader.memories = {m};
    loader.sizes = {{"L", type.lanes}, {"Beats", type.max_beats()}};
    out(name + "_in", type);
    // A loader's stream has the memory's elements.
    program_.tensors[static_cast<size_t>(program_.memories.back().tensor)].shape =
        program_.tensors.back().shape;
  }

  void fork(const std::string& name) {
    const StreamType type = program_.channels[static_cast<size_t>(channels_.at(name + "_in"))].type;
    kernel("fork_" + name, "fork").sizes = {{"L", type.lanes}, {"Beats", type.max_beats()}};
    in(name + "_in");
    out(name + "_fed", type);
    out(name + "_stored", type);
  }

  void heads(Kernel& kernel) const {
    kernel.sizes["Heads"] = of_.heads;
    kernel.sizes["KVHeads"] = of_.kv_heads;
    kernel.sizes["Head"] = of_.head;
  }
  void stripes(Kernel& kernel) const {
    kernel.sizes["Stripes"] = of_.stripes();
    kernel.sizes["MaxRounds"] = of_.max_rounds();
  }

  void feed() {
    Kernel& feed = kernel("feed", "feed_heads");
    feed.reals = {{"scale", 1.0f}};
    heads(feed);
    feed.sizes["L"] = of_.lanes;
    feed.reals["scale"] = of_.scale;
    for (const char* name :
         {"q_in", "factors_in", "k_fed", "k_scales_fed", "v_fed", "v_scales_fed"})
      in(name);
    const int64_t rows = of_.heads + 2 * of_.kv_heads;
    for (size_t s = 0; s < of_.slices.size(); ++s)
      out("x_" + std::to_string(s), row(DType::I8, 64, rows * of_.head_words()));
    for (size_t s = 0; s < of_.slices.size(); ++s) out("xs_" + std::to_string(s), values(rows));
  }

  void load_caches() {
    const int64_t words = of_.key_words() + of_.value_words();
    const Extent rounds = Extent::symbol(rounds_of(of_.stripes()));
    const StreamType type = {{{1, 64},
                              DType::I8,
                              {{words * rounds, words * of_.max_rounds()}},
                              {1},
                              {0, Zero},
                              ElementForm::Vector},
                             64};
    for (int64_t p = 0; p < of_.stripes(); ++p) {
      const std::string number = "_" + std::to_string(p);
      const MemoryId m = memory("cache" + number, MemoryRole::Cache, type, of_.cache_words(), 1);
      caches_.push_back(m);
      Kernel& load = kernel("load" + number, "load_cache");
      load.memories = {m};
      stripes(load);
      load.sizes["KVHeads"] = of_.kv_heads;
      load.sizes["First"] = p;
      load.sizes["Head"] = of_.head;
      out("words" + number, type);
      program_.tensors.back().shape = {words * rounds, Extent(64)};
    }
  }

  void attend() {
    int64_t first = 0;
    for (size_t s = 0; s < of_.slices.size(); ++s) {
      const std::string number = "_" + std::to_string(s);
      Kernel& attend = kernel("attend" + number, "attend");
      heads(attend);
      stripes(attend);
      attend.sizes["Ports"] = of_.slices[s];
      attend.sizes["First"] = first;
      attend.sizes["Ways"] = 1;
      attend.sizes["MaxTokens"] = 1;
      attend.sizes["SumParts"] = of_.sum_parts;
      attend.sizes["Window"] = of_.window;
      in("x" + number);
      in("xs" + number);
      channel("peaks" + number, values(of_.heads + of_.kv_heads));
      program_.tensors.back().fed_back = true;
      in("peaks" + number);
      for (int64_t p = 0; p < of_.slices[s]; ++p) in("words_" + std::to_string(first + p));
      out("own" + number, values(of_.heads + of_.kv_heads));
      out("sums" + number,
          row(DType::I32, 16, of_.heads * (1 + 4 * of_.sum_parts * of_.head_words())));
      first += of_.slices[s];
    }
  }

  void share_and_merge() {
    Kernel& share = kernel("share", "share_peaks");
    heads(share);
    share.sizes.erase("Head");
    for (size_t s = 0; s < of_.slices.size(); ++s) in("own_" + std::to_string(s));
    out("peaks", values(of_.heads + of_.kv_heads));
    out("largest", values(of_.kv_heads));
    kernel("fork_peaks", "fork").sizes = {{"L", 1}, {"Beats", of_.heads + of_.kv_heads}};
    in("peaks");
    for (size_t s = 0; s < of_.slices.size(); ++s) out("peaks_" + std::to_string(s));

    Kernel& merge = kernel("merge", "merge_heads");
    heads(merge);
    merge.sizes["L"] = of_.lanes;
    merge.sizes["SumParts"] = of_.sum_parts;
    in("largest");
    for (size_t s = 0; s < of_.slices.size(); ++s) in("sums_" + std::to_string(s));
    const StreamType context = row(DType::F32, of_.lanes, of_.heads * of_.head / of_.lanes);
    out("context", context);
    const MemoryId m = memory("context_out", MemoryRole::Output, context, 1, context.max_beats());
    Kernel& store = kernel("store_context", "store_rows");
    store.memories = {m};
    store.sizes = {{"L", of_.lanes}, {"Beats", context.max_beats()}};
    in("context");
  }

  void store() {
    Kernel& store = kernel("store", "store_position");
    stripes(store);
    store.sizes["L"] = of_.lanes;
    store.sizes["KVHeads"] = of_.kv_heads;
    store.sizes["Head"] = of_.head;
    store.memories = caches_;
    for (const char* name : {"k_stored", "k_scales_stored", "v_stored", "v_scales_stored"})
      in(name);
  }

  /// As few as let it run: a slice writes all its peaks before it reads those of all.
  void set_depth(Channel& channel) const {
    const bool peaks = channel.name.starts_with("peaks_");
    channel.depth = peaks ? of_.heads + of_.kv_heads : 2;
  }

  const StripedCase& of_;
  Program program_;
  std::map<std::string, ChannelId> channels_;
  std::vector<MemoryId> caches_;
};

MemoryId memory_named(const Program& program, const std::string& name) {
  for (size_t m = 0; m < program.memories.size(); ++m) {
    if (program.memories[m].name == name) return static_cast<MemoryId>(m);
  }
  return -1;
}

template <typename T>
Tensor row_of(const std::vector<T>& values) {
  return {{1, static_cast<int64_t>(values.size())}, values};
}

}  // namespace

Program striped_program(const StripedCase& of) { return StripedMaker(of).make(); }

void set_token(const Program& program, const StripedToken& token, DeviceState& state) {
  state[memory_named(program, "q")] = row_of(token.q);
  state[memory_named(program, "factors")] = row_of(token.factors);
  state[memory_named(program, "k")] = row_of(token.k);
  state[memory_named(program, "k_scales")] = row_of(token.k_scales);
  state[memory_named(program, "v")] = row_of(token.v);
  state[memory_named(program, "v_scales")] = row_of(token.v_scales);
}

void set_caches(const Program& program, const StripedCaches& caches, DeviceState& state) {
  for (size_t p = 0; p < caches.size(); ++p) {
    const auto words = static_cast<int64_t>(caches[p].size() / 64);
    state[memory_named(program, "cache_" + std::to_string(p))] = {{words, 64}, caches[p]};
  }
}

StripedCaches caches_in(const Program& program, DeviceState& state) {
  StripedCaches caches;
  for (const Memory& memory : program.memories) {
    if (memory.role == MemoryRole::Cache)
      caches.push_back(state.at(memory_named(program, memory.name)).as<int8_t>());
  }
  return caches;
}

}  // namespace st::test
