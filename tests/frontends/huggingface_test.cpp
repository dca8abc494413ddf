// SPDX-License-Identifier: Apache-2.0
// What checkpoints become: graphs, weights, and their meaning on the reference interpreter.
#include <algorithm>
#include <cmath>

#include "core/ops/check.h"
#include "core/ops/interpreter.h"
#include "core/passes/infer.h"
#include "frontends/huggingface/import_checkpoint.h"
#include "frontends/huggingface/random_weights.h"
#include "frontends/huggingface/safetensors.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/safetensors.h"
#include "tests/common/tool.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

fs::path imported(const fs::path& checkpoint, const std::string& name,
                  const huggingface::ImportOptions& options) {
  auto folder = StagedDirectory::create(scratch() / name, huggingface::ImportFile);
  EXPECT_TRUE(folder.ok());
  const auto summary =
      huggingface::import_checkpoint(checkpoint, options, *folder, [](int64_t, int64_t) {});
  if (!summary.ok()) {
    ADD_FAILURE() << summary.errors().front().message;
    return {};
  }
  EXPECT_EQ(summary->warnings, std::vector<std::string>());
  EXPECT_TRUE(folder->commit().ok());
  return scratch() / name;
}

/// The floats of a .npy file with a header of 128 bytes.
std::vector<float> npy_floats(const fs::path& file) {
  const std::string bytes = read(file);
  constexpr size_t Header = 128;
  std::vector<float> values((bytes.size() - Header) / sizeof(float));
  std::copy_n(bytes.begin() + Header, values.size() * sizeof(float),
              reinterpret_cast<char*>(values.data()));
  return values;
}

TEST(HuggingFace, EachFamilyMeansWhatItsPaperSays) {
  for (const char* family :
       {"gpt2", "llama", "llama_biased", "qwen2", "qwen3", "gemma", "gemma3"}) {
    SCOPED_TRACE(family);
    const fs::path folder = imported(tiny_checkpoint(family), family, {16, 5, std::nullopt});
    auto graph = read_onnx_json(folder / "model.json", {});
    ASSERT_TRUE(graph.ok()) << graph.errors().front().message;
    ASSERT_TRUE(check_operators(*graph).ok());
    ASSERT_TRUE(infer_types(*graph).ok());
    const auto decoder = find_decoder(*graph);
    ASSERT_TRUE(decoder.ok());
    EXPECT_EQ(decoder->max_positions, 16);
    EXPECT_EQ(decoder->max_sequence, 5);
    ReferenceDecoder reference(*graph, *decoder);
    std::vector<float> logits;
    // A prefill, one with rows in the caches, and decode.
    for (size_t at = 0; at < TinyIds.size();) {
      const size_t count = at < 10 ? 5 : 1;
      const auto made = reference.feed({TinyIds.begin() + static_cast<std::ptrdiff_t>(at),
                                        TinyIds.begin() + static_cast<std::ptrdiff_t>(at + count)});
      ASSERT_TRUE(made.ok());
      logits.insert(logits.end(), made->f32().begin(), made->f32().end());
      at += count;
    }
    const std::vector<float> expected = npy_floats(tiny_checkpoint(family) / "logits.npy");
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 1e-4);
  }
}

TEST(HuggingFace, PublishedConfigsHaveTheirPublishedParameters) {
  ST_NEEDS_SHARED();
  const std::map<std::string, int64_t> parameters = {
      {"gpt2", 124'439'808},          {"gpt2_medium", 354'823'168},
      {"llama3_2_1b", 1'235'814'400}, {"smollm_135m", 134'515'008},
      {"smollm2_135m", 134'515'008},  {"tinyllama_1b_chat_v1.0", 1'100'048'384},
      {"qwen2_0_5b", 494'032'768},    {"qwen3_0.6b", 596'049'920},
      {"gemma_2b", 2'506'172'416},    {"gemma3_1b_it", 999'885'952}};
  for (const auto& [name, count] : parameters) {
    SCOPED_TRACE(name);
    const auto config = huggingface::read_config(read(shared("configs/" + name + ".config.json")));
    ASSERT_TRUE(config.ok()) << config.errors().front().message;
    EXPECT_EQ(config->unknown, std::vector<std::string>());
    auto made = huggingface::decoder_of(*config, name, {});
    ASSERT_TRUE(made.ok());
    int64_t found = 0;
    for (const huggingface::Weight& weight : made->weights) {
      if (!weight.computed) found += element_count(weight.shape());
      // Shapes are all that is looked at.
      const auto is = [&](const Value& value) { return value.name == weight.name; };
      Graph& graph = made->graph;
      const auto value = std::find_if(graph.values.begin(), graph.values.end(), is);
      value->constant = zeros_constant(DType::F32, weight.shape());
    }
    EXPECT_EQ(found, count);
    ASSERT_TRUE(made->graph.check_and_sort().ok());
    EXPECT_TRUE(check_operators(made->graph).ok());
    EXPECT_TRUE(infer_types(made->graph).ok());
    EXPECT_TRUE(find_decoder(made->graph).ok());
  }
}

TEST(HuggingFace, LayersHaveTheWindowsOfTheirConfig) {
  const auto windows = [](const std::string& family, const std::string& more) {
    std::string text = read(tiny_checkpoint(family) / "config.json");
    text.replace(text.find('{'), 1, "{" + more);
    const auto config = huggingface::read_config(text);
    EXPECT_TRUE(config.ok()) << config.errors().front().message;
    std::vector<int64_t> made;
    if (!config.ok()) return made;
    for (const huggingface::LayerConfig& layer : config->decoder.layers)
      made.push_back(layer.window);
    return made;
  };
  using Windows = std::vector<int64_t>;
  EXPECT_EQ(windows("qwen2", ""), (Windows{0, 5}));
  EXPECT_EQ(windows("gemma3", ""), (Windows{4, 0}));
  EXPECT_EQ(windows("qwen2", R"("layer_types": ["sliding_attention", "full_attention"],)"),
            (Windows{5, 0}));
  EXPECT_EQ(windows("gemma3", R"("layer_types": ["full_attention", "sliding_attention"],)"),
            (Windows{0, 4}));
  EXPECT_EQ(windows("llama", ""), (Windows{0, 0}));
}

TEST(HuggingFace, NewSpellingOfRotaryFieldsMeansTheSame) {
  const std::string head = R"({"architectures": ["Gemma3ForCausalLM"], "hidden_size": 32,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    "intermediate_size": 8, "vocab_size": 9, )";
  const auto old = huggingface::read_config(head + R"("rope_theta": 5e5,
    "rope_local_base_freq": 2e4, "rope_scaling": {"type": "linear", "factor": 8.0}})");
  const auto fresh = huggingface::read_config(head + R"("rope_parameters": {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 5e5},
    "sliding_attention": {"rope_type": "default", "rope_theta": 2e4}}})");
  ASSERT_TRUE(old.ok() && fresh.ok());
  EXPECT_EQ(old->decoder.rotary, fresh->decoder.rotary);
  ASSERT_EQ(old->decoder.rotary.size(), 2U);
  EXPECT_EQ(old->decoder.rotary[0].theta, 5e5);
  EXPECT_EQ(old->decoder.rotary[0].factor, 8);
  EXPECT_EQ(old->decoder.rotary[1].theta, 2e4);
}

TEST(RandomWeights, AreNormalAndKnowOnlyTheirPlace) {
  huggingface::Weight matrix, norm;
  matrix.name = matrix.tensor = "matrix";
  matrix.tensor_shape = {{1000, "rows"}, {301, "columns"}};
  matrix.size = 301;
  norm = matrix;
  norm.tensor = "norm";
  norm.role = huggingface::WeightRole::NormScale;
  const auto values = [&](uint64_t seed, const std::string& name, int64_t first, size_t count) {
    const huggingface::RandomWeights source({matrix, norm}, DType::F32, 0.25, seed);
    std::vector<float> made(count);
    source.read(name, first, std::as_writable_bytes(std::span(made)));
    return made;
  };
  const auto all = values(1, "matrix", 0, 301'000);
  double sum = 0, squares = 0, beyond = 0;
  for (const float x : all) {
    sum += x;
    squares += static_cast<double>(x) * x;
    beyond += std::abs(x) > 0.5 ? 1 : 0;  // two deviations
  }
  const auto count = static_cast<double>(all.size());
  EXPECT_NEAR(sum / count, 0, 0.002);
  EXPECT_NEAR(std::sqrt(squares / count), 0.25, 0.002);
  EXPECT_NEAR(beyond / count, 0.0455, 0.002);
  for (const int64_t first : {1, 2, 3, 4, 777})
    EXPECT_EQ(values(1, "matrix", first, 9),
              std::vector<float>(all.begin() + first, all.begin() + first + 9));
  EXPECT_NE(values(2, "matrix", 0, 9), values(1, "matrix", 0, 9));
  const auto scales = values(1, "norm", 0, 301'000);
  double mean = 0;
  for (const float x : scales) mean += x / count;
  EXPECT_NEAR(mean, 1, 0.002);
  EXPECT_NE(scales[0] - 1, all[0]);
}

TEST(HuggingFace, RandomWeightsTakeTheConfigAlone) {
  const fs::path checkpoint = scratch() / "config_alone";
  fs::create_directories(checkpoint);
  fs::copy_file(tiny_checkpoint("gemma3") / "config.json", checkpoint / "config.json");
  const fs::path first = imported(checkpoint, "random_1", {16, 5, 1});
  const fs::path again = imported(checkpoint, "random_again", {16, 5, 1});
  const fs::path other = imported(checkpoint, "random_2", {16, 5, 2});
  EXPECT_EQ(read(first / "weights.h5"), read(again / "weights.h5"));
  EXPECT_NE(read(first / "weights.h5"), read(other / "weights.h5"));
  EXPECT_EQ(read(first / "model.json"), read(other / "model.json"));
  EXPECT_TRUE(read_onnx_json(first / "model.json", {}).ok());
}

/// Damage anywhere in a header is an error, or leaves a file that makes sense.
TEST(Safetensors, DamageIsFoundOrDoesNoHarm) {
  const std::string whole = read(tiny_checkpoint("llama") / "model.safetensors");
  const fs::path file = scratch() / "damaged.safetensors";
  uint64_t state = 1;
  const auto below = [&](uint64_t n) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % n;
  };
  int refused = 0;
  constexpr int Rounds = 500;
  constexpr uint64_t HeaderBytes = 2000;
  for (int round = 0; round < Rounds; ++round) {
    std::string bytes = whole;
    for (uint64_t i = below(3) + 1; i > 0; --i)
      bytes[below(HeaderBytes)] = static_cast<char>(below(256));
    if (below(4) == 0) bytes.resize(below(bytes.size()));
    write(file, bytes);
    const auto opened = huggingface::SafetensorsFile::open(file);
    if (!opened.ok()) {
      ++refused;
      EXPECT_EQ(opened.errors().front().code, "E0207");
      continue;
    }
    uint64_t sum = 0;
    for (const auto& [name, tensor] : opened->tensors()) {
      for (const std::byte byte : tensor.bytes) sum += static_cast<uint64_t>(byte);
    }
    EXPECT_GT(sum, 0U);  // all of it can be read
  }
  EXPECT_GT(refused, Rounds / 2);
}

}  // namespace
}  // namespace st::test
