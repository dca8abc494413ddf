// SPDX-License-Identifier: Apache-2.0
// Equal layers become one: the model computes the same, to the bit, and no stage grows with the
// number of layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iostream>

#include "core/compiler/pipeline.h"
#include "core/dataflow/parse.h"
#include "core/dataflow/units.h"
#include "core/graph/attention.h"
#include "core/graph/layers.h"
#include "core/graph/parse.h"
#include "core/ops/interpreter.h"
#include "core/passes/canonicalise.h"
#include "core/passes/fold_layers.h"
#include "core/passes/repeated_layers.h"
#include "core/platform/target.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/status_text.h"
#include "tests/common/tool.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::text_of;

/// The committed adder, canonical: three equal layers.
Graph adder() {
  auto graph = read_onnx_json(test::source("examples/adder/model.json"), {});
  EXPECT_TRUE(graph.ok()) << text_of(graph.errors());
  EXPECT_TRUE(test::prepare(*graph).ok());
  EXPECT_TRUE(canonicalise(*graph).ok());
  return std::move(*graph);
}

Decoder decoder_of(const Graph& graph) {
  auto decoder = find_decoder(graph);
  EXPECT_TRUE(decoder.ok()) << text_of(decoder.errors());
  return *decoder;
}

Graph folded(Graph graph) {
  const Status status = fold_layers(graph, decoder_of(graph));
  EXPECT_TRUE(status.ok()) << text_of(status.errors());
  return graph;
}

const std::vector<std::vector<int64_t>> Launches = {{1, 2, 3, 10, 4, 5, 6}, {11}, {7, 5}};

/// The logits of the launches, one after another.
template <typename Runner>
std::vector<Tensor> logits_of(Runner&& runner) {
  std::vector<Tensor> all;
  for (const auto& ids : Launches) {
    auto logits = runner.feed(ids);
    EXPECT_TRUE(logits.ok()) << text_of(logits.errors());
    if (logits.ok()) all.push_back(std::move(*logits));
  }
  return all;
}

TEST(FoldLayers, FindsTheThreeLayersOfTheAdder) {
  const Graph graph = adder();
  const RepeatedLayers layers = find_repeated_layers(graph, decoder_of(graph));
  ASSERT_EQ(layers.count(), 3);
  EXPECT_GE(layers.nodes.size() * 3 + 6, graph.nodes.size());
  const Graph one = folded(graph);
  EXPECT_EQ(layers_of(one).count, 3);
  EXPECT_LT(one.nodes.size(), graph.nodes.size() / 2);
  EXPECT_TRUE(check_layers(one).ok());
  for (const ValueId id : one.inputs) {
    const Value& value = one.values[static_cast<size_t>(id)];
    if (value.name.starts_with("past_key_values")) {
      EXPECT_EQ(value.layer_names.size(), 3U);
    }
  }
}

TEST(FoldLayers, TheGraphComputesTheSame) {
  const Graph graph = adder(), one = folded(graph);
  const Decoder before = decoder_of(graph), after = decoder_of(one);
  const auto expected = logits_of(ReferenceDecoder(graph, before));
  ASSERT_EQ(expected.size(), Launches.size());
  EXPECT_EQ(logits_of(ReferenceDecoder(one, after)), expected);
}

TEST(FoldLayers, TheGraphReadsBack) {
  Graph graph = adder();
  const ConstantLookup constants = name_constants(graph);
  const Graph one = folded(graph);
  const auto again = parse_graph(text_of(one), constants, "text");
  ASSERT_TRUE(again.ok()) << text_of(again.errors());
  EXPECT_EQ(text_of(*again), text_of(one));
  EXPECT_TRUE(check_layers(*again).ok());
}

/// The adder compiled with or without folding, through all stages.
Design compiled(bool fold, const std::string& precision) {
  Design design;
  auto graph = read_onnx_json(test::source("examples/adder/model.json"), {});
  design.graph = std::move(*graph);
  design.target = *find_target("u280");
  design.options.precision = precision;
  design.options.fold_layers = fold;
  design.options.fifo = "lp";
  design.options.tiling.row_lanes = 4;  // sums are in one order, however much room there is
  const Status status = compile(design, [](int, const std::string&) {});
  EXPECT_TRUE(status.ok()) << text_of(status.errors());
  return design;
}

TEST(FoldLayers, TheProgramComputesTheSame) {
  for (const std::string precision : {"f32", "w8a8"}) {
    SCOPED_TRACE(precision);
    const Design apart = compiled(false, precision), one = compiled(true, precision);
    EXPECT_EQ(one.program.layers.count, 3);
    EXPECT_LT(3 * one.program.kernels.size(), 2 * apart.program.kernels.size());
    EXPECT_EQ(units_of(one.program).size(), 1U);
    const auto expected = logits_of(test::Device(apart.program));
    ASSERT_EQ(expected.size(), Launches.size());
    EXPECT_EQ(logits_of(test::Device(one.program)), expected);
  }
}

/// Whatever a decoder looks like, it computes the same when its equal layers are folded, if any.
TEST(FoldLayers, RandomDecodersComputeTheSame) {
#ifdef ST_TEST_SANITIZED
  constexpr uint64_t Graphs = 30;
#else
  constexpr uint64_t Graphs = 150;
#endif
  int count = 0;
  for (uint64_t seed = 1; seed <= Graphs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Graph graph = test::random_decoder(
        seed, test::DecoderSize::Medium,
        seed % 4 == 0 ? test::DecoderLayers::Different : test::DecoderLayers::Equal);
    ASSERT_TRUE(test::prepare(graph).ok());
    ASSERT_TRUE(canonicalise(graph).ok());
    const Graph one = folded(graph);
    ASSERT_TRUE(check_layers(one).ok());
    count += layers_of(one).count > 1;
    const Decoder before = decoder_of(graph), after = decoder_of(one);
    test::Random random(seed);
    ReferenceDecoder apart(graph, before), together(one, after);
    for (const auto& ids : test::random_launches(random, graph, before)) {
      const auto expected = apart.feed(ids), is = together.feed(ids);
      ASSERT_TRUE(expected.ok() && is.ok());
      EXPECT_EQ(*is, *expected);
    }
  }
  std::cout << count << " of " << Graphs << " random decoders have equal layers\n";
  EXPECT_GT(count, static_cast<int>(Graphs) / 4);
}

/// The adder, whose layers see different windows: of 2 positions, of all, and of 3.
Graph windowed_adder() {
  auto graph = read_onnx_json(test::source("examples/adder/model.json"), {});
  EXPECT_TRUE(graph.ok()) << text_of(graph.errors());
  std::vector<int64_t> windows = {2, 0, 3};
  for (Node& node : graph->nodes) {
    if (node.op != "Attention") continue;
    node.domain = OwnDomain;
    node.inputs.resize(AttentionWindow, NoValue);
    node.inputs.push_back(graph->add_value(node.name + "/window", TensorType{DType::I64, {}}));
    graph->values[static_cast<size_t>(node.inputs[AttentionWindow])].constant =
        constant_of({{}, std::vector<int64_t>{windows.at(0)}});
    windows.erase(windows.begin());
  }
  EXPECT_TRUE(windows.empty());
  return std::move(*graph);
}

Design compiled(Graph graph, bool fold, const std::string& kv_cache = "f32") {
  Design design;
  design.graph = std::move(graph);
  design.target = *find_target("u280");
  design.options.fold_layers = fold;
  design.options.kv_cache = kv_cache;
  design.options.fifo = "lp";
  design.options.tiling.row_lanes = 4;
  const Status status = compile(design, [](int, const std::string&) {});
  EXPECT_TRUE(status.ok()) << text_of(status.errors());
  return design;
}

Kernel& softmax_of(Program& program) {
  return *std::find_if(program.kernels.begin(), program.kernels.end(),
                       [](const Kernel& kernel) { return kernel.kind == "softmax_rows"; });
}

TEST(FoldLayers, LayersMayDifferInTheirWindows) {
  const Design apart = compiled(windowed_adder(), false), one = compiled(windowed_adder(), true);
  ASSERT_EQ(one.program.layers.count, 3);
  const auto expected = logits_of(test::Device(apart.program));
  EXPECT_EQ(logits_of(test::Device(one.program)), expected);
  EXPECT_NE(logits_of(test::Device(compiled(true, "f32").program)), expected);
  Program program = one.program;
  EXPECT_EQ(softmax_of(program).layer_sizes.at("Window"), (std::vector<int64_t>{2, 0, 3}));
  const auto again = parse_program(text_of(program), any_constant());
  ASSERT_TRUE(again.ok()) << text_of(again.errors());
  EXPECT_EQ(text_of(*again), text_of(program));
  EXPECT_TRUE(verify(*again).ok());
}

TEST(FoldLayers, LayersMayDifferInTheirWindowsOverInt8) {
  const Design apart = compiled(windowed_adder(), false, "int8"),
               one = compiled(windowed_adder(), true, "int8");
  const auto expected = logits_of(test::Device(apart.program));
  EXPECT_EQ(logits_of(test::Device(one.program)), expected);
  EXPECT_NE(logits_of(test::Device(compiled(windowed_adder(), true).program)), expected);
  const auto weights =
      std::find_if(one.program.kernels.begin(), one.program.kernels.end(),
                   [](const Kernel& kernel) { return kernel.kind == "attention_weights_int8"; });
  ASSERT_NE(weights, one.program.kernels.end());
  EXPECT_EQ(weights->layer_sizes.at("Window"), (std::vector<int64_t>{2, 0, 3}));
}

TEST(FoldLayers, SizesByLayerThatMakeNoSenseAreRefused) {
  const Design one = compiled(windowed_adder(), true);
  const auto refused = [&](const std::function<void(Kernel&)>& damage) {
    Program program = one.program;
    damage(softmax_of(program));
    const Status status = verify(program);
    return status.ok() ? "" : text_of(status.errors());
  };
  EXPECT_EQ(refused([](Kernel&) {}), "");
  const auto expect = [&](const std::string& what, const std::function<void(Kernel&)>& damage) {
    EXPECT_NE(refused(damage).find(what), std::string::npos) << refused(damage);
  };
  expect("2 layers are not those it works for",
         [](Kernel& kernel) { kernel.layer_sizes["Window"].pop_back(); });
  expect("the first is not the kernel's", [](Kernel& kernel) { kernel.sizes["Window"] = 1; });
  expect("there are none below 0", [](Kernel& kernel) { kernel.layer_sizes["Window"][1] = -1; });
  expect("softmax_rows has none that may differ",
         [](Kernel& kernel) { kernel.layer_sizes["Heads"].assign(3, kernel.sizes["Heads"]); });
}

/// What is wrong with folded layers that were altered.
std::string refused(const std::function<void(Graph&)>& damage) {
  Graph graph = folded(adder());
  damage(graph);
  const Status status = check_layers(graph);
  return status.ok() ? "" : text_of(status.errors());
}

Node& node_of(Graph& graph, const std::string& op) {
  return *std::find_if(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node& node) { return node.op == op; });
}

TEST(FoldLayers, LayersThatMakeNoSenseAreRefused) {
  EXPECT_EQ(refused([](Graph&) {}), "");
  EXPECT_NE(refused([](Graph& g) {
              node_of(g, "EnterLayers").attributes["count"] = int64_t{1};
            }).find("2 or more"),
            std::string::npos);
  EXPECT_NE(refused([](Graph& g) {
              node_of(g, "LeaveLayers").op = "Identity";
            }).find("one EnterLayers and one LeaveLayers"),
            std::string::npos);
  EXPECT_NE(refused([](Graph& g) {
              node_of(g, "EnterLayers").attributes["count"] = int64_t{2};
            }).find("has data of 3 layers"),
            std::string::npos);
  EXPECT_NE(
      refused([](Graph& g) { node_of(g, "Attention").layered = false; }).find("is made by a layer"),
      std::string::npos);
}

}  // namespace
}  // namespace st
