// SPDX-License-Identifier: Apache-2.0
// One engine for all linear layers and attention: the integers, the logits and the texts are those
// of the spatial design, bit for bit.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/dataflow/instances.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/greedy.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// What a run printed, its logits, and the folder with all that its FIFOs carried.
struct Recorded {
  std::string text, logits;
  fs::path folder;
  Program program;

  /// `all`: logits of all rows, not only of those that an id follows. `prefill`: rows of a launch,
  /// or 0 for as many as the design has.
  Recorded(const Request& request, const std::string& ids, bool all = true, int prefill = 0)
      : folder(scratch() / ((request.shared ? all ? "shared" : "shared_last" : "spatial") +
                            std::to_string(prefill))),
        program(program_of(built(request))) {
    fs::remove_all(folder);
    const fs::path file = scratch() / "recorded.logits";
    std::vector<std::string> command = {
        ST_TEST_TOOL, "run", built(request).string(), "--ids", ids, "-n", "3", "--print-ids"};
    if (all) command.insert(command.end(), {"--logits", file.string()});
    if (prefill > 0) command.insert(command.end(), {"--prefill", std::to_string(prefill)});
    const Outcome run = run_program(command, {}, {{"STREAMTENSOR_RECORD", folder.string()}});
    EXPECT_EQ(run.status, 0) << run.err;
    text = run.out;
    if (all) logits = read(file);
  }

  /// Names of FIFOs that carry one stream alone.
  [[nodiscard]] std::map<std::string, const Channel*> streams() const {
    std::map<std::string, const Channel*> named;
    for (const Channel& channel : program.channels) {
      if (channel.fifo.empty() && fs::exists(folder / (channel.name + ".bin")))
        named[channel.name] = &channel;
    }
    return named;
  }
  [[nodiscard]] std::string beats(const std::string& name) const {
    return read(folder / (name + ".bin"));
  }
};

/// What a stream carries of each row once, where rows are streamed again.
std::string once(const std::string& beats, const Channel& channel, int64_t width) {
  const auto row = static_cast<size_t>(width * bytes_of(channel.type.itensor.dtype));
  const auto passes = static_cast<size_t>(channel.type.max_beats() * channel.type.lanes / width);
  std::string kept;
  EXPECT_EQ(beats.size() % (row * passes), 0U) << channel.name;
  for (size_t at = 0; at < beats.size(); at += row * passes) {
    const std::string first = beats.substr(at, row);
    for (size_t pass = 1; pass < passes; ++pass)
      EXPECT_EQ(beats.substr(at + pass * row, row) == first, true) << channel.name;
    kept += first;
  }
  return kept;
}

/// Each row as many times.
std::string repeated(const std::string& rows, size_t row, int64_t times) {
  std::string made;
  for (size_t at = 0; at < rows.size(); at += row) {
    for (int64_t n = 0; n < times; ++n) made += rows.substr(at, row);
  }
  return made;
}

int64_t width_of(const Program& program, const Channel& channel) {
  return program.tensors[static_cast<size_t>(channel.tensor)].shape.back().constant().value_or(1);
}

/// Every stream that both designs have, and what the kernels of one kind make in all of them.
void expect_same_streams(const Request& shared, const Request& spatial) {
  SCOPED_TRACE(shared.model + " " + shared.precision);
  const std::string ids = "1,2,3,10,5,7,1,1";
  const Recorded one(shared, ids), other(spatial, ids);
  EXPECT_EQ(one.text, other.text);
  EXPECT_GT(one.logits.size(), 0U);
  EXPECT_EQ(one.logits == other.logits, true) << "logits differ";
  const auto streams = one.streams(), others = other.streams();
  std::map<std::string, int> compared;
  for (const auto& [name, channel] : streams) {
    const auto found = others.find(name);
    if (found == others.end()) continue;
    const std::string& kind = one.program.kernels[static_cast<size_t>(channel->producer)].kind;
    if (kind == "load_params") continue;
    const int64_t width = width_of(one.program, *channel);
    ASSERT_EQ(width, width_of(other.program, *found->second)) << name;
    const std::string made = once(one.beats(name), *channel, width);
    std::string wanted = once(other.beats(name), *found->second, width);
    // What layers read from outside, such as positions, is made again for each of them.
    if (made.size() > wanted.size())
      wanted = repeated(wanted, static_cast<size_t>(width * bytes_of(channel->type.itensor.dtype)),
                        one.program.layers.count);
    const bool same = made == wanted;
    EXPECT_TRUE(same) << name << ", of a " << kind;
    ++compared[kind];
  }
  // Layers count once: each stream has all of them.
  EXPECT_GE(compared["quantize_groups"], 2 * 5) << "the rows of all steps, and their scales";
  EXPECT_GE(compared["quantize_heads"] + compared["fork"], 6) << "queries, keys, values";
  EXPECT_GE(compared["collect_rows"], 3) << "results of linear layers";
  EXPECT_GE(compared["merge_heads"], 1) << "results of attention";
}

TEST(SharedEngine, OfTheAdderMovesTheIntegersOfTheSpatialDesign) {
#ifndef ST_TEST_SANITIZED  // half of the ways of the other one
  expect_same_streams(shared_design("adder", "w8a8"), spatial_design("adder", "w8a8"));
#endif
  expect_same_streams(shared_design("adder", "w4a8"), spatial_design("adder", "w4a8"));
}

/// Four memory ports of 128 bits take turns. Rows have one lane in both designs: sums of floats
/// depend on it.
TEST(SharedEngine, BehindNarrowPortsMovesTheIntegersOfTheSpatialDesign) {
  for (const char* precision : {"w8a8", "w4a8"}) {
    Request narrow = shared_design("adder", precision);
    Request spatial = spatial_design("adder", precision);
    narrow.target = "kv260";
    narrow.row_lanes = spatial.row_lanes = 1;
    const Program program = program_of(built(narrow));
    EXPECT_TRUE(std::any_of(program.kernels.begin(), program.kernels.end(),
                            [](const Kernel& kernel) { return kernel.kind == "merge_rounds"; }));
    EXPECT_TRUE(std::any_of(program.memories.begin(), program.memories.end(),
                            [](const Memory& memory) { return memory.port_bits == 128; }));
    expect_same_streams(narrow, spatial);
  }
}

TEST(SharedEngine, OfStories260kMovesTheIntegersOfTheSpatialDesign) {
  ST_NEEDS_SHARED();
  expect_same_streams(shared_design("stories260k"), spatial_design("stories260k"));
}

TEST(SharedEngine, OfCharShakespeareMovesTheIntegersOfTheSpatialDesign) {
  ST_NEEDS_SHARED();
  expect_same_streams(shared_design("char_shakespeare"), spatial_design("char_shakespeare"));
}

/// Prompts of 8 and 2 more rows: the first 7 only fill the caches.
TEST(SharedEngine, RowsThatNoIdFollowsEndBehindTheLayers) {
  const Request request = shared_design("adder");
  const Recorded all(request, "1,2,3,10,5,7,1,1"), last(request, "1,2,3,10,5,7,1,1", false);
  EXPECT_EQ(last.text, all.text);
  size_t behind = 0;
  for (const auto& [name, channel] : all.streams()) {
    const Kernel& reader = all.program.kernels[static_cast<size_t>(channel->consumer)];
    const size_t some = last.beats(name).size(), whole = all.beats(name).size();
    EXPECT_EQ(some * 10, whole * (reader.behind ? 3 : 10)) << name;
    behind += reader.behind;
  }
  EXPECT_GE(behind, 3U);
}

/// The rows of a stream, sorted.
std::vector<std::string> sorted_rows(const std::string& beats, size_t row) {
  std::vector<std::string> rows;
  for (size_t at = 0; at < beats.size(); at += row) rows.push_back(beats.substr(at, row));
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// Launches of several rows, each of which sees those before it, move the integers of launches of
/// one: in another order, a layer of all rows after the other.
TEST(SharedEngine, RowsOfALaunchAreThoseOfLaunchesOfOneRow) {
  for (const auto& [precision, target, lanes, tiles] :
       {std::tuple{"w8a8", "u280", 3, 1}, std::tuple{"w4a8", "u280", 3, 3},
        std::tuple{"w4a8", "kv260", 2, 2}}) {
    SCOPED_TRACE(std::string(precision) + " on " + target);
    Request request = shared_design("adder", precision);
    request.target = target;
    request.token_lanes = lanes;
    request.token_tiles = tiles;
    const std::string ids = "1,2,3,10,5,7,1,1";
    const std::string text = Recorded(shared_design("adder", precision), ids, false).text;
    const Recorded several(request, ids, false), single(request, ids, false, 1);
    EXPECT_EQ(several.text, single.text);
    EXPECT_EQ(several.text, text);
    size_t compared = 0;
    for (const auto& [name, channel] : several.streams()) {
      const Kernel& writer = several.program.kernels[static_cast<size_t>(channel->producer)];
      if (!comes_by_rows(channel->type) || writer.kind == "load_params" || writer.behind) continue;
      const auto row = static_cast<size_t>(beats_per_row(several.program, channel->type) *
                                           channel->type.beat_bytes());
      const std::string beats = several.beats(name);
      EXPECT_EQ(beats.size() % row, 0U) << name;
      const bool same = sorted_rows(beats, row) == sorted_rows(single.beats(name), row);
      EXPECT_TRUE(same) << name << ", of a " << writer.kind;
      ++compared;
    }
    EXPECT_GE(compared, 20U);
  }
}

/// HLS shares a function among the calls of one scope: each kernel is called once, for all nodes.
TEST(SharedEngine, SlicesHaveOneArrayOfMultipliers) {
  const fs::path groups = built(shared_design("adder", "w4a8")) / "groups";
  const std::string code = read(groups / "engine0/src/engine0.cpp");
  const auto times = [&](const std::string& text) {
    size_t number = 0;
    for (size_t at = code.find(text); at != std::string::npos; at = code.find(text, at + 1))
      ++number;
    return number;
  };
  EXPECT_EQ(times("st::multiply_stripes<"), 1U);
  EXPECT_EQ(times("st::attend<"), 1U);
  EXPECT_EQ(times(", engine0_slice_products>("), 2U);
  EXPECT_EQ(times("#pragma HLS ALLOCATION function instances=engine0_slice_products limit=1"), 1U);
  EXPECT_EQ(times("  // h..x2a/attn/c_attn/MatMul\n"), 1U) << code;
}

std::string told(const Request& request, const std::string& prompt, size_t tokens) {
  const Outcome outcome = streamtensor(
      {"run", built(request), "--prompt", prompt, "--max-tokens", std::to_string(tokens)});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.out;
}

/// All texts are those of the spatial design, and where that tells the reference's, those.
size_t expect_same_texts(const std::string& model, size_t ids) {
  size_t exact = 0;
  for (const Greedy& text : greedy_texts(model)) {
    const size_t tokens = ids - text.prompt_ids;
    const std::string shared = told(shared_design(model), text.prompt, tokens);
    EXPECT_EQ(shared, told(spatial_design(model), text.prompt, tokens));
    EXPECT_TRUE(shared.starts_with(text.prompt));
    exact += text.text.starts_with(shared.substr(0, shared.size() - 1));
  }
  std::cout << model << ", w8a8 with int8 caches: " << exact << " texts are the reference's\n";
  return exact;
}

TEST(SharedEngine, TellsTheSpatialDesignsStories) {
  ST_NEEDS_SHARED();
  expect_same_texts("stories260k", 257);
}

TEST(SharedEngine, WritesTheSpatialDesignsShakespeare) {
  ST_NEEDS_SHARED();
  expect_same_texts("char_shakespeare", 32);
}

TEST(SharedEngine, Adds) {
  for (const std::string sum : {"345+516=861", "0+0=0", "999+1=1000"}) {
    for (const char* precision : {"w8a8", "w4a8"}) {
      const std::string prompt = sum.substr(0, sum.find('=') + 1);
      const std::string shared = told(shared_design("adder", precision), prompt, 8);
      EXPECT_EQ(shared, told(spatial_design("adder", precision), prompt, 8));
      EXPECT_EQ(shared, sum + "\n") << precision;
    }
  }
}

TEST(SharedEngine, IsSimulatedWithAndWithoutResults) {
  const std::string build = built(shared_design("adder"));
  const auto cycles = [&](const std::string& lengths) {
    const Outcome outcome = streamtensor({"simulate", build, "--brief", "--launch", lengths});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const size_t line = outcome.out.rfind("\n  ");
    std::string number = outcome.out.substr(line + 3, outcome.out.find(" cycles", line) - line - 3);
    std::erase(number, ',');
    return std::stoll(number);
  };
  EXPECT_EQ(cycles("sequence=1,past=5"), cycles("sequence=1,past=5,results=1"));
  EXPECT_LT(cycles("sequence=1,past=5,results=0"), cycles("sequence=1,past=5"));
  for (const auto& [of, lengths] : std::vector<std::pair<std::string, std::string>>{
           {build, "sequence=1,past=0,results=2"},
           {build, "sequence=1,results=1"},
           {built(spatial_design("adder")), "sequence=1,past=0,results=0"}}) {
    const Outcome outcome = streamtensor({"simulate", of, "--launch", lengths});
    EXPECT_EQ(outcome.status, 2) << lengths;
    EXPECT_NE(outcome.err.find("--launch is out of bounds"), std::string::npos) << outcome.err;
  }
}

/// Hardware that nodes share counts once on a die.
TEST(SharedEngine, ReportHasWhatDiesHold) {
  const auto report =
      nlohmann::json::parse(read(built(shared_design("adder")) / "report/report.json"));
  const auto& group = report.at("groups").at(0);
  for (const char* kind : {"lut", "ff", "dsp", "bram18", "uram"}) {
    int64_t on_dies = 0;
    for (const auto& slr : group.at("slrs")) on_dies += slr.at("resources").at(kind).get<int64_t>();
    int64_t units = 0;
    for (const auto& unit : report.at("units"))
      units += unit.at("predicted").at(kind).get<int64_t>();
    EXPECT_LE(on_dies, units) << kind;
    EXPECT_GE(on_dies, units * 9 / 10) << kind << ": but for control registers";
  }
}

TEST(SharedEngine, VerifyPasses) {
  std::vector<Request> requests = {shared_design("adder"), shared_design("adder", "w4a8")};
  requests.push_back(requests[0]);
  requests.back().target = "kv260";
  requests.back().row_lanes = 1;
  if (!shared("README.md").empty()) {
    requests.push_back(shared_design("stories260k"));
    requests.push_back(shared_design("char_shakespeare"));
  }
  for (const Request& request : requests) {
    SCOPED_TRACE(request.model + " " + request.precision);
    const Outcome outcome = streamtensor({"verify", built(request)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("verified"), std::string::npos) << outcome.out;
  }
}

TEST(SharedEngine, VerifyNamesTheFilesThatWereAltered) {
  const fs::path build = copy_of(built(shared_design("adder")), "shared_altered", Links::Broken);
  for (const char* name : {"weights0.bin", "weights2.bin"}) {
    const fs::path file = build / "params" / name;
    const auto size = static_cast<int64_t>(fs::file_size(file));
    for (const int64_t offset : {int64_t{0}, size / 2, size - 1}) {
      SCOPED_TRACE(std::string(name) + " byte " + std::to_string(offset));
      flip(file, offset);
      const Outcome outcome = streamtensor({"verify", build});
      flip(file, offset);
      EXPECT_NE(outcome.status, 0);
      EXPECT_NE(outcome.err.find(std::string("params/") + name), std::string::npos) << outcome.err;
    }
  }
}

TEST(SharedEngine, VerifyNamesTheKernelWhoseCodeWasAltered) {
  const fs::path build = copy_of(built(shared_design("adder")), "shared_altered");
  replace(build / "hls_templates/streamtensor/stripes.h", "so_far + scaled_sum<SumBits>",
          "so_far + 1.001f * scaled_sum<SumBits>");
  const Outcome made = run_program({"make", "-s", "-C", build / "stub", "CXX=" ST_TEST_CXX,
                                    "CXXFLAGS=" ST_TEST_CXXFLAGS, "engine1_tb"});
  ASSERT_EQ(made.status, 0) << made.err;
  const Outcome outcome = streamtensor({"verify", build});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("(multiply_stripes) differs"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("(attend)"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace st::test
