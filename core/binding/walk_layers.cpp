// SPDX-License-Identifier: Apache-2.0
// Where rows enter and leave the layers, and what works for each of them.
#include <algorithm>
#include <functional>
#include <set>

#include "core/binding/binder.h"

namespace st {

void Binder::walk_layers() {
  LayerWalk& walk = program_.layers;
  const Edges edges(program_);
  const auto type_of = [&](TensorId t) { return writing(program_, edges.writer[t]).type; };
  const StreamType type = type_of(walk.entry);
  const Kernel& last = program_.kernels[edges.writer[walk.next].kernel];
  DataTensor next = program_.tensors[walk.next];
  next.fed_back = true;
  next.name += " of the layer before";
  program_.tensors.push_back(next);
  const auto handed = static_cast<TensorId>(program_.tensors.size()) - 1;
  const auto flags = [&](int64_t at) {
    std::vector<int64_t> of_layer(static_cast<size_t>(walk.count), 0);
    of_layer[static_cast<size_t>(at)] = 1;
    return of_layer;
  };
  Kernel enter = kernel("enter_layers", "enter layers", last, FeederUnit, "");
  enter.inputs = {{walk.entry, type, -1}, {handed, type, -1}};
  enter.outputs = {{walk.carried, type, -1}};
  enter.sizes = {{"L", type.lanes}, {"Beats", beats_per_row(program_, type)}, {"Entry", 1}};
  enter.layer_sizes["Entry"] = flags(0);
  Kernel leave = kernel("leave_layers", "leave layers", last, "", "");
  leave.inputs = {{walk.next, type_of(walk.next), -1}};
  leave.outputs = {{handed, type, -1}, {walk.exit, type, -1}};
  leave.sizes = {{"L", type.lanes}, {"Beats", beats_per_row(program_, type)}, {"Exit", 0}};
  leave.layer_sizes["Exit"] = flags(walk.count - 1);
  enter.layered = leave.layered = true;
  enter.node = leave.node = -1;
  enter.origin = leave.origin = "";
  mark_outside(edges);
  const auto end =
      std::find_if(program_.kernels.rbegin(), program_.kernels.rend(), [](const Kernel& k) {
        return k.layered;
      }).base();
  program_.kernels.insert(end, std::move(leave));
  program_.kernels.insert(std::find_if(program_.kernels.begin(), program_.kernels.end(),
                                       [](const Kernel& k) { return k.layered; }),
                          std::move(enter));
  walk = {walk.count, -1, -1, -1, -1, true};
  program_.groups = 1;
  for (Kernel& each : program_.kernels) each.group = 0;
}

/// Kernels whose results layers read, other than what enters, work for each layer; the others
/// that come after layers are behind them.
void Binder::mark_outside(const Edges& edges) {
  const LayerWalk& walk = program_.layers;
  std::set<KernelId> inside;
  const std::function<void(TensorId)> pull = [&](TensorId t) {
    const KernelId writer = edges.writer[t].kernel;
    if (writer < 0 || program_.kernels[writer].layered || !inside.insert(writer).second) return;
    for (const Port& port : program_.kernels[writer].inputs) pull(port.tensor);
  };
  std::set<TensorId> after = {walk.exit};
  for (Kernel& each : program_.kernels) {
    if (each.layered) {
      for (const Port& port : each.inputs)
        if (port.tensor != walk.carried) pull(port.tensor);
      continue;
    }
    each.behind = std::any_of(each.inputs.begin(), each.inputs.end(),
                              [&](const Port& port) { return after.count(port.tensor) != 0; });
    if (each.behind)
      for (const Port& port : each.outputs) after.insert(port.tensor);
  }
  for (const KernelId k : inside) program_.kernels[k].layered = true;
  // Loaders, and what merges what they load, stand before what they feed.
  const Edges now(program_);
  const auto loads = [&](const Kernel& each) {
    return std::all_of(each.inputs.begin(), each.inputs.end(), [&](const Port& port) {
      const KernelId writer = now.writer[port.tensor].kernel;
      return writer >= 0 && program_.kernels[writer].kind == "load_params";
    });
  };
  for (auto each = program_.kernels.rbegin(); each != program_.kernels.rend(); ++each) {
    if (each->layered || each->behind || each->outputs.empty() || !loads(*each)) continue;
    const auto& readers = now.readers[each->outputs[0].tensor];
    each->behind = !readers.empty() && program_.kernels[readers[0].kernel].behind;
  }
}

void Binder::take_one_row_behind() {
  const auto one_row = [&](Port& port) {
    DataTensor& tensor = program_.tensors[port.tensor];
    const std::string tiles = tiles_of(tiles_.lanes);
    for (Extent& extent : tensor.shape)
      extent = extent.substitute(Sequence, 1).substitute(tiles, 1);
    for (Trip& trip : port.type.itensor.trips) {
      if (trip.count == Extent::symbol(Sequence) || trip.count == Extent::symbol(tiles))
        trip = Trip(1);
    }
  };
  for (Kernel& each : program_.kernels) {
    if (each.kind == "leave_layers") one_row(each.outputs.back());
    if (!each.behind) continue;
    for (auto* ports : {&each.inputs, &each.outputs})
      for (Port& port : *ports) one_row(port);
  }
}

}  // namespace st
