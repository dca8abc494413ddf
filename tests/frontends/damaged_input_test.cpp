// SPDX-License-Identifier: Apache-2.0
/// Cut and flipped files must end in a result or in errors with known codes, never in a crash.
#include <gtest/gtest.h>

#include <random>

#include "frontends/hdf5/hdf5_file.h"
#include "frontends/onnx_json/onnx_json.h"
#include "test_files.h"

namespace st {
namespace {

using test::expect_sane;

constexpr uint32_t Seed = 20240611;

constexpr const char* Model = R"({"opsetImport": [{"version": "20"}],
 "metadataProps": [{"key": "streamtensor.dim.sequence", "value": "1..64"}],
 "graph": {"name": "toy", "input": [{"name": "x", "type": {"tensorType": {"elemType": 1,
   "shape": {"dim": [{"dimParam": "sequence + 1"}, {"dimValue": "2"}]}}}}],
  "initializer": [{"name": "w", "dataType": 1, "dims": ["2"], "rawData": "AAAAAAAAgD8="},
   {"name": "u", "dataType": 7, "dims": [2], "int64Data": ["1", 2]}],
  "node": [{"opType": "Add", "name": "a", "input": ["x", "w"], "output": ["s"]},
   {"opType": "Gelu", "input": ["s"], "output": ["y"], "attribute": [
     {"name": "approximate", "type": "STRING", "s": "dGFuaA=="}, {"name": "axis", "i": "-1"}]}],
  "output": [{"name": "y", "type": {"tensorType": {"elemType": 1, "shape": {"dim": [{}]}}}}]}})";

/// `bytes` with one to three of them changed at random.
std::string flipped(std::string bytes, std::mt19937& random) {
  const uint32_t flips = 1 + random() % 3;
  for (uint32_t i = 0; i < flips; ++i) {
    bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
  }
  return bytes;
}

TEST(DamagedInput, ModelsCutAnywhere) {
  test::TemporaryDirectory directory;
  const std::string text = Model;
  test::write_bytes(directory / "m.json", text);
  ASSERT_TRUE(read_onnx_json(directory / "m.json", {}).ok());
  for (size_t size = 0; size < text.size(); size += 13) {
    test::write_bytes(directory / "m.json", text.substr(0, size));
    const auto graph = read_onnx_json(directory / "m.json", {});
    EXPECT_FALSE(graph.ok());
    expect_sane(graph);
  }
}

TEST(DamagedInput, ModelsWithFlippedBits) {
  SCOPED_TRACE("seed " + std::to_string(Seed));
  test::TemporaryDirectory directory;
  std::mt19937 random(Seed);
  for (int i = 0; i < 1000; ++i) {
    test::write_bytes(directory / "m.json", flipped(Model, random));
    expect_sane(read_onnx_json(directory / "m.json", {}));
  }
}

/// Values of any kind in the place of each value.
TEST(DamagedInput, ModelsWithWrongKinds) {
  test::TemporaryDirectory directory;
  const std::string text = Model;
  for (const std::string other :
       {"null", "true", "-1", "1e300", "[]", "[[0]]", "{}", "{\"a\": 0}", "\"\""}) {
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '"' && text[at] != '[' && text[at] != '{') continue;
      // The matching end of the value that starts here.
      size_t end = at;
      int depth = 0;
      do {
        if (text[end] == '"') end = text.find('"', end + 1);
        depth += text[end] == '[' || text[end] == '{'   ? 1
                 : text[end] == ']' || text[end] == '}' ? -1
                                                        : 0;
        ++end;
      } while (depth > 0);
      test::write_bytes(directory / "m.json", text.substr(0, at) + other + text.substr(end));
      expect_sane(read_onnx_json(directory / "m.json", {}));
      if (text[at] == '"') at = end;
    }
  }
}

/// Opens the file and reads all that it lists.
void read_all(const std::filesystem::path& path) {
  const auto file = Hdf5File::open(path);
  expect_sane(file);
  if (!file.ok()) return;
  for (const Hdf5Dataset& dataset : (*file)->datasets()) expect_sane((*file)->read(dataset.name));
}

std::string small_weights(const std::filesystem::path& path, bool latest_format) {
  {
    test::Hdf5Writer writer(path, latest_format);
    writer.floats("a/contiguous", {3, 2}, {1, 2, 3, 4, 5, 6});
    writer.floats("a/gzip", {3, 2}, {1, 2, 3, 4, 5, 6}, test::Layout::Gzip);
    const uint16_t half = 16256;
    writer.dataset("bf16", H5T_STD_U16LE, H5T_NATIVE_UINT16, {}, &half, test::Layout::Compact,
                   "bfloat16");
  }
  return test::read_bytes(path);
}

// Each file is read in a process of its own, which is slow where it is instrumented.
#ifdef ST_TEST_SANITIZED
constexpr int Flips = 100, CutStep = 200;
#else
constexpr int Flips = 300, CutStep = 50;
#endif

class DamagedWeights : public ::testing::TestWithParam<bool> {};

TEST_P(DamagedWeights, CutAnywhere) {
  test::TemporaryDirectory directory;
  const auto path = directory / "w.h5";
  const std::string bytes = small_weights(path, GetParam());
  for (size_t size = 0; size < bytes.size(); size += CutStep) {
    test::write_bytes(path, bytes.substr(0, size));
    EXPECT_FALSE(Hdf5File::open(path).ok()) << size;
    read_all(path);
  }
}

TEST_P(DamagedWeights, FlippedBits) {
  SCOPED_TRACE("seed " + std::to_string(Seed));
  test::TemporaryDirectory directory;
  const auto path = directory / "w.h5";
  const std::string bytes = small_weights(path, GetParam());
  std::mt19937 random(Seed);
  for (int i = 0; i < Flips; ++i) {
    test::write_bytes(path, flipped(bytes, random));
    read_all(path);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, DamagedWeights, ::testing::Values(false, true),
                         [](const auto& format) { return format.param ? "Latest" : "Earliest"; });

}  // namespace
}  // namespace st
