// SPDX-License-Identifier: Apache-2.0
// The program's verifier: one broken rule each, in a program that is sound otherwise.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "core/dataflow/verify.h"
#include "core/graph/attention.h"
#include "tests/core/compiled.h"
#include "tests/core/stages.h"

namespace st {
namespace {

/// A connected program with attention, rotary embeddings and splits, in one group.
const Program& sound() {
  static const Program program = [] {
    for (uint64_t seed = 2;; seed += 2) {
      Design design = test::design_of(seed, "w8a8");
      const Status status = compile(design, [](int, const std::string&) {});
      auto has = [&](const char* kind) {
        return std::any_of(design.program.kernels.begin(), design.program.kernels.end(),
                           [&](const Kernel& k) { return k.kind == kind; });
      };
      if (status.ok() && design.program.groups == 1 && has("layer_norm") &&
          has("attention_scores") && has("rotary") && has("split") && has("convert"))
        return design.program;
    }
  }();
  return program;
}

Kernel& kernel(Program& program, const std::string& kind) {
  for (Kernel& k : program.kernels) {
    if (k.kind == kind) return k;
  }
  ADD_FAILURE() << "no " << kind;
  return program.kernels[0];
}

Memory& memory(Program& program, MemoryRole role) {
  for (Memory& m : program.memories) {
    if (m.role == role) return m;
  }
  ADD_FAILURE() << "no memory";
  return program.memories[0];
}

/// Changes the type of a channel together with its ports.
void retype(Program& program, ChannelId id, const std::function<void(StreamType&)>& change) {
  change(program.channels[id].type);
  for (Kernel& k : program.kernels) {
    for (auto* ports : {&k.inputs, &k.outputs}) {
      for (Port& port : *ports) {
        if (port.channel == id) change(port.type);
      }
    }
  }
}

struct Rule {
  const char* message;  ///< part of what is reported
  std::function<void(Program&)> broken;
};

TEST(ProgramVerifier, TakesWhatPassesMake) {
  EXPECT_TRUE(verify(sound()).ok());
  EXPECT_TRUE(verify_complete(sound()).ok());
}

TEST(ProgramVerifier, RefusesEachBrokenRule) {
  const Rule rules[] = {
      {"a launch has from 1 row", [](Program& p) { p.max_positions = p.max_sequence - 1; }},
      {"a launch has from 1 row", [](Program& p) { p.max_sequence = 0; }},
      {"groups", [](Program& p) { p.groups = 0; }},
      {"groups", [](Program& p) { p.groups = 1'000'000; }},
      {"room for the vocabulary", [](Program& p) { p.vocabulary = -1; }},
      {"room for the vocabulary", [](Program& p) { p.vocabulary = 1'000'000; }},
      {"not of numbers, sequence and past",
       [](Program& p) { p.tensors[0].shape[0] = Extent::symbol("n"); }},
      {"of a constant",
       [](Program& p) {
         for (DataTensor& t : p.tensors) {
           if (t.constant) t.shape[0] = Extent::symbol(Sequence);
         }
       }},
      {"an extent is not positive",
       [](Program& p) { p.tensors[0].shape[0] = Extent::symbol(Sequence) + Extent(-1); }},
      {"more than 2^54 elements",
       [](Program& p) { p.tensors[0].shape.assign(4, Extent(int64_t{1} << 20)); }},
      {"there is no tensor #", [](Program& p) { p.kernels[0].outputs[0].tensor = 1'000'000; }},
      {"there is no tensor #", [](Program& p) { p.channels[0].tensor = -1; }},
      {"there is no channel", [](Program& p) { p.kernels[0].outputs[0].channel = 1'000'000; }},
      {"there is no kernel", [](Program& p) { p.channels[0].producer = 1'000'000; }},
      {"there is no memory", [](Program& p) { kernel(p, "cache_rows").memories[0] = 1'000'000; }},
      {"there is no group", [](Program& p) { p.kernels[0].group = p.groups; }},
      {"lanes do not divide the tile",
       [](Program& p) { retype(p, 0, [](StreamType& t) { t.lanes = 1'000; }); }},
      {"lanes do not divide the tile",
       [](Program& p) { retype(p, 0, [](StreamType& t) { t.lanes = 0; }); }},
      {"cannot carry",
       [](Program& p) {
         retype(p, kernel(p, "fork").inputs[0].channel,
                [](StreamType& t) { t.itensor.dtype = DType::I32; });
       }},
      {"a stream carries f32, bf16, i8, i16 or i32",
       [](Program& p) { retype(p, 0, [](StreamType& t) { t.itensor.dtype = DType::I64; }); }},
      {"is no sum of sequence, past and outer loops",
       [](Program& p) {
         retype(p, 0, [](StreamType& t) { t.itensor.trips[0].count = Extent::symbol("n"); });
       }},
      {"may be less than 1",
       [](Program& p) {
         retype(p, 0, [](StreamType& t) {
           t.itensor.trips[0].count = Extent::symbol(Sequence) + Extent(-1);
         });
       }},
      {"may pass its bound of",
       [](Program& p) {
         retype(p, 0, [](StreamType& t) {
           t.itensor.trips[0].count = Extent::symbol(Sequence) + Extent(1);
         });
       }},
      {"the stream covers",
       [](Program& p) {
         DataTensor& t = p.tensors[kernel(p, "layer_norm").outputs[0].tensor];
         t.shape[1] = t.shape[1] + Extent(16);
       }},
      {"the depth is negative", [](Program& p) { p.channels[0].depth = -1; }},
      {"there is no kind of kernel 'odd'", [](Program& p) { p.kernels[0].kind = "odd"; }},
      {"layer_norm has 2 inputs, and takes 3",
       [](Program& p) { kernel(p, "layer_norm").inputs.pop_back(); }},
      {"fork has 0 outputs, and takes 1 or more",
       [](Program& p) { kernel(p, "fork").outputs.clear(); }},
      {"cache_rows has 0 memories, and takes 1",
       [](Program& p) { kernel(p, "cache_rows").memories.clear(); }},
      {"matmul needs size 'KL'", [](Program& p) { kernel(p, "matmul").sizes.erase("KL"); }},
      {"split needs size 'Part1'", [](Program& p) { kernel(p, "split").sizes.erase("Part1"); }},
      {"size 'L' cannot be 0", [](Program& p) { kernel(p, "layer_norm").sizes["L"] = 0; }},
      {"size 'Interleaved' cannot be 2",
       [](Program& p) { kernel(p, "rotary").sizes["Interleaved"] = 2; }},
      {"size 'MaxPositions' is not the program's",
       [](Program& p) { kernel(p, "softmax_rows").sizes["MaxPositions"] += 1; }},
      {"the sizes are too large",
       [](Program& p) { kernel(p, "matmul").sizes["KBeats"] = int64_t{1} << 60; }},
      {"layer_norm needs epsilon, a finite real number",
       [](Program& p) { kernel(p, "layer_norm").reals.clear(); }},
      {"attention_scores needs scale, a finite real number",
       [](Program& p) {
         kernel(p, "attention_scores").reals["scale"] = std::numeric_limits<float>::infinity();
       }},
      {"the sizes of this matmul are not those of",
       [](Program& p) { kernel(p, "matmul").sizes["Tiles"] += 1; }},
      {"a head has not two elements for each angle",
       [](Program& p) {
         Kernel& k = kernel(p, "rotary");
         k.sizes["Heads"] *= k.sizes["HeadBeats"] * k.sizes["L"];
         k.sizes["HeadBeats"] = 1;
         k.sizes["L"] = 1;
       }},
      {"load_rows: rows of the stream are laid out in another way",
       [](Program& p) { kernel(p, "load_rows").sizes["Beats"] += 1; }},
      {"load_params: the streams are not the segments",
       [](Program& p) {
         Memory& m = memory(p, MemoryRole::Parameters);
         m.segments.pop_back();
         m.bytes = bytes_of(m);
       }},
      {"not one loader takes each of its segments",
       [](Program& p) {
         Segment more = memory(p, MemoryRole::Parameters).segments.back();
         more.first_word += more.words;
         more.channel = -1;
         p.tensors.push_back(p.tensors[more.tensor]);
         more.tensor = static_cast<TensorId>(p.tensors.size()) - 1;
         Memory& m = memory(p, MemoryRole::Parameters);
         m.segments.push_back(more);
         m.bytes = bytes_of(m);
       }},
      {"there is no memory channel below 0", [](Program& p) { p.memories[0].channel = -1; }},
      {"the size is not that of its rows", [](Program& p) { p.memories[0].bytes += 64; }},
      {"segments overlap",
       [](Program& p) { memory(p, MemoryRole::Parameters).segments[1].first_word = 0; }},
      {"a segment has another size than its stream",
       [](Program& p) { memory(p, MemoryRole::Parameters).segments[0].words += 1; }},
      {"a segment has another channel than its loader",
       [](Program& p) { memory(p, MemoryRole::Parameters).segments[0].channel = 1'000'000; }},
      {"rows, beats and lanes are positive", [](Program& p) { p.memories[0].rows = 0; }},
      {"the rows are not those of", [](Program& p) { memory(p, MemoryRole::Table).rows += 1; }},
      {"a beat is of the tensor's type",
       [](Program& p) { memory(p, MemoryRole::Output).lanes = 100; }},
      {"the memory is no cache",
       [](Program& p) {
         Memory& m = memory(p, MemoryRole::Cache);
         m.rows += 1;
         m.bytes = bytes_of(m);
       }},
      {"the name is no identifier",
       [](Program& p) { p.kernels[0].name = "f(); system(\"x\"); //"; }},
      {"the name is no identifier", [](Program& p) { p.channels[0].name = "int"; }},
      {"the name is used twice", [](Program& p) { p.kernels[0].name = p.memories[0].name; }},
      {"the name is used twice", [](Program& p) { p.kernels[0].name = "group0"; }},
      {"has another type than the port",
       [](Program& p) { p.kernels[0].outputs[0].type.itensor.form = ElementForm::Vector; }},
      {"names another kernel",
       [](Program& p) { std::swap(p.channels[0].producer, p.channels[1].producer); }},
      {"a channel needs one producer and one consumer",
       [](Program& p) { p.channels.push_back(p.channels[0]), p.channels.back().name = "fresh"; }},
      {"the consumer stands before the producer",
       [](Program& p) { std::swap(p.channels[0].producer, p.channels[0].consumer); }},
      {"a channel joins two groups",
       [](Program& p) { p.groups = 2, kernel(p, "matmul").group = 1; }},
  };
  for (const Rule& rule : rules) {
    Program program = sound();
    rule.broken(program);
    const Status status = verify(program);
    ASSERT_FALSE(status.ok()) << rule.message;
    std::string all;
    for (const Diagnostic& problem : status.errors()) all += problem.message + "\n";
    EXPECT_NE(all.find(rule.message), std::string::npos) << rule.message << ", but:\n" << all;
  }
}

TEST(ProgramVerifier, QueryHeadsShareKeyHeadsEvenly) {
  Program program = sound();
  Kernel& scores = kernel(program, "attention_scores");
  program.tensors[scores.inputs[1].tensor].shape[0] = Extent(scores.sizes["Heads"] + 1);
  std::string all;
  verify_shapes(program, scores,
                [&](const std::string&, const std::string& message) { all += message; });
  EXPECT_EQ(all, "attention_scores: Heads is no multiple of the heads of keys and values");
}

TEST(ProgramVerifier, CachesOfIntegersAreThoseOfTheirKernels) {
  test::Choices choices;
  choices.kv_cache = "int8";
  auto made = test::compiled(test::random_decoder(1), choices);
  for (uint64_t seed = 2; made.ok() && kv_cache_of(made->program) != "int8"; ++seed)
    made = test::compiled(test::random_decoder(seed), choices);
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(verify(made->program).ok());
  const auto expect = [&](const char* kind, const char* problem, const auto& damage) {
    Program program = made->program;
    Kernel& damaged = kernel(program, kind);
    damage(program, damaged);
    std::string all;
    verify_shapes(program, damaged,
                  [&](const std::string&, const std::string& message) { all += message; });
    EXPECT_EQ(all, std::string(kind) + ": " + problem);
  };
  expect("cache_rows", "the memory is no cache of MaxPositions rows for each head",
         [](Program& p, Kernel& k) { p.memories[k.memories[0]].dtype = DType::F32; });
  expect("cache_scales", "the memory is no cache of a row of MaxPositions scales for each head",
         [](Program& p, Kernel& k) { p.memories[k.memories[0]].rows += 1; });
  const auto more_heads = [](int port) {
    return [port](Program& p, Kernel& k) {
      p.tensors[k.inputs[static_cast<size_t>(port)].tensor].shape[0] = Extent(k.sizes["Heads"] + 1);
    };
  };
  const char* const uneven = "Heads is no multiple of the heads of keys and values";
  expect("attention_scores_int8", uneven, more_heads(2));
  expect("attention_scores_int8", uneven, more_heads(3));
  expect("attention_weights_int8", uneven, more_heads(1));
  expect("attention_context_int8", uneven, more_heads(1));
  expect("attention_context_int8", "sums over all positions do not fit",
         [](Program& p, Kernel&) { p.max_positions = MostInt8Positions + 1; });
}

TEST(ProgramVerifier, ACompleteProgramIsConnectedAndAnswers) {
  Program program = sound();
  program.kernels[0].outputs[0].channel = -1;
  EXPECT_FALSE(verify_complete(program).ok());
  program = sound();
  kernel(program, "store_rows").kind = "load_rows";
  EXPECT_FALSE(verify_complete(program).ok());
  program = sound();
  program.channels[0].depth = 0;
  EXPECT_FALSE(verify_complete(program).ok());
  program = sound();
  program.tensors[memory(program, MemoryRole::Output).tensor].name = "scores";
  EXPECT_FALSE(verify_complete(program).ok());
}

/// Before streams, tensors are made once, and before they are read.
TEST(ProgramVerifier, TensorsBeforeStreamsAreInOrder) {
  const auto stages = test::stages_of(2, "f32");
  ASSERT_FALSE(stages.empty());
  Design design = test::design_of(2, "f32");
  ASSERT_TRUE(start_from(design, test::stage_after(stages, "lower"), "stage").ok());
  auto message = [](const Program& program) {
    const Status status = verify(program);
    std::string all;
    if (!status.ok()) {
      for (const Diagnostic& problem : status.errors()) all += problem.message + "\n";
    }
    return all;
  };
  Program program = design.program;
  std::reverse(program.kernels.begin(), program.kernels.end());
  EXPECT_NE(message(program).find("is read before it is made"), std::string::npos);
  program = design.program;
  program.kernels.push_back(program.kernels.back());
  program.kernels.back().name = "again";
  EXPECT_NE(message(program).find("is made twice"), std::string::npos);
}

}  // namespace
}  // namespace st
