// SPDX-License-Identifier: Apache-2.0
/// Models and weights that are wrong: what the tool says about each, and where.
#include <cmath>
#include <limits>

#include "tests/cli/expect_error.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// Builds a changed tiny model in a folder named after the test.
class ModelErrors : public testing::Test {
 protected:
  ModelErrors()
      : folder_(own_folder(testing::UnitTest::GetInstance()->current_test_info()->name())) {}

  /// Builds `model` without the stub device.
  Outcome built(const std::vector<std::string>& more = {}) {
    const Outcome outcome = write_only(model.write(folder_), folder_ / "out", more);
    EXPECT_EQ(outcome.status == 0, fs::exists(folder_ / "out"));
    return outcome;
  }
  /// The same for a model file of any content.
  Outcome built_text(const std::string& text) {
    (void)model.write(folder_);
    write(folder_ / "model.json", text);
    return write_only(folder_ / "model.json", folder_ / "out");
  }

  TinyModel model;
  fs::path folder_;
};

TEST_F(ModelErrors, TheUnchangedModelBuilds) {
  const Outcome outcome = built();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ModelErrors, MissingModel) {
  const fs::path path = folder_ / "absent.json";
  expect_error(write_only(path, folder_ / "out"), BadInput,
               {"error[E0101]", "absent.json", "does not exist", "1 error\n"});
}

TEST_F(ModelErrors, AFolderIsNoModel) {
  expect_error(write_only(folder_, folder_ / "out"), BadInput, {"error[E0101]"});
}

TEST_F(ModelErrors, TruncatedModelNamesLineAndColumn) {
  // The text is cut within the string of line 4.
  const std::string text = "{\n \"irVersion\": \"10\",\n \"graph\": {\n  \"name\": \"tin";
  expect_error(built_text(text), BadInput,
               {"error[E0102]", "not valid JSON", "--> model.json:4:", "\"tin", "^"});
}

TEST_F(ModelErrors, SyntaxErrorNamesLineAndColumn) {
  expect_error(built_text("{\n \"irVersion\": \"10\",\n  ]\n}\n"), BadInput,
               {"error[E0102]", "--> model.json:3:3"});
}

TEST_F(ModelErrors, NotJson) {
  expect_error(built_text("#!/bin/sh\n"), BadInput, {"error[E0102]", "--> model.json:1:1"});
  expect_error(built_text(""), BadInput, {"error[E0102]", "--> model.json:1:1"});
  expect_error(built_text(std::string("\x7f"
                                      "ELF\0\0",
                                      6)),
               BadInput, {"error[E0102]", "--> model.json:1:1"});
}

TEST_F(ModelErrors, JsonThatIsNoModel) {
  expect_error(built_text("{}"), BadInput, {"error[E0104]", "no graph"});
  expect_error(built_text("[1, 2]"), BadInput, {"error[E0103]", "found an array"});
  expect_error(built_text(std::string(100000, '[')), BadInput, {"error[E0104]", "nested"});
}

TEST_F(ModelErrors, NamesThatAreNotUtf8AreRefusedWithTheirPlace) {
  (void)model.write(folder_);
  std::string text = read(folder_ / "model.json");
  const size_t at = text.find("\"gelu\"");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 6, "\"ge\xff\xfe\"");
  const Outcome outcome = built_text(text);
  expect_error(outcome, BadInput, {"error[E0102]", "--> model.json:"});
  EXPECT_EQ(outcome.err.find('\xff'), std::string::npos) << "raw bytes reach the terminal";
}

TEST_F(ModelErrors, MissingWeightsFile) {
  (void)model.write(folder_);
  fs::remove(folder_ / "weights.h5");
  expect_error(write_only(folder_ / "model.json", folder_ / "out"), BadInput,
               {"error[E0201]", "weights.h5", "does not exist", "1 error\n"});
  expect_error(write_only(folder_ / "model.json", folder_ / "out", {"--weights", "elsewhere.h5"}),
               BadInput, {"error[E0201]", "elsewhere.h5"});
}

TEST_F(ModelErrors, WeightsFileOfAnotherKind) {
  (void)model.write(folder_);
  write(folder_ / "weights.h5", "PK\x03\x04 no HDF5 at all");
  expect_error(write_only(folder_ / "model.json", folder_ / "out"), BadInput,
               {"error[E0201]", "weights.h5"});
}

TEST_F(ModelErrors, TruncatedWeights) {
  (void)model.write(folder_);
  const std::string bytes = read(folder_ / "weights.h5");
  write(folder_ / "weights.h5", bytes.substr(0, bytes.size() / 2));
  const Outcome outcome = write_only(folder_ / "model.json", folder_ / "out");
  expect_error(outcome, BadInput, {"error[E020", "weights.h5"});
}

TEST_F(ModelErrors, MissingDatasetsAreAllListedWithNearNames) {
  const auto scale = model.weights.extract("ln_1.weight");
  model.weights["ln_1.wieght"] = scale.mapped();
  model.weights.erase("lm_head");
  expect_error(built(), BadInput,
               {"error[E0202]", "'ln_1.weight'", "'ln_1.wieght'", "'lm_head'", "weights.h5",
                "--> model.json /graph/initializer/", "2 errors\n"});
}

TEST_F(ModelErrors, WrongShapeGivesBothShapes) {
  model.weights["up.weight"].shape = {16, 8};
  expect_error(built(), BadInput,
               {"error[E0203]", "'up.weight'", "f32[8,16]", "[16,8]",
                "weights.h5:", "--> model.json /graph/initializer/", "1 error\n"});
}

TEST_F(ModelErrors, WrongTypeGivesBothTypes) {
  model.initializer("up.weight")["dataType"] = 6;  // INT32
  expect_error(built(), BadInput,
               {"error[E0204]", "'up.weight'", "i32[8,16]", "f32[8,16]",
                "--> model.json /graph/initializer/"});
}

TEST_F(ModelErrors, UnsupportedElementType) {
  model.initializer("up.weight")["dataType"] = 8;  // STRING
  expect_error(built(), BadInput,
               {"error[E0105]", "element type STRING", "--> model.json /graph/initializer/"});
}

TEST_F(ModelErrors, UnknownOperatorsAreAllListedAtOnce) {
  model.node("gelu")["opType"] = "Erf";
  model.node("ln_1")["opType"] = "BatchNormalization";
  model.node("ln_2")["opType"] = "BatchNormalization";
  model.node("ln_f")["domain"] = "com.example";
  expect_error(built(), BadInput,
               {"error[E0305]: operator 'Erf' is not supported, used by 1 node",
                "error[E0305]: operator 'BatchNormalization' is not supported, used by 2 nodes",
                "operator 'com.example.LayerNormalization'", "'ln_1'", "'ln_2'", "'gelu'",
                "--> model.json /graph/node/", "`streamtensor ops`", "3 errors\n"});
}

TEST_F(ModelErrors, CyclesAreSpelledOut) {
  model.node("up")["input"][1] = "gelu";
  const Outcome outcome = built();
  expect_error(outcome, BadInput, {"error[E0302]", "cycle", "'up'", "'gelu'", "/graph/node/"});
  EXPECT_EQ(outcome.err.find("'ln_1'"), std::string::npos) << "ln_1 is on no cycle";
}

TEST_F(ModelErrors, DanglingInputsAreAllListed) {
  model.node("gelu")["input"][0] = "uq";
  model.node("residual_2")["input"][1] = "nobody makes this";
  expect_error(built(), BadInput,
               {"error[E0301]", "'uq'", "'gelu'", "'nobody makes this'", "'residual_2'",
                "--> model.json /graph/node/", "2 errors\n"});
}

TEST_F(ModelErrors, ValuesAreProducedOnce) {
  model.node("gelu")["output"][0] = "up";
  expect_error(built(), BadInput, {"error[E0303]", "'up'", "twice", "/graph/node/"});
}

TEST_F(ModelErrors, ShapesThatDoNotFitNameTheNode) {
  model.weights["up.weight"].shape = {16, 8};
  model.initializer("up.weight")["dims"] = {"16", "8"};
  expect_error(built(), BadInput,
               {"error[E0306]", "'up.product'", "--> model.json /graph/node/", "[16,8]"});
}

TEST_F(ModelErrors, BadAttributesAreRefused) {
  model.node("token")["attribute"][0]["i"] = "9";
  model.node("attention")["attribute"][2]["i"] = "3";
  expect_error(built(), BadInput, {"'token'", "axis", "/graph/node/0"});
}

TEST_F(ModelErrors, UnboundedDimensionsAreAllListed) {
  Json& props = model.json["metadataProps"];
  props.erase(2);
  props.erase(1);
  expect_error(built(), BadInput,
               {"error[E0304]: 2 symbolic dimensions have no bounds", "'sequence_length' of input",
                "'past_sequence_length' of input", "--> model.json /graph/input",
                "--dim sequence_length=1..128", "--dim past_sequence_length=1..128"});
  const Outcome bounded =
      built({"--dim", "sequence_length=1..4", "--dim", "past_sequence_length=0..4"});
  EXPECT_EQ(bounded.status, 0) << bounded.err;
  EXPECT_NE(bounded.out.find("1..4 tokens a launch, 8 positions"), std::string::npos)
      << bounded.out;
}

TEST_F(ModelErrors, DimensionsThatAreNoNamesAreRefused) {
  for (const char* hostile :
       {"a b", "$(touch pwned)", "x\"); system(\"", "n*/", "../n", "line\nbreak", ""}) {
    model = TinyModel();
    model.input("input_ids")["type"]["tensorType"]["shape"]["dim"][1]["dimParam"] = hostile;
    expect_error(built(), BadInput,
                 {"error[E0103]", "neither a size nor a name", "--> model.json /graph/input/0"});
  }
}

TEST_F(ModelErrors, ModelsThatAreNoDecodersSayWhatIsMissing) {
  model.json["graph"]["output"].erase(0);
  model.input("position_ids")["name"] = "mask";
  model.node("position")["input"][1] = "mask";
  expect_error(built(), BadInput,
               {"error[E0308]", "'mask' has no known role", "no graph output 'logits'"});
}

TEST_F(ModelErrors, NanWeightsNameTensorAndIndex) {
  model.weights["up.weight"].values[2 * 16 + 5] = std::nanf("");
  model.weights["up.weight"].values[3 * 16] = std::numeric_limits<float>::infinity();
  expect_error(
      built(), BadInput,
      {"error[E0205]", "'up.weight'", "2 values that are not finite", "NaN at [2,5] of [8,16]"});
}

TEST_F(ModelErrors, InfinityIsNoWeightEither) {
  model.weights["ln_f.bias"].values[7] = -std::numeric_limits<float>::infinity();
  expect_error(
      built({"--precision", "w8a8"}), BadInput,
      {"error[E0205]", "'ln_f.bias'", "1 value that is not finite", "-infinity at [7] of [8]"});
}

TEST_F(ModelErrors, ProblemsOfDifferentKindsAreReportedTogether) {
  model.weights.erase("wpe");
  model.weights["up.weight"].shape = {16, 8};
  model.initializer("down.bias")["dataType"] = 6;
  model.json["opsetImport"][0]["version"] = "9";
  const auto path = model.write(folder_).string();
  expect_error(streamtensor({"build", path, "--target", "u281", "-o", (folder_ / "out").string()}),
               BadInput,
               {"error[E0401]: unknown target 'u281'", "did you mean 'u280'", "error[E0202]",
                "'wpe'", "error[E0203]", "'up.weight'", "error[E0204]", "'down.bias'",
                "error[E0105]: opset 9 is too old", "5 errors\n"});
}

TEST_F(ModelErrors, MetadataOfTheWrongForm) {
  model.metadata("streamtensor.context") = "many";
  expect_error(built(), BadInput, {"'streamtensor.context' is 'many'"});
  model = TinyModel();
  model.metadata("streamtensor.dim.sequence_length") = "16..1";
  expect_error(built(), BadInput, {"error[E0103]", "'16..1'", "no range"});
  model = TinyModel();
  model.metadata("streamtensor.tokenizer") = "{\"type\": \"characters\"";
  expect_error(built(), BadInput, {"error[E0102]", "streamtensor.tokenizer:1:"});
}

TEST_F(ModelErrors, ATokenizersFileIsRefusedByItsPointers) {
  model.metadata("streamtensor.tokenizer") = R"({"type":"huggingface","file":"tokenizer.json"})";
  write(
      folder_ / "tokenizer.json",
      R"({"normalizer": {"type": "NFKC"}, "model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}})");
  expect_error(built(), BadInput,
               {"error[E0106]: normalizers of type 'NFKC' are not supported",
                "tokenizer.json /normalizer/type", "error[E0103]: expected an id",
                "tokenizer.json /model/vocab/a", "2 errors\n"});
}

}  // namespace
}  // namespace st::test
