// SPDX-License-Identifier: Apache-2.0
// Loops of converters and width adapters of all forms, more than the example models have.
#include "backends/hls/cpp_text.h"
#include "backends/hls/emit_group.h"
#include "core/itensor/conversion.h"
#include "tests/common/tool.h"
#include "tests/emission/loop_counts.h"
#include "tests/emission/random_lanes.h"
#include "tests/itensor/random_pairs.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

constexpr int64_t Tokens = 5;

/// A group of kernels that have nothing to do with each other, each fed and emptied by hand.
class CountsBench {
 public:
  CountsBench() {
    program_.max_sequence = program_.max_positions = 8;
    source_ = "#include \"streamtensor/kernels.h\"\nusing st::vec;\n";
  }

  /// `window`: as in the kernel's sizes; 0: a ping-pong.
  void add_converter(const StreamType& from, const std::vector<StreamType>& to, int64_t window) {
    Kernel& kernel = add("convert", from, to);
    kernel.sizes["Window"] = window;
    source_ += hls::emit_converter(kernel);
    call(kernel, kernel.name);
  }

  void add_adapter(int in, int out, int64_t width) {
    const Trip rows(Extent::symbol(Sequence), program_.max_sequence);
    const auto stream = [&](int lanes) {
      return StreamType{{{1, lanes}, DType::I32, {rows, width / lanes}, {1, lanes}, {0, 1}}, lanes};
    };
    Kernel& kernel = add("adapt", stream(in), {stream(out)});
    kernel.sizes = {{"LIn", in}, {"LOut", out}, {"BeatsOut", width / out}};
    call(kernel, "st::adapt<int, " + std::to_string(in) + ", " + std::to_string(out) + ", " +
                     std::to_string(width / out) + ">");
  }

  std::vector<std::string> differences() {
    CountingCode code;
    code.folder = scratch() / "converter_counts";
    code.data = code.folder;
    code.unit = "group0";
    fs::remove_all(code.folder);
    fs::create_directories(code.folder);
    fs::copy(source("hls_templates"), code.folder / "hls_templates", fs::copy_options::recursive);
    write(code.folder / "launches.txt", "launch " + std::to_string(Tokens) + " 0 1\n");
    write(code.folder / "groups/group0/src/group0.cpp",
          source_ + "int main() {\n" + calls_ + "}\n");
    write(code.folder / "groups/group0/tb/group0_tb.cpp", "#include <hls_stream.h>\n");
    instrument(code);
    return test::differences(program_, 0, counted(program_, code));
  }

 private:
  Kernel& add(const std::string& kind, const StreamType& from, const std::vector<StreamType>& to) {
    Kernel kernel;
    kernel.name = "kernel" + std::to_string(program_.kernels.size());
    kernel.kind = kind;
    kernel.inputs = {port(kernel.name + "_in", from)};
    for (const StreamType& type : to)
      kernel.outputs.push_back(
          port(kernel.name + "_out" + std::to_string(kernel.outputs.size()), type));
    program_.kernels.push_back(std::move(kernel));
    return program_.kernels.back();
  }

  Port port(const std::string& name, const StreamType& type) {
    program_.channels.push_back({name, "", -1, type, -1, -1, 0, "", {}});
    return {-1, type, static_cast<ChannelId>(program_.channels.size()) - 1};
  }

  /// A task between streams that hold all that it reads and writes.
  void call(const Kernel& kernel, const std::string& function) {
    const Bindings bindings = {{Sequence, Tokens}};
    calls_ += "  {\n";
    std::string arguments, after;
    auto define = [&](const Port& port) {
      const std::string& name = program_.channels[port.channel].name;
      const int64_t beats = token_count(port.type.itensor, bindings) * port.type.beats_per_token();
      calls_ += "    hls::stream<" + hls::beat_type(port.type) + ", " + std::to_string(beats) +
                "> " + name + "(\"" + name + "\");\n";
      arguments += name + ", ";
      return beats;
    };
    const int64_t beats = define(kernel.inputs[0]);
    calls_ += "    for (int i = 0; i < " + std::to_string(beats) + "; ++i) " + kernel.name +
              "_in.write({});\n";
    for (const Port& port : kernel.outputs) {
      define(port);
      const std::string& name = program_.channels[port.channel].name;
      after += "    while (!" + name + ".empty()) " + name + ".read();\n";
    }
    calls_ += "    TASK(" + function + ")(" + arguments + std::to_string(Tokens) + ");\n" + after +
              "  }\n";
  }

  Program program_;
  std::string source_, calls_;
};

TEST(LoopCountsOfConverters, AreThoseOfTheirNestsInAllForms) {
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "SKIPPED: counting needs no sanitizer; the other build does it";
#endif
  CountsBench bench;
  std::mt19937_64 random(PairsSeed + 3);
  int late = 0;
  for (int n = 0; n < 50; ++n) {
    const TypePair pair = random_pair(random, PairsLargest);
    const std::vector<int64_t> shape = max_shape(pair.source);
    std::vector<int64_t> tile;
    for (int64_t extent : shape) tile.push_back(pick_divisor(random, extent));
    const StreamType from = with_random_lanes(random, pair.source);
    const StreamType to = with_random_lanes(random, pair.result);
    const StreamType second = with_random_lanes(random, random_view(random, shape, tile));
    const ConversionPlan one = plan_conversion(from.itensor, {to.itensor});
    const ConversionPlan two = plan_conversion(from.itensor, {to.itensor, second.itensor});
    late += one.window < block_elements(one) ? 1 : 0;
    bench.add_converter(from, {to}, one.window);
    bench.add_converter(from, {to}, block_elements(one));
    bench.add_converter(from, {to}, 0);
    bench.add_converter(from, {to, second}, two.window);
  }
  EXPECT_GT(late, 5);
  const Trip rows(Extent::symbol(Sequence), 8);
  const Trip seen(Extent::symbol("d0") + Extent(1), 8);
  const StreamType by_row{{{1, 4}, DType::I32, {rows, 3}, {1, 4}, {0, 1}}, 2};
  const StreamType by_column{{{1, 4}, DType::I32, {3, rows}, {4, 1}, {1, 0}}, 4};
  const StreamType causal{{{1, 1, 6}, DType::I32, {rows, seen}, {1, 1}, {0, 1, Zero}}, 3};
  const StreamType columns{{{1, 1, 2}, DType::I32, {rows, 3, seen}, {1, 2, 1}, {0, 2, 1}}, 1};
  bench.add_converter(by_row, {by_column}, 0);
  bench.add_converter(causal, {columns}, 0);
  bench.add_converter(columns, {causal}, 0);
  for (const int in : {1, 2, 3, 4, 6, 12}) {
    for (const int out : {1, 2, 3, 4, 6, 12}) {
      if (in != out) bench.add_adapter(in, out, 24);
    }
  }
  for (const std::string& difference : bench.differences()) ADD_FAILURE() << difference;
}

}  // namespace
}  // namespace st::test
