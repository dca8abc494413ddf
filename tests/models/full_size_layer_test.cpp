// SPDX-License-Identifier: Apache-2.0
// One layer of each model that people use, at its real size, with random weights: a prefill and
// decode steps over it run through the emitted code, and all of its streams agree with the
// interpreter's.
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A config in shared/configs, and a width of its layer that the emitted code must have.
struct Model {
  const char* config;
  const char* layers;  ///< the config's name for how many there are
  int64_t hidden;
};

class FullSizeLayer : public ::testing::TestWithParam<Model> {};

TEST_P(FullSizeLayer, AgreesWithTheInterpreter) {
  ST_NEEDS_SHARED();
  const Model& model = GetParam();
  Json config = Json::parse(read(shared("configs/" + std::string(model.config) + ".config.json")));
  config[model.layers] = 1;
  config["vocab_size"] = 256;  // no part of a layer
  const fs::path folder = scratch() / ("layer_of_" + std::string(model.config));
  fs::remove_all(folder);
  fs::create_directories(folder / "checkpoint");
  write(folder / "checkpoint/config.json", config.dump());
  const Outcome imported =
      streamtensor({"import", folder / "checkpoint", folder / "model", "--random-weights", "1",
                    "--context", "64", "--sequence", "4"});
  ASSERT_EQ(imported.status, 0) << imported.err;
  const fs::path build = folder / "build";
  const Outcome made = streamtensor({"build", folder / "model/model.json", "--target", "u280",
                                     "--precision", "w4a8", "--weight-group", "128", "-o", build});
  ASSERT_EQ(made.status, 0) << made.err;
  const Program program = program_of(build);
  EXPECT_TRUE(std::any_of(program.tensors.begin(), program.tensors.end(), [&](const auto& tensor) {
    return tensor.dtype == DType::I4 &&
           tensor.shape[1] == Extent(model.hidden);  // what leaves the feed-forward network
  }));
  const Outcome verified = streamtensor({"verify", build});
  EXPECT_EQ(verified.status, 0) << verified.err;
  EXPECT_NE(verified.out.find("integers bit for bit"), std::string::npos) << verified.out;
  std::cout << verified.out;
  fs::remove_all(folder);
}

#ifdef ST_TEST_SANITIZED
INSTANTIATE_TEST_SUITE_P(Real, FullSizeLayer,
                         ::testing::Values(Model{"gpt2_medium", "n_layer", 4096}));
#else
INSTANTIATE_TEST_SUITE_P(Real, FullSizeLayer,
                         ::testing::Values(Model{"gpt2_medium", "n_layer", 4096},
                                           Model{"qwen2_0_5b", "num_hidden_layers", 4864},
                                           Model{"tinyllama_1b_chat_v1.0", "num_hidden_layers",
                                                 5632},
                                           Model{"gemma3_1b_it", "num_hidden_layers", 6912}));
#endif

}  // namespace
}  // namespace st::test
