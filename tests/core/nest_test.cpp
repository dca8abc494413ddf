// SPDX-License-Identifier: Apache-2.0
// The loop nests of all kernels: when they read and write, how often, and in how many cycles.
#include "core/dataflow/nest.h"

#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "tests/core/bench.h"
#include "tests/core/compiled.h"
#include "tests/core/kernel_scripts.h"
#include "tests/core/nest_walk.h"
#include "tests/core/random_streams.h"

namespace st {
namespace {

using test::Random;

#ifdef ST_TEST_SANITIZED
constexpr uint64_t NestPrograms = 30;
#else
constexpr uint64_t NestPrograms = 80;
#endif

/// Cycles of a nest at the bounds, counted iteration by iteration.
int64_t counted_cycles(const Nest& nest, int64_t outer = 0) {
  int64_t cycles = 0;
  for (const NestItem& item : nest) {
    if (!item.is_loop()) continue;
    const int64_t trips = item.trips_by_outer ? item.trips_by_outer->at(outer) : item.trip.bound;
    for (int64_t k = 0; k < trips; ++k)
      cycles += std::max<int64_t>(item.interval, counted_cycles(item.items, k));
  }
  return cycles;
}

/// Decoders in both precisions and programs of streams, connected: `visit(program, past)`, where
/// `past` says whether there may be rows before those of the launch.
template <typename Visit>
void for_each_nested(const Visit& visit) {
  for (uint64_t seed = 1; seed <= NestPrograms; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    test::Choices choices;
    choices.precision = seed % 3 == 0 ? "w4a8" : seed % 3 == 1 ? "w8a8" : "f32";
    test::group_some(choices, seed);
    choices.kv_cache = seed % 5 < 2 ? "int8" : "f32";
    choices.top_k = seed % 2 == 0 ? 0 : seed % 4 == 1 ? 1 : 6;
    const auto decoder =
        test::compiled(test::random_decoder(seed, test::DecoderSize::Small), choices);
    ASSERT_TRUE(decoder.ok());
    visit(decoder->program, !decoder->decoder.past.empty());
    test::Streams streams = test::random_streams(seed);
    for (const test::ProgramPass& pass : test::program_passes({})) {
      if (pass.name == "size-fifos") continue;
      ASSERT_TRUE(pass.run(streams.program).ok()) << pass.name;
    }
    visit(streams.program, false);
    if (testing::Test::HasFailure()) return;
  }
}

/// Tokens and past of some launches, the largest among them.
std::vector<std::pair<int64_t, int64_t>> launches_of(const Program& program, bool past) {
  const int64_t most = program.max_sequence;
  std::vector<std::pair<int64_t, int64_t>> launches = {{1, 0}, {std::min<int64_t>(2, most), 0}};
  if (past) launches.emplace_back(1, program.max_positions - 1);
  launches.emplace_back(most, past ? program.max_positions - most : 0);
  return launches;
}

/// Beats that types say.
std::vector<int64_t> beats_of(const std::vector<Port>& ports, const Bindings& bindings) {
  std::vector<int64_t> beats;
  for (const Port& port : ports)
    beats.push_back(token_count(port.type.itensor, bindings) * port.type.beats_per_token());
  return beats;
}

TEST(Nests, ReadAndWriteInTheOrderOfTheirTemplates) {
  std::set<std::string> kinds;
  int64_t compared = 0;
  for_each_nested([&](const Program& program, bool has_past) {
    for (const Kernel& kernel : program.kernels) {
      kinds.insert(kernel.kind);
      for (const auto& [tokens, past] : launches_of(program, has_past)) {
        const Nest nest = nest_of(program, kernel);
        ASSERT_EQ(test::NestWalk(tokens, past).accesses(nest),
                  test::accesses_of(program, kernel, tokens, past))
            << kernel.kind << " with " << tokens << " tokens after " << past << ": "
            << text_of(nest);
        ++compared;
      }
    }
  });
  std::cout << compared << " launches of kernels compared\n";
  std::set<std::string> all;
  for (const KernelRecord& record : kernel_records()) all.emplace(record.kind);
  // Those of shared designs have tests of their own (striped_order_test.cpp, and in tests/emission
  // stripes_test.cpp and loop_counts_test.cpp).
  for (const char* kind :
       {"load_cache", "store_position", "feed_heads", "attend", "share_peaks", "merge_heads",
        "feed_rows", "multiply_stripes", "collect_rows", "enter_layers", "leave_layers",
        "merge_ports", "merge_rounds", "count_positions"})
    all.erase(kind);
  EXPECT_EQ(kinds, all);
}

TEST(Nests, MoveAsManyBeatsAsTypesSay) {
  for_each_nested([&](const Program& program, bool has_past) {
    for (const Kernel& kernel : program.kernels) {
      for (const auto& [tokens, past] : launches_of(program, has_past)) {
        const Bindings bindings = {{Sequence, tokens}, {Past, past}};
        const Traffic counts = traffic(nest_of(program, kernel), kernel.inputs.size(),
                                       kernel.outputs.size(), bindings);
        ASSERT_EQ(counts.reads, beats_of(kernel.inputs, bindings)) << kernel.kind;
        ASSERT_EQ(counts.writes, beats_of(kernel.outputs, bindings)) << kernel.kind;
      }
    }
  });
}

TEST(Nests, CyclesAreThoseOfAllIterations) {
  for_each_nested([&](const Program& program, bool) {
    for (const Kernel& kernel : program.kernels) {
      const Nest nest = nest_of(program, kernel);
      ASSERT_EQ(max_cycles(nest), counted_cycles(nest)) << text_of(nest);
    }
  });
}

TEST(Nests, CostWhatTheirTemplatesTake) {
  // Of rows with 12 elements, by hand from the intervals in hls_templates/.
  auto row_cycles = [](const test::Bench& bench) {
    return cost_of(bench.program, bench.kernel).row_cycles;
  };
  EXPECT_EQ(row_cycles(test::Bench("add").rows(12, 4)), 3);
  test::Bench layer("layer_norm"), rms("rms_norm");
  for (test::Bench* bench : {&layer, &rms}) bench->rows(12, 4).real("epsilon", 0);
  EXPECT_EQ(row_cycles(layer), 3 + 3 + 3);
  EXPECT_EQ(row_cycles(rms.size("Repeat0", 2).size("Repeat1", 3)), 3 + 5 * 3);
  test::Bench heads("rms_norm_heads");
  EXPECT_EQ(row_cycles(heads.rows(6, 2).size("Heads", 2).real("epsilon", 0)), 2 * (3 + 3));
  test::Bench quantise("quantize_rows");
  quantise.rows(12, 4).out_rows(12).out_rows(12).out(test::value_stream(DType::F32), {});
  EXPECT_EQ(row_cycles(quantise.size("Repeat0", 1).size("Repeat1", 2)), 3 + 3 * 3);
  test::Bench matmul("matmul");
  matmul.size("KL", 4).size("KBeats", 3).size("NL", 2).size("NP", 1).size("Steps", 2);
  matmul.size("Tiles", 5).in(test::row_stream(12)).in(test::row_stream(12));
  EXPECT_EQ(row_cycles(matmul), 5 * 3 * (2 * 4));  // two sums take turns in 7 cycles
  for (const DType weights : {DType::I8, DType::I4}) {
    matmul.kernel.inputs[1].type.itensor.dtype = weights;
    EXPECT_EQ(row_cycles(matmul), 5 * 3 * 2);
  }
  test::Bench grouped("matmul_groups");
  grouped.size("KL", 4).size("GroupBeats", 3).size("Groups", 2).size("NL", 2).size("NP", 1);
  grouped.size("Tiles", 5).size("Steps", 2);
  grouped.in(test::row_stream(24)).in(test::row_stream(12)).in(test::row_stream(12));
  EXPECT_EQ(row_cycles(grouped), 5 * 6 * 2 * 2);  // a float sum has its turn every 6th time
  EXPECT_EQ(row_cycles(grouped.size("Steps", 4)), 5 * 6 * 4);
  test::Bench scaled("matmul_scaled_groups");  // groups of 3 and 2 beats
  scaled.size("KL", 4).size("KBeats", 5).size("GroupBeats", 3).size("NL", 2).size("NP", 1);
  scaled.size("Tiles", 5).size("Steps", 2).in(test::row_stream(20)).in(test::row_stream(2));
  scaled.in(test::row_stream(12)).in(test::row_stream(12, DType::I8));
  EXPECT_EQ(row_cycles(scaled), 5 * 5 * 2 * 2);  // the last group has 4 iterations
  EXPECT_EQ(row_cycles(scaled.size("Steps", 4)), 5 * 5 * 4);
  test::Bench groups("quantize_groups");
  groups.rows(20, 4).size("GroupBeats", 3).out_rows(20).out_rows(20);
  groups.out(test::value_stream(DType::F32), {});
  EXPECT_EQ(row_cycles(groups.size("Repeat0", 1).size("Repeat1", 2)), 3 + 3 * 5);
  test::Bench scale("scale_rows");
  EXPECT_EQ(row_cycles(scale.rows(12, 4)), 3);
  test::Bench adapt("adapt");
  adapt.size("LIn", 2).size("LOut", 6).size("BeatsOut", 2).in(test::row_stream(12));
  EXPECT_EQ(row_cycles(adapt), 6);
  // As many steps as there are narrow beats.
  EXPECT_EQ(row_cycles(adapt.size("LIn", 6).size("LOut", 2).size("BeatsOut", 6)), 6);
  EXPECT_EQ(row_cycles(adapt.size("LIn", 4).size("LOut", 6).size("BeatsOut", 2)), 3);
  // A word has room for 4 beats and takes 4 cycles, also where the row ends in it.
  test::Bench load("load_rows");
  load.size("L", 4).size("Beats", 3).out(test::row_stream(12, DType::F32, 4), {});
  EXPECT_EQ(row_cycles(load), 4);
  load.size("Beats", 8).kernel.outputs[0].type = test::row_stream(32, DType::F32, 4);
  EXPECT_EQ(row_cycles(load), 8);
  // A converter receives and sends in turn, or at once through a ping-pong.
  test::Bench convert("convert");
  convert.in(test::row_stream(12, DType::F32, 4));
  convert.out(test::replayed_row_stream(12, 3), {});
  convert.kernel.outputs[0].type.lanes = 4;
  EXPECT_EQ(row_cycles(convert.size("Window", 12)), 3 + 9);
  EXPECT_EQ(row_cycles(convert.size("Window", 0)), 9);
}

TEST(Nests, AreWrittenAsLoops) {
  test::Bench bench("dequantize_rows");
  bench.rows(12, 4);
  EXPECT_EQ(text_of(nest_of(bench.program, bench.kernel)),
            "for d0 < sequence { in1; for d1 < 3 { in0 in2 -> out0 } }");
  test::Bench heads("rms_norm_heads");
  heads.rows(6, 2).size("Heads", 4).real("epsilon", 0);
  EXPECT_EQ(text_of(nest_of(heads.program, heads.kernel)),
            "for d0 < sequence { for d1 < 4 { for d2 < 3 { in0 }; compute; for d2 < 3 { in1 -> "
            "out0 } } }");
  test::Bench load("load_rows");
  load.size("L", 4).size("Beats", 7).out(test::row_stream(28, DType::F32, 4), {});
  EXPECT_EQ(text_of(nest_of(load.program, load.kernel)),
            "for d0 < sequence { for d1 < 2 { for d2 < table[d1] { -> out0 } } }");
  test::Bench adapt("adapt");
  adapt.size("LIn", 2).size("LOut", 6).size("BeatsOut", 2).in(test::row_stream(12));
  EXPECT_EQ(text_of(nest_of(adapt.program, adapt.kernel)),
            "for d0 < sequence { for d1 < 6 { in0; for d2 < table[d1] { -> out0 } } }");
}

}  // namespace
}  // namespace st
