// SPDX-License-Identifier: Apache-2.0
#include "tests/core/token_simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "core/itensor/conversion.h"

namespace st::test {
namespace {

/// One access: a channel, and how many beats in a row.
struct Access {
  ChannelId channel;
  bool write;
  int64_t beats;
};

/// The accesses of one kernel in a launch, in order.
class Script {
 public:
  Script(const Program& program, const Kernel& kernel, int64_t tokens, int64_t past)
      : program_(program), kernel_(kernel), tokens_(tokens), past_(past) {
    using Member = void (Script::*)();
    static const std::map<std::string, Member> of_kind = {
        {"load_rows", &Script::load_rows},
        {"store_rows", &Script::store_rows},
        {"gather_rows", &Script::gather_rows},
        {"cache_rows", &Script::cache_rows},
        {"load_params", &Script::load_params},
        {"fork", &Script::fork},
        {"split", &Script::split},
        {"concat", &Script::concat},
        {"convert", &Script::convert},
        {"matmul", &Script::matmul},
        {"layer_norm", &Script::gather_then_emit},
        {"rms_norm", &Script::gather_then_emit},
        {"quantize_rows", &Script::quantize_rows},
        {"dequantize_rows", &Script::dequantize_rows},
        {"rotary", &Script::rotary},
        {"attention_scores", &Script::attention_scores},
        {"softmax_rows", &Script::softmax_rows},
        {"attention_context", &Script::attention_context}};
    auto found = of_kind.find(kernel.kind);
    if (found != of_kind.end()) {
      (this->*found->second)();
      return;
    }
    // All others take a beat of each input and write one.
    EXPECT_TRUE(kernel.outputs.size() == 1 && !kernel.inputs.empty() && kernel.inputs.size() < 3)
        << "the order of '" << kernel.kind << "' is not known here";
    elementwise();
  }
  std::vector<Access> take() { return std::move(accesses_); }

 private:
  int64_t size(const char* name) const { return kernel_.sizes.at(name); }
  void read(size_t input, int64_t beats = 1) { add(kernel_.inputs[input].channel, false, beats); }
  void write(size_t output, int64_t beats = 1) {
    add(kernel_.outputs[output].channel, true, beats);
  }
  void add(ChannelId channel, bool writes, int64_t beats) {
    accesses_.push_back({channel, writes, beats});
  }

  void load_rows() { write(0, tokens_ * size("Beats")); }
  void store_rows() { read(0, tokens_ * size("Beats")); }
  void gather_rows() {
    for (int64_t t = 0; t < tokens_; ++t) read(0), write(0, size("Beats"));
  }
  void cache_rows() {
    for (int64_t t = 0; t < tokens_; ++t) {
      read(0, size("Heads") * size("HeadBeats"));
      write(0, size("Heads") * size("Repeat") * (past_ + t + 1) * size("HeadBeats"));
    }
  }
  void load_params() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (const Segment& segment : program_.memories[kernel_.memories[0]].segments)
        add(segment.channel, true, segment.type.max_beats() / program_.max_sequence);
    }
  }
  void fork() {
    for (int64_t i = 0; i < tokens_ * size("Beats"); ++i) {
      read(0);
      for (size_t o = 0; o < kernel_.outputs.size(); ++o) write(o);
    }
  }
  void split() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (size_t o = 0; o < kernel_.outputs.size(); ++o) {
        for (int64_t b = 0; b < kernel_.sizes.at("Part" + std::to_string(o)); ++b)
          read(0), write(o);
      }
    }
  }
  void concat() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (size_t i = 0; i < kernel_.inputs.size(); ++i) {
        for (int64_t b = 0; b < kernel_.sizes.at("Part" + std::to_string(i)); ++b)
          read(i), write(0);
      }
    }
  }
  void convert() {
    const StreamType &from = kernel_.inputs[0].type, &to = kernel_.outputs[0].type;
    const Conversion conversion = infer_conversion(from.itensor, to.itensor);
    const Bindings bindings = {{Sequence, tokens_}, {Past, past_}};
    int64_t outer = 1;
    for (int l = 0; l < conversion.shared; ++l) {
      const auto trips = from.itensor.trips[l].count.evaluate(bindings);
      EXPECT_TRUE(trips) << "a triangular loop around a converter";
      outer *= trips.value_or(1);
    }
    const int64_t filled = token_count(from.itensor, bindings) * from.beats_per_token();
    const int64_t drained = token_count(to.itensor, bindings) * to.beats_per_token();
    EXPECT_TRUE(filled % outer == 0 && drained % outer == 0);
    for (int64_t i = 0; i < outer; ++i) read(0, filled / outer), write(0, drained / outer);
  }
  void matmul() {
    for (int64_t n = 0; n < tokens_ * size("NBeats"); ++n) {
      for (int64_t k = 0; k < size("KBeats"); ++k) read(0), read(1, size("NL"));
      write(0);
    }
  }
  void elementwise() {
    for (int64_t n = 0; n < tokens_ * size("Beats"); ++n) {
      for (size_t i = 0; i < kernel_.inputs.size(); ++i) read(i);
      write(0);
    }
  }
  /// Normalisation: the row, then per beat its parameters and a result.
  void gather_then_emit() {
    for (int64_t t = 0; t < tokens_; ++t) {
      read(0, size("Beats"));
      for (int64_t b = 0; b < size("Beats"); ++b) {
        for (size_t i = 1; i < kernel_.inputs.size(); ++i) read(i);
        write(0);
      }
    }
  }
  void quantize_rows() {
    for (int64_t t = 0; t < tokens_; ++t) {
      read(0, size("Beats"));
      write(1);
      write(0, size("Beats"));
    }
  }
  void dequantize_rows() {
    for (int64_t n = 0; n < tokens_ * size("Beats"); ++n) {
      if (n % size("Beats") == 0) read(1);
      read(0);
      read(2);
      write(0);
    }
  }
  void rotary() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t b = 0; b < size("CBeats"); ++b) read(1), read(2);
      for (int64_t h = 0; h < size("Heads"); ++h)
        read(0, size("HeadBeats")), write(0, size("HeadBeats"));
    }
  }
  void attention_scores() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t h = 0; h < size("Heads"); ++h) {
        read(0, size("HeadBeats"));
        for (int64_t j = 0; j <= past_ + t; ++j) read(1, size("HeadBeats")), write(0);
      }
    }
  }
  void softmax_rows() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t h = 0; h < size("Heads"); ++h) read(0, past_ + t + 1), write(0, past_ + t + 1);
    }
  }
  void attention_context() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t h = 0; h < size("Heads"); ++h) {
        for (int64_t j = 0; j <= past_ + t; ++j) read(0), read(1, size("HeadBeats"));
        write(0, size("HeadBeats"));
      }
    }
  }

  const Program& program_;
  const Kernel& kernel_;
  int64_t tokens_, past_;
  std::vector<Access> accesses_;
};

struct Process {
  std::vector<Access> accesses;
  size_t next = 0;
};

}  // namespace

Execution execute(const Program& program, int group, int64_t tokens, int64_t past) {
  Execution result;
  result.beats.assign(program.channels.size(), 0);
  result.highest.assign(program.channels.size(), 0);
  std::vector<int64_t> held(program.channels.size(), 0);
  std::map<KernelId, Process> processes;
  std::deque<KernelId> ready;
  for (const KernelId k : program.kernels_of(group)) {
    processes[k].accesses = Script(program, program.kernels[k], tokens, past).take();
    ready.push_back(k);
  }
  while (!ready.empty()) {
    const KernelId k = ready.front();
    ready.pop_front();
    Process& process = processes.at(k);
    while (process.next < process.accesses.size()) {
      Access& access = process.accesses[process.next];
      const Channel& channel = program.channels[access.channel];
      int64_t& in = held[access.channel];
      const int64_t now = std::min(access.beats, access.write ? channel.depth - in : in);
      if (now == 0) break;
      in += access.write ? now : -now;
      access.beats -= now;
      if (access.write) result.beats[access.channel] += now;
      result.highest[access.channel] = std::max(result.highest[access.channel], in);
      if (access.beats == 0) ++process.next;
      const KernelId other = access.write ? channel.consumer : channel.producer;
      if (std::find(ready.begin(), ready.end(), other) == ready.end()) ready.push_back(other);
    }
  }
  result.finished = true;
  for (const auto& [k, process] : processes) {
    if (process.next == process.accesses.size()) continue;
    result.finished = false;
    const Access& access = process.accesses[process.next];
    const Channel& channel = program.channels[access.channel];
    result.blocked += "  " + program.kernels[k].name + " (" + program.kernels[k].kind +
                      ") waits to " + (access.write ? "write " : "read ") + channel.name +
                      ", which holds " + std::to_string(held[access.channel]) + " of " +
                      std::to_string(channel.depth) + "\n";
  }
  for (const ChannelId c : program.channels_of(group)) {
    if (!result.finished || held[c] == 0) continue;
    result.finished = false;
    result.blocked += "  " + program.channels[c].name + " is left with beats\n";
  }
  return result;
}

}  // namespace st::test
