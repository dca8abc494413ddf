// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kernel_scripts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/itensor/conversion.h"

namespace st::test {
namespace {

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
        {"join", &Script::join},
        {"split", &Script::split},
        {"concat", &Script::concat},
        {"reassociate", &Script::reassociate},
        {"convert", &Script::convert},
        {"adapt", &Script::adapt},
        {"map", &Script::elementwise},
        {"matmul", &Script::matmul},
        {"matmul_groups", &Script::matmul_groups},
        {"matmul_scaled_groups", &Script::matmul_scaled_groups},
        {"scale_rows", &Script::scale_rows},
        {"layer_norm", &Script::gather_then_emit},
        {"rms_norm", &Script::gather_then_emit},
        {"rms_norm_heads", &Script::rms_norm_heads},
        {"quantize_rows", &Script::quantize_rows},
        {"quantize_groups", &Script::quantize_groups},
        {"dequantize_rows", &Script::dequantize_rows},
        {"rotary", &Script::rotary},
        {"attention_scores", &Script::attention_scores},
        {"softmax_rows", &Script::softmax_rows},
        {"attention_context", &Script::attention_context},
        {"quantize_heads", &Script::quantize_heads},
        {"cache_scales", &Script::cache_scales},
        {"attention_scores_int8", &Script::attention_scores_int8},
        {"attention_weights_int8", &Script::attention_weights_int8},
        {"attention_context_int8", &Script::attention_context_int8},
        {"greedy_rows", &Script::sample_rows},
        {"sample_rows", &Script::sample_rows}};
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
  Accesses take() { return std::move(accesses_); }

 private:
  int64_t size(const char* name) const { return kernel_.sizes.at(name); }
  Bindings bindings() const { return {{Sequence, tokens_}, {Past, past_}}; }
  void read(size_t input, int64_t beats = 1) {
    append(accesses_, {false, static_cast<int>(input), beats});
  }
  void write(size_t output, int64_t beats = 1) {
    append(accesses_, {true, static_cast<int>(output), beats});
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
    const std::vector<Segment>& segments = program_.memories[kernel_.memories[0]].segments;
    EXPECT_EQ(segments.size(), kernel_.outputs.size());
    for (int64_t t = 0; t < tokens_; ++t) {
      for (size_t s = 0; s < segments.size(); ++s) {
        EXPECT_EQ(segments[s].tensor, kernel_.outputs[s].tensor);
        write(s, segments[s].type.max_beats() / program_.max_sequence);
      }
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
  void join() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (size_t i = 0; i < kernel_.inputs.size(); ++i) {
        for (int64_t b = 0; b < size("Beats"); ++b) read(i), write(0);
      }
    }
  }
  void reassociate() {
    for (int64_t n = 0; n < tokens_ * size("Beats"); ++n) read(0), write(0);
  }
  void adapt() {
    for (int64_t t = 0; t < tokens_; ++t) {
      int64_t held = 0;
      for (int64_t b = 0; b < size("BeatsOut"); ++b) {
        for (; held < size("LOut"); held += size("LIn")) read(0);
        write(0);
        held -= size("LOut");
      }
    }
  }
  void convert() {
    std::vector<ItensorType> results;
    for (const Port& port : kernel_.outputs) results.push_back(port.type.itensor);
    const StreamType& from = kernel_.inputs[0].type;
    const ConversionPlan plan = plan_conversion(from.itensor, results);
    int64_t blocks = 1;
    for (int l = 0; l < plan.shared; ++l) {
      const auto trips = plan.source.trips[l].count.evaluate(bindings());
      EXPECT_TRUE(trips) << "a triangular loop around a converter";
      blocks *= trips.value_or(1);
    }
    const int64_t window = kernel_.sizes.count("Window") != 0 ? size("Window") : 0;
    EXPECT_TRUE(window > 0 || results.size() == 1) << "a ping-pong has one reader";
    const bool whole = window == 0 || window >= block_elements(plan);
    const std::vector<int64_t> receives = whole ? std::vector<int64_t>() : late_receives(blocks);
    for (int64_t block = 0; block < blocks; ++block) {
      int64_t left = beats_of_block(from, blocks);
      if (whole) read(0, left);
      if (!whole) {
        const StreamType& first = kernel_.outputs[0].type;
        for (const int64_t tokens : receives) {
          if (tokens > 0) read(0, tokens * from.beats_per_token());
          left -= tokens * from.beats_per_token();
          write(0, first.beats_per_token());
        }
        if (left > 0) read(0, left);
      }
      for (size_t o = whole ? 0 : 1; o < kernel_.outputs.size(); ++o)
        write(o, beats_of_block(kernel_.outputs[o].type, blocks));
    }
  }
  int64_t beats_of_block(const StreamType& type, int64_t blocks) const {
    const int64_t tokens = token_count(type.itensor, bindings());
    EXPECT_EQ(tokens % blocks, 0);
    return tokens / blocks * type.beats_per_token();
  }
  /// Source tokens to be received before each token of the first reader, so that every element of
  /// it has come at least once; of the first of `blocks` blocks, which stands for all.
  std::vector<int64_t> late_receives(int64_t blocks) const {
    const ItensorType &from = kernel_.inputs[0].type.itensor, &to = kernel_.outputs[0].type.itensor;
    std::map<std::vector<int64_t>, int64_t> first_token;
    int64_t token = 0, most = token_count(from, bindings()) / blocks;
    for_each_token(from, bindings(), [&](const std::vector<int64_t>& origin) {
      if (token < most)
        for_each_element(from, origin, [&](const auto& x) { first_token.emplace(x, token); });
      ++token;
    });
    std::vector<int64_t> receives;
    int64_t received = 0;
    most = token_count(to, bindings()) / blocks;
    for_each_token(to, bindings(), [&](const std::vector<int64_t>& origin) {
      if (static_cast<int64_t>(receives.size()) == most) return;
      int64_t needed = received;
      for_each_element(to, origin, [&](const auto& x) {
        const auto found = first_token.find(x);
        EXPECT_TRUE(found != first_token.end()) << "a block is needed that has not come";
        if (found != first_token.end()) needed = std::max(needed, found->second + 1);
      });
      receives.push_back(needed - received);
      received = needed;
    });
    return receives;
  }
  /// Calls `visit(coordinates)` for each element of the tile at `origin`.
  template <typename Visit>
  static void for_each_element(const ItensorType& type, const std::vector<int64_t>& origin,
                               const Visit& visit) {
    for (int64_t e = 0; e < token_elements(type); ++e) {
      std::vector<int64_t> x = origin;
      int64_t rest = e;
      for (size_t d = x.size(); d-- > 0; rest /= type.elem[d]) x[d] += rest % type.elem[d];
      visit(x);
    }
  }
  void matmul() {
    const int64_t lanes = size("NP") * static_cast<int64_t>(kernel_.inputs.size() - 1);
    for (int64_t n = 0; n < tokens_ * size("Tiles"); ++n) {
      for (int64_t k = 0; k < size("KBeats"); ++k) {
        for (int64_t step = 0; step < size("Steps"); ++step) {
          if (step == 0) read(0);
          for (size_t i = 1; i < kernel_.inputs.size(); ++i) read(i);
          if (k + 1 == size("KBeats") && (step + 1) * lanes % size("NL") == 0) write(0);
        }
      }
    }
  }
  void matmul_groups() {
    const int64_t lanes = size("NP") * static_cast<int64_t>(kernel_.inputs.size() - 2);
    const int64_t beats = size("GroupBeats") * size("Groups");
    for (int64_t n = 0; n < tokens_ * size("Tiles"); ++n) {
      for (int64_t k = 0; k < beats; ++k) {
        for (int64_t step = 0; step < size("Steps"); ++step) {
          if (step == 0) read(0);
          for (size_t i = 2; i < kernel_.inputs.size(); ++i) read(i);
          if ((k + 1) % size("GroupBeats") == 0) read(1);
          if (k + 1 == beats && (step + 1) * lanes % size("NL") == 0) write(0);
        }
      }
    }
  }
  void matmul_scaled_groups() {
    const int64_t lanes = size("NP") * static_cast<int64_t>(kernel_.inputs.size() - 3);
    for (int64_t n = 0; n < tokens_ * size("Tiles"); ++n) {
      for (int64_t k = 1; k <= size("KBeats"); ++k) {
        const bool group_ends = k % size("GroupBeats") == 0 || k == size("KBeats");
        for (int64_t step = 0; step < size("Steps"); ++step) {
          if (step == 0) read(0);
          for (size_t i = 3; i < kernel_.inputs.size(); ++i) read(i);
          if (group_ends && step == 0 && n % size("Tiles") == 0) read(1);
          if (group_ends) read(2);
          if (k == size("KBeats") && (step + 1) * lanes % size("NL") == 0) write(0);
        }
      }
    }
  }
  void elementwise() {
    for (int64_t n = 0; n < tokens_ * size("Beats"); ++n) {
      for (size_t i = 0; i < kernel_.inputs.size(); ++i) read(i);
      write(0);
    }
  }
  /// Normalisation: the row, then per beat its parameters and a result; then the row again.
  void gather_then_emit() {
    for (int64_t t = 0; t < tokens_; ++t) {
      read(0, size("Beats"));
      for (int64_t b = 0; b < size("Beats"); ++b) {
        for (size_t i = 1; i < kernel_.inputs.size(); ++i) read(i);
        write(0);
      }
      send_again(kernel_.outputs.size());
    }
  }
  /// Head by head: all of it, then per beat its scale and a result.
  void rms_norm_heads() {
    for (int64_t n = 0; n < tokens_ * size("Heads"); ++n) {
      read(0, size("Beats"));
      for (int64_t b = 0; b < size("Beats"); ++b) read(1), write(0);
    }
  }
  /// A row that has been sent once to the first of `outputs` outputs.
  void send_again(size_t outputs) {
    for (size_t o = 0; o < outputs; ++o) {
      const int64_t times = kernel_.sizes.at("Repeat" + std::to_string(o)) - (o == 0 ? 1 : 0);
      if (times > 0) write(o, times * size("Beats"));
    }
  }
  /// The last output is the scale.
  void quantize_rows() {
    for (int64_t t = 0; t < tokens_; ++t) {
      read(0, size("Beats"));
      write(kernel_.outputs.size() - 1);
      write(0, size("Beats"));
      send_again(kernel_.outputs.size() - 1);
    }
  }
  /// Each beat is sent when the one that takes its place has come.
  void quantize_groups() {
    const int64_t beats = size("Beats"), group = size("GroupBeats");
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t b = -group; b < beats; ++b) {
        if (b + group < beats) read(0);
        if (b >= 0 && b % group == 0) write(kernel_.outputs.size() - 1);
        if (b >= 0) write(0);
      }
      send_again(kernel_.outputs.size() - 1);
    }
  }
  void scale_rows() {
    for (int64_t n = 0; n < tokens_ * size("Beats"); ++n) {
      if (n % size("Beats") == 0) read(1);
      read(0);
      write(0);
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
      const int64_t beats = size("Heads") * size("HeadBeats"), lanes = size("L");
      const int64_t apart = size("Interleaved") != 0 ? 1 : lanes * size("HeadBeats") / 2;
      const int64_t ahead = (lanes - 1 + apart) / lanes;
      for (int64_t n = 0; n < beats + ahead; ++n) {
        if (n < beats) read(0);
        if (n >= ahead) write(0);
      }
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
  void sample_rows() {
    for (int64_t t = 0; t < tokens_; ++t) {
      if (kernel_.inputs.size() > 1) read(1);
      read(0, size("Beats"));
      write(0);
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
  void quantize_heads() {
    const int64_t head = size("HeadBeats"), beats = head * size("Heads");
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t b = -head; b < beats; ++b) {
        if (b + head < beats) read(0);
        if (b >= 0 && b % head == 0) write(1);
        if (b >= 0) write(0);
      }
    }
  }
  void cache_scales() {
    for (int64_t t = 0; t < tokens_; ++t)
      read(0, size("Heads")), write(0, size("Heads") * size("Repeat") * (past_ + t + 1));
  }
  void attention_scores_int8() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t h = 0; h < size("Heads"); ++h) {
        read(1), read(0, size("HeadBeats"));
        for (int64_t j = 0; j <= past_ + t; ++j) read(2, size("HeadBeats")), read(3), write(0);
      }
    }
  }
  void attention_weights_int8() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t h = 0; h < size("Heads"); ++h) {
        for (int64_t j = 0; j <= past_ + t; ++j) read(0), read(1);
        write(0, past_ + t + 1), write(1);
      }
    }
  }
  void attention_context_int8() {
    for (int64_t t = 0; t < tokens_; ++t) {
      for (int64_t h = 0; h < size("Heads"); ++h) {
        for (int64_t j = 0; j <= past_ + t; ++j) read(0), read(1, size("HeadBeats"));
        read(2), write(0, size("HeadBeats"));
      }
    }
  }

  const Program& program_;
  const Kernel& kernel_;
  int64_t tokens_, past_;
  Accesses accesses_;
};

}  // namespace

void append(Accesses& accesses, const Access& access) {
  if (!accesses.empty() && accesses.back().write == access.write &&
      accesses.back().port == access.port) {
    accesses.back().beats += access.beats;
  } else if (access.beats > 0) {
    accesses.push_back(access);
  }
}

Accesses accesses_of(const Program& program, const Kernel& kernel, int64_t tokens, int64_t past) {
  return Script(program, kernel, tokens, past).take();
}

}  // namespace st::test
