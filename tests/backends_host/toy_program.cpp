// SPDX-License-Identifier: Apache-2.0
#include "tests/backends_host/toy_program.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "backends/host/emit_host.h"
#include "backends/host/files/checksum.h"
#include "backends/stub/emit_stub.h"

namespace st::testing {
namespace {

constexpr int ToyParameter = 7;

DataTensor tensor(const std::string& name, DType type, int64_t width) {
  DataTensor t;
  t.name = name;
  t.dtype = type;
  t.shape = {Extent::symbol(Sequence), Extent(width)};
  return t;
}

Memory memory(const std::string& name, MemoryRole role, TensorId tensor, DType dtype, int lanes,
              int64_t beats, int64_t rows) {
  Memory m;
  m.name = name;
  m.role = role;
  m.tensor = tensor;
  m.dtype = dtype;
  m.lanes = lanes;
  m.beats = beats;
  m.rows = rows;
  m.bytes = rows * m.words_per_row() * WordBits / 8;
  m.channel = tensor + 1;
  return m;
}

Kernel kernel(const std::string& name, const std::string& kind, int group,
              std::vector<MemoryId> memories) {
  Kernel k;
  k.name = name;
  k.kind = kind;
  k.group = group;
  k.memories = std::move(memories);
  return k;
}

std::string parameter_bytes() {
  std::string bytes(64, '\0');
  bytes[0] = ToyParameter;
  return bytes;
}

constexpr const char* Group0Header = R"(#pragma once
#include <ap_int.h>
extern "C" void group0(const ap_uint<512>* input_ids, const ap_uint<512>* position_ids, const ap_uint<512>* params0,
                       ap_uint<512>* cache_k0, ap_uint<512>* hidden, int tokens, int past);
)";

constexpr const char* Group0Source = R"(#include "group0.h"
#include <cstring>
namespace {
int get(const ap_uint<512>* words, int row) { int v; std::memcpy(&v, words + row, sizeof v); return v; }
void put(ap_uint<512>* words, int row, int v) { std::memcpy(static_cast<void*>(words + row), &v, sizeof v); }
}  // namespace
extern "C" void group0(const ap_uint<512>* input_ids, const ap_uint<512>* position_ids, const ap_uint<512>* params0,
                       ap_uint<512>* cache_k0, ap_uint<512>* hidden, int tokens, int past) {
  for (int t = 0; t < tokens; ++t) {
    put(cache_k0, past + t, (get(input_ids, t) + 1) * (get(position_ids, t) + 2));
    int sum = get(params0, 0);
    for (int p = 0; p <= past + t; ++p) sum += get(cache_k0, p);
    put(hidden, t, sum % 20);
  }
}
)";

constexpr const char* Group1Header = R"(#pragma once
#include <ap_int.h>
extern "C" void group1(const ap_uint<512>* hidden, ap_uint<512>* logits, int tokens, int past);
)";

// 4 beats of 5 lanes: 3 beats of 160 bits share a word, so a row takes two words, with unused bits
// in both.
constexpr const char* Group1Source = R"(#include "group1.h"
#include <cstring>
extern "C" void group1(const ap_uint<512>* hidden, ap_uint<512>* logits, int tokens, int /*past*/) {
  for (int t = 0; t < tokens; ++t) {
    int winner;
    std::memcpy(&winner, hidden + t, sizeof winner);
    unsigned char* row = reinterpret_cast<unsigned char*>(logits + 2 * t);
    for (int v = 0; v < 20; ++v) {
      const int beat = v / 5, byte = beat / 3 * 64 + (beat % 3 * 5 + v % 5) * 4;
      const float logit = v == winner ? 1.5f : -0.25f * static_cast<float>(v);
      std::memcpy(row + byte, &logit, sizeof logit);
    }
  }
}
)";

}  // namespace

Program toy_program() {
  Program p;
  p.model = "toy \"quoted\"\n*/ #define \\";
  p.precision = "f32";
  p.max_sequence = ToySequence;
  p.max_positions = ToyPositions;
  p.groups = 2;
  p.tensors = {tensor("input_ids", DType::I32, 1), tensor("position_ids", DType::I32, 1),
               tensor("keys\"\n", DType::I32, 1), tensor("hidden", DType::I32, 1),
               tensor("logits", DType::F32, ToyVocabulary)};
  p.memories = {
      memory("input_ids", MemoryRole::Input, 0, DType::I32, 1, 1, ToySequence),
      memory("position_ids", MemoryRole::Input, 1, DType::I32, 1, 1, ToySequence),
      memory("params0", MemoryRole::Parameters, -1, DType::I32, 1, 1, 1),
      memory("cache_k0", MemoryRole::Cache, 2, DType::I32, 1, 1, ToyPositions),
      memory("hidden", MemoryRole::Activation, 3, DType::I32, 1, 1, ToySequence),
      memory("logits", MemoryRole::Output, 4, DType::F32, 5, 4, ToySequence),
  };
  p.kernels = {kernel("k0", "load_rows", 0, {0}),   kernel("k1", "load_rows", 0, {1}),
               kernel("k2", "load_params", 0, {2}), kernel("k3", "cache_rows", 0, {3}),
               kernel("k4", "store_rows", 0, {4}),  kernel("k5", "load_rows", 1, {4}),
               kernel("k6", "store_rows", 1, {5})};
  return p;
}

Target toy_target() {
  Target target;
  target.name = "toy";
  target.part = "xcu280-fsvh2892-2L-e";
  target.platform = "xilinx_u280_gen3x16_xdma_1_202211_1";
  target.memory.tag = "HBM";
  target.memory.channels = {32, "channels", "made up"};
  target.memory.bytes_per_channel = {1 << 28, "bytes", "made up"};
  target.frequency = {300, "MHz", "made up"};
  return target;
}

std::vector<EmittedFile> toy_kernels() {
  return {{"groups/group0/src/group0.h", Group0Header},
          {"groups/group0/src/group0.cpp", Group0Source},
          {"groups/group1/src/group1.h", Group1Header},
          {"groups/group1/src/group1.cpp", Group1Source},
          {"params/params0.bin", parameter_bytes()}};
}

Checksums toy_checksums() {
  const std::string bytes = parameter_bytes();
  return {{"params0", host::checksum(bytes)}};
}

void write_toy_build(const TemporaryBuild& build) {
  const Program program = toy_program();
  build.write(emit_host(program, toy_target(), toy_checksums()));
  build.write(emit_stub(program, toy_target()));
  build.write(toy_kernels());
  std::filesystem::create_directory_symlink(source_root() / "hls_templates",
                                            build.path() / "hls_templates");
}

Outcome make_stub(const TemporaryBuild& build, const std::string& targets,
                  const std::string& environment) {
  return build.run(environment +
                   " make -C stub CXX='" ST_TEST_CXX "' CXXFLAGS='" ST_TEST_CXXFLAGS "' " +
                   targets);
}

void write_compiled_toy_build(const TemporaryBuild& build) {
  static const TemporaryBuild compiled;
  static const Outcome made = (write_toy_build(compiled), make_stub(compiled));
  EXPECT_EQ(made.exit_code, 0) << made.err;
  const Outcome copied = build.run("cp -a '" + compiled.path().string() + "'/. .");
  EXPECT_EQ(copied.exit_code, 0) << copied.err;
}

std::vector<int> toy_rows(const std::vector<int>& text) {
  std::vector<int> rows;
  int sum = ToyParameter;
  for (size_t p = 0; p < text.size(); ++p) {
    sum += (text[p] + 1) * (static_cast<int>(p) + 2);
    rows.push_back(sum % ToyVocabulary);
  }
  return rows;
}

}  // namespace st::testing
