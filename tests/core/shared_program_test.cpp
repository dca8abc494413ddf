// SPDX-License-Identifier: Apache-2.0
// The program of a shared engine: what the verifier refuses in it, and kernels that pass rows from
// layer to layer.
#include <algorithm>
#include <functional>

#include "core/dataflow/instances.h"
#include "core/dataflow/interpreter.h"
#include "core/dataflow/kernel_record.h"
#include "core/dataflow/parse.h"
#include "core/dataflow/units.h"
#include "core/platform/target.h"
#include "core/resources/program_network.h"
#include "tests/common/builds.h"
#include "tests/common/status_text.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

const Program& sound() {
  static const Program program = [] {
    Request request = shared_design("adder");
    request.synth = "none";
    return program_of(built(request));
  }();
  return program;
}

/// The first kernel of a kind.
Kernel& kernel(Program& program, const std::string& kind) {
  for (Kernel& each : program.kernels) {
    if (each.kind == kind) return each;
  }
  ADD_FAILURE() << "no " << kind;
  return program.kernels[0];
}

void set_entries(Program& program, const std::vector<int64_t>& flags) {
  kernel(program, "enter_layers").sizes["Entry"] = flags[0];
  kernel(program, "enter_layers").layer_sizes["Entry"] = flags;
}

/// Layers that hand on a tensor, as they do elsewhere.
void stop_streaming(Program& program) {
  const TensorId rows = kernel(program, "enter_layers").outputs[0].tensor;
  program.layers = {program.layers.count, rows, rows, rows, rows, false};
}

/// The channels of a FIFO, in order.
std::vector<Channel*> channels(Program& program, const std::string& fifo) {
  std::vector<Channel*> found;
  for (Channel& channel : program.channels) {
    if (channel.fifo == fifo) found.push_back(&channel);
  }
  EXPECT_GE(found.size(), 2U) << fifo;
  return found;
}

/// Puts two kernels in each other's place.
void swap_kernels(Program& program, KernelId a, KernelId b) {
  std::swap(program.kernels[static_cast<size_t>(a)], program.kernels[static_cast<size_t>(b)]);
  const auto moved = [&](KernelId& k) { k = k == a ? b : k == b ? a : k; };
  for (Channel& channel : program.channels) {
    moved(channel.producer);
    moved(channel.consumer);
  }
}

KernelId id_of(const Program& program, const std::string& kind, size_t which) {
  for (size_t k = 0; k < program.kernels.size(); ++k) {
    if (program.kernels[k].kind == kind && which-- == 0) return static_cast<KernelId>(k);
  }
  ADD_FAILURE() << "not as many " << kind;
  return 0;
}

Kernel& node(Program& program, const std::string& kind, size_t which) {
  return program.kernels[static_cast<size_t>(id_of(program, kind, which))];
}

TEST(SharedProgram, IsSoundAndReadsBack) {
  EXPECT_EQ(text_of(verify(sound())), "");
  EXPECT_EQ(text_of(verify_complete(sound())), "");
  EXPECT_TRUE(sound().layers.streamed);
  const auto again = parse_program(text_of(sound()), any_constant());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(text_of(*again), text_of(sound()));
}

/// Rows of keys and of values take turns where a launch has several, and as one text says.
TEST(SharedProgram, OfSeveralRowsAlternates) {
  Request request = shared_design("adder", "w4a8");
  request.synth = "none";
  request.token_lanes = request.token_tiles = 2;
  const Program several = program_of(built(request));
  EXPECT_EQ(text_of(verify(several)), "");
  int alternate = 0;
  for (const Kernel& each : several.kernels) {
    alternate += each.alternates;
    EXPECT_EQ(each.alternates, each.kind == "quantize_heads" && !each.instance.empty() &&
                                   (&each)[-1].instance == each.instance)
        << each.name;
  }
  EXPECT_EQ(alternate, 1);
  // A call for each row, whose pipeline runs empty.
  const Network network = network_of(several, 0, *find_target("u280"), {});
  const auto task = std::find_if(network.tasks.begin(), network.tasks.end(), [](const auto& each) {
    return each.name == "quantize_heads_of_all";
  });
  ASSERT_NE(task, network.tasks.end());
  const NetworkItem& rows = task->items.at(0).items.at(0);
  EXPECT_EQ(rows.trips, Extent::symbol(Sequence));
  EXPECT_EQ(rows.items.size(), 2U);
  for (const NetworkItem& call : rows.items) EXPECT_TRUE(call.drain);
  const auto again = parse_program(text_of(several), any_constant());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(text_of(*again), text_of(several));
}

/// Operators of one kind in a kernel.
int64_t operators(const Program& program, const Kernel& kernel, Operator op) {
  int64_t number = 0;
  for (const OperatorUse& use : datapath_of(program, kernel).uses)
    number += use.op == op ? use.operators() : 0;
  return number;
}

TEST(SharedProgram, AttentionTakesTurnsOnTheMultipliersOfLinearLayers) {
  Program program = sound();
  for (const KernelId k : distinct_hardware(program, program.kernels_of(0))) {
    const Kernel& each = program.kernels[static_cast<size_t>(k)];
    if (each.kind != "multiply_stripes" && each.kind != "attend") continue;
    const int64_t own = each.kind == "attend" ? 0 : 64 * each.sizes.at("Ports");
    EXPECT_EQ(operators(program, each, Operator::MultiplyAdd), own) << each.name;
  }
  Kernel& alone = kernel(program, "attend");
  alone.instance = "";
  EXPECT_EQ(operators(program, alone, Operator::MultiplyAdd), 64 * alone.sizes.at("Ports"));
}

TEST(SharedProgram, BrokenOnesAreRefused) {
  struct Rule {
    const char* message;
    std::function<void(Program&)> broken;
  };
  const std::vector<Rule> rules = {
      {"Entry is true of one layer alone",
       [](Program& p) {
         set_entries(p, {0, 1, 0});
       }},
      {"Entry is true of one layer alone",
       [](Program& p) {
         set_entries(p, {1, 0, 1});
       }},
      {"Exit is true of one layer alone",
       [](Program& p) {
         kernel(p, "leave_layers").layer_sizes["Exit"] = {0, 0, 0};
       }},
      {"Exit is told for each layer",
       [](Program& p) { kernel(p, "leave_layers").layer_sizes.clear(); }},
      {"there are no layers that are streamed",
       [](Program& p) {
         kernel(p, "enter_layers").layered = false;
         kernel(p, "enter_layers").layer_sizes.clear();
       }},
      {"there are no layers that are streamed", stop_streaming},
      {"only kernels that walk the layers feed back", stop_streaming},
      {"FIFOs are shared where layers are streamed", stop_streaming},
      {"the rows differ", [](Program& p) { kernel(p, "leave_layers").sizes["Beats"] += 1; }},
      {"is called or built otherwise", [](Program& p) { channels(p, "columns0")[1]->depth += 1; }},
      {"is called or built otherwise",
       [](Program& p) { channels(p, "results0")[1]->fifo = "results1"; }},
      {"is called or built otherwise",
       [](Program& p) { channels(p, "columns0")[0]->fifo = "columns1"; }},
      {"two instances write this FIFO",
       [](Program& p) {
         p.kernels[static_cast<size_t>(channels(p, "columns0")[1]->producer)].instance = "";
       }},
      {"two instances read this FIFO",
       [](Program& p) {
         p.kernels[static_cast<size_t>(channels(p, "results1")[1]->consumer)].instance = "other";
       }},
      // A slice multiplies in another order than it is fed.
      {"streams are read in another order than written",
       [](Program& p) {
         swap_kernels(p, id_of(p, "multiply_stripes", 2), id_of(p, "multiply_stripes", 4));
       }},
      {"the consumer stands before the producer",
       [](Program& p) {
         for (DataTensor& tensor : p.tensors) tensor.fed_back = false;
       }},
      {"it alternates with a node before it, and there is none",
       [](Program& p) { kernel(p, "layer_norm").alternates = true; }},
      {"it needs what a node makes with which it alternates",
       [](Program& p) { node(p, "layer_norm", 1).alternates = true; }},
      {"nodes that alternate are of the layers, and one loop over rows each",
       [](Program& p) { node(p, "layer_norm", 2).alternates = true; }},
      {"nodes that alternate are of the layers, and one loop over rows each",
       [](Program& p) { node(p, "feed_rows", 1).alternates = true; }},
      {"nodes alternate where layers are streamed",
       [](Program& p) {
         node(p, "layer_norm", 1).alternates = true;
         stop_streaming(p);
       }},
      {"is other hardware for", [](Program& p) { kernel(p, "multiply_stripes").unit = "decoder"; }},
  };
  for (const Rule& rule : rules) {
    Program program = sound();
    rule.broken(program);
    const std::string problems = text_of(verify(program));
    EXPECT_NE(problems.find(rule.message), std::string::npos)
        << rule.message << ", but: " << problems;
  }
}

TEST(SharedProgram, AUnitWithACycleIsRefused) {
  Program program = sound();
  for (Kernel& each : program.kernels) {
    if (each.unit == "feeder") each.unit = "engine0";
  }
  EXPECT_EQ(text_of(verify(program)), "");
  const std::string problems = text_of(verify_complete(program));
  EXPECT_NE(problems.find("instances of one unit are a cycle"), std::string::npos) << problems;
}

/// A layer that adds a row of its own: enter, add, leave.
class Layers {
 public:
  Layers(int64_t count, int64_t tokens) : tokens_(tokens) {
    program_.model = "rows that are added";
    program_.max_sequence = tokens;
    program_.max_positions = 8;
    program_.layers = {count, -1, -1, -1, -1, true};
    add("load_x", "load_rows", "feeder", false);
    add("enter", "enter_layers", "feeder", true);
    add("params", "load_params", "decoder", true);
    add("sum", "add", "decoder", true);
    add("leave", "leave_layers", "decoder", true);
    add("store_y", "store_rows", "decoder", false);
    flags("enter", "Entry", 0);
    flags("leave", "Exit", static_cast<size_t>(count) - 1);
    of("store_y").behind = true;
    join("load_x", "enter");
    join("leave", "enter");
    program_.tensors.back().fed_back = true;
    join("enter", "sum");
    join("params", "sum");
    join("sum", "leave");
    join("leave", "store_y");
    memories();
  }

  Program program_;
  int64_t tokens_;
  static constexpr int64_t Lanes = 4, Beats = 3, Width = Lanes * Beats;

  [[nodiscard]] ChannelId channel(const std::string& name) const {
    const auto found = std::find_if(program_.channels.begin(), program_.channels.end(),
                                    [&](const Channel& each) { return each.name == name; });
    return static_cast<ChannelId>(found - program_.channels.begin());
  }

  [[nodiscard]] static std::vector<float> addend(int64_t layer) {
    std::vector<float> row;
    for (int64_t i = 0; i < Width; ++i) row.push_back(static_cast<float>(i + 100 * layer));
    return row;
  }

 private:
  Kernel& of(const std::string& name) {
    return *std::find_if(program_.kernels.begin(), program_.kernels.end(),
                         [&](const Kernel& kernel) { return kernel.name == name; });
  }
  void add(const std::string& name, const std::string& kind, const std::string& unit,
           bool layered) {
    Kernel made;
    made.name = name;
    made.kind = kind;
    made.unit = unit;
    made.layered = layered;
    if (kind != "load_params") made.sizes = {{"L", Lanes}, {"Beats", Beats}};
    program_.kernels.push_back(made);
  }
  void flags(const std::string& name, const std::string& flag, size_t layer) {
    std::vector<int64_t> all(static_cast<size_t>(program_.layers.count), 0);
    all[layer] = 1;
    of(name).sizes[flag] = all[0];
    of(name).layer_sizes[flag] = all;
  }
  void join(const std::string& from, const std::string& to) {
    // One row leaves the layers.
    const bool outside = to == "store_y";
    const Trip rows = outside ? Trip(1) : Trip{Extent::symbol(Sequence), tokens_};
    const StreamType type = {
        {{1, Lanes}, DType::F32, {rows, Beats}, {1, Lanes}, {0, 1}, ElementForm::Vector}, Lanes};
    StreamType parameter = type;
    parameter.itensor.elem = {Lanes};
    parameter.itensor.steps = {1, Lanes};
    parameter.itensor.map = {1};
    const bool constant = from == "params";
    DataTensor tensor;
    tensor.name = from + "_to_" + to;
    tensor.shape = {rows.count, Extent(Width)};
    if (constant) {
      std::vector<std::shared_ptr<const ConstantSource>> rows;
      for (int64_t layer = 0; layer < program_.layers.count; ++layer)
        rows.push_back(constant_of(Tensor{{Width}, addend(layer)}));
      tensor.shape = {Extent(Width)};
      tensor.constant = layered_constant(rows);
    }
    program_.tensors.push_back(tensor);
    Channel channel;
    channel.name = tensor.name;
    channel.tensor = static_cast<TensorId>(program_.tensors.size()) - 1;
    channel.type = constant ? parameter : type;
    channel.producer = static_cast<KernelId>(&of(from) - program_.kernels.data());
    channel.consumer = static_cast<KernelId>(&of(to) - program_.kernels.data());
    channel.depth = from == "leave" ? Beats * tokens_ : 2;
    const Port port = {channel.tensor, channel.type,
                       static_cast<ChannelId>(program_.channels.size())};
    program_.channels.push_back(channel);
    of(from).outputs.push_back(port);
    of(to).inputs.push_back(port);
  }
  void memories() {
    for (const std::string name : {"load_x", "store_y"}) {
      Memory made;
      made.name = name + "_memory";
      made.role = name == "load_x" ? MemoryRole::Input : MemoryRole::Output;
      made.tensor = (name == "load_x" ? of(name).outputs : of(name).inputs)[0].tensor;
      made.lanes = Lanes;
      made.beats = Beats;
      made.rows = name == "load_x" ? tokens_ : 1;
      made.bytes = bytes_of(made);
      of(name).memories = {static_cast<MemoryId>(program_.memories.size())};
      program_.memories.push_back(made);
    }
    const Port& port = of("params").outputs[0];
    Memory file;
    file.name = "file";
    file.role = MemoryRole::Parameters;
    file.copies = program_.layers.count;
    file.segments = {{port.tensor, port.channel, port.type, 0, 1, true}};
    file.bytes = bytes_of(file);
    of("params").memories = {static_cast<MemoryId>(program_.memories.size())};
    program_.memories.push_back(file);
  }
};

TEST(SharedProgram, RowsGoFromLayerToLayer) {
  for (const int64_t count : {int64_t{2}, int64_t{5}}) {
    for (const int64_t tokens : {int64_t{1}, int64_t{3}}) {
      SCOPED_TRACE(std::to_string(count) + " layers, " + std::to_string(tokens) + " tokens");
      const Layers layers(count, tokens);
      ASSERT_EQ(text_of(verify(layers.program_)), "");
      std::vector<float> x, y;
      for (int64_t i = 0; i < tokens * Layers::Width; ++i) {
        x.push_back(0.5f * static_cast<float>(i));
        y.push_back(x.back());
        for (int64_t layer = 0; layer < count; ++layer)
          y.back() += Layers::addend(layer)[static_cast<size_t>(i % Layers::Width)];
      }
      ProgramInterpreter interpreter(layers.program_);
      interpreter.state()[0] = Tensor{{tokens, Layers::Width}, x};
      ASSERT_EQ(text_of(interpreter.launch(tokens, 0)), "");
      const std::vector<float> last(y.end() - Layers::Width, y.end());
      EXPECT_EQ(interpreter.state().at(1).f32(), last);
    }
  }
}

/// Without results rows end behind the last layer: what is stored stays as it was.
TEST(SharedProgram, LaunchesWithoutResultsStopBehindTheLayers) {
  const Layers layers(3, 1);
  ProgramInterpreter interpreter(layers.program_);
  interpreter.record({layers.channel("enter_to_sum"), layers.channel("leave_to_store_y")});
  const auto launch = [&](float x, int64_t results) {
    interpreter.state()[0] = Tensor{{1, Layers::Width}, std::vector<float>(Layers::Width, x)};
    EXPECT_EQ(text_of(interpreter.launch(1, 0, results)), "");
  };
  launch(1.0f, 1);
  const std::vector<float> stored = interpreter.state().at(1).f32();
  EXPECT_EQ(stored[0], 1.0f + 0 + 100 + 200);
  launch(2.0f, 0);
  EXPECT_EQ(interpreter.state().at(1).f32(), stored);
  constexpr auto RowBytes = static_cast<size_t>(Layers::Width) * sizeof(float);
  EXPECT_EQ(interpreter.recorded().at(layers.channel("enter_to_sum")).size(), 3 * RowBytes);
  EXPECT_EQ(interpreter.recorded().at(layers.channel("leave_to_store_y")).size(), 0U);
  launch(2.0f, 1);
  EXPECT_EQ(interpreter.state().at(1).f32()[0], stored[0] + 1.0f);
}

/// What goes to the next layer has to have room: all of its rows.
TEST(SharedProgram, ShallowFifosBetweenLayersStopIt) {
  Layers layers(2, 5);
  const auto back =
      std::find_if(layers.program_.channels.begin(), layers.program_.channels.end(),
                   [](const Channel& channel) { return channel.name == "leave_to_enter"; });
  back->depth = 3;
  ProgramInterpreter interpreter(layers.program_);
  interpreter.state()[0] = Tensor::zeros(DType::F32, {5, Layers::Width});
  const std::string problem = text_of(interpreter.launch(5, 0));
  EXPECT_NE(problem.find("a deadlock"), std::string::npos) << problem;
  EXPECT_NE(problem.find("'leave_to_enter' (full: 3 of 3)"), std::string::npos) << problem;
}

}  // namespace
}  // namespace st::test
