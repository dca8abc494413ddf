// SPDX-License-Identifier: Apache-2.0
// The verifier's rules on single kernels: one broken rule each, in a kernel that is sound
// otherwise.
#include <gtest/gtest.h>

#include "core/dataflow/kernels/convert.h"
#include "core/dataflow/verify.h"
#include "core/streams/converter.h"

namespace st {
namespace {

constexpr int64_t Rows = 4;
const Trip Sequences(Extent::symbol(Sequence), Rows);

/// A row of `beats` beats of `lanes` floats; streamed `passes` times where that is above 1.
StreamType rows(int64_t beats, int lanes, int64_t passes = 1) {
  if (passes == 1) return {{{1, lanes}, DType::F32, {Sequences, beats}, {1, lanes}, {0, 1}}, lanes};
  return {{{1, lanes}, DType::F32, {Sequences, passes, beats}, {1, 1, lanes}, {0, 2}}, lanes};
}

/// One kernel, and a tensor for each of its ports.
struct Single {
  Program program;
  Kernel kernel;

  explicit Single(const std::string& kind) {
    program.max_sequence = Rows;
    program.max_positions = 8;
    kernel.name = "k";
    kernel.kind = kind;
  }
  Single& in(const StreamType& type) { return port(kernel.inputs, type); }
  Single& out(const StreamType& type) { return port(kernel.outputs, type); }
  Single& sizes(std::map<std::string, int64_t> sizes) {
    kernel.sizes = std::move(sizes);
    return *this;
  }
  std::string problems() const {
    std::string all;
    const Report report = [&](const std::string&, const std::string& m) { all += m + "\n"; };
    verify_record(program, kernel, report);
    if (all.empty()) verify_shapes(program, kernel, report);
    return all;
  }

 private:
  Single& port(std::vector<Port>& ports, const StreamType& type) {
    const std::vector<int64_t> shape = max_shape(type.itensor);
    program.tensors.push_back(
        {"t", type.itensor.dtype, {Extent::symbol(Sequence), Extent(shape[1])}, nullptr});
    ports.push_back({static_cast<TensorId>(program.tensors.size()) - 1, type, -1});
    return *this;
  }
};

void expect_problem(const Single& single, const std::string& message) {
  const std::string all = single.problems();
  EXPECT_NE(all.find(message), std::string::npos) << message << ", but:\n" << all;
}

Single sound_map() {
  Single map("map");
  map.in(rows(3, 4)).in(rows(3, 4)).out(rows(3, 4)).sizes({{"L", 4}, {"Beats", 3}});
  map.kernel.body = {"gelu_tanh", "add"};
  return map;
}

TEST(KernelVerifier, OperationsOfAFoldedKernelTakeItsOperands) {
  EXPECT_EQ(sound_map().problems(), "");
  Single map = sound_map();
  map.kernel.body = {"gelu_tanh", "explode"};
  expect_problem(map, "there is no operation 'explode'");
  map.kernel.body = {"add", "add"};
  expect_problem(map, "its operations take 3 operands, it has 2");
  map.kernel.body.clear();
  expect_problem(map, "its operations take 1 operands, it has 2");
  map = sound_map();
  map.kernel.sizes["L"] = 2;
  expect_problem(map, "its result is not of f32 in beats of L");
  map = sound_map();
  map.kernel.inputs[1].type.itensor.dtype = DType::I32;
  expect_problem(map, "an operand is not of f32 in beats of L");
  map = sound_map();
  map.kernel.inputs[1].type = rows(3, 4, 2);
  expect_problem(map, "an operand comes in another order than the result goes");
}

TEST(KernelVerifier, GroupsHaveAScaleEach) {
  const auto quantise = [](int64_t group_beats, int64_t scales) {
    Single quantize("quantize_groups");
    StreamType bytes = rows(5, 4), scale = rows(scales, 1);
    bytes.itensor.dtype = DType::I8;
    quantize.in(rows(5, 4))
        .out(bytes)
        .sizes({{"L", 4}, {"Beats", 5}, {"GroupBeats", group_beats}, {"Repeat0", 1}});
    quantize.program.tensors.push_back(
        {"s", DType::F32, {Extent::symbol(Sequence), scales}, nullptr});
    quantize.kernel.outputs.push_back({2, scale, -1});
    return quantize;
  };
  EXPECT_EQ(quantise(2, 3).problems(), "");
  EXPECT_EQ(quantise(5, 1).problems(), "");
  expect_problem(quantise(2, 2), "its scales are not one for each group");
  expect_problem(quantise(4, 3), "its scales are not one for each group");
  expect_problem(quantise(6, 1), "a group is longer than a row");
}

TEST(KernelVerifier, ChosenMemoriesAreThoseOfItsArrays) {
  const auto quantise = [](int64_t repeats, std::map<std::string, MemoryKind> storage) {
    Single quantize("quantize_rows");
    StreamType bytes = rows(3, 4, repeats), scale = rows(1, 1);
    bytes.itensor.dtype = DType::I8;
    scale.itensor = {{1}, DType::F32, {Sequences}, {1}, {0}};
    quantize.in(rows(3, 4)).out(bytes).sizes({{"L", 4}, {"Beats", 3}, {"Repeat0", repeats}});
    quantize.program.tensors.push_back({"s", DType::F32, {Extent::symbol(Sequence)}, nullptr});
    quantize.kernel.outputs.push_back({2, scale, -1});
    quantize.kernel.storage = std::move(storage);
    return quantize;
  };
  using enum MemoryKind;
  EXPECT_EQ(quantise(2, {}).problems(), "");
  EXPECT_EQ(quantise(2, {{"row", Bram}, {"kept", LutRam}}).problems(), "");
  EXPECT_EQ(quantise(1, {{"row", Uram}}).problems(), "");
  expect_problem(quantise(2, {{"row", Bram}}), "array 'kept' has no memory");
  expect_problem(quantise(1, {{"row", Srl}}), "array 'row' cannot be shift registers");
  expect_problem(quantise(1, {{"row", Bram}, {"kept", Bram}}),
                 "it has memories for arrays that it has not, or that are registers");
}

/// From 1 x 4 tiles to the same row three times.
Single sound_converter() {
  Single convert("convert");
  convert.in(rows(3, 4)).out(rows(3, 4, 3)).sizes({{"Window", 12}});
  return convert;
}

TEST(KernelVerifier, AConverterHoldsWhatIsLive) {
  EXPECT_EQ(sound_converter().problems(), "");
  Single convert = sound_converter();
  convert.kernel.sizes["Window"] = 11;
  expect_problem(convert, "a buffer of 11 elements is too small: 12 are live at once");
  convert.kernel.sizes["Window"] = 13;
  expect_problem(convert, "its buffer is larger than its block");
  convert.kernel.sizes["Window"] = 0;  // a ping-pong
  EXPECT_EQ(convert.problems(), "");
  convert.out(rows(3, 4, 2));
  expect_problem(convert, "a ping-pong has one reader");
  convert.kernel.sizes["Window"] = 12;
  EXPECT_EQ(convert.problems(), "");
  convert.program.tensors[2].shape[1] = Extent(24);
  expect_problem(convert, "it makes another tensor than it takes");
}

TEST(KernelVerifier, SymbolsInsideABlockAskForAPingPong) {
  Single convert("convert");
  const StreamType columns = {{{1, 4}, DType::F32, {3, Sequences}, {4, 1}, {1, 0}}, 4};
  convert.in(rows(3, 4)).out(columns).sizes({{"Window", 48}});
  expect_problem(convert, "only a ping-pong suits trip counts that are symbolic");
  convert.kernel.sizes["Window"] = 0;
  EXPECT_EQ(convert.problems(), "");
}

TEST(KernelVerifier, AConverterOfEndlessStreamsIsNotPlanned) {
  Single convert("convert");
  const int64_t many = int64_t{1} << 27;
  convert.in(rows(many, 4)).out(rows(many, 4, 3)).sizes({{"Window", 4 * many}});
  expect_problem(convert, "its streams are too long");
}

TEST(KernelVerifier, AnAdapterKeepsTheOrder) {
  Single adapt("adapt");
  adapt.in(rows(3, 8)).out(rows(4, 6)).sizes({{"LIn", 8}, {"LOut", 6}, {"BeatsOut", 4}});
  EXPECT_EQ(adapt.problems(), "");
  adapt.kernel.sizes["LOut"] = 4;
  expect_problem(adapt, "its sizes are not those of its streams");
  Single turns("adapt");
  turns.in(rows(3, 8)).out(rows(3, 8, 2)).sizes({{"LIn", 8}, {"LOut", 8}, {"BeatsOut", 6}});
  expect_problem(turns, "both sides are not in the same order");
}

TEST(KernelVerifier, PartsMakeUpTheWhole) {
  Single concat("concat");
  concat.in(rows(1, 4)).in(rows(2, 4)).out(rows(3, 4));
  concat.sizes({{"L", 4}, {"Part0", 1}, {"Part1", 2}});
  EXPECT_EQ(concat.problems(), "");
  concat.kernel.sizes["Part1"] = 1;
  expect_problem(concat, "part 1 is not as wide as its size says");
  Single split("split");
  split.in(rows(4, 4)).out(rows(1, 4)).out(rows(2, 4));
  split.sizes({{"L", 4}, {"Part0", 1}, {"Part1", 2}});
  expect_problem(split, "the parts do not make up the whole");
}

TEST(KernelVerifier, AJoinTakesItsInputsInTurn) {
  Single join("join");
  join.in(rows(2, 4)).in(rows(2, 4)).out(rows(4, 4)).sizes({{"L", 4}, {"Beats", 2}});
  EXPECT_EQ(join.problems(), "");
  join.kernel.sizes["Beats"] = 1;
  expect_problem(join, "the inputs differ in type, or are not of Beats beats");
  Single few("join");
  few.in(rows(2, 4)).in(rows(2, 4)).out(rows(3, 4)).sizes({{"L", 4}, {"Beats", 2}});
  expect_problem(few, "the output does not take the beats of all inputs");
}

TEST(KernelVerifier, AReshapeKeepsBeatsAndOrder) {
  Single same("reassociate");
  same.in(rows(6, 4)).out(rows(6, 4)).sizes({{"L", 4}, {"Beats", 6}});
  EXPECT_EQ(same.problems(), "");
  same.kernel.sizes["Beats"] = 5;
  expect_problem(same, "the beats of both shapes differ");
  Single again("reassociate");
  again.in(rows(6, 4)).out(rows(3, 4, 2)).sizes({{"L", 4}, {"Beats", 6}});
  expect_problem(again, "only streams in the order of their tensor are reshaped");
}

TEST(KernelVerifier, LoopsMoveWhatTypesSay) {
  Single fork("fork");
  fork.in(rows(3, 4)).out(rows(3, 4)).out(rows(3, 4)).sizes({{"L", 4}, {"Beats", 2}});
  expect_problem(fork, "its loops move 2 beats through in0, the type of the stream says 3");
  // As many beats, in other loops: columns of beats before rows of them.
  Single turned("split");
  const StreamType columns = {{{1, 4}, DType::F32, {3, Sequences}, {4, 1}, {1, 0}}, 4};
  turned.in(columns).out(rows(1, 4)).out(rows(2, 4));
  turned.sizes({{"L", 4}, {"Part0", 1}, {"Part1", 2}});
  EXPECT_EQ(turned.problems(), "");  // several loops serve in0, so only beats count
  Single norm("rms_norm");
  norm.in(columns).in(rows(3, 4)).out(rows(3, 4)).sizes({{"L", 4}, {"Beats", 3}, {"Repeat0", 1}});
  norm.program.tensors[1].shape.erase(norm.program.tensors[1].shape.begin());
  norm.kernel.reals = {{"epsilon", 1e-5f}};
  expect_problem(norm, "the loops around in0 are not those of its type");
}

TEST(KernelVerifier, HeadsTakeTheSameScale) {
  const auto norm = [](const StreamType& scale) {
    Single norm("rms_norm_heads");
    norm.in(rows(6, 4)).in(rows(1, 4)).out(rows(6, 4));
    norm.sizes({{"L", 4}, {"Beats", 2}, {"Heads", 3}});
    norm.kernel.reals = {{"epsilon", 1e-5f}};
    norm.program.tensors[1].shape = {8};
    norm.kernel.inputs[1].type = scale;
    return norm;
  };
  EXPECT_EQ(norm({{{4}, DType::F32, {Sequences, 3, 2}, {1, 1, 4}, {2}}, 4}).problems(), "");
  // Each beat three times, and for the rows of a launch in turn.
  const std::string message = "rms_norm_heads: the scale does not come once for each head";
  expect_problem(norm({{{4}, DType::F32, {Sequences, 2, 3}, {1, 4, 1}, {1}}, 4}), message);
  expect_problem(norm({{{4}, DType::F32, {3, Sequences, 2}, {1, 1, 4}, {2}}, 4}), message);
  Single wide = norm({{{4}, DType::F32, {Sequences, 3, 2}, {1, 1, 4}, {2}}, 4});
  wide.program.tensors[1].shape = {24};
  expect_problem(wide, "the sizes of this rms_norm_heads are not those of");
}

TEST(KernelVerifier, BuffersFitSomeDevice) {
  Single norm("rms_norm");
  const int64_t beats = int64_t{1} << 28;
  norm.in(rows(beats, 4)).in(rows(beats, 4)).out(rows(beats, 4));
  norm.sizes({{"L", 4}, {"Beats", beats}, {"Repeat0", 1}});
  norm.program.tensors[1].shape.erase(norm.program.tensors[1].shape.begin());
  norm.kernel.reals = {{"epsilon", 1e-5f}};
  expect_problem(norm, "its buffers are larger than any device");
}

TEST(KernelVerifier, RowsInMemoryHaveTablesOfAReasonableSize) {
  const auto load = [](int64_t beats) {
    Single load("load_rows");
    load.out(rows(beats, 4)).sizes({{"L", 4}, {"Beats", beats}});
    Memory memory;
    memory.tensor = load.kernel.outputs[0].tensor;
    memory.lanes = 4;
    memory.beats = beats;
    memory.rows = Rows;
    load.program.memories = {memory};
    load.kernel.memories = {0};
    return load;
  };
  EXPECT_EQ(load(7).problems(), "");
  expect_problem(load((int64_t{1} << 28) + 1), "its rows have more than 2^28 beats");
}

TEST(KernelVerifier, NodesOfOneInstanceNeedTheSameHardware) {
  Single one = sound_map();
  Program program = one.program;
  // Memories for the ends, so that the program stands by itself.
  program.kernels = {one.kernel, one.kernel};
  for (int i = 0; i < 2; ++i) {
    Kernel& k = program.kernels[static_cast<size_t>(i)];
    k.name = "k" + std::to_string(i);
    k.instance = "shared";
    const DataTensor result = program.tensors[2];
    program.tensors.push_back(result);
    k.outputs[0].tensor = static_cast<TensorId>(program.tensors.size()) - 1;
  }
  EXPECT_TRUE(verify(program).ok());
  program.kernels[1].body = {"relu", "add"};
  Status status = verify(program);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors()[0].message, "instance 'shared' is other hardware for 'k0'");
  program.kernels[1].body = program.kernels[0].body;
  status = verify_complete(program);
  ASSERT_FALSE(status.ok());
  std::string all;
  for (const Diagnostic& problem : status.errors()) all += problem.message + "\n";
  EXPECT_NE(all.find("does the work of several kernels"), std::string::npos) << all;
}

}  // namespace
}  // namespace st
