// SPDX-License-Identifier: Apache-2.0
// model.onnx: the same graph as its JSON form, and an error for all that is none.
#include <gtest/gtest.h>

#include <random>

#include "frontends/onnx_json/onnx_json.h"
#include "test_files.h"
#include "tests/common/onnx_wire.h"
#include "tests/common/tool.h"

namespace st {
namespace {

using test::codes_of;
using test::error_of;
using test::expect_sane;
using test::Json;
using test::value;
using test::WireLists;

/// A model with data of all kinds, and attributes of all.
Json small_model() {
  return Json::parse(R"({"opsetImport": [{"domain": "", "version": "20"},
  {"domain": "com.microsoft", "version": 1}], "producerName": "a test", "docString": "said",
 "metadataProps": [{"key": "streamtensor.dim.sequence", "value": "1..64"}],
 "graph": {"name": "toy", "docString": "said", "input": [{"name": "x", "type": {"tensorType":
   {"elemType": 1, "shape": {"dim": [{"dimParam": "sequence + 1"}, {"dimValue": "2"}]}}}}],
  "initializer": [{"name": "w", "dataType": 1, "dims": ["2"], "rawData": "AAAAAAAAgD8="},
   {"name": "i", "dataType": 7, "dims": [3], "int64Data": ["1", "-2", "9223372036854775807"]},
   {"name": "f", "dataType": 1, "dims": [1, 3], "floatData": [0.1, "-Infinity", -2.5]},
   {"name": "d", "dataType": 11, "dims": [2], "doubleData": [0.25, 1e-9]},
   {"name": "h", "dataType": 10, "dims": [2], "int32Data": [15360, 49152]},
   {"name": "b", "dataType": 16, "dims": [2], "rawData": "gD8AwA=="},
   {"name": "c", "dataType": 3, "dims": [2], "int32Data": [-128, 127]},
   {"name": "o", "dataType": 9, "dims": [2], "rawData": "AQA="},
   {"name": "e", "dataType": 1, "dims": [0, 4]}],
  "node": [{"opType": "Add", "name": "a", "input": ["x", "w"], "output": ["s"]},
   {"opType": "Constant", "output": ["k"], "attribute": [{"name": "value", "type": "TENSOR",
     "t": {"dataType": 7, "dims": [1], "int64Data": [3]}}]},
   {"opType": "ConstantOfShape", "input": ["k"], "output": ["z"], "attribute": [{"name": "value",
     "type": "TENSOR", "t": {"dataType": 1, "dims": [1], "rawData": "AAAAPw=="}}]},
   {"opType": "Gelu", "domain": "ai.onnx", "input": ["s", "", "z"], "output": ["y"], "attribute": [
     {"name": "approximate", "type": "STRING", "s": "dGFuaA=="}, {"name": "axis", "type": "INT",
      "i": "-1"}, {"name": "alpha", "type": "FLOAT", "f": 0.3},
     {"name": "axes", "type": "INTS", "ints": ["-1", 5]},
     {"name": "scales", "type": "FLOATS", "floats": [1.5, 0.1]},
     {"name": "names", "type": "STRINGS", "strings": ["dGFuaA==", ""]},
     {"name": "zero", "type": "INT"}]}],
  "output": [{"name": "y", "type": {"tensorType": {"elemType": 1, "shape": {"dim": [{}]}}}}],
  "valueInfo": [{"name": "s", "type": {"tensorType": {"elemType": 1, "shape": {"dim":
    [{"dimParam": "sequence + 1"}, {"dimValue": "2"}]}}}}]}})");
}

class OnnxBinary : public ::testing::Test {
 protected:
  Result<Graph> read(const std::string& bytes, const ReadOptions& options = {}) {
    test::write_bytes(model_, bytes);
    return read_onnx(model_, options);
  }
  /// small_model() whose initializer w is external data with these entries.
  Result<Graph> read_external(const std::map<std::string, std::string>& entries,
                              const ReadOptions& options = {}) {
    Json model = small_model();
    Json& tensor = model["graph"]["initializer"][0];
    tensor.erase("rawData");
    tensor["dataLocation"] = "EXTERNAL";
    for (const auto& [key, value] : entries)
      tensor["externalData"].push_back({{"key", key}, {"value", value}});
    return read(test::onnx_bytes(model), options);
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path model_ = directory_ / "model.onnx";
};

/// Both are the same model, down to the last element. Files' names may differ.
void expect_same(const Result<Graph>& a, const Result<Graph>& b) {
  ASSERT_TRUE(a.ok()) << a.errors().front().message << " " << a.errors().front().where;
  ASSERT_TRUE(b.ok()) << b.errors().front().message << " " << b.errors().front().where;
  EXPECT_EQ(text_of(*a), text_of(*b));
  ASSERT_EQ(a->values.size(), b->values.size());
  for (size_t i = 0; i < a->values.size(); ++i) {
    if (!a->values[i].constant) continue;
    const auto first = a->values[i].constant->load(), second = b->values[i].constant->load();
    ASSERT_TRUE(first.ok() && second.ok()) << a->values[i].name;
    EXPECT_EQ(*first, *second) << a->values[i].name;
  }
}

TEST_F(OnnxBinary, IsTheSameModelAsItsJson) {
  test::write_bytes(directory_ / "model.json", small_model().dump());
  const auto json = read_onnx(directory_ / "model.json", {});
  for (const WireLists lists : {WireLists::Packed, WireLists::OneByOne})
    expect_same(read(test::onnx_bytes(small_model(), lists)), json);
  const auto graph = read(test::onnx_bytes(small_model()));
  EXPECT_EQ(graph->nodes[0].where, "model.onnx /graph/node/0");
  EXPECT_EQ(value(*graph, "f").constant->load()->f32()[1], -INFINITY);
  EXPECT_EQ(value(*graph, "h").constant->load()->f32(), (std::vector<float>{1, -2}));
  EXPECT_EQ(value(*graph, "o").constant->load()->as<int32_t>(), (std::vector<int32_t>{1, 0}));
}

TEST_F(OnnxBinary, ExamplesAreTheSameModels) {
  for (const std::string name : {"adder", "char_shakespeare", "stories260k"}) {
    const auto source = test::source("examples/" + name + "/model.json");
    ReadOptions options;
    if (name != "adder") {
      const auto weights = test::shared("models/" + name + "/" +
                                        (name == "stories260k" ? "stories260K.h5" : name + ".h5"));
      if (weights.empty()) continue;
      options.weights = weights;
    } else {
      options.weights = test::source("examples/adder/weights.h5");
    }
    SCOPED_TRACE(name);
    expect_same(read(test::onnx_bytes(Json::parse(test::read(source))), options),
                read_onnx(source, options));
  }
}

TEST_F(OnnxBinary, ContentDecidesNotTheName) {
  const std::string json = small_model().dump(), binary = test::onnx_bytes(small_model());
  EXPECT_TRUE(read("\n " + json).ok()) << "JSON by the name of model.onnx";
  test::write_bytes(directory_ / "model.json", binary);
  EXPECT_TRUE(read_onnx(directory_ / "model.json", {}).ok());
  // Without the IR version, which comes first, the name decides.
  EXPECT_TRUE(read(binary.substr(2)).ok());
  test::write_bytes(directory_ / "model.json", binary.substr(2));
  EXPECT_EQ(codes_of(read_onnx(directory_ / "model.json", {})), "E0102");
  EXPECT_EQ(codes_of(read_onnx(directory_ / "none.onnx", {})), "E0101");
  EXPECT_EQ(codes_of(read_onnx(directory_.path(), {})), "E0101");
}

TEST_F(OnnxBinary, TextOfItReadsBackWithWeightsInTheBinaryFile) {
  Json model = small_model();
  std::vector<float> many(500);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i) / 7;
  const std::string raw(reinterpret_cast<const char*>(many.data()), many.size() * sizeof(float));
  model["graph"]["initializer"].push_back(
      {{"name", "many"}, {"dataType", 1}, {"dims", {5, 100}}, {"rawBytes", raw}});
  const auto graph = read(test::onnx_bytes(model));
  const auto text = onnx_text(model_);
  ASSERT_TRUE(text.ok());
  EXPECT_LT(text->size(), 6000U);
  EXPECT_EQ(*text, *onnx_text(model_));
  test::write_bytes(directory_ / "model.json", *text);
  const auto again = read_onnx_json(directory_ / "model.json", {});
  ASSERT_TRUE(again.ok()) << again.errors().front().message;
  EXPECT_EQ(value(*again, "many").constant->load()->f32(), many);
  EXPECT_EQ(value(*graph, "many").constant->load()->f32(), many);
  std::string same = text_of(*again);
  const size_t place = same.find("model.onnx:");
  ASSERT_NE(place, std::string::npos);
  same.replace(place, same.find('\n', place) - place, "inline");
  EXPECT_EQ(same, text_of(*graph));
  EXPECT_EQ(*onnx_text(directory_ / "model.json"), *text) << "JSON is left as it is";
}

TEST_F(OnnxBinary, ExternalRawData) {
  const std::string elements("\0\0\x80\x3f\0\0\0\xc0", 8);  // 1, -2
  test::write_bytes(directory_ / "w.data", "12345678" + elements + "tail");
  const auto loaded = [&](const Result<Graph>& graph) {
    EXPECT_TRUE(graph.ok()) << graph.errors().front().message;
    return graph.ok() ? value(*graph, "w").constant->load()->f32() : std::vector<float>();
  };
  const std::vector<float> expected = {1, -2};
  EXPECT_EQ(loaded(read_external({{"location", "w.data"}, {"offset", "8"}, {"length", "8"}})),
            expected);
  EXPECT_EQ(loaded(read_external({{"location", "w.data"}, {"offset", "8"}, {"checksum", "x"}})),
            expected);
  test::write_bytes(directory_ / "plain", elements);
  const auto plain = read_external({{"location", "plain"}});
  EXPECT_EQ(loaded(plain), expected);
  EXPECT_EQ(value(*plain, "w").constant->describe(), "plain:0");
  // Another file, or folder, in place of the model's.
  std::filesystem::create_directory(directory_ / "elsewhere");
  std::filesystem::rename(directory_ / "w.data", directory_ / "elsewhere/w.data");
  ReadOptions options;
  options.weights = directory_ / "elsewhere";
  const std::map<std::string, std::string> place = {{"location", "w.data"}, {"offset", "8"}};
  EXPECT_EQ(loaded(read_external(place, options)), expected);
  options.weights = directory_ / "elsewhere/w.data";
  EXPECT_EQ(loaded(read_external(place, options)), expected);
  // HDF5 in place of raw data has datasets.
  test::Hdf5Writer(directory_ / "weights").floats("w", {2}, {3, 4});
  options.weights = directory_ / "weights";
  EXPECT_EQ(loaded(read_external(place, options)), (std::vector<float>{3, 4}));
  EXPECT_EQ(loaded(read_external({{"location", "weights"}})), (std::vector<float>{3, 4}));
  options.weights.reset();
  options.graph_only = true;
  EXPECT_TRUE(read_external(place, options).ok());
}

TEST_F(OnnxBinary, ExternalDataThatAreNotThere) {
  test::write_bytes(directory_ / "w.data", "0123456789");
  const auto codes = [&](const std::map<std::string, std::string>& entries) {
    return codes_of(read_external(entries));
  };
  EXPECT_EQ(codes({{"location", "none.data"}}), "E0201");
  EXPECT_EQ(codes({{"location", "w.data"}, {"offset", "3"}}), "E0206");
  EXPECT_EQ(codes({{"location", "w.data"}, {"offset", "18446744073709551615"}}), "E0206");
  EXPECT_EQ(codes({{"location", "w.data"}, {"length", "4"}}), "E0203");
  EXPECT_EQ(codes({{"location", "w.data"}, {"offset", "-1"}}), "E0103");
  EXPECT_EQ(codes({{"location", "w.data"}, {"offset", ""}}), "E0103");
  EXPECT_EQ(codes({{"location", "../w.data"}}), "E0105");
  EXPECT_EQ(codes({{"location", "/etc/hostname"}}), "E0105");
  EXPECT_EQ(codes({{"location", "w.data"}, {"basepath", "x"}}), "E0105");
  EXPECT_EQ(codes({{"location", "w.data"}, {"dataset", "w"}, {"offset", "0"}}), "E0105");
  EXPECT_EQ(codes({{"offset", "0"}}), "E0105");
  EXPECT_EQ(error_of(read_external({{"location", "w.data"}, {"offset", "3"}})).where,
            "model.onnx /graph/initializer/0");
}

TEST_F(OnnxBinary, OneFileForTwoIsRefused) {
  Json model = small_model();
  for (const std::string name : {"first", "second"}) {
    model["graph"]["initializer"].push_back(
        {{"name", name},
         {"dataType", 1},
         {"dims", {1}},
         {"externalData", {{{"key", "location"}, {"value", name + ".data"}}}}});
    test::write_bytes(directory_ / (name + ".data"), "1234");
  }
  ReadOptions options;
  EXPECT_TRUE(read(test::onnx_bytes(model), options).ok());
  options.weights = directory_ / "first.data";
  const auto problem = error_of(read(test::onnx_bytes(model), options));
  EXPECT_EQ(problem.code, "E0105");
  EXPECT_EQ(problem.help, "give the folder of these files with --weights");
  // A missing file is told once.
  std::filesystem::remove(directory_ / "first.data");
  std::filesystem::remove(directory_ / "second.data");
  EXPECT_EQ(codes_of(read(test::onnx_bytes(model))), "E0201 E0201");
}

TEST_F(OnnxBinary, NotANumberIsFoundWhenLoaded) {
  Json model = small_model();
  model["graph"]["initializer"][0]["rawData"] = "AADAfwAAgD8=";
  const auto graph = read(test::onnx_bytes(model));
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(error_of(value(*graph, "w").constant->load()).code, "E0205");
}

TEST_F(OnnxBinary, StructuralErrorsAreCollected) {
  Json model = small_model();
  model["graph"]["initializer"][0]["dims"] = {3};
  model["graph"]["initializer"][1]["dataType"] = 8;
  model["graph"]["initializer"][3]["dataType"] = 1;
  model["graph"]["node"][0]["opType"] = "";
  model["functions"].push_back({{"key", "f"}});
  const auto graph = read(test::onnx_bytes(model));
  EXPECT_EQ(codes_of(graph), "E0105 E0103 E0105 E0103 E0103");
  EXPECT_EQ(graph.errors()[1].where, "model.onnx /graph/initializer/0/rawData");
  EXPECT_EQ(graph.errors()[1].message, "found 8 bytes; dims [3] need 12");
}

TEST_F(OnnxBinary, SubgraphsAndNestedTypesAreRefusedHoweverDeepTheyAre) {
  Json model = small_model();
  model["graph"]["node"][0]["attribute"].push_back({{"name", "body"}, {"g", Json::object()}});
  EXPECT_TRUE(read(test::onnx_bytes(model)).ok() == false);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep = test::wire_bytes(4, deep.substr(0, 1000));
  const std::string input =
      test::wire_bytes(1, "x") + test::wire_bytes(2, test::wire_bytes(4, deep));
  EXPECT_EQ(
      codes_of(read(test::wire_number(1, 10) + test::wire_bytes(7, test::wire_bytes(11, input)))),
      "E0105 E0105");
}

/// What no writer makes. Each is one error, at a place.
TEST_F(OnnxBinary, WhatIsNoModel) {
  const std::string version = test::wire_number(1, 10);
  const auto fails = [&](const std::string& bytes, const std::string& what,
                         const std::string& where) {
    const auto graph = read(bytes);
    EXPECT_EQ(codes_of(graph), "E0102") << what;
    EXPECT_EQ(error_of(graph).message, "this is no ONNX model: " + what);
    EXPECT_EQ(error_of(graph).where, "model.onnx" + where);
  };
  const auto graph = [](const std::string& bytes) { return test::wire_bytes(7, bytes); };
  fails(version + "\x80", "a number is cut off", ", byte 2");
  fails(version + std::string(10, '\xff') + "\1", "a number has more than 64 bits", ", byte 2");
  fails(version + "\x3b", "a group is no field that is known", ", byte 2");
  fails(version + "\x3f", "there is no wire type 7", ", byte 2");
  fails(version + std::string(2, '\0'), "there is no field number 0", ", byte 2");
  fails(version + "\x3a\x05zz", "a field has 5 bytes, where 2 bytes are left", ", byte 3");
  fails(version + version, "the field is there twice", " /irVersion, byte 2");
  fails(version + test::wire_number(99, 1), "field 99 of ModelProto is not known", ", byte 2");
  fails(version + test::wire_number(7, 1),
        "the field is written as a varint, not as a length and bytes", " /graph, byte 2");
  fails(version + graph(test::wire_bytes(1, test::wire_bytes(3, "\xc0\x80"))),
        "the string is no UTF-8", " /graph/node/0/name, byte 6");
  fails(version + graph(test::wire_bytes(5, test::wire_bytes(4, "12345"))), "a number is cut off",
        " /graph/initializer/0/floatData, byte 12");
  fails("garbage", "there is no wire type 7", ", byte 0");
  EXPECT_EQ(codes_of(read("")), "E0104");
  EXPECT_EQ(codes_of(read(version)), "E0104");
}

void load_all(const Result<Graph>& graph) {
  expect_sane(graph);
  if (!graph.ok()) return;
  for (const Value& value : graph->values) {
    if (value.constant) expect_sane(value.constant->load());
  }
}

TEST_F(OnnxBinary, CutAnywhere) {
  const std::string bytes = test::onnx_bytes(small_model());
  for (size_t size = 0; size < bytes.size(); ++size) load_all(read(bytes.substr(0, size)));
}

TEST_F(OnnxBinary, FlippedBits) {
  constexpr uint32_t Seed = 20261130;
  SCOPED_TRACE("seed " + std::to_string(Seed));
  std::mt19937 random(Seed);
  const std::string bytes = test::onnx_bytes(small_model());
  int good = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = bytes;
    for (uint32_t flips = 1 + random() % 3; flips > 0; --flips)
      damaged[random() % damaged.size()] ^= static_cast<char>(1U << random() % 8);
    const auto graph = read(damaged);
    load_all(graph);
    if (graph.ok()) {
      ++good;
      expect_sane(onnx_text(model_));
    }
  }
  EXPECT_GT(good, 40) << "elements and names may be anything";
  EXPECT_LT(good, 1200);
}

/// Files of the ONNX project's own writer.
TEST(OnnxFiles, OfTheOnnxProject) {
  ST_NEEDS_SHARED();
  int read = 0, beyond = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared("onnx_node_tests") / "node")) {
    const auto graph = read_onnx(entry.path() / "model.onnx", {});
    if (graph.ok()) {
      ++read;
      continue;
    }
    for (const Diagnostic& problem : graph.errors()) {
      // Opsets and element types that are not supported, and dimensions without bounds.
      EXPECT_TRUE(problem.code == "E0105" || problem.code == "E0103" || problem.code == "E0304")
          << entry.path() << ": " << problem.code << " " << problem.message;
    }
    ++beyond;
  }
  EXPECT_EQ(read + beyond, 429);
  EXPECT_GT(read, 250);
}

}  // namespace
}  // namespace st
