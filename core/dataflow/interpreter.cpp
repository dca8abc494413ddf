// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/interpreter.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <set>

#include "core/dataflow/instances.h"

namespace st {
namespace {

size_t beat_bytes(const StreamType& type) { return static_cast<size_t>(type.beat_bytes()); }

Nest without_bodies(Nest nest) {
  for (NestItem& item : nest) {
    item.body = nullptr;
    item.items = without_bodies(std::move(item.items));
  }
  return nest;
}

/// Who takes parameters whole in a group, and which outputs of loaders are left over thereby.
struct WholeParameters {
  std::set<KernelId> takers;
  std::map<KernelId, std::vector<int>> skipped;

  WholeParameters() = default;
  WholeParameters(const Program& program, int group) {
    for (KernelId k : program.kernels_of(group)) {
      const Kernel& kernel = program.kernels[k];
      const KernelRecord& record = kernel_record(kernel.kind);
      if (!record.whole_nest) continue;
      const auto loaded = [&](const Port& port) {
        const KernelId from = program.channels[port.channel].producer;
        return program.kernels[from].kind == "load_params";
      };
      const auto first = kernel.inputs.begin() + record.first_parameter;
      if (!std::all_of(first, kernel.inputs.end(), loaded)) continue;
      takers.insert(k);
      for (auto port = first; port != kernel.inputs.end(); ++port) {
        const KernelId loader = program.channels[port->channel].producer;
        const std::vector<Port>& outputs = program.kernels[loader].outputs;
        for (size_t o = 0; o < outputs.size(); ++o) {
          if (outputs[o].channel == port->channel) skipped[loader].push_back(static_cast<int>(o));
        }
      }
    }
  }
};

/// Gives the process of a node its memories, constants and lengths.
using Bind = std::function<Status(Process&, KernelId, int64_t layer)>;

/// The instances of one group at work, joined by queues.
class GroupRun {
 public:
  /// `values`: whether kernels compute, or only pass beats of any value.
  GroupRun(const Program& program, const GroupRunOf& of, bool values, Bind bind, int64_t tokens,
           int64_t results, const WholeParameters& whole = {})
      : program_(program),
        whole_(whole),
        bind_(std::move(bind)),
        values_(values),
        fifo_(fifos_of(program)) {
    for (ChannelId c : program.channels_of(of.group)) {
      const Channel& channel = program.channels[c];
      if (fifo_[c] == c) queues_.emplace(c, TokenQueue(beat_bytes(channel.type), channel.depth));
    }
    for (const Instance& instance : instances_of(program, program.kernels_of(of.group)))
      workers_.push_back(
          {row_by_row(program, turns_of(program, instance, of.layer, results), tokens), 0,
           nullptr});
  }

  void record(ChannelId c, std::vector<uint8_t>& beats) {
    if (const auto queue = queues_.find(c); queue != queues_.end()) queue->second.record(&beats);
  }
  const std::map<ChannelId, TokenQueue>& queues() const { return queues_; }

  /// Runs every process as far as it goes, in the order in which C simulation does: each starts
  /// before any goes on, and then who was woken first. Errors: E0321; those of constants.
  Status run() {
    ReadyKernels ready;
    for (int w = 0; w < static_cast<int>(workers_.size()); ++w)
      ST_CHECK(run_until_it_waits(w, ready));
    while (!ready.empty()) {
      const int w = ready.front();
      ready.pop_front();
      ST_CHECK(run_until_it_waits(w, ready));
    }
    return verdict();
  }

 private:
  /// An instance, and the turn that it is at.
  struct Worker {
    std::vector<Turn> turns;
    size_t at = 0;
    std::unique_ptr<Process> process;  ///< of the turn at hand; none before it begins

    [[nodiscard]] bool done() const { return at == turns.size(); }
  };

  std::vector<TokenQueue*> queues_of(const std::vector<Port>& ports) {
    std::vector<TokenQueue*> queues;
    for (const Port& port : ports) queues.push_back(&queues_.at(fifo_[port.channel]));
    return queues;
  }

  Status begin_turn(Worker& worker) {
    const auto [k, layer, rows] = worker.turns[worker.at];
    const Kernel& kernel = program_.kernels[k];
    const Kernel of = of_layer(kernel, layer);
    Nest nest = whole_.takers.contains(k) ? kernel_record(kernel.kind).whole_nest(program_, of)
                                          : nest_of(program_, of);
    if (const auto left = whole_.skipped.find(k); left != whole_.skipped.end())
      nest = without_writes(nest, left->second);
    if (!values_) nest = without_bodies(std::move(nest));
    worker.process = std::make_unique<Process>(std::move(nest), queues_of(kernel.inputs),
                                               queues_of(kernel.outputs));
    ST_CHECK(bind_(*worker.process, k, layer));
    if (rows > 0) worker.process->firing().tokens = rows;
    return {};
  }

  Status run_until_it_waits(int w, ReadyKernels& ready) {
    Worker& worker = workers_[static_cast<size_t>(w)];
    for (; !worker.done(); ++worker.at) {
      if (!worker.process) ST_CHECK(begin_turn(worker));
      worker.process->run();
      if (!worker.process->done()) {
        const Process::Wait wait = worker.process->waits_for();
        TokenQueue& queue = queues_.at(channel_of(worker, wait));
        wait.write ? queue.let_writer_wait(w, &ready) : queue.let_reader_wait(w, &ready);
        return {};
      }
      worker.process = nullptr;
    }
    return {};
  }

  [[nodiscard]] ChannelId channel_of(const Worker& worker, const Process::Wait& wait) const {
    const Kernel& kernel = program_.kernels[worker.turns[worker.at].kernel];
    return fifo_[(wait.write ? kernel.outputs : kernel.inputs)[wait.port].channel];
  }

  Status verdict() const {
    std::vector<std::string> blocked, left;
    for (const Worker& worker : workers_) {
      if (worker.done()) continue;
      const Process::Wait wait = worker.process->waits_for();
      const ChannelId c = channel_of(worker, wait);
      const TokenQueue& queue = queues_.at(c);
      blocked.push_back("kernel '" + program_.kernels[worker.turns[worker.at].kernel].name +
                        "' waits to " + (wait.write ? "write" : "read") + " channel '" +
                        fifo_name(program_.channels[c]) +
                        (wait.write ? "' (full: " + std::to_string(queue.held()) + " of " +
                                          std::to_string(queue.capacity()) + ")"
                                    : "' (empty)"));
    }
    if (!blocked.empty()) {
      return Diagnostic{"E0321", "kernels wait for each other: a deadlock", "", blocked,
                        "a deeper FIFO in the cycle lets them go on"};
    }
    for (const auto& [c, queue] : queues_) {
      if (!queue.empty())
        left.push_back("channel '" + fifo_name(program_.channels[c]) + "' is left with " +
                       std::to_string(queue.held()) + " beats");
    }
    if (!left.empty())
      return Diagnostic{"E0321", "more is written to a channel than is read from it", "", left, ""};
    return {};
  }

  const Program& program_;
  WholeParameters whole_;
  Bind bind_;
  bool values_;
  std::vector<ChannelId> fifo_;
  std::map<ChannelId, TokenQueue> queues_;
  std::vector<Worker> workers_;
};

}  // namespace

Result<const Tensor*> ProgramInterpreter::constant(TensorId id, int64_t layer) {
  const DataTensor& tensor = program_.tensors[id];
  return constants_.get(id, *tensor.constant, layer, shape_in_launch(tensor, 1, 0));
}

Status ProgramInterpreter::bind(Process& process, const Kernel& kernel, int64_t tokens,
                                int64_t past, int64_t layer, const std::vector<int>& skipped) {
  Firing& firing = process.firing();
  firing.tokens = tokens;
  firing.past = past;
  for (MemoryId m : kernel.memories) {
    const Memory& memory = program_.memories[m];
    if (memory.role == MemoryRole::Table) {
      ST_TRY(table, constant(memory.tensor, layer));
      firing.constants.push_back(table);
      continue;
    }
    if (memory.role == MemoryRole::Parameters) continue;
    Tensor& held = contents(m, copy_used(program_, kernel, m, layer));
    if (memory.role == MemoryRole::Cache) {
      if (held.shape.empty())
        held = Tensor::zeros(memory.dtype, {memory.rows, memory.beats * memory.lanes});
    } else if (kernel.outputs.empty()) {
      held = Tensor::zeros(memory.dtype,
                           shape_in_launch(program_.tensors[memory.tensor], tokens, past));
    }
    firing.memories.push_back(&held);
  }
  for (size_t o = 0; o < kernel.outputs.size(); ++o) {
    const Port& port = kernel.outputs[o];
    if (port.tensor < 0 || !program_.tensors[port.tensor].constant) continue;
    if (std::find(skipped.begin(), skipped.end(), static_cast<int>(o)) != skipped.end()) {
      firing.constants.push_back(nullptr);
      continue;
    }
    ST_TRY(value, constant(port.tensor, layer));
    firing.constants.push_back(value);
  }
  return {};
}

Result<std::vector<Tensor>> ProgramInterpreter::evaluate(const Kernel& kernel,
                                                         const std::vector<const Tensor*>& inputs,
                                                         int64_t tokens, int64_t past,
                                                         int64_t layer) {
  std::vector<TokenQueue> queues;
  queues.reserve(kernel.inputs.size() + kernel.outputs.size());
  std::vector<TokenQueue*> in, out;
  for (size_t i = 0; i < kernel.inputs.size(); ++i) {
    const StreamType& type = kernel.inputs[i].type;
    queues.emplace_back(beat_bytes(type), 0);
    queues.back().fill(stream_bytes(*inputs[i], type, tokens, past));
    in.push_back(&queues.back());
  }
  for (const Port& port : kernel.outputs) {
    queues.emplace_back(beat_bytes(port.type), 0);
    out.push_back(&queues.back());
  }
  Process process(nest_of(program_, of_layer(kernel, layer)), in, out);
  ST_CHECK(bind(process, kernel, tokens, past, layer));
  process.run();
  const bool inputs_used =
      std::all_of(in.begin(), in.end(), [](const TokenQueue* queue) { return queue->empty(); });
  if (!process.done() || !inputs_used) {
    return Diagnostic{"E0320",
                      "the nest of a kernel takes other numbers of beats than its ports say",
                      kernel.name,
                      {kernel.kind + ": " + text_of(nest_of(program_, kernel))},
                      ""};
  }
  std::vector<Tensor> results;
  for (size_t o = 0; o < kernel.outputs.size(); ++o) {
    const Port& port = kernel.outputs[o];
    ST_TRY(value, tensor_from_stream(out[o]->contents(), port.type,
                                     shape_in_launch(program_.tensors[port.tensor], tokens, past),
                                     tokens, past));
    results.push_back(std::move(value));
  }
  return results;
}

Status ProgramInterpreter::run_group(const GroupRunOf& of, int64_t tokens, int64_t past,
                                     int64_t results) {
  const bool streamed = parameters_ == Parameters::Streamed;
  WholeParameters whole = streamed ? WholeParameters() : WholeParameters(program_, of.group);
  const auto bind_turn = [&](Process& process, KernelId k, int64_t layer) -> Status {
    const Kernel& kernel = program_.kernels[k];
    ST_CHECK(bind(process, kernel, tokens, past, layer, whole.skipped[k]));
    process.firing().results = results;
    if (!whole.takers.contains(k)) return {};
    const int first = kernel_record(kernel.kind).first_parameter;
    process.firing().parameters.assign(static_cast<size_t>(first), nullptr);
    for (auto port = kernel.inputs.begin() + first; port != kernel.inputs.end(); ++port) {
      ST_TRY(value, constant(port->tensor, layer));
      process.firing().parameters.push_back(value);
    }
    return {};
  };
  GroupRun run(program_, of, true, bind_turn, tokens, results, whole);
  for (auto& [c, beats] : recorded_) run.record(c, beats);
  ST_CHECK(run.run());
  for (const auto& [c, queue] : run.queues()) uses_[c] = {queue.moved(), queue.peak()};
  if (!streamed) constants_.clear();
  return {};
}

Result<std::map<ChannelId, ChannelUse>> untimed_schedule(const Program& program, int64_t tokens,
                                                         int64_t past, int64_t results) {
  std::map<ChannelId, ChannelUse> uses;
  for (int group = 0; group < program.groups; ++group) {
    const auto bind = [&](Process& process, KernelId, int64_t) -> Status {
      process.firing().tokens = tokens;
      process.firing().past = past;
      process.firing().results = results;
      return {};
    };
    GroupRun run(program, {group, 0}, false, bind, tokens, results);
    ST_CHECK(run.run());
    for (const auto& [c, queue] : run.queues()) uses[c] = {queue.moved(), queue.peak()};
  }
  return uses;
}

Status ProgramInterpreter::run_tensors_of(const Kernel& kernel, int64_t tokens, int64_t past,
                                          int64_t layer) {
  std::vector<const Tensor*> inputs;
  for (const Port& port : kernel.inputs) {
    if (program_.tensors[port.tensor].constant) {
      ST_TRY(value, constant(port.tensor, layer));
      inputs.push_back(value);
      continue;
    }
    auto found = tensors_.find(port.tensor);
    if (found == tensors_.end())
      return Diagnostic{"E0320",
                        "tensor '" + printable(program_.tensors[port.tensor].name) +
                            "' is read before it is there",
                        kernel.name,
                        {},
                        ""};
    inputs.push_back(&found->second);
  }
  ST_TRY(outputs, evaluate(kernel, inputs, tokens, past, layer));
  for (size_t i = 0; i < kernel.outputs.size(); ++i)
    tensors_[kernel.outputs[i].tensor] = std::move(outputs[i]);
  return {};
}

Status ProgramInterpreter::run_tensors(int64_t tokens, int64_t past) {
  const std::vector<Kernel>& kernels = program_.kernels;
  const auto layered = [](const Kernel& kernel) { return kernel.layered; };
  const auto first = std::find_if(kernels.begin(), kernels.end(), layered);
  const auto last = std::find_if_not(first, kernels.end(), layered);
  for (auto k = kernels.begin(); k != first; ++k) ST_CHECK(run_tensors_of(*k, tokens, past, 0));
  const LayerWalk& walk = program_.layers;
  for (int64_t layer = 0; first != last && layer < walk.count; ++layer) {
    tensors_[walk.carried] = tensors_[layer == 0 ? walk.entry : walk.next];
    for (auto k = first; k != last; ++k) ST_CHECK(run_tensors_of(*k, tokens, past, layer));
  }
  if (walk.folded()) tensors_[walk.exit] = tensors_[walk.next];
  for (auto k = last; k != kernels.end(); ++k) ST_CHECK(run_tensors_of(*k, tokens, past, 0));
  return {};
}

Status ProgramInterpreter::launch(int64_t tokens, int64_t past, int64_t results) {
  if (program_.channels.empty()) return run_tensors(tokens, past);
  for (auto& [c, beats] : recorded_) beats.clear();
  for (const GroupRunOf& run : launch_order(program_))
    ST_CHECK(run_group(run, tokens, past, results));
  return {};
}

}  // namespace st
