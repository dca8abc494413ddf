// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/onnx_json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "test_files.h"

namespace st {
namespace {

using test::codes_of;
using test::error_of;
using test::value;

/// The parts of a small model: y = Add(x, w), with w of 2 values in model.h5.
struct Parts {
  std::string root = R"("opsetImport": [{"version": "20"}])";
  std::string input = R"({"name": "x", "type": {"tensorType": {"elemType": 1,
      "shape": {"dim": [{"dimParam": "sequence"}, {"dimValue": "2"}]}}}})";
  std::string initializer = R"({"name": "w", "dataType": 1, "dims": ["2"]})";
  std::string node = R"({"opType": "Add", "input": ["x", "w"], "output": ["y"]})";
  std::string output = R"({"name": "y"})";
  std::string metadata = R"({"key": "streamtensor.dim.sequence", "value": "1..64"})";
  std::string extra;

  [[nodiscard]] std::string text() const {
    return "{" + root + ", \"metadataProps\": [" + metadata +
           "], \"graph\": {\"name\": \"toy\", \"input\": [" + input + "], \"initializer\": [" +
           initializer + "], \"node\": [" + node + "], \"output\": [" + output + "]" + extra + "}}";
  }
};

class OnnxJson : public ::testing::Test {
 protected:
  OnnxJson() {
    test::Hdf5Writer writer(directory_ / "model.h5");
    writer.floats("w", {2}, {1, 2});
    writer.floats("v", {3}, {1, 2, 3});
  }
  Result<Graph> read(const std::string& text, const ReadOptions& options = {}) {
    test::write_bytes(model_, text);
    return read_onnx_json(model_, options);
  }
  Result<Graph> read(const Parts& parts, const ReadOptions& options = {}) {
    return read(parts.text(), options);
  }
  /// The node's attributes after reading it with the attribute list `text`.
  Result<Graph> read_attribute(const std::string& text, const std::string& op = "Gelu") {
    Parts parts;
    parts.node = R"({"opType": ")" + op + R"(", "input": ["x"], "output": ["y"], "attribute": [)" +
                 text + "]}";
    return read(parts);
  }
  /// The constant w of an initializer with these fields.
  Result<Tensor> read_inline(const std::string& fields) {
    Parts parts;
    parts.initializer = R"({"name": "w", )" + fields + "}";
    ST_TRY(graph, read(parts));
    for (const Value& value : graph.values) {
      if (value.name == "w") return value.constant->load();
    }
    return Diagnostic{};
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path model_ = directory_ / "model.json";
};

TEST_F(OnnxJson, ReadsAModel) {
  const auto graph = read(Parts());
  ASSERT_TRUE(graph.ok()) << graph.errors().front().message;
  EXPECT_EQ(text_of(*graph),
            "graph \"toy\" opset 20\n"
            "metadata \"streamtensor.dim.sequence\" = \"1..64\"\n"
            "symbol sequence = 1..64\n"
            "input %x: f32[sequence,2]\n"
            "constant %w: f32[2] = model.h5:w\n"
            "node Add_0 %y: ? = Add(%x, %w)\n"
            "output %y\n");
  EXPECT_EQ(graph->nodes[0].where, "model.json /graph/node/0");
  EXPECT_EQ(value(*graph, "w").where, "model.json /graph/initializer/0");
  EXPECT_EQ(value(*graph, "w").constant->load()->f32(), (std::vector<float>{1, 2}));
}

TEST_F(OnnxJson, SnakeCaseNumbersAndEnumeratorNamesAreTheSame) {
  const auto graph = read(R"({"opset_import": [{"domain": "ai.onnx", "version": 20}],
      "metadata_props": [{"key": "streamtensor.dim.sequence", "value": "1..64"}],
      "graph": {"name": "toy", "initializer": [{"name": "w", "data_type": "FLOAT", "dims": [2],
          "data_location": "EXTERNAL", "external_data": [{"key": "location", "value": "model.h5"}]}],
        "input": [{"name": "x", "type": {"tensor_type": {"elem_type": "FLOAT",
          "shape": {"dim": [{"dim_param": "sequence"}, {"dim_value": 2}]}}}}],
        "node": [{"op_type": "Add", "input": ["x", "w"], "output": ["y"], "name": null}],
        "output": [{"name": "y"}]}})");
  ASSERT_TRUE(graph.ok()) << graph.errors().front().message;
  EXPECT_EQ(text_of(*graph), text_of(*read(Parts())));
}

TEST_F(OnnxJson, MissingFileAndSyntaxError) {
  EXPECT_EQ(codes_of(read_onnx_json(directory_ / "none.json", {})), "E0101");
  EXPECT_EQ(codes_of(read_onnx_json(directory_.path(), {})), "E0101");
  const auto problem = error_of(read("{\n \"graph\": {,\n"));
  EXPECT_EQ(problem.code, "E0102");
  EXPECT_EQ(problem.where, "model.json:2:12");
  EXPECT_EQ(problem.details, (std::vector<std::string>{" \"graph\": {,", "           ^"}));
}

TEST_F(OnnxJson, NoGraphOrNoModel) {
  EXPECT_EQ(codes_of(read("[]")), "E0103");
  EXPECT_EQ(codes_of(read("{}")), "E0104");
  EXPECT_EQ(codes_of(read(std::string(1000, '['))), "E0104");
}

TEST_F(OnnxJson, StructuralErrorsAreCollectedWithPointers) {
  Parts parts;
  parts.node = R"({"opType": 7, "input": ["x"], "output": ["y"]},
                  {"opType": "Add", "inputs": ["x"], "output": ["z"]},
                  {"opType": "Add", "input": "x", "output": ["z"]}, 5)";
  parts.initializer = R"({"name": "w", "dataType": 1, "dims": ["-2"]})";
  const auto graph = read(parts);
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(codes_of(graph), "E0103 E0103 E0103 E0103 E0103 E0103");
  const auto& problems = graph.errors();
  EXPECT_EQ(problems[0].where, "model.json /graph/initializer/0/dims/0");
  EXPECT_EQ(problems[1].where, "model.json /graph/node/0/opType");
  EXPECT_EQ(problems[1].message, "expected a string, found a number 7");
  EXPECT_EQ(problems[3].message, "unknown field 'inputs'");
  EXPECT_EQ(problems[3].help, "did you mean 'input'?");
  EXPECT_EQ(problems[4].where, "model.json /graph/node/2/input");
  EXPECT_EQ(problems[5].message, "expected an object, found a number 5");
}

TEST_F(OnnxJson, NoMoreThanTwentyProblemsAreShown) {
  Parts parts;
  for (int i = 0; i < 30; ++i) parts.node += ", 5";
  const auto graph = read(parts);
  ASSERT_FALSE(graph.ok());
  ASSERT_EQ(graph.errors().size(), 21U);
  EXPECT_EQ(graph.errors().back().message, "10 more problems are not shown");
}

TEST_F(OnnxJson, OpsetMustBeKnownAndNewEnough) {
  Parts parts;
  parts.root = R"("opsetImport": [{"version": "12"}])";
  EXPECT_EQ(codes_of(read(parts)), "E0105");
  EXPECT_EQ(error_of(read(parts)).message, "opset 12 is too old; opsets 13 to 24 are supported");
  parts.root = R"("opsetImport": [{"version": "20"}, {"domain": "com.microsoft", "version": 2}])";
  EXPECT_EQ(error_of(read(parts)).message, "version 2 of com.microsoft is not known");
  parts.root = R"("opsetImport": [{"version": "25"}])";
  EXPECT_EQ(error_of(read(parts)).message, "opset 25 is not known; opsets 13 to 24 are supported");
  parts.root = R"("irVersion": 9)";
  EXPECT_EQ(codes_of(read(parts)), "E0105");
  parts.root = R"("opsetImport": [{"domain": "com.microsoft", "version": 1}, {"version": 13}])";
  EXPECT_TRUE(read(parts).ok());
}

TEST_F(OnnxJson, UnsupportedPartsAreRefusedByName) {
  Parts parts;
  parts.root += R"(, "functions": [{}])";
  parts.extra = R"(, "sparseInitializer": [{}], "quantizationAnnotation": [{}])";
  const auto graph = read(parts);
  EXPECT_EQ(codes_of(graph), "E0105 E0105 E0105");
  EXPECT_EQ(error_of(graph).message, "'functions' is not supported");
  EXPECT_EQ(error_of(graph).where, "model.json /functions");
}

TEST_F(OnnxJson, AttributesOfAllKinds) {
  const auto graph = read_attribute(R"(
      {"name": "a", "type": "INT", "i": "-3"}, {"name": "b", "type": 1, "f": 1e-5},
      {"name": "c", "s": "dGFuaA=="}, {"name": "d", "ints": ["1", 2]}, {"name": "e", "floats": [0.5, "1.5"]},
      {"name": "f", "type": "STRINGS", "strings": ["dGFuaA==", ""]}, {"name": "g", "type": "INT"},
      {"name": "h", "type": "INTS"}, {"name": "i", "f": -3.4028235e38},
      {"name": "j", "type": "FLOAT", "f": "-Infinity", "ints": [], "s": ""})");
  ASSERT_TRUE(graph.ok()) << graph.errors().front().message;
  const Node& node = graph->nodes[0];
  EXPECT_EQ(node.integer("a", 0), -3);
  EXPECT_EQ(node.real("b", 0), 1e-5F);
  EXPECT_EQ(node.string("c", ""), "tanh");
  EXPECT_EQ(node.integers("d"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(std::get<std::vector<float>>(node.attributes.at("e")),
            (std::vector<float>{0.5F, 1.5F}));
  EXPECT_EQ(std::get<std::vector<std::string>>(node.attributes.at("f")),
            (std::vector<std::string>{"tanh", ""}));
  EXPECT_EQ(node.integer("g", 7), 0);
  EXPECT_TRUE(node.has("h"));
  EXPECT_EQ(node.real("i", 0), -std::numeric_limits<float>::max());
  EXPECT_TRUE(std::isinf(node.real("j", 0)));
}

TEST_F(OnnxJson, BadAttributesAreRefused) {
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "type": "INT", "f": 1})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "i": 1, "f": 1})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a"})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"i": 1})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "i": 1}, {"name": "a", "i": 2})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "i": 1.5})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "i": 9223372036854775808})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "f": 1e39})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "type": 99, "f": 1})")), "E0103");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "i": 1, "refAttrName": "b"})")), "E0105");
  EXPECT_EQ(codes_of(read_attribute(R"({"name": "a", "type": "GRAPH", "g": {}})")), "E0105");
  const auto tensor =
      error_of(read_attribute(R"({"name": "a", "t": {"dataType": 1, "floatData": [1]}})"));
  EXPECT_EQ(tensor.message, "attribute 'a' of Gelu has type TENSOR, which is not supported");
}

TEST_F(OnnxJson, StringsThatAreNotBase64AreToldApart) {
  for (const std::string text : {"tanh", "none!"}) {
    const auto problem =
        error_of(read_attribute(R"({"name": "approximate", "s": ")" + text + "\"}"));
    EXPECT_EQ(problem.code, "E0105");
    EXPECT_EQ(problem.help, "for the text '" + text + "' write '" +
                                (text == "tanh" ? "dGFuaA==" : "bm9uZSE=") + "'");
  }
}

TEST_F(OnnxJson, InlineDataOfAllTypes) {
  EXPECT_EQ(read_inline(R"("dataType": 1, "dims": [2], "floatData": [1, -0.5])")->f32(),
            (std::vector<float>{1, -0.5F}));
  EXPECT_EQ(read_inline(R"("dataType": "DOUBLE", "dims": [2], "doubleData": [1, -0.5])")->f32(),
            (std::vector<float>{1, -0.5F}));
  EXPECT_EQ(read_inline(R"("dataType": "FLOAT16", "dims": [3], "int32Data": [15360, 32769, 31743])")
                ->f32(),
            (std::vector<float>{1, -0x1p-24F, 65504}));
  EXPECT_EQ(read_inline(R"("dataType": "BFLOAT16", "dims": [1], "int32Data": [16256])")->f32(),
            (std::vector<float>{1}));
  EXPECT_EQ(
      read_inline(R"("dataType": "INT8", "dims": [2], "int32Data": [-128, 127])")->as<int8_t>(),
      (std::vector<int8_t>{-128, 127}));
  EXPECT_EQ(read_inline(R"("dataType": "UINT8", "dims": [1], "int32Data": [255])")->as<int32_t>(),
            (std::vector<int32_t>{255}));
  EXPECT_EQ(read_inline(R"("dataType": "BOOL", "dims": [2], "int32Data": [0, 1])")->as<int32_t>(),
            (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(read_inline(R"("dataType": "INT64", "dims": [], "int64Data": ["-5"])")->as<int64_t>(),
            (std::vector<int64_t>{-5}));
  EXPECT_EQ(read_inline(R"("dataType": 7, "dims": [0])")->size(), 0);
  EXPECT_TRUE(std::isinf(read_inline(R"("dataType": 1, "floatData": ["-Infinity"])")->f32()[0]));
}

TEST_F(OnnxJson, RawDataAreLittleEndian) {
  EXPECT_EQ(read_inline(R"("dataType": 1, "dims": [1], "rawData": "AADAPw==")")->f32(),
            (std::vector<float>{1.5F}));
  EXPECT_EQ(read_inline(R"("dataType": 11, "rawData": "AAAAAAAA+D8=")")->f32(),
            (std::vector<float>{1.5F}));
  EXPECT_EQ(read_inline(R"("dataType": 10, "rawData": "AD4=")")->f32(), (std::vector<float>{1.5F}));
  EXPECT_EQ(read_inline(R"("dataType": 16, "rawData": "wD8=")")->f32(), (std::vector<float>{1.5F}));
  EXPECT_EQ(read_inline(R"("dataType": 3, "dims": [2], "rawData": "/4A=")")->as<int8_t>(),
            (std::vector<int8_t>{-1, -128}));
  EXPECT_EQ(read_inline(R"("dataType": 2, "rawData": "/w==")")->as<int32_t>(),
            (std::vector<int32_t>{255}));
  EXPECT_EQ(read_inline(R"("dataType": 6, "rawData": "/v///w==")")->as<int32_t>(),
            (std::vector<int32_t>{-2}));
  EXPECT_EQ(read_inline(R"("dataType": 7, "rawData": "/v////////8=")")->as<int64_t>(),
            (std::vector<int64_t>{-2}));
}

TEST_F(OnnxJson, BadInlineDataAreRefused) {
  const auto code = [&](const std::string& fields) { return codes_of(read_inline(fields)); };
  EXPECT_EQ(error_of(read_inline(R"("dataType": 1, "dims": [3], "floatData": [1, 2])")).message,
            "found 2 values; dims [3] need 3");
  EXPECT_EQ(error_of(read_inline(R"("dataType": 1, "dims": [1], "rawData": "AAA=")")).message,
            "found 2 bytes; dims [1] need 4");
  EXPECT_EQ(code(R"("dataType": 1, "dims": [1], "rawData": "A")"), "E0105");
  EXPECT_EQ(code(R"("dataType": 1, "dims": [1], "int32Data": [1])"), "E0103");
  EXPECT_EQ(code(R"("dataType": 3, "dims": [1], "int32Data": [128])"), "E0103");
  EXPECT_EQ(code(R"("dataType": 1, "dims": [1], "floatData": ["NaN"])"), "E0205");
  EXPECT_EQ(code(R"("dataType": 8, "dims": [1], "stringData": ["YQ=="])"), "E0105");
  EXPECT_EQ(code(R"("dataType": 12, "dims": [1])"), "E0105");
  EXPECT_EQ(code(R"("dataType": 99, "dims": [1])"), "E0103");
  EXPECT_EQ(code(R"("dims": [1])"), "E0103");
  EXPECT_EQ(code(R"("dataType": 1, "dims": [4294967296, 4294967296])"), "E0103");
  EXPECT_EQ(code(R"("dataType": 1, "dims": [2000000000, 2000000000])"), "E0103");
  EXPECT_EQ(code(R"("dataType": 1, "dims": [1], "floatData": [1], "dataLocation": "EXTERNAL")"),
            "E0105");
}

TEST_F(OnnxJson, ExternalDataAreCheckedUpFrontAndTogether) {
  Parts parts;
  const auto external = [](const std::string& name, const std::string& dataset,
                           const std::string& dims) {
    return R"({"name": ")" + name + R"(", "dataType": 1, "dims": [)" + dims +
           R"(], "dataLocation": 1, "externalData": [{"key": "location", "value": "model.h5"},
                {"key": "dataset", "value": ")" +
           dataset + R"("}]})";
  };
  parts.initializer = external("w", "v", "3");
  EXPECT_TRUE(read(parts).ok());
  parts.initializer = external("w", "vv", "3") + "," + external("u", "v", "4");
  const auto graph = read(parts);
  EXPECT_EQ(codes_of(graph), "E0202 E0203");
  EXPECT_EQ(graph.errors()[0].help, "did you mean 'v'?");
}

TEST_F(OnnxJson, LocationsMustStayInTheModelsFolder) {
  for (const std::string location : {"/etc/passwd", "../w.h5", "a/../../w.h5", "C:w.h5", ""}) {
    Parts parts;
    parts.initializer = R"({"name": "w", "dataType": 1, "dims": [2], "externalData":
        [{"key": "location", "value": ")" +
                        location + R"("}]})";
    EXPECT_EQ(codes_of(read(parts)), "E0105") << location;
  }
  Parts parts;
  parts.initializer = R"({"name": "w", "dataType": 1, "dims": [2], "externalData":
      [{"key": "location", "value": "model.h5"}, {"key": "offset", "value": "0"}]})";
  EXPECT_EQ(codes_of(read(parts)), "E0105");
}

TEST_F(OnnxJson, WeightsFileIsFoundBesideTheModelOrGiven) {
  Parts parts;
  std::filesystem::rename(directory_ / "model.h5", directory_ / "other.h5");
  EXPECT_TRUE(read(parts).ok()) << "the only .h5 file";
  std::filesystem::copy(directory_ / "other.h5", directory_ / "third.h5");
  const auto unclear = error_of(read(parts));
  EXPECT_EQ(unclear.code, "E0201");
  EXPECT_EQ(unclear.details,
            (std::vector<std::string>{"there is 'other.h5'", "there is 'third.h5'"}));
  ReadOptions options;
  options.weights = directory_ / "third.h5";
  EXPECT_TRUE(read(parts, options).ok());
  options.weights = directory_ / "none.h5";
  parts.initializer += R"(, {"name": "u", "dataType": 1, "dims": [2]})";
  EXPECT_EQ(codes_of(read(parts, options)), "E0201") << "reported once";
}

TEST_F(OnnxJson, SymbolsNeedBounds) {
  Parts parts;
  parts.metadata.clear();
  parts.input += R"(, {"name": "p", "type": {"tensorType": {"elemType": 1,
      "shape": {"dim": [{"dimParam": "past + sequence + 1"}]}}}})";
  const auto problem = error_of(read(parts));
  EXPECT_EQ(problem.code, "E0304");
  EXPECT_EQ(problem.details, (std::vector<std::string>{"'sequence' of input 'x', dimension 0",
                                                       "'past' of input 'p', dimension 0"}));
  EXPECT_EQ(problem.help, "give their ranges: --dim sequence=1..128 --dim past=1..128");
  ReadOptions options;
  options.dims = {{"sequence", {1, 8}}, {"past", {0, 7}}};
  const auto graph = read(parts, options);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->symbols.at("past").high, 7);
  EXPECT_EQ(text_of(*value(*graph, "p").type), "f32[past+sequence+1]");
}

TEST_F(OnnxJson, OptionsOverrideBoundsAndMustNameASymbol) {
  ReadOptions options;
  options.dims = {{"sequence", {1, 8}}};
  EXPECT_EQ(read(Parts(), options)->symbols.at("sequence").high, 8);
  options.dims = {{"sequenc", {1, 8}}};
  EXPECT_EQ(error_of(read(Parts(), options)).code, "E0801");
  EXPECT_EQ(error_of(read(Parts(), options)).help, "did you mean 'sequence'?");
  options.dims = {{"sequence", {8, 1}}};
  EXPECT_EQ(error_of(read(Parts(), options)).code, "E0801");
  Parts parts;
  parts.metadata = R"({"key": "streamtensor.dim.sequence", "value": "64..1"})";
  EXPECT_EQ(error_of(read(parts)).code, "E0103");
}

TEST_F(OnnxJson, BatchOfOneBecomesAConstant) {
  Parts parts;
  parts.input = R"({"name": "x", "type": {"tensorType": {"elemType": 1, "shape": {"dim":
      [{"dimParam": "batch"}, {"dimParam": "sequence"}, {"dimValue": "2"}]}}}})";
  parts.output = R"({"name": "y", "type": {"tensorType": {"elemType": 1, "shape": {"dim":
      [{"dimParam": "batch"}, {"dimParam": "sequence"}, {"dimValue": "2"}]}}}})";
  ReadOptions options;
  options.dims = {{"batch", {1, 1}}, {"sequence", {4, 4}}};
  const auto graph = read(parts, options);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(text_of(*value(*graph, "x").type), "f32[1,sequence,2]");
  EXPECT_EQ(text_of(*value(*graph, "y").type), "f32[1,sequence,2]");
  EXPECT_EQ(graph->symbols.count("batch"), 0U);
  EXPECT_EQ(graph->symbols.at("sequence").low, 4);
}

TEST_F(OnnxJson, DeclaredTypesWithUnknownSymbolsAreLeftOpen) {
  Parts parts;
  parts.output = R"({"name": "y", "type": {"tensorType": {"elemType": 1, "shape": {"dim":
      [{"dimParam": "total_sequence_length"}, {"dimValue": "2"}]}}}})";
  const auto graph = read(parts);
  ASSERT_TRUE(graph.ok());
  EXPECT_FALSE(value(*graph, "y").type.has_value());
}

TEST_F(OnnxJson, InputsNeedAShape) {
  Parts parts;
  parts.input = R"({"name": "x"})";
  EXPECT_EQ(codes_of(read(parts)), "E0103");
  parts.input = R"({"name": "x", "type": {"sequenceType": {}}})";
  EXPECT_EQ(codes_of(read(parts)), "E0105");
  parts.input = R"({"name": "x", "type": {"tensorType": {"elemType": 1, "shape": {"dim": [{}]}}}})";
  EXPECT_EQ(codes_of(read(parts)), "E0103");
  parts.input = R"({"name": "x", "type": {"tensorType": {"elemType": 1,
      "shape": {"dim": [{"dimParam": "a*b"}]}}}})";
  EXPECT_EQ(codes_of(read(parts)), "E0103");
}

TEST_F(OnnxJson, ConstantNodesBecomeConstants) {
  Parts parts;
  parts.node = R"({"opType": "Constant", "output": ["c"], "attribute": [{"name": "value", "t":
        {"dataType": 7, "dims": [1], "int64Data": [3]}}]},
      {"opType": "Constant", "output": ["d"], "attribute": [{"name": "value_floats", "floats": [1, 2]}]},
      {"opType": "ConstantOfShape", "input": ["c"], "output": ["e"], "attribute": [{"name": "value", "t":
        {"dataType": 1, "dims": [1], "floatData": [0.5]}}]},
      {"opType": "Add", "input": ["d", "e", ""], "output": ["y"]})";
  const auto graph = read(parts);
  ASSERT_TRUE(graph.ok()) << graph.errors().front().message;
  ASSERT_EQ(graph->nodes.size(), 2U);
  EXPECT_EQ(graph->nodes[1].name, "Add_3");
  EXPECT_EQ(graph->nodes[1].inputs[2], NoValue);
  EXPECT_EQ(text_of(*value(*graph, "c").type), "i64[1]");
  EXPECT_EQ(value(*graph, "c").constant->load()->integer(0), 3);
  EXPECT_EQ(text_of(*value(*graph, "d").type), "f32[2]");
  EXPECT_EQ(graph->nodes[0].real("value", 0), 0.5F);
  parts.node = R"({"opType": "Constant", "output": ["y"]})";
  EXPECT_EQ(codes_of(read(parts)), "E0105");
}

TEST_F(OnnxJson, GraphErrorsAreFound) {
  Parts parts;
  parts.node = R"({"opType": "Add", "input": ["x", "ww"], "output": ["y"]})";
  EXPECT_EQ(codes_of(read(parts)), "E0301");
  EXPECT_EQ(error_of(read(parts)).where, "model.json /graph/node/0");
  parts.node = R"({"opType": "Add", "input": ["x", "y"], "output": ["y"]})";
  EXPECT_EQ(codes_of(read(parts)), "E0302");
  parts.node = R"({"opType": "Add", "input": ["x", "x"], "output": ["w"]})";
  parts.output = R"({"name": "w"})";
  EXPECT_EQ(codes_of(read(parts)), "E0303");
  parts = Parts();
  parts.initializer += ", " + parts.initializer;
  EXPECT_EQ(codes_of(read(parts)), "E0303");
  parts = Parts();
  parts.input += ", " + parts.input;
  EXPECT_EQ(codes_of(read(parts)), "E0303");
}

TEST_F(OnnxJson, ReadsTheExamples) {
  const auto examples =
      std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "examples";
  if (std::filesystem::exists(examples / "adder" / "weights.h5")) {
    const auto graph = read_onnx_json(examples / "adder" / "model.json", {});
    ASSERT_TRUE(graph.ok()) << graph.errors().front().message;
    EXPECT_EQ(graph->symbols.count("past_sequence_length"), 1U);
  }
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "the shared models are not on this machine: set STREAMTENSOR_SHARED";
  for (const std::string name : {"char_shakespeare", "stories260k"}) {
    ReadOptions options;
    options.weights =
        *shared / "models" / name / (name == "stories260k" ? "stories260K.h5" : name + ".h5");
    const auto graph = read_onnx_json(examples / name / "model.json", options);
    ASSERT_TRUE(graph.ok()) << name << ": " << graph.errors().front().message;
    for (const Value& constant : graph->values) {
      if (constant.constant) {
        EXPECT_TRUE(constant.constant->load().ok()) << constant.name;
      }
    }
  }
}

}  // namespace
}  // namespace st
