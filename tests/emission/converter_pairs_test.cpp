// SPDX-License-Identifier: Apache-2.0
// Emitted converters between random views of one tensor, compiled and run on sequential streams.
#include <algorithm>
#include <fstream>
#include <future>
#include <numeric>

#include "backends/hls/cpp_text.h"
#include "backends/hls/emit_group.h"
#include "core/itensor/conversion.h"
#include "tests/common/tool.h"
#include "tests/emission/random_lanes.h"
#include "tests/itensor/converter.h"
#include "tests/itensor/element_order.h"
#include "tests/itensor/random_pairs.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

#ifdef ST_TEST_SANITIZED
constexpr int Pairs = 500;
constexpr int Files = 2;
#else
constexpr int Pairs = 10000;
constexpr int Files = 8;
#endif

/// Compiling takes the time here, not running.
const std::string Flags = ST_TEST_CXXFLAGS " -O0";

/// Every fourth program goes through the compiler that builds use, the others through one that
/// needs half its time.
std::string compiler_of(int number) {
  const bool faster =
      number % 4 != 0 && run_program({"sh", "-c", "command -v clang++-16"}).status == 0;
  return faster ? "clang++-16" : ST_TEST_CXX;
}

/// What runs a converter, and what it has to do.
struct Case {
  Kernel kernel;
  bool right = true;  ///< false: the buffer is an element too small, and the output must show it
  Bindings bindings;
};

/// A program that runs converters one after another, and the numbers that it reads: what goes in,
/// and what must come out of each output.
class PairsBench {
 public:
  PairsBench(fs::path directory, int number)
      : compiler_(compiler_of(number)),
        base_(directory / ("converters" + std::to_string(number))),
        source_(base_.string() + ".cpp"),
        numbers_(base_.string() + ".bin", std::ios::binary) {
    source_ << R"(#include <cstdint>
#include <cstdio>
#include <vector>
#include <hls_stream.h>
#include <streamtensor/vec.h>
using namespace st;
using Numbers = std::vector<std::int32_t>;
template <int L>
void put(hls::stream<vec<std::int32_t, L>>& stream, const Numbers& numbers) {
  for (std::size_t i = 0; i < numbers.size(); i += L) {
    vec<std::int32_t, L> beat;
    for (int lane = 0; lane < L; ++lane) beat[lane] = numbers[i + lane];
    stream.write(beat);
  }
}
template <int L>
Numbers take(hls::stream<vec<std::int32_t, L>>& stream) {
  Numbers numbers;
  while (!stream.empty()) {
    const vec<std::int32_t, L> beat = stream.read();
    for (int lane = 0; lane < L; ++lane) numbers.push_back(beat[lane]);
  }
  return numbers;
}
using Converter = void (*)();
template <int From, int To>
Numbers run(Converter converter, const Numbers& numbers, int tokens) {
  hls::stream<vec<std::int32_t, From>> in("in");
  hls::stream<vec<std::int32_t, To>> out("out");
  put(in, numbers);
  reinterpret_cast<void (*)(decltype(in)&, decltype(out)&, int)>(converter)(in, out, tokens);
  return take(out);
}
template <int From, int To, int Second>
Numbers run(Converter converter, const Numbers& numbers, int tokens) {
  hls::stream<vec<std::int32_t, From>> in("in");
  hls::stream<vec<std::int32_t, To>> out("out");
  hls::stream<vec<std::int32_t, Second>> out1("out1");
  put(in, numbers);
  reinterpret_cast<void (*)(decltype(in)&, decltype(out)&, decltype(out1)&, int)>(converter)(in, out, out1, tokens);
  Numbers all = take(out);
  const Numbers second = take(out1);
  all.insert(all.end(), second.begin(), second.end());
  return all;
}
)";
  }

  void add(const Case& test) {
    const Kernel& kernel = test.kernel;
    source_ << hls::emit_converter(kernel);
    std::string lanes = std::to_string(kernel.inputs[0].type.lanes);
    for (const Port& port : kernel.outputs) lanes += ", " + std::to_string(port.type.lanes);
    const auto tokens = test.bindings.find(Sequence);
    table_ += "  {\"" + kernel.name + "\", reinterpret_cast<Converter>(" + kernel.name + "), run<" +
              lanes + ">, " + (test.right ? "true" : "false") + ", " +
              std::to_string(tokens == test.bindings.end() ? 1 : tokens->second) + "},\n";
    put(element_numbers(kernel.inputs[0].type.itensor, test.bindings));
    std::vector<int32_t> expected;
    for (const Port& port : kernel.outputs) {
      const std::vector<int32_t> numbers = element_numbers(port.type.itensor, test.bindings);
      expected.insert(expected.end(), numbers.begin(), numbers.end());
    }
    put(expected);
  }

  /// Compiles and runs. Returns what went wrong.
  std::string outcome() {
    source_ << "struct Entry {\n  const char* name;\n  Converter converter;\n  Numbers "
               "(*run)(Converter, const Numbers&, int);\n"
               "  bool right;\n  int tokens;\n};\nstatic const Entry Entries[] = {\n"
            << table_ << R"(};
static Numbers read(std::FILE* file) {
  std::int32_t size = 0;
  if (std::fread(&size, sizeof size, 1, file) != 1) return {};
  Numbers numbers(static_cast<std::size_t>(size));
  if (std::fread(numbers.data(), sizeof size, numbers.size(), file) != numbers.size()) return {};
  return numbers;
}
int main(int, char** argv) {
  std::FILE* file = std::fopen(argv[1], "rb");
  if (file == nullptr) return 2;
  int wrong = 0;
  for (const Entry& entry : Entries) {
    const Numbers in = read(file), expected = read(file);
    if ((entry.run(entry.converter, in, entry.tokens) == expected) == entry.right) continue;
    std::printf("%s\n", entry.name);
    ++wrong;
  }
  std::fclose(file);
  return wrong > 0 ? 1 : 0;
}
)";
    source_.close();
    numbers_.close();
    const std::string name = base_.string();
    const Outcome compiled = run_program(
        {"sh", "-c",
         compiler_ + " " + Flags + " -I" + source("tests/hls_templates/sequential").string() +
             " -I" + source("hls_templates").string() + " " + name + ".cpp -o " + name});
    if (compiled.status != 0) return compiled.err.substr(0, 4000);
    const Outcome run = run_program({name, name + ".bin"});
    return run.status == 0 ? "" : "wrong: " + run.out + run.err;
  }

 private:
  void put(const std::vector<int32_t>& numbers) {
    const auto size = static_cast<int32_t>(numbers.size());
    numbers_.write(reinterpret_cast<const char*>(&size), sizeof size);
    numbers_.write(reinterpret_cast<const char*>(numbers.data()),
                   static_cast<std::streamsize>(numbers.size() * sizeof size));
  }

  std::string compiler_;
  fs::path base_;
  std::ofstream source_, numbers_;
  std::string table_;
};

TEST(EmittedConverters, BetweenRandomViewsAreRightAndNotOneElementTooLarge) {
  std::mt19937_64 random(PairsSeed), choices(PairsSeed + 1);
  std::vector<std::future<std::string>> outcomes;
  std::vector<std::unique_ptr<PairsBench>> benches;
  for (int f = 0; f < Files; ++f) {
    benches.push_back(std::make_unique<PairsBench>(scratch(), f));
    for (int n = f * Pairs / Files; n < (f + 1) * Pairs / Files; ++n) {
      const TypePair pair = random_pair(random, PairsLargest);
      const StreamType from = with_random_lanes(choices, pair.source);
      const StreamType to = with_random_lanes(choices, pair.result);
      const ConversionPlan plan = plan_conversion(from.itensor, {to.itensor});
      ASSERT_TRUE(plan.sliding);
      const std::string name = "convert" + std::to_string(n);
      benches.back()->add({converter(name, from, {to}, plan.window), true, {}});
      if (plan.window > 1)
        benches.back()->add({converter(name + "_small", from, {to}, plan.window - 1), false, {}});
    }
    outcomes.push_back(std::async(std::launch::async, &PairsBench::outcome, benches.back().get()));
    // Two compilers at a time.
    if (f > 0) outcomes[static_cast<size_t>(f) - 1].wait();
  }
  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get(), "");
}

/// Runs a few cases of one program.
std::string outcome_of(int number, const std::vector<Case>& cases) {
  PairsBench bench(scratch(), number);
  for (const Case& test : cases) bench.add(test);
  return bench.outcome();
}

TEST(EmittedConverters, ServeTwoReadersFromOneBufferAndPingPongWherePlain) {
  std::mt19937_64 random(PairsSeed + 2);
  std::vector<Case> cases;
  for (int n = 0; n < 100; ++n) {
    const TypePair pair = random_pair(random, PairsLargest);
    const std::vector<int64_t> shape = max_shape(pair.source);
    std::vector<int64_t> tile;
    for (int64_t extent : shape) tile.push_back(pick_divisor(random, extent));
    const StreamType from = with_random_lanes(random, pair.source);
    const StreamType to = with_random_lanes(random, pair.result);
    const StreamType second = with_random_lanes(random, random_view(random, shape, tile));
    const ConversionPlan plan = plan_conversion(from.itensor, {to.itensor, second.itensor});
    const std::string name = "convert" + std::to_string(n);
    cases.push_back({converter(name + "_both", from, {to, second}, plan.window), true, {}});
    if (plan.window > 1)
      cases.push_back({converter(name + "_small", from, {to, second}, plan.window - 1), false, {}});
    cases.push_back({converter(name + "_halves", from, {to}, 0), true, {}});
    cases.push_back({converter(name + "_both_halves", from, {to, second}, 0), true, {}});
  }
  EXPECT_EQ(outcome_of(Files, cases), "");
}

TEST(EmittedConverters, FollowSymbolicAndTriangularTripCounts) {
  const Trip rows(Extent::symbol(Sequence), 8);
  const Trip seen(Extent::symbol("d0") + Extent(1), 8);
  auto stream = [](ItensorType type, int lanes) {
    type.dtype = DType::I32;
    return StreamType{std::move(type), lanes};
  };
  const StreamType by_row = stream({{1, 4}, DType::I32, {rows, 3}, {1, 4}, {0, 1}}, 2);
  const StreamType by_column = stream({{1, 4}, DType::I32, {3, rows}, {4, 1}, {1, 0}}, 4);
  const StreamType twice = stream({{1, 6}, DType::I32, {rows, 2, 2}, {1, 1, 6}, {0, 2}}, 3);
  const StreamType causal = stream({{1, 1, 6}, DType::I32, {rows, seen}, {1, 1}, {0, 1, Zero}}, 3);
  const StreamType causal_columns =
      stream({{1, 1, 2}, DType::I32, {rows, 3, seen}, {1, 2, 1}, {0, 2, 1}}, 1);
  std::vector<Case> cases;
  for (int64_t tokens : {1, 5, 8}) {
    const Bindings bindings = {{Sequence, tokens}};
    const std::string name = "convert" + std::to_string(tokens);
    cases.push_back({converter(name + "_columns", by_row, {by_column}, 0), true, bindings});
    cases.push_back({converter(name + "_rows", by_column, {by_row, twice}, 0), true, bindings});
    cases.push_back({converter(name + "_twice", by_row, {twice}, 12), true, bindings});
    cases.push_back({converter(name + "_twice_small", by_row, {twice}, 11), false, bindings});
    cases.push_back({converter(name + "_back", twice, {by_row},
                               plan_conversion(twice.itensor, {by_row.itensor}).window),
                     true, bindings});
    cases.push_back({converter(name + "_causal", causal, {causal_columns}, 0), true, bindings});
    cases.push_back(
        {converter(name + "_causal_back", causal_columns, {causal}, 0), true, bindings});
  }
  EXPECT_EQ(outcome_of(Files + 1, cases), "");
}

}  // namespace
}  // namespace st::test
