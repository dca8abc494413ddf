// SPDX-License-Identifier: Apache-2.0
// The text form of graphs: it reads back exactly, and says where it is wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/graph/parse.h"

namespace st {
namespace {

std::optional<TypedConstant> four_zeroes(const std::string&) {
  return TypedConstant{constant_of(Tensor::zeros(DType::F32, {4})), TensorType{DType::F32, {4}}};
}

/// Everything that a graph may hold: attributes of all kinds, operands that are left out, a domain,
/// an input that is a constant, and two values of one name.
Graph everything() {
  Graph graph;
  graph.name = "toy \"1\"\n";
  graph.opset = 20;
  graph.metadata = {{"a key", "a \"value\"\\"}, {"", std::string("\0\xff", 2)}};
  graph.symbols = {{"s", {1, 64}}, {"batch size", {0, 3}}};
  const TensorType rows{DType::F32, {Extent::symbol("s") + Extent::symbol("batch size"), 4}};
  const ValueId x = graph.add_value("x", rows);
  const ValueId w = graph.add_value("w", TensorType{DType::F32, {4}});
  const ValueId b = graph.add_value("b", TensorType{DType::F32, {4}});
  const ValueId y = graph.add_value("y", rows);
  const ValueId again = graph.add_value("y");
  for (ValueId id : {w, b})
    graph.values[id].constant = named_constant(graph.values[id].name, nullptr);
  graph.inputs = {x, b};
  Node add;
  add.name = "n/Add";
  add.op = "Add";
  add.inputs = {x, w, NoValue, b};
  add.outputs = {y};
  add.attributes = {{"a", int64_t{2}},
                    {"b", 1.0F},
                    {"c", std::string("t\n")},
                    {"d", std::vector<int64_t>{1, -2}},
                    {"e", 1e-5F},
                    {"f", std::vector<float>{0.1F, 3.0F}},
                    {"g", std::vector<std::string>{"", "u"}},
                    {"h", std::vector<int64_t>{}},
                    {"i", std::vector<float>{}},
                    {"j", std::vector<std::string>{}},
                    {"not a word", std::numeric_limits<int64_t>::min()},
                    {"zz", -std::numeric_limits<float>::infinity()}};
  Node own;
  own.name = "second node";
  own.op = "Do";
  own.domain = "streamtensor";
  own.inputs = {y};
  own.outputs = {NoValue, again};
  Node far;
  far.name = "3";
  far.op = "Odd op";
  far.domain = "org.example";
  far.outputs = {graph.add_value("z", TensorType{DType::I8, {}})};
  graph.nodes = {add, own, far};
  graph.outputs = {again, y};
  return graph;
}

constexpr const char* Everything =
    "graph \"toy \\\"1\\\"\\x0a\" opset 20\n"
    "metadata \"\" = \"\\x00\\xff\"\n"
    "metadata \"a key\" = \"a \\\"value\\\"\\x5c\"\n"
    "symbol \"batch size\" = 0..3\n"
    "symbol s = 1..64\n"
    "input %x: f32[\"batch size\"+s,4]\n"
    "input %b: f32[4] = load \"b\"\n"
    "constant %w: f32[4] = load \"w\"\n"
    "node n/Add %y: f32[\"batch size\"+s,4] = Add(%x, %w, none, %b) {a=2, b=1.0, c=\"t\\x0a\", "
    "d=[1,-2], e=1e-05, f=[0.1,3.0], g=[\"\",\"u\"], h=ints[], i=reals[], j=strings[], \"not a "
    "word\"=-9223372036854775808, zz=-inf}\n"
    "node \"second node\" none, %y#2: ? = streamtensor.Do(%y)\n"
    "node 3 %z: i8[] = \"org.example\".\"Odd op\"()\n"
    "output %y#2\n"
    "output %y\n";

TEST(GraphText, HasOneLinePerThing) { EXPECT_EQ(text_of(everything()), Everything); }

TEST(GraphText, ReadsBackExactly) {
  const auto graph = parse_graph(Everything, four_zeroes);
  ASSERT_TRUE(graph.ok()) << graph.errors()[0].message << " " << graph.errors()[0].where;
  EXPECT_EQ(text_of(*graph), Everything);
  const Graph wanted = everything();
  EXPECT_EQ(graph->metadata, wanted.metadata);
  EXPECT_EQ(graph->nodes[0].attributes, wanted.nodes[0].attributes);
  EXPECT_EQ(graph->nodes[1].domain, "streamtensor");
  EXPECT_EQ(graph->nodes[0].inputs[2], NoValue);
  EXPECT_EQ(graph->nodes[0].where, "graph, line 9");
}

TEST(GraphText, FloatsKeepEveryBit) {
  uint32_t bits = 0x9e3779b9;
  for (int i = 0; i < 20'000; ++i) {
    bits = bits * 1664525 + 1013904223;
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    Graph graph = everything();
    graph.nodes[0].attributes = {{"x", value}};
    const auto read = parse_graph(text_of(graph), four_zeroes);
    ASSERT_TRUE(read.ok()) << text_of(graph);
    const float back = read->nodes[0].real("x", 0);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(back));
    } else {
      ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << value;
    }
  }
}

TEST(GraphText, NamesMayBeAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& name : {all, std::string(), std::string(5000, '"'), std::string("a//b"),
                                  std::string("none"), std::string("%x"), std::string("\\x41")}) {
    Graph graph = everything();
    graph.name = name;
    graph.metadata[name] = name;
    graph.symbols[name] = {1, 2};
    for (Value& value : graph.values) value.name += name;
    for (Value& value : graph.values) {
      if (value.constant) value.constant = named_constant(value.name, nullptr);
    }
    graph.values[0].type = TensorType{DType::F32, {Extent::symbol(name)}};
    for (Node& node : graph.nodes) {
      node.name = name;
      node.op = name;
      node.domain = name;
      node.attributes[name] = name;
    }
    const std::string text = text_of(graph);
    const auto read = parse_graph(text, four_zeroes);
    ASSERT_TRUE(read.ok()) << read.errors()[0].message << " " << read.errors()[0].where;
    EXPECT_EQ(text_of(*read), text);
    EXPECT_EQ(read->nodes[2].op, name);
    EXPECT_EQ(read->values[0].name, "x" + name);
    EXPECT_EQ(read->symbols, graph.symbols);
  }
}

TEST(GraphText, CommentsAndEmptyLinesAreSkipped) {
  const auto graph = parse_graph(
      "// a comment\n\n  graph \"g\" opset 1 // one more\n\t\ninput  %x : f32[ 4 ]\n// end",
      four_zeroes);
  ASSERT_TRUE(graph.ok()) << graph.errors()[0].message;
  EXPECT_EQ(text_of(*graph), "graph \"g\" opset 1\ninput %x: f32[4]\n");
}

struct Bad {
  const char* lines;  ///< below the first one
  const char* place;
  const char* message;
};

TEST(GraphText, ErrorsNameThePlace) {
  const Bad bad[] = {
      {"symbl s = 1..2\n", "line 2, column 1",
       "expected metadata, symbol, input, constant, node or output"},
      {"symbol s = 2..1\n", "line 2, column 8", "the range is empty"},
      {"symbol s = 1..2\nsymbol s = 1..2\n", "line 3, column 8", "symbol 's' has a range already"},
      {"symbol s = 1..3000000000\n", "line 2, column 15",
       "expected a whole number from 0 to 2147483648"},
      {"metadata \"a\" = \"b\"\nmetadata \"a\" = \"b\"\n", "line 3, column 10",
       "the metadata have this key already"},
      {"metadata \"a = 1\n", "line 2, column 10", "the quotes are not closed on this line"},
      {"metadata \"\\n\" = \"\"\n", "line 2, column 11",
       "expected \\\" or \\x and two hexadecimal digits: no other escapes are read"},
      {"input x: f32[]\n", "line 2, column 7", "expected '%'"},
      {"input %: f32[]\n", "line 2, column 8", "expected the name of a value"},
      {"input %x f32[]\n", "line 2, column 10", "expected ':'"},
      {"input %x: f33[]\n", "line 2, column 11", "there is no element type 'f33'"},
      {"input %x: f32[s]\n", "line 2, column 11", "symbol 's' has no range"},
      {"input %x: f32[4\n", "line 2, column 16", "expected ']'"},
      {"input %x: f32[4] f\n", "line 2, column 18", "expected the end of the line"},
      {"input %x: ?\n", "line 2, column 11", "inputs and constants need a type"},
      {"input %x: f32[4]\ninput %x: f32[4]\n", "line 3, column 8", "value '%x' is defined twice"},
      {"input %x#3: f32[4]\n", "line 2, column 8",
       "expected #1: values of one name are numbered in order"},
      {"constant %x: f32[4]\n", "line 2, column 10",
       "a constant says where its data come from: = load \"NAME\""},
      {"constant %x: f32[5] = load \"x\"\n", "line 2, column 23",
       "the constant is f32[4], the value f32[5]"},
      {"node n %y: f32[4] = F(%x)\n", "line 2, column 24", "value '%x' is not defined"},
      {"node n = F()\n", "line 2, column 8", "expected '%'"},
      {"node n %y: ? = ()\n", "line 2, column 16", "expected an operator"},
      {"node n %y: ? = F() {a=1, a=2}\n", "line 2, column 26",
       "the node has attribute 'a' already"},
      {"node n %y: ? = F() {a=[1,x]}\n", "line 2, column 26", "expected a whole number"},
      {"node n %y: ? = F() {a=1e99}\n", "line 2, column 23", "the number does not fit a float"},
      {"node n %y: ? = F() {a=true}\n", "line 2, column 23", "expected a real number"},
      {"output %y\n", "line 2, column 9", "value '%y' is not defined"},
  };
  for (const Bad& each : bad) {
    const auto graph =
        parse_graph(std::string("graph \"g\" opset 1\n") + each.lines, four_zeroes, "a.txt");
    ASSERT_FALSE(graph.ok()) << each.lines;
    EXPECT_EQ(graph.errors()[0].code, "E0311");
    EXPECT_EQ(graph.errors()[0].message, each.message) << each.lines;
    EXPECT_EQ(graph.errors()[0].where, std::string("a.txt, ") + each.place) << each.lines;
  }
  const auto empty = parse_graph(" \n// nothing\n", four_zeroes);
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.errors()[0].message, "the text holds no graph");
}

}  // namespace
}  // namespace st
