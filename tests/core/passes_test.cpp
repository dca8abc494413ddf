// SPDX-License-Identifier: Apache-2.0
// Random decoders through the passes: each stage computes what the one before it computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "core/compiler/pipeline.h"
#include "core/ops/interpreter.h"
#include "core/ops/record.h"
#include "core/passes/canonicalise.h"
#include "tests/common/status_text.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::Compiled;
using test::Random;
using test::text_of;

#ifdef ST_TEST_SANITIZED
constexpr uint64_t PassDecoders = 30;
constexpr uint64_t Graphs = 60;
#else
constexpr uint64_t PassDecoders = 80;
constexpr uint64_t Graphs = 250;
#endif

/// The logits of all launches, one tensor each.
template <typename Runner>
std::vector<Tensor> run_all(Runner&& runner, const std::vector<std::vector<int64_t>>& launches) {
  std::vector<Tensor> logits;
  for (const auto& ids : launches) {
    auto rows = runner.feed(ids);
    EXPECT_TRUE(rows.ok()) << text_of(rows.errors());
    if (!rows.ok()) break;
    logits.push_back(std::move(*rows));
  }
  return logits;
}

double worst(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, test::distance(a[i], b[i]));
  return most;
}

TEST(Passes, CanonicalisingChangesNoValue) {
  for (uint64_t seed = 1; seed <= Graphs; ++seed) {
    Graph original = test::random_decoder(seed);
    const Status prepared = test::prepare(original);
    ASSERT_TRUE(prepared.ok()) << seed << "\n" << text_of(prepared.errors());
    const auto decoder = find_decoder(original);
    ASSERT_TRUE(decoder.ok()) << seed << "\n" << text_of(decoder.errors());
    Graph canonical = original;
    const Status status = canonicalise(canonical);
    ASSERT_TRUE(status.ok()) << seed << "\n" << text_of(status.errors());
    for (const Node& node : canonical.nodes) {
      EXPECT_NE(node.op, "Transpose");
      EXPECT_NE(node.op, "Reshape") << seed;
      EXPECT_TRUE(node.op != "Identity" &&
                  (node.op != "RotaryEmbedding" || node.inputs.size() == 3))
          << seed;
    }
    const auto again = find_decoder(canonical);
    ASSERT_TRUE(again.ok());
    Random random(seed);
    const auto launches = test::random_launches(random, original, *decoder);
    const auto before = run_all(ReferenceDecoder(original, *decoder), launches);
    const auto after = run_all(ReferenceDecoder(canonical, *again), launches);
    EXPECT_LE(worst(after, before), 1e-6) << "seed " << seed;
    // Once more changes nothing.
    Graph twice = canonical;
    ASSERT_TRUE(canonicalise(twice).ok());
    EXPECT_EQ(text_of(twice), text_of(canonical)) << "seed " << seed;
  }
}

TEST(Passes, F32LeavesTheGraphAsItIs) {
  const auto quantise = std::find_if(passes().begin(), passes().end(),
                                     [](const Pass& p) { return p.name == "quantise"; });
  ASSERT_NE(quantise, passes().end());
  for (uint64_t seed = 1; seed <= Graphs; ++seed) {
    Design design;
    design.graph = test::random_decoder(seed);
    ASSERT_TRUE(test::prepare(design.graph).ok());
    ASSERT_TRUE(canonicalise(design.graph).ok());
    const std::string before = text_of(design.graph);
    design.options.precision = "f32";
    ASSERT_TRUE(quantise->run(design).ok());
    EXPECT_EQ(text_of(design.graph), before) << "seed " << seed;
    design.options.precision = "w8a8";
    ASSERT_TRUE(quantise->run(design).ok());
    EXPECT_NE(text_of(design.graph), before) << "seed " << seed;
  }
}

/// Checks of a connected program that verify() does not make.
void expect_sound(const Program& program, uint64_t seed) {
  for (const Channel& channel : program.channels) {
    ASSERT_GE(channel.producer, 0) << seed;
    ASSERT_GE(channel.consumer, 0) << seed;
    EXPECT_LT(channel.producer, channel.consumer) << "kernels are sorted, seed " << seed;
    EXPECT_GE(channel.depth, 1);
  }
  // A group reads from device memory only what the host or an earlier group has written.
  std::map<MemoryId, int> written;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind == "store_rows") {
      EXPECT_TRUE(written.try_emplace(kernel.memories[0], kernel.group).second)
          << "two writers, seed " << seed;
    }
  }
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != "load_rows") continue;
    const MemoryRole role = program.memories[kernel.memories[0]].role;
    if (role == MemoryRole::Input) continue;
    ASSERT_TRUE(written.count(kernel.memories[0])) << "nobody writes it, seed " << seed;
    EXPECT_LT(written[kernel.memories[0]], kernel.group) << "seed " << seed;
  }
  for (const Memory& memory : program.memories) {
    if (memory.role != MemoryRole::Parameters) {
      EXPECT_EQ(memory.bytes, memory.rows * memory.words_per_row() * (WordBits / 8));
      continue;
    }
    int64_t end = 0;
    for (const Segment& segment : memory.segments) {
      EXPECT_EQ(segment.first_word, end) << "gap or overlap, seed " << seed;
      end = segment.first_word + segment.words;
    }
    EXPECT_EQ(memory.bytes, end * (WordBits / 8)) << "seed " << seed;
  }
}

struct Count {
  int programs = 0, several_groups = 0, too_large = 0;
};

/// The program of a random decoder, or nothing if the limits were too tight for it.
std::optional<Compiled> random_program(uint64_t seed, const std::string& precision, Random& random,
                                       Count& count) {
  test::Choices choices = test::random_choices(random, precision);
  test::group_some(choices, seed);
  auto made = test::compiled(test::random_decoder(seed), choices);
  if (!made.ok()) {
    EXPECT_EQ(made.errors()[0].code, "E0403") << "seed " << seed << "\n" << text_of(made.errors());
    ++count.too_large;
    return std::nullopt;
  }
  ++count.programs;
  count.several_groups += made->program.groups > 1;
  return std::move(*made);
}

void report(const char* what, const Count& count) {
  std::cout << what << ": " << count.programs << " programs, " << count.several_groups
            << " of several groups; " << count.too_large << " too large for their limits\n";
  EXPECT_GE(count.programs, static_cast<int>(PassDecoders) * 3 / 4);
  EXPECT_GE(count.several_groups, static_cast<int>(PassDecoders) / 8);
}

TEST(Passes, AProgramComputesWhatItsGraphDoes) {
  Count count;
  double most = 0;
  for (uint64_t seed = 1; seed <= PassDecoders; ++seed) {
    Random random(seed + 1000);
    const auto made = random_program(seed, "f32", random, count);
    if (!made) continue;
    expect_sound(made->program, seed);
    const auto launches = test::random_launches(random, made->graph, made->decoder);
    const auto expected = run_all(ReferenceDecoder(made->graph, made->decoder), launches);
    const auto values = run_all(test::Device(made->program), launches);
    const double difference = worst(values, expected);
    most = std::max(most, difference);
    EXPECT_LE(difference, 1e-4) << "seed " << seed;
  }
  report("f32", count);
  std::cout << "largest difference " << most << "\n";
}

TEST(Passes, PrefillAndDecodeAgree) {
  for (uint64_t seed = 1; seed <= PassDecoders; seed += 4) {
    Count count;
    Random random(seed + 2000);
    const auto made = random_program(seed, "f32", random, count);
    if (!made || made->decoder.past.empty()) continue;
    std::vector<int64_t> ids = {1, 0, 2, 1};
    test::Device at_once(made->program), one_by_one(made->program);
    const auto all = at_once.feed(ids);
    ASSERT_TRUE(all.ok());
    const int64_t width = all->shape[1];
    for (size_t t = 0; t < ids.size(); ++t) {
      const auto row = one_by_one.feed({ids[t]});
      ASSERT_TRUE(row.ok());
      // The same kernels in the same order: equal to the last bit.
      for (int64_t i = 0; i < width; ++i)
        ASSERT_EQ(row->f32()[i], all->f32()[static_cast<int64_t>(t) * width + i])
            << "seed " << seed;
    }
  }
}

TEST(Passes, GroupsDoNotChangeValues) {
  for (uint64_t seed = 1; seed <= PassDecoders; seed += 4) {
    for (const char* precision : {"f32", "w8a8"}) {
      Count count;
      Random random(seed + 3000);
      const auto split = random_program(seed, precision, random, count);
      test::Choices roomy;
      roomy.precision = precision;
      const auto whole = test::compiled(test::random_decoder(seed), roomy);
      ASSERT_TRUE(whole.ok()) << seed;
      EXPECT_EQ(whole->program.groups, 1);
      if (!split) continue;
      const auto launches = test::random_launches(random, whole->graph, whole->decoder);
      EXPECT_EQ(run_all(test::Device(split->program), launches),
                run_all(test::Device(whole->program), launches))
          << "seed " << seed;
    }
  }
}

TEST(Passes, CompilingTwiceGivesTheSameProgram) {
  for (uint64_t seed = 1; seed <= PassDecoders; seed += 8) {
    const auto once = test::compiled(test::random_decoder(seed), {});
    const auto twice = test::compiled(test::random_decoder(seed), {});
    ASSERT_TRUE(once.ok() && twice.ok());
    EXPECT_EQ(text_of(once->program), text_of(twice->program)) << "seed " << seed;
  }
}

/// The operator that a kernel of int8 arithmetic stands for.
const OpRecord* int8_operator(const Kernel& kernel) {
  if (kernel.kind == "quantize_rows") return find_op("QuantizeRows", "streamtensor");
  if (kernel.kind == "dequantize_rows") return find_op("DequantizeRows", "streamtensor");
  if (kernel.kind == "scale_rows") return find_op("ScaleRows", "streamtensor");
  if (kernel.kind == "matmul" && kernel.inputs[0].type.itensor.dtype == DType::I8)
    return find_op("MatMulInt8", "streamtensor");
  return nullptr;
}

/// Runs one launch, and compares each int8 kernel with its operator on the kernel's own inputs:
/// exactly.
void expect_exact_int8(const Program& program, ProgramInterpreter& interpreter, int64_t tokens,
                       int64_t past, int& compared) {
  for (int group = 0; group < program.groups; ++group) {
    std::map<ChannelId, Tensor> values;
    for (const KernelId k : program.kernels_of(group)) {
      const Kernel& kernel = program.kernels[k];
      std::vector<const Tensor*> inputs;
      for (const Port& port : kernel.inputs) inputs.push_back(&values.at(port.channel));
      auto outputs = interpreter.evaluate(kernel, inputs, tokens, past);
      ASSERT_TRUE(outputs.ok());
      if (const OpRecord* record = int8_operator(kernel)) {
        const auto expected = record->reference(Node{}, inputs);
        ASSERT_TRUE(expected.ok());
        // Rows may go to several readers; the last output is that of the reference, too.
        ASSERT_GE(outputs->size(), expected->size());
        for (size_t i = 0; i + 1 < outputs->size(); ++i)
          ASSERT_EQ((*outputs)[i], expected->front()) << kernel.name;
        ASSERT_EQ(outputs->back(), expected->back()) << kernel.name;
        ++compared;
      }
      for (size_t i = 0; i < kernel.outputs.size(); ++i)
        values[kernel.outputs[i].channel] = std::move((*outputs)[i]);
    }
  }
}

TEST(Passes, Int8KernelsComputeExactlyWhatTheirOperatorsDo) {
  Count count;
  int compared = 0;
  for (uint64_t seed = 1; seed <= PassDecoders; ++seed) {
    Random random(seed + 4000);
    const auto made = random_program(seed, "w8a8", random, count);
    if (!made) continue;
    expect_sound(made->program, seed);
    ProgramInterpreter interpreter(made->program);
    int64_t past = 0;
    for (const auto& ids : test::random_launches(random, made->graph, made->decoder)) {
      test::set_inputs(made->program, interpreter, ids, past);
      expect_exact_int8(made->program, interpreter, static_cast<int64_t>(ids.size()), past,
                        compared);
      past += static_cast<int64_t>(ids.size());
    }
  }
  report("w8a8", count);
  std::cout << compared << " int8 kernels compared\n";
}

TEST(Passes, WholeParametersGiveTheSameBitsAsStreamedOnes) {
  Count count;
  int compared = 0;
  for (uint64_t seed = 1; seed <= PassDecoders; ++seed) {
    Random random(seed + 4500);
    const auto made =
        random_program(seed, random.pick<std::string>({"f32", "w8a8", "w4a8"}), random, count);
    if (!made) continue;
    ProgramInterpreter streamed(made->program), whole(made->program, Parameters::Whole);
    int64_t past = 0;
    for (const auto& ids : test::random_launches(random, made->graph, made->decoder)) {
      const auto tokens = static_cast<int64_t>(ids.size());
      for (ProgramInterpreter* interpreter : {&streamed, &whole}) {
        test::set_inputs(made->program, *interpreter, ids, past);
        ASSERT_TRUE(interpreter->launch(tokens, past).ok()) << seed;
      }
      ASSERT_EQ(whole.state(), streamed.state()) << seed;
      past += tokens;
      ++compared;
    }
    for (const Channel& channel : made->program.channels) {
      const auto c = static_cast<ChannelId>(&channel - made->program.channels.data());
      const KernelId from = channel.producer, to = channel.consumer;
      const bool weights = made->program.kernels[from].kind == "load_params" &&
                           kernel_record(made->program.kernels[to].kind).whole_nest;
      EXPECT_TRUE(!weights || whole.channels().at(c).beats == 0) << channel.name;
    }
  }
  report("whole", count);
  EXPECT_GT(compared, 10);
}

TEST(Passes, AQuantisedProgramFollowsItsQuantisedGraph) {
  // A last bit in front of a QuantizeRows may round a value the other way, and moves everything
  // behind it by a step of 1/127. Most programs meet no such tie.
  Count count;
  int close = 0;
  for (uint64_t seed = 1; seed <= PassDecoders; ++seed) {
    Random random(seed + 5000);
    const auto made = random_program(seed, seed % 8 < 2 ? "w4a8" : "w8a8", random, count);
    if (!made) continue;
    const auto launches = test::random_launches(random, made->graph, made->decoder);
    const auto expected = run_all(ReferenceDecoder(made->graph, made->decoder), launches);
    const double difference = worst(run_all(test::Device(made->program), launches), expected);
    EXPECT_LE(difference, 0.1) << "seed " << seed;
    close += difference <= 1e-4;
  }
  std::cout << close << " of " << count.programs << " within 1e-4\n";
  EXPECT_GE(close, count.programs * 9 / 10);
}

TEST(Passes, EveryLinearLayerIsQuantisedAndSharesItsRows) {
  for (uint64_t seed = 1; seed <= PassDecoders; seed += 8) {
    const auto made = test::compiled(test::random_decoder(seed), {.precision = "w8a8"});
    ASSERT_TRUE(made.ok());
    std::set<ValueId> quantised;
    for (const Node& node : made->graph.nodes) {
      EXPECT_NE(node.op, "MatMul") << seed;
      if (node.op == "QuantizeRows") {
        EXPECT_TRUE(quantised.insert(node.inputs[0]).second)
            << "one value is quantised twice, seed " << seed;
      }
    }
    EXPECT_FALSE(quantised.empty());
  }
}

}  // namespace
}  // namespace st
