// SPDX-License-Identifier: Apache-2.0
// model.onnx in the place of model.json.
#include <gtest/gtest.h>

#include "tests/cli/expect_error.h"
#include "tests/cli/snapshot.h"
#include "tests/common/onnx_wire.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// The tiny model as model.onnx with its weights inside.
fs::path write_binary(const TinyModel& tiny, const fs::path& folder) {
  Json model = tiny.json;
  for (Json& tensor : model["graph"]["initializer"]) {
    const auto found = tiny.weights.find(tensor["name"]);
    if (found == tiny.weights.end()) continue;
    tensor.erase("dataLocation");
    tensor.erase("externalData");
    const auto& values = found->second.values;
    tensor["rawBytes"] =
        std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  write(folder / "model.onnx", onnx_bytes(model));
  return folder / "model.onnx";
}

/// A snapshot without what says which file the model was.
Snapshot without_model(const fs::path& build) {
  Snapshot all = snapshot(build);
  all.erase("model.json");
  return all;
}

TEST(OnnxModel, BuildsWhatItsJsonBuilds) {
  const TinyModel tiny;
  const fs::path folder = own_folder("onnx_model");
  ASSERT_EQ(write_only(tiny.write(folder), folder / "json").status, 0);
  const fs::path binary = write_binary(tiny, folder);
  const Outcome outcome = write_only(binary, folder / "onnx");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(difference(without_model(folder / "json"), without_model(folder / "onnx")), "");
  // The build's own copy is JSON, and finds the weights in the binary file.
  const Outcome again =
      write_only(folder / "onnx/model.json", folder / "again", {"--weights", binary.string()});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(difference(snapshot(folder / "onnx"), snapshot(folder / "again")), "");
}

/// The node of that name becomes `op` of com.microsoft, with these inputs.
void make_microsoft(TinyModel& tiny, const std::string& name, const std::string& op,
                    const Json& inputs, const std::vector<Json>& attributes = {}) {
  Json& node = tiny.node(name);
  node["opType"] = op;
  node["domain"] = "com.microsoft";
  node["input"] = inputs;
  node.erase("attribute");
  for (const Json& attribute : attributes) node["attribute"].push_back(attribute);
}

TEST(OnnxModel, OperatorsOfMicrosoftComputeTheSame) {
  TinyModel tiny;
  const fs::path folder = own_folder("onnx_microsoft");
  const auto built = [&](const fs::path& model, const std::string& name) {
    const Outcome outcome = build(model, folder / name, {"--fifo", "lp"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const Outcome verified = streamtensor({"verify", folder / name});
    EXPECT_EQ(verified.status, 0) << verified.err;
    return streamtensor({"run", folder / name, "--prompt", "12+3=", "--max-tokens", "8"}).out;
  };
  const std::string expected = built(tiny.write(folder), "plain");
  EXPECT_EQ(expected.size(), std::string("12+3=").size() + 8 + 1) << expected;
  // What ONNX Runtime's optimiser makes of it.
  make_microsoft(tiny, "gelu", "BiasGelu", {"up.product", "up.bias"});
  tiny.remove_node("up");
  make_microsoft(tiny, "ln_2", "SkipLayerNormalization",
                 {"embedding", "projection", "ln_2.weight", "ln_2.bias"}, {real("epsilon", 1e-5)});
  tiny.node("ln_2")["output"] = {"ln_2", "", "", "residual_1"};
  tiny.remove_node("residual_1");
  make_microsoft(tiny, "attention", "GroupQueryAttention",
                 {"query", "key", "value", "past_key_values.0.key", "past_key_values.0.value",
                  "lengths", "total"},
                 {integer("num_heads", 2), integer("kv_num_heads", 2), real("scale", 0.5)});
  // Lengths as Optimum computes them from the mask.
  Json& graph = tiny.json["graph"];
  Json mask = tiny.input("input_ids");
  mask["name"] = "attention_mask";
  mask["type"]["tensorType"]["shape"]["dim"][1] = {
      {"dimParam", "past_sequence_length + sequence_length"}};
  graph["input"].push_back(mask);
  graph["node"].push_back({{"name", "sum"},
                           {"opType", "ReduceMax"},
                           {"input", {"attention_mask"}},
                           {"output", {"lengths"}}});
  graph["node"].push_back({{"name", "size"},
                           {"opType", "Shape"},
                           {"input", {"attention_mask"}},
                           {"output", {"total"}}});
  tiny.json["opsetImport"][0]["version"] = "17";
  tiny.json["opsetImport"].push_back({{"domain", "com.microsoft"}, {"version", "1"}});
  EXPECT_EQ(built(write_binary(tiny, folder), "fused"), expected);
}

TEST(OnnxModel, ErrorsNameByteAndPlace) {
  const fs::path folder = own_folder("onnx_errors");
  const std::string bytes = read(write_binary(TinyModel(), folder));
  write(folder / "cut.onnx", bytes.substr(0, bytes.size() / 2));
  expect_error(write_only(folder / "cut.onnx", folder / "out"), 2,
               {"error[E0102]: this is no ONNX model", "bytes are left", "--> cut.onnx, byte"});
  write(folder / "text.onnx", "to be or not to be");
  expect_error(write_only(folder / "text.onnx", folder / "out"), 2,
               {"error[E0102]: this is no ONNX model", "--> text.onnx"});
}

}  // namespace
}  // namespace st::test
