// SPDX-License-Identifier: Apache-2.0
#include "tests/emission/bench_build.h"

#include "backends/hls/emit_group.h"
#include "core/dataflow/units.h"
#include "core/packing/checksum.h"
#include "core/packing/pack.h"
#include "core/packing/parameter_file.h"
#include "core/support/embedded.h"
#include "tests/common/tool.h"
#include "tests/emission/loop_counts.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

std::string text_of_bytes(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

constexpr const char* Data = "groups/group0/tb/data/";

}  // namespace

BenchBuild::BenchBuild(Program program, const std::string& name)
    : program_(std::move(program)), folder_(scratch() / name) {
  fs::remove_all(folder_);
  for (const std::string& path : embedded_files("hls_templates/")) put(path, embedded_file(path));
  const Unit unit = units_of(program_).at(0);
  put("groups/group0/src/group0.h", hls::emit_header(program_, unit));
  put("groups/group0/src/group0.cpp", hls::emit_source(program_, unit));
  put("groups/group0/tb/group0_tb.cpp", hls::emit_test_bench(program_, unit));
}

void BenchBuild::launch(const std::vector<Launch>& launches) {
  ProgramInterpreter interpreter(program_);
  std::vector<ChannelId> all;
  for (size_t c = 0; c < program_.channels.size(); ++c) all.push_back(static_cast<ChannelId>(c));
  interpreter.record(all);
  std::string list = "streamtensor.testdata/1\n" + parameters();
  int64_t number = 0;
  for (const Launch& launch : launches) {
    launch.set_inputs(interpreter.state());
    ASSERT_TRUE(interpreter.launch(launch.tokens, launch.past).ok());
    list += "launch " + std::to_string(launch.tokens) + " " + std::to_string(launch.past) + " 1\n";
    for (const auto& [m, value] : interpreter.state())
      list += rows(program_.memories[static_cast<size_t>(m)], value, number);
    keep_beats(interpreter);
    ++number;
  }
  put(std::string(Data) + "launches.txt", list);
}

void BenchBuild::put(const std::string& path, const std::string& content) const {
  fs::create_directories((folder_ / path).parent_path());
  write(folder_ / path, content);
}

std::string BenchBuild::data(const std::string& item, const Memory& memory, const std::string& file,
                             const std::vector<uint8_t>& bytes) const {
  Checksum checksum;
  checksum.add(bytes.data(), bytes.size());
  put(Data + file, text_of_bytes(bytes));
  return item + " " + memory.name + " " + file + " " + checksum.text() + "\n";
}

/// Files of parameters, which no launch changes.
std::string BenchBuild::parameters() {
  std::string list;
  for (size_t m = 0; m < program_.memories.size(); ++m) {
    const Memory& memory = program_.memories[m];
    if (memory.role != MemoryRole::Parameters) continue;
    std::vector<uint8_t> bytes;
    for (const ParameterPiece& piece : pieces_of(program_, static_cast<MemoryId>(m))) {
      const auto more = packed(piece);
      EXPECT_TRUE(more.ok());
      if (more.ok()) bytes.insert(bytes.end(), more->begin(), more->end());
    }
    list += data("memory", memory, memory.name + ".bin", bytes);
  }
  return list;
}

/// What a launch reads or writes of a memory of the host.
std::string BenchBuild::rows(const Memory& memory, const Tensor& value, int64_t launch) const {
  if (memory.role == MemoryRole::Cache) return "";
  return data(memory.role == MemoryRole::Input ? "input" : "expect", memory,
              memory.name + "." + std::to_string(launch) + ".bin", packed_rows(value, memory));
}

void BenchBuild::keep_beats(const ProgramInterpreter& interpreter) {
  for (const auto& [c, more] : interpreter.recorded()) {
    std::vector<uint8_t>& beats = carried_[program_.channels[static_cast<size_t>(c)].name];
    beats.insert(beats.end(), more.begin(), more.end());
  }
}

void expect_code_like_nests(const BenchBuild& build, size_t launches) {
  CountingCode code = copied_code(build.folder(), 0);
  instrument(code);
  const std::vector<LaunchCounts> counts = counted(build.program(), code);
  EXPECT_EQ(counts.size(), launches);
  for (const std::string& difference : differences(build.program(), 0, counts))
    ADD_FAILURE() << difference;

  const fs::path here = code.folder / "groups/group0", recorded = here / "recorded";
  fs::create_directories(recorded);
  const Outcome bench = run_program(
      {"./bench", code.data}, here,
      {{"STREAMTENSOR_RECORD", recorded}, {"STREAMTENSOR_LOOP_COUNTS", here / "counts.txt"}});
  EXPECT_EQ(bench.status, 0) << bench.out << bench.err;
  for (const auto& [name, beats] : build.carried())
    EXPECT_EQ(read(recorded / (name + ".bin")) == text_of_bytes(beats), true) << name;
}

}  // namespace st::test
