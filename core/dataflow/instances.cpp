// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/instances.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/dataflow/kernel_record.h"

namespace st {

std::vector<Instance> instances_of(const Program& program, const std::vector<KernelId>& kernels) {
  std::vector<Instance> instances;
  std::map<std::string, size_t> known;
  for (const KernelId k : kernels) {
    const Kernel& kernel = program.kernels[k];
    if (kernel.instance.empty()) {
      instances.push_back({kernel.name, {k}});
      continue;
    }
    const auto [entry, fresh] = known.try_emplace(kernel.instance, instances.size());
    if (fresh) instances.push_back({kernel.instance, {}});
    instances[entry->second].nodes.push_back(k);
  }
  return instances;
}

std::vector<Instance> in_stream_order(const Program& program,
                                      const std::vector<Instance>& instances, bool* cyclic) {
  std::map<KernelId, size_t> at;
  for (size_t i = 0; i < instances.size(); ++i) {
    for (const KernelId k : instances[i].nodes) at[k] = i;
  }
  std::vector<std::set<size_t>> writers(instances.size());
  for (const auto& [k, i] : at) {
    for (const Port& port : program.kernels[k].inputs) {
      const auto writer = at.find(program.channels[port.channel].producer);
      if (writer != at.end() && writer->second != i) writers[i].insert(writer->second);
    }
  }
  std::vector<Instance> order;
  std::vector<bool> placed(instances.size(), false);
  const auto ready = [&](size_t i) {
    return !placed[i] && std::all_of(writers[i].begin(), writers[i].end(),
                                     [&](size_t writer) { return placed[writer]; });
  };
  bool stuck = false;
  while (order.size() < instances.size()) {
    size_t next = 0;
    while (next < instances.size() && !ready(next)) ++next;
    if (next == instances.size()) {
      stuck = true;
      next = static_cast<size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    }
    placed[next] = true;
    order.push_back(instances[next]);
  }
  if (cyclic != nullptr) *cyclic = stuck;
  return order;
}

namespace {

/// What a kernel's hardware is made by: sizes that it takes at run time do not count.
std::string hardware_of(const Kernel& kernel) {
  std::string text = kernel.instance + " " + kernel.kind;
  for (const std::string& operation : kernel.body) text += " " + operation;
  const KernelRecord& record = kernel_record(kernel.kind);
  for (const std::string_view argument : record.template_arguments) {
    if (argument.starts_with("type of in"))
      text +=
          " " + std::string(name_of(kernel.inputs.at(argument.back() - '0').type.itensor.dtype));
    if (argument.starts_with("type of out"))
      text +=
          " " + std::string(name_of(kernel.outputs.at(argument.back() - '0').type.itensor.dtype));
    const auto size = kernel.sizes.find(std::string(argument));
    if (size != kernel.sizes.end()) text += " " + std::to_string(size->second);
    if (!argument.starts_with("sizes ")) continue;
    for (const int64_t each : kernel.sizes_named(argument.substr(6, argument.size() - 7)))
      text += " " + std::to_string(each);
  }
  return text;
}

}  // namespace

std::vector<KernelId> distinct_hardware(const Program& program,
                                        const std::vector<KernelId>& kernels) {
  std::vector<KernelId> distinct;
  std::set<std::string> known;
  for (const KernelId k : kernels) {
    const Kernel& kernel = program.kernels[k];
    if (kernel.instance.empty() || known.insert(hardware_of(kernel)).second) distinct.push_back(k);
  }
  return distinct;
}

std::vector<Turn> turns_of(const Program& program, const Instance& instance, int64_t layer,
                           int64_t results) {
  std::vector<Turn> turns;
  if (!program.layers.streamed) {
    for (const KernelId k : instance.nodes) turns.push_back({k, layer});
    return turns;
  }
  std::vector<KernelId> layered;
  std::vector<Turn> behind;
  for (const KernelId k : instance.nodes) {
    const Kernel& kernel = program.kernels[k];
    if (kernel.layered) {
      layered.push_back(k);
    } else {
      (kernel.behind ? behind : turns).push_back({k, 0});
    }
  }
  for (int64_t l = 0; l < program.layers.count && !layered.empty(); ++l) {
    for (const KernelId k : layered) turns.push_back({k, l});
  }
  if (results > 0) turns.insert(turns.end(), behind.begin(), behind.end());
  return turns;
}

std::vector<Turn> row_by_row(const Program& program, const std::vector<Turn>& turns,
                             int64_t tokens) {
  std::vector<Turn> rows;
  for (size_t first = 0; first < turns.size();) {
    size_t end = first + 1;
    while (end < turns.size() && program.kernels[turns[end].kernel].alternates) ++end;
    if (end == first + 1) {
      rows.push_back(turns[first]);
    } else {
      for (int64_t row = 0; row < tokens; ++row) {
        for (size_t t = first; t < end; ++t) rows.push_back({turns[t].kernel, turns[t].layer, 1});
      }
    }
    first = end;
  }
  return rows;
}

const std::string& fifo_name(const Channel& channel) {
  return channel.fifo.empty() ? channel.name : channel.fifo;
}

int64_t max_beats_of_fifo(const Program& program, ChannelId channel) {
  int64_t beats = 0;
  for (const Channel& each : program.channels) {
    if (fifo_name(each) != fifo_name(program.channels[channel])) continue;
    const bool layered = program.layers.streamed && program.kernels[each.producer].layered;
    beats += each.type.max_beats() * (layered ? program.layers.count : 1);
  }
  return beats;
}

std::vector<ChannelId> fifos_of(const Program& program) {
  std::vector<ChannelId> first;
  std::map<std::string, ChannelId> known;
  for (ChannelId c = 0; c < static_cast<ChannelId>(program.channels.size()); ++c)
    first.push_back(known.try_emplace(fifo_name(program.channels[c]), c).first->second);
  return first;
}

}  // namespace st
