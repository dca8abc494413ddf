// SPDX-License-Identifier: Apache-2.0
#include "core/resources/allocate.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/convert.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/resources/fifo_problem.h"
#include "core/resources/memory.h"
#include "core/resources/memory_traffic.h"
#include "core/streams/repeats.h"

namespace st {
namespace {

bool is_parameter(const Program& program, const Port& port) {
  return program.tensors[port.tensor].constant != nullptr;
}

/// True if a row of this stream is as long as the context: it cannot be held, and the kernels that
/// make it hold their inputs instead.
bool grows_with_position(const StreamType& type) {
  for (const Trip& trip : type.itensor.trips) {
    if (trip.count.terms().count(Past) != 0) return true;
  }
  return false;
}

/// True if a converter can take a whole row whatever its readers do: it has room for a block, and a
/// row is no more than that.
bool holds_row(const Program& program, const Kernel& converter) {
  const ConversionPlan plan = plan_of_converter(converter);
  const int64_t window = converter_window(converter);
  int64_t blocks = 1;
  for (int l = 0; l < plan.shared; ++l) blocks *= plan.source.trips[static_cast<size_t>(l)].bound;
  return (window == 0 || window >= block_elements(plan)) && blocks <= program.max_sequence;
}

/// True if a kernel streams its row several times, to readers that may not take it all at once.
bool sends_again(const Kernel& kernel) {
  if (!kernel_record(kernel.kind).holds_row) return false;
  const std::vector<int64_t> repeats = kernel.sizes_named("Repeat");
  return std::any_of(repeats.begin(), repeats.end(), [](int64_t times) { return times > 1; });
}

/// True if a kernel reads several outputs of `producer`.
bool joins_outputs_of(const Program& program, const Kernel& kernel, const Kernel& producer) {
  return std::count_if(kernel.inputs.begin(), kernel.inputs.end(), [&](const Port& port) {
           return &program.kernels[program.channels[port.channel].producer] == &producer;
         }) > 1;
}

/// Passes of which one is no more than a percent.
constexpr int64_t ManyPasses = 100;

/// True if the writer of a stream does nothing but send the row that it holds, many times, to one
/// reader: however long it waits there, it begins the next row at most a pass too late.
bool may_wait(const Program& program, const Channel& channel) {
  const Kernel& producer = program.kernels[channel.producer];
  if (!kernel_record(producer.kind).holds_row) return false;
  const std::vector<int64_t> passes = producer.sizes_named("Repeat");
  return passes.size() == 1 && passes[0] >= ManyPasses &&
         producer.outputs[0].tensor == channel.tensor;
}

struct Floor {
  int64_t depth = 0;
  const char* why = "";
};

/// Least depth that rules out deadlock at an input of `kernel`.
Floor floor_of(const Program& program, const Kernel& kernel, const Port& port) {
  int streams = 0, parameters = 0;
  for (const Port& other : kernel.inputs) ++(is_parameter(program, other) ? parameters : streams);
  const int64_t row = beats_per_row(program, port.type);
  if (is_parameter(program, port)) {
    // A matrix needs no room: its kernel reads it alone, at its own pace.
    const bool vector = port.type.itensor.elem.size() == 1;
    if (parameters > 1 && vector)
      return {row, "one row: its loader may write the other parameters of the kernel first"};
    // Its first pass takes parameters while its reader may wait for the same loader.
    if (sends_again(kernel) && vector)
      return {row, "one row: the kernel's reader may wait for its own parameters first"};
    return {};
  }
  const Kernel& producer = program.kernels[program.channels[port.channel].producer];
  if (producer.kind == "convert") {
    // Its buffer holds what the row needs; unless that is less than a row, which the producer then
    // cannot finish while the reader waits for something else.
    if (!holds_row(program, producer)) return {row, "one row: the converter before it holds less"};
    if (joins_outputs_of(program, kernel, producer))
      return {row, "one row: the converter before it sends the kernel's other input later"};
    return {};
  }
  // A kernel that streams its row several times holds it, and sends it to linear layers in the
  // order in which their loaders serve them.
  const auto once = row_of(port.type);
  if (is_matmul(kernel) && kernel_record(producer.kind).holds_row && once &&
      beats_per_row(program, *once) < row) {
    // One that sends its first pass while the row still comes could else not take all of it.
    if (!kernel_record(producer.kind).row_barrier && port.tensor == producer.outputs[0].tensor)
      return {beats_per_row(program, *once), "one row: its writer sends it while it still comes"};
    return {};
  }
  if (streams + (parameters > 0 ? 1 : 0) > 1 && !grows_with_position(port.type))
    return {row, "one row waits here for the kernel's other inputs"};
  return {};
}

std::string reason_text(const FifoProblem& problem, const FifoSolution& solution, int edge,
                        const Floor& floor) {
  if (solution.reason[edge] == DepthReason::Floor) return floor.why;
  return describe(problem, solution, edge);
}

/// A loader runs ahead of its kernels as far as FIFOs let it, and waiting costs it nothing: its
/// streams are no part of the LP.
void size_parameter_channel(Channel& channel, const Floor& floor) {
  // UG1399: 64 cycles is the read latency that the tool assumes for an m_axi port.
  constexpr int64_t ReadLatency = 64;
  channel.depth =
      std::min(std::max(floor.depth, ReadLatency), std::max<int64_t>(2, channel.type.max_beats()));
  channel.why = floor.depth > ReadLatency ? floor.why : "hides the latency of a memory read";
  channel.memory = choose_fifo_memory(channel.type.beat_bits(), channel.depth);
}

/// Bounds of the model may be so large that a launch would take days; the numbers of such a launch
/// are past what the LP computes with. Errors: E0403.
Status check_launch(const Program& program, int group, int64_t row_cycles) {
  Diagnostics problems;
  auto check = [&](const std::string& what, double need, int64_t most) {
    if (need <= static_cast<double>(most)) return;
    char number[32];
    std::snprintf(number, sizeof number, "%.3g", need);
    problems.push_back({"E0403",
                        "one launch of group " + std::to_string(group) + " is too long",
                        "",
                        {"it takes " + std::string(number) + " " + what + " (predicted)",
                         "at most " + std::to_string(most) + " are supported"},
                        "choose smaller bounds with --dim"});
  };
  const auto rows = static_cast<double>(program.max_sequence);
  // Each task has a latency and an initial delay.
  const auto times = 2.0 * static_cast<double>(program.kernels_of(group).size());
  check("cycles over all kernels", static_cast<double>(row_cycles) * rows * times, MostFifoCycles);
  int64_t longest = 0;
  for (ChannelId c : program.channels_of(group))
    longest = std::max(longest, program.channels[c].type.max_beats());
  check("beats on one stream", static_cast<double>(longest), MostFifoTokens);
  return problems;
}

Status size_group(Program& program, int group) {
  FifoProblem problem;
  std::map<KernelId, int> task_of;
  const std::vector<KernelId> kernels = program.kernels_of(group);
  int64_t row_cycles = 1;
  for (KernelId k : kernels)
    row_cycles = std::max(row_cycles, cost_of(program, program.kernels[k]).row_cycles);
  ST_CHECK(check_launch(program, group, row_cycles));
  for (KernelId k : kernels) {
    const Kernel& kernel = program.kernels[k];
    // At the pace of the slowest kernel a row takes row_cycles to arrive, and so does the first
    // output after a row barrier.
    // What is sent again waits for the row, even if the first pass does not.
    const bool barrier = cost_of(program, kernel).row_barrier || sends_again(kernel);
    task_of[k] = static_cast<int>(problem.tasks.size());
    problem.tasks.push_back(
        {kernel.name, row_cycles * program.max_sequence, barrier ? row_cycles : 1});
  }
  std::vector<ChannelId> sized;
  std::vector<Floor> floors;
  for (ChannelId c : program.channels_of(group)) {
    Channel& channel = program.channels[c];
    const Kernel& consumer = program.kernels[channel.consumer];
    auto port = std::find_if(consumer.inputs.begin(), consumer.inputs.end(),
                             [&](const Port& p) { return p.channel == c; });
    const Floor floor = floor_of(program, consumer, *port);
    if (is_parameter(program, *port)) {
      size_parameter_channel(channel, floor);
      continue;
    }
    sized.push_back(c);
    floors.push_back(floor);
    problem.edges.push_back({task_of[channel.producer], task_of[channel.consumer],
                             channel.type.max_beats(), channel.type.beat_bits(), floor.depth});
  }
  ST_TRY(solution, size_fifos(problem));
  ST_CHECK(verify(problem, solution));
  for (size_t e = 0; e < sized.size(); ++e) {
    Channel& channel = program.channels[sized[e]];
    channel.depth = solution.depth[e];
    channel.why = reason_text(problem, solution, static_cast<int>(e), floors[e]);
    const int64_t enough = std::max(WaitingDepth, floors[e].depth);
    if (channel.depth > enough && may_wait(program, channel)) {
      channel.depth = enough;
      channel.why = "its writer holds the row: waiting costs it a pass of " +
                    std::to_string(program.kernels[channel.producer].sizes.at("Repeat0"));
    }
    channel.memory = choose_fifo_memory(channel.type.beat_bits(), channel.depth);
  }
  return {};
}

}  // namespace

Status size_channels(Program& program) {
  for (int group = 0; group < program.groups; ++group) ST_CHECK(size_group(program, group));
  return {};
}

std::vector<int64_t> fifo_floors(const Program& program) {
  std::vector<int64_t> floors;
  for (size_t c = 0; c < program.channels.size(); ++c) {
    const Kernel& consumer = program.kernels[program.channels[c].consumer];
    const auto port = std::find_if(consumer.inputs.begin(), consumer.inputs.end(),
                                   [&](const Port& p) { return p.channel == static_cast<int>(c); });
    floors.push_back(floor_of(program, consumer, *port).depth);
  }
  return floors;
}

Status assign_memory_channels(Program& program, const Target& target) {
  for (const ChannelsOfKind& kind : channel_problems_of(program, target)) {
    ST_TRY(solution, assign_channels(kind.problem));
    for (size_t i = 0; i < kind.memories.size(); ++i)
      program.memories[static_cast<size_t>(kind.memories[i])].channel =
          kind.first_channel + solution.channel[i];
  }
  return {};
}

}  // namespace st
