// SPDX-License-Identifier: Apache-2.0
// Each pass on the program leaves one that computes the same, to the last bit, in every launch.
#include <gtest/gtest.h>

#include "core/compiler/pipeline.h"
#include "core/graph/sample.h"
#include "tests/common/status_text.h"
#include "tests/core/program_stages.h"
#include "tests/core/random_streams.h"

namespace st {
namespace {

using test::Counts;
using test::Launch;
using test::ProgramOutcome;
using test::Random;
using test::text_of;

#ifdef ST_TEST_SANITIZED
constexpr uint64_t PassPrograms = 24;
#else
constexpr uint64_t PassPrograms = 120;
#endif

/// Compares each stage of one program with the one before it.
class Comparison {
 public:
  Comparison(std::vector<Launch> launches, std::vector<TensorId> watched, Counts& counts)
      : launches_(std::move(launches)), watched_(std::move(watched)), counts_(counts) {}

  /// To be called with each stage in turn.
  void add(const std::string& pass, const Program& program) {
    if (testing::Test::HasFailure()) return;
    const auto outcome = test::outcome_of(program, launches_, watched_);
    ASSERT_TRUE(outcome.ok()) << pass << "\n" << text_of(outcome.errors()) << text_of(program);
    if (before_) {
      ASSERT_EQ(test::difference(*outcome_, *outcome), "") << pass << "\n"
                                                           << text_of(*before_) << "\n"
                                                           << text_of(program);
      test::count_changes(pass, *before_, program, counts_);
    }
    before_ = program;
    outcome_ = *outcome;
  }

 private:
  std::vector<Launch> launches_;
  std::vector<TensorId> watched_;
  Counts& counts_;
  std::optional<Program> before_;
  std::optional<ProgramOutcome> outcome_;
};

/// Checks that each of these has occurred at least as often as once in `rarity` programs.
void expect_often(const Counts& counts, int rarity, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto found = counts.find(name);
    EXPECT_GE(found == counts.end() ? 0 : found->second, static_cast<int>(PassPrograms) / rarity)
        << name;
  }
}

/// Launches of a decoder: token ids, positions and draws as tensors.
std::vector<Launch> launches_of(const Program& program,
                                const std::vector<std::vector<int64_t>>& all_ids) {
  std::vector<Launch> launches;
  int64_t past = 0;
  for (const auto& ids : all_ids) {
    Launch launch{static_cast<int64_t>(ids.size()), past, {}};
    for (TensorId t = 0; t < static_cast<TensorId>(program.tensors.size()); ++t) {
      const std::string& name = program.tensors[t].name;
      if (name == DrawsInput)
        launch.inputs[t] = Tensor::zeros(DType::F32, {launch.tokens, DrawWidth});
      if (name != "input_ids" && name != "position_ids") continue;
      Tensor rows = Tensor::zeros(DType::I32, {launch.tokens});
      for (size_t i = 0; i < ids.size(); ++i)
        rows.as<int32_t>()[i] =
            static_cast<int32_t>(name == "input_ids" ? ids[i] : past + static_cast<int64_t>(i));
      launch.inputs[t] = std::move(rows);
    }
    past += launch.tokens;
    launches.push_back(std::move(launch));
  }
  return launches;
}

TEST(ProgramPasses, AreThoseOfThePipeline) {
  std::vector<std::string> pipeline, here;
  for (const Pass& pass : passes()) {
    // Those that need a board have tests of their own, and so has a shared binding.
    const bool board = pass.name == "place-memories" || pass.name == "refine-fifos" ||
                       pass.name == "place-kernels" || pass.name == "bind";
    if (pass.on_program && pass.name != "lower" && !board) pipeline.emplace_back(pass.name);
  }
  for (const test::ProgramPass& pass : test::program_passes({})) here.push_back(pass.name);
  EXPECT_EQ(here, pipeline);
}

TEST(ProgramPasses, ChangeNoValueOfADecoder) {
  Counts counts;
  for (uint64_t seed = 1; seed <= PassPrograms; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed + 9000);
    auto choices = test::random_choices(random, seed % 2 == 0 ? "w8a8" : "f32");
    test::group_some(choices, seed);
    Graph graph = test::random_decoder(seed, test::DecoderSize::Small);
    ASSERT_TRUE(test::prepare(graph).ok());
    const auto decoder = find_decoder(graph);
    ASSERT_TRUE(decoder.ok());
    const auto ids = test::random_launches(random, graph, *decoder);
    std::optional<Comparison> comparison;
    const auto made = test::compiled(
        std::move(graph), choices, [&](const std::string& pass, const Program& program) {
          if (!comparison)
            comparison.emplace(launches_of(program, ids),
                               std::vector<TensorId>{test::logits_of(program)}, counts);
          comparison->add(pass, program);
        });
    counts["too large for its limits"] += !made.ok();
    if (!made.ok()) {
      EXPECT_EQ(made.errors()[0].code, "E0403") << text_of(made.errors());
    }
    if (HasFailure()) return;
  }
  test::print(std::to_string(PassPrograms) + " decoders", counts);
  EXPECT_LE(counts["too large for its limits"], static_cast<int>(PassPrograms) / 8);
  expect_often(counts, 2,
               {"vectorise: programs", "materialise-dmas: load_rows",
                "materialise-dmas: store_rows", "fold: programs", "fold: map", "repair: programs",
                "repair: kernels that repeat rows", "materialise-converters: adapt",
                "materialise-converters: whole blocks", "insert-forks: fork",
                "load-parameters: load_params", "connect: programs", "size-fifos: programs"});
  expect_often(counts, 10, {"fuse: several groups", "materialise-converters: ping-pongs"});
}

TEST(ProgramPasses, ChangeNoValueOfAnyStreams) {
  Counts counts;
  for (uint64_t seed = 1; seed <= PassPrograms; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    test::Streams made = test::random_streams(seed);
    Program& program = made.program;
    Random random(seed + 10'000);
    std::vector<Launch> launches;
    for (int n = 0; n < 2; ++n) {
      Launch launch;
      launch.tokens = random.between(1, program.max_sequence);
      launch.inputs[made.input] =
          random_f32(random, shape_in_launch(program.tensors[made.input], launch.tokens, 0), 2.0f);
      launches.push_back(std::move(launch));
    }
    const Status sound = verify(program);
    ASSERT_TRUE(sound.ok()) << text_of(sound.errors()) << text_of(program);
    Comparison comparison(std::move(launches), made.results, counts);
    comparison.add("made", program);
    test::Choices choices;
    choices.parameter_ports = static_cast<int>(random.between(1, 3));
    for (const test::ProgramPass& pass : test::program_passes(choices)) {
      // FIFOs are deep enough for a row: enough where streams go row by row.
      if (pass.name == "size-fifos" && !made.by_rows) continue;
      const Status status = pass.run(program);
      ASSERT_TRUE(status.ok()) << pass.name << "\n" << text_of(status.errors());
      const Status valid = verify(program);
      ASSERT_TRUE(valid.ok()) << pass.name << "\n" << text_of(valid.errors());
      comparison.add(pass.name, program);
      if (HasFailure()) return;
    }
  }
  test::print(std::to_string(PassPrograms) + " programs of streams", counts);
  expect_often(counts, 2,
               {"vectorise: programs", "materialise-dmas: load_rows",
                "materialise-dmas: store_rows", "fold: map", "materialise-converters: whole blocks",
                "materialise-converters: ping-pongs", "materialise-converters: adapt",
                "insert-forks: fork", "connect: programs", "size-fifos: programs"});
  expect_often(counts, 5,
               {"materialise-converters: small windows", "load-parameters: load_params"});
  expect_often(counts, 20,
               {"repair: kernels that repeat rows", "materialise-converters: shared converters"});
}

}  // namespace
}  // namespace st
