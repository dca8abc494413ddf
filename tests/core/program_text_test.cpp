// SPDX-License-Identifier: Apache-2.0
// The text form of programs: every field reads back, and errors name the place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/dataflow/parse.h"

namespace st {
namespace {

std::optional<TypedConstant> lookup(const std::string& name) {
  if (name != "w") return std::nullopt;
  return TypedConstant{constant_of(Tensor::zeros(DType::F32, {16})), TensorType{DType::F32, {16}}};
}

/// A program, not a sound one, in which every field has a value of its own.
constexpr const char* Everything =
    "program \"toy\" precision w8a8 sequence<=4 positions<=9 groups 2 vocabulary 15\n"
    "tensor #0 \"x\" f32[sequence,16]\n"
    "tensor #1 \"a \\\"b\\\"\" f32[16] = load \"w\" | row 16\n"
    "tensor #2 \"keys\" f32[2,past+sequence,8]\n"
    "channel %c #0 : itensor<1x16xf32, iter_space: [sequence<=4,1]*[1,16], iter_map: "
    "(d0,d1)->(d0,d1)> by 16, depth 7 uram why \"room\"\n"
    "channel %\"odd name\" #1 : itensor<16xf32, iter_space: [sequence<=4,1]*[1,16], iter_map: "
    "(d0,d1)->(d1)> by 8, depth 2 srl\n"
    "memory @cache cache #2 18 rows of 1 x vector<8xf32>, channel 3\n"
    "memory @params0 parameters, channel 0\n"
    "  segment words 0+1 %\"odd name\"\n"
    "  segment words 1+1 #1 : itensor<16xf32, iter_space: [sequence<=4,1]*[1,16], iter_map: "
    "(d0,d1)->(d1)> by 16\n"
    "kernel @loader = load_params<> group 0 () -> (%\"odd name\", %c) memories (@params0)\n"
    "kernel @k = layer_norm<Beats=1, L=16> group 1 (%c, %\"odd name\", #1 : itensor<16xf32, "
    "iter_space: [sequence<=4,1]*[1,16], iter_map: (d0,d1)->(d1)> by 16) -> () memories (@cache, "
    "@params0) reals (epsilon=1e-05, other=-0.0) instance shared body (add, gelu_tanh) "
    "storage (kept=uram, row=bram) node 12 \"h 0\"\n"
    "kernel @bare = \"odd kind\"<> group 0 () -> () node -1 \"n\"\n";

TEST(ProgramText, EveryFieldReadsBack) {
  const auto program = parse_program(Everything, lookup);
  ASSERT_TRUE(program.ok()) << program.errors()[0].message << " " << program.errors()[0].where;
  EXPECT_EQ(text_of(*program), Everything);
  EXPECT_EQ(program->max_positions, 9);
  EXPECT_EQ(program->tensors[1].name, "a \"b\"");
  EXPECT_EQ(program->tensors[1].constant->describe(), "load \"w\" | row 16");
  const Channel& c = program->channels[0];
  EXPECT_EQ(c.producer, 0);
  EXPECT_EQ(c.consumer, 1);
  EXPECT_EQ(c.depth, 7);
  EXPECT_EQ(c.memory, MemoryKind::Uram);
  EXPECT_EQ(c.why, "room");
  EXPECT_EQ(program->memories[0].bytes, 18 * 64);
  EXPECT_EQ(program->memories[0].role, MemoryRole::Cache);
  EXPECT_EQ(program->memories[0].channel, 3);
  EXPECT_EQ(program->memories[1].bytes, 2 * 64);
  EXPECT_EQ(program->memories[1].segments[0].channel, 1);
  EXPECT_EQ(program->memories[1].segments[0].type.lanes, 8);
  EXPECT_EQ(program->memories[1].segments[1].channel, -1);
  EXPECT_EQ(program->memories[1].segments[1].first_word, 1);
  const Kernel& k = program->kernels[1];
  EXPECT_EQ(k.kind, "layer_norm");
  EXPECT_EQ(k.sizes, (std::map<std::string, int64_t>{{"Beats", 1}, {"L", 16}}));
  EXPECT_EQ(k.inputs.size(), 3U);
  EXPECT_EQ(k.inputs[0].type, c.type);
  EXPECT_EQ(k.inputs[2].channel, -1);
  EXPECT_EQ(k.memories, (std::vector<MemoryId>{0, 1}));
  EXPECT_EQ(k.reals.at("epsilon"), 1e-5f);
  EXPECT_TRUE(std::signbit(k.reals.at("other")));
  EXPECT_EQ(k.instance, "shared");
  EXPECT_EQ(k.body, (std::vector<std::string>{"add", "gelu_tanh"}));
  EXPECT_EQ(k.storage, (std::map<std::string, MemoryKind>{{"kept", MemoryKind::Uram},
                                                          {"row", MemoryKind::Bram}}));
  EXPECT_EQ(k.node, 12);
  EXPECT_EQ(k.origin, "h 0");
  EXPECT_EQ(k.group, 1);
}

struct Bad {
  const char* from;  ///< in the text above
  const char* to;
  const char* message;
};

TEST(ProgramText, ErrorsSayWhatIsWrong) {
  const Bad bad[] = {
      {"program", "prog", "expected 'program'"},
      {"\"toy\"", "toy", "expected the model's name in quotes"},
      {"precision w8a8", "w8a8", "expected 'precision'"},
      {"sequence<=4 pos", "sequence<=0 pos", "expected a whole number from 1 to 1099511627776"},
      {"groups 2", "groups many", "expected a whole number"},
      {"vocabulary 15", "vocabulary 0", "expected a whole number from 1 to 1099511627776"},
      {"tensor #0", "tensr #0", "expected tensor, channel, memory, segment or kernel"},
      {"tensor #1", "tensor #2", "expected #1: tensors are listed in order"},
      {"f32[16] = load", "f32[8] = load", "the constant is f32[16], the tensor f32[8]"},
      {"load \"w\"", "load \"v\"", "the model has no constant 'v'"},
      {"channel %c #0", "channel %c #3", "there is no tensor #3 above"},
      {"channel %\"odd name\"", "channel %c", "there is a channel 'c' already"},
      {"by 16, depth 7", "by 0, depth 7", "expected a whole number from 1 to 65536"},
      {"depth 7", "deep 7", "expected 'depth'"},
      {"7 uram", "7 flash", "expected a kind of memory: srl, lutram, bram, uram"},
      {"why \"room\"", "because", "expected the end of the line"},
      {"memory @params0 parameters", "memory @cache parameters",
       "there is a memory 'cache' already"},
      {"cache #2", "cash #2",
       "expected a role: input, output, parameters, table, cache, activation"},
      {"18 rows", "0 rows", "expected a whole number from 1 to 1099511627776"},
      {"18 rows of 1 x", "1000000000000 rows of 1000000000 x", "the memory is too large"},
      {"vector<8xf32>", "vector<8xf99>", "there is no element type 'f99'"},
      {"parameters, channel 0\n", "input #0 4 rows of 1 x vector<16xf32>, channel 0\n",
       "a segment stands below its memory, whose role is parameters"},
      {"words 0+1 %\"odd name\"", "words 0+1 odd",
       "expected a stream: %CHANNEL, or #TENSOR : itensor<...> by LANES"},
      {"words 0+1 %\"odd name\"", "words 0+1 %even", "there is no channel 'even' above"},
      {"kernel @k", "kernel @loader", "there is a kernel 'loader' already"},
      {"Beats=1, L", "L=1, L", "the kernel has size 'L' already"},
      {"group 1", "group -1", "expected a whole number from 0 to 65536"},
      {"(%c, %\"odd name\", #1", "(%c, %c, #1", "channel 'c' has a consumer already"},
      {"-> (%\"odd name\", %c)", "-> (%c, %c)", "channel 'c' has a producer already"},
      {"memories (@cache", "memories (@cash", "there is no memory 'cash' above"},
      {"reals (epsilon=1e-05, other", "reals (epsilon=1e-05, epsilon",
       "the kernel has real 'epsilon' already"},
      {"epsilon=1e-05", "epsilon=small", "expected a real number"},
      {"kept=uram", "kept=flash", "expected a kind of memory: srl, lutram, bram, uram"},
      {"kept=uram", "row=uram", "the kernel has storage for 'row' already"},
      {"node 12 \"h", "node 12 h", "expected the model's name of the node in quotes"},
  };
  for (const Bad& each : bad) {
    std::string text = Everything;
    const size_t at = text.find(each.from);
    ASSERT_NE(at, std::string::npos) << each.from;
    text.replace(at, std::string(each.from).size(), each.to);
    const auto program = parse_program(text, lookup, "a.txt");
    ASSERT_FALSE(program.ok()) << each.to;
    EXPECT_EQ(program.errors()[0].code, "E0311");
    EXPECT_EQ(program.errors()[0].message, each.message) << each.to;
    // The place is in what was put in, or right behind it.
    const std::string where = program.errors()[0].where;
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const bool here = where.find("line " + std::to_string(line + 1) + ",") != std::string::npos ||
                      where.find("line " + std::to_string(line + 2) + ",") != std::string::npos;
    EXPECT_TRUE(here) << each.to << ": " << where;
  }
  EXPECT_EQ(parse_program("", lookup).errors()[0].message, "the text holds no program");
  EXPECT_EQ(parse_program("\nprogram 1", lookup, "a.txt").errors()[0].where,
            "a.txt, line 2, column 9");
}

}  // namespace
}  // namespace st
