// SPDX-License-Identifier: Apache-2.0
// The page to read first: what happens to a model, step by step.
#include "core/compiler/pipeline.h"

#include <algorithm>
#include <set>

#include "core/binding/bind.h"
#include "core/binding/narrow.h"
#include "core/compiler/row_lanes.h"
#include "core/compiler/stage.h"
#include "core/fusion/fuse.h"
#include "core/ops/check.h"
#include "core/ops/lowering.h"
#include "core/passes/canonicalise.h"
#include "core/passes/fold_layers.h"
#include "core/passes/infer.h"
#include "core/passes/raise/raise.h"
#include "core/passes/sample.h"
#include "core/quantise/calibrate.h"
#include "core/resources/allocate.h"
#include "core/resources/narrow_ports.h"
#include "core/resources/place.h"
#include "core/resources/refine.h"
#include "core/resources/shortage.h"
#include "core/resources/storage.h"
#include "core/resources/streamed.h"
#include "core/streams/streams.h"

namespace st {
namespace {

FusionLimits limits_of(const Target& target) {
  FusionLimits limits{target.on_chip_bits(), target.max_ports()};
  limits.port_bytes_per_cycle = target.port_bytes_per_cycle();
  return limits;
}

Status raise_graph(Design& design) {
  ST_CHECK(design.graph.check_and_sort());
  return raise(design.graph);
}

Status check_graph(Design& design) {
  ST_CHECK(design.graph.check_and_sort());
  ST_CHECK(check_operators(design.graph));
  ST_CHECK(infer_types(design.graph));
  ST_TRY(decoder, find_decoder(design.graph));
  // A shared engine has lanes for all tokens of a launch.
  if (design.options.binding == "shared") {
    int64_t& most = design.graph.symbols.at(decoder.sequence).high;
    most = std::min(most, design.options.lanes() * design.options.tiles());
    ST_TRY(single, find_decoder(design.graph));
    decoder = single;
  }
  design.decoder = decoder;
  return {};
}

Status fold_layers_of(Design& design) {
  if (!design.options.fold_layers && design.options.binding != "shared") return {};
  ST_CHECK(fold_layers(design.graph, design.decoder));
  ST_TRY(decoder, find_decoder(design.graph));  // ids of values have changed
  design.decoder = decoder;
  return {};
}

Status quantise_layers(Design& design) {
  ST_CHECK(quantise(design.graph, design.options.quantisation(), design.rounded));
  quantise_caches(design.graph, design.options.kv_cache);
  ST_TRY(decoder, find_decoder(design.graph));  // ids of values may have changed
  design.decoder = decoder;
  return {};
}

Status sample_on_device(Design& design) {
  ST_CHECK(add_sampling(design.graph, design.decoder, design.options.top_k));
  ST_TRY(decoder, find_decoder(design.graph));
  design.decoder = decoder;
  return {};
}

Status lower_graph(Design& design) {
  Tiling tiling = design.options.tiling;
  if (tiling.row_lanes == 0) {
    ST_TRY(lanes, widest_row_lanes(design.graph, tiling, design.target));
    tiling.row_lanes = lanes;
  }
  design.row_lanes = tiling.row_lanes;
  ST_TRY(program, lower(design.graph, tiling));
  design.program = std::move(program);
  design.program.precision = design.options.precision;
  return {};
}

/// Memory ports that give a word of the engine in a cycle, where those of the platform are narrow.
int64_t ways_of(const Target& target) { return WordBits / engine_port_bits(target); }

/// Ports that the engine of a shared design may have: what the target has, less those of other
/// memories unless they have a memory of their own; a second one to a channel would get no more out
/// of it.
int64_t most_engine_ports(const Design& design) {
  const int others = design.target.large_memory ? 0 : ports_beside_engine(design.program);
  const int64_t ports = std::min(design.target.max_ports() - others, design.target.memory.count());
  return std::clamp<int64_t>(ports / ways_of(design.target), 1, MostStripes);
}

/// The engine has a slice for each die.
Status bind_nodes(Design& design) {
  if (design.options.binding != "shared") return {};
  BindingLimits limits;
  limits.most_ports =
      design.options.engine_ports > 0 ? design.options.engine_ports : most_engine_ports(design);
  limits.least_ports = design.options.engine_ports > 0 ? limits.most_ports : 1;
  limits.slices = design.options.engine_slices > 0
                      ? design.options.engine_slices
                      : static_cast<int64_t>(design.target.slrs.size());
  limits.token_lanes = design.options.lanes();
  limits.ways = ways_of(design.target);
  return bind_to_engine(design.graph, design.program, limits);
}

Status fuse_groups(Design& design) {
  if (design.program.layers.streamed) return {};
  return fuse(design.program, limits_of(design.target), design.options.fusion);
}

Status dmas_of(Design& design) {
  std::set<TensorId> outputs;
  for (const ValueId id : {design.decoder.logits, design.decoder.next_ids}) {
    if (id == NoValue) continue;
    const std::string& name = design.graph.values[id].name;
    for (size_t t = 0; t < design.program.tensors.size(); ++t) {
      const DataTensor& tensor = design.program.tensors[t];
      if (tensor.name == name && !tensor.constant) outputs.insert(static_cast<TensorId>(t));
    }
  }
  return materialise_dmas(design.program, outputs, design.target.max_ports());
}

Status loaders_of(Design& design) {
  return load_parameters(design.program, design.options.parameter_ports, design.target.max_ports());
}

/// A pass on the program that needs nothing else.
template <Status (*run)(Program&)>
Status on_program(Design& design) {
  return run(design.program);
}

Status repair_rows(Design& design) {
  ST_CHECK(repair(design.program));
  narrow_costly_rows(design.program);
  return {};
}

Status choose_memories_of(Design& design) {
  return choose_memories(design.program, design.target, beside_storage(design.program));
}

/// Memories are chosen here, too, so that what cannot fit is told before it is placed: beside ports
/// as narrow as they are to be.
Status size_fifos_of(Design& design) {
  if (design.program.layers.streamed) {
    size_streamed(design.program);
    narrow_ports(design.program, design.target);
  } else {
    ST_CHECK(size_channels(design.program));
  }
  return choose_memories_of(design);
}

Status place_memories(Design& design) {
  if (design.program.layers.streamed) return place_streamed_memories(design.program, design.target);
  return assign_memory_channels(design.program, design.target);
}

Status refine_fifos_of(Design& design) {
  if (const auto problem = far_too_large(design.program, design.target)) return *problem;
  ST_TRY(facts, refine_fifos(design.program, design.target, design.options.fifo));
  design.fifos = facts;
  return choose_memories_of(design);
}

Status place_kernels_of(Design& design) {
  if (design.program.layers.streamed) return place_units(design.program, design.target);
  ST_CHECK(place_kernels(design.program, design.target));
  design.program.unit_per_slr = design.options.unit_per_slr && !design.program.layers.folded();
  return {};
}

}  // namespace

const std::vector<std::string>& bindings() {
  static const std::vector<std::string> all = {"spatial", "shared", "auto"};
  return all;
}

const std::vector<Pass>& passes() {
  static const std::vector<Pass> all = {
      {"raise",
       "fused operators of ONNX in the place of what exports spell out, and of com.microsoft's",
       raise_graph, false},
      {"check", "sort the graph, check its operators, infer types, find the decoder's roles",
       check_graph, false},
      {"canonicalise",
       "one spelling per meaning: fold transposes, norms of heads, share rotary rows, merge equal "
       "nodes",
       [](Design& d) { return canonicalise(d.graph); }, false},
      {"quantise", "linear layers, keys and values in the chosen precision", quantise_layers,
       false},
      {"fold-layers", "equal layers become one, which runs once for each", fold_layers_of, false},
      {"sample", "the token that follows is picked on the device", sample_on_device, false},
      {"lower", "kernels with itensor types, tile by tile", lower_graph, true},
      {"vectorise", "streams move vectors as wide as the kernels' unroll factors",
       on_program<vectorise>, true},
      {"bind", "with a shared binding: linear layers and attention to one engine for all layers",
       bind_nodes, true},
      {"fuse", "groups under on-chip memory and ports", fuse_groups, true},
      {"materialise-dmas", "loads and stores where tensors enter or leave a group", dmas_of, true},
      {"fold", "elementwise kernels with equal accesses become one", on_program<fold>, true},
      {"repair",
       "loop orders that need fewer converters: of elementwise kernels, of kernels that hold a row",
       repair_rows, true},
      {"materialise-converters", "converters and width adapters where types differ",
       on_program<materialise_converters>, true},
      {"insert-forks", "each stream has one reader", on_program<insert_forks>, true},
      {"load-parameters", "loaders of parameter files", loaders_of, true},
      {"connect", "channels between kernels, C++ names", on_program<connect>, true},
      {"size-fifos", "FIFO depths by LP, with floors against deadlock", size_fifos_of, true},
      {"place-memories", "buffers to memory channels of the board", place_memories, true},
      {"refine-fifos",
       "FIFO depths against the simulator, a proof against deadlock, memories behind FIFOs and "
       "arrays",
       refine_fifos_of, true},
      {"place-kernels", "kernels to the dies of the board", place_kernels_of, true},
  };
  return all;
}

namespace {

Status run_passes(size_t first, Design& design, const AfterPass& after) {
  for (size_t p = first; p < passes().size(); ++p) {
    ST_CHECK(passes()[p].run(design));
    if (passes()[p].on_program) ST_CHECK(verify(design.program));
    after(static_cast<int>(p), stage_text(design, static_cast<int>(p)));
  }
  return verify_complete(design.program);
}

}  // namespace

Status round_weights(Design& design, const std::vector<std::vector<int64_t>>& texts) {
  Design canonical = design;
  ST_CHECK(compile_up_to("canonicalise", canonical));
  ST_TRY(decoder, find_decoder(canonical.graph));
  ST_TRY(rounded, calibrate(canonical.graph, decoder, design.options.quantisation(), texts));
  design.rounded = std::move(rounded);
  return {};
}

Status compile(Design& design, const AfterPass& after) {
  (void)name_constants(design.graph);
  return run_passes(0, design, after);
}

Status compile_up_to(std::string_view last, Design& design) {
  (void)name_constants(design.graph);
  for (const Pass& pass : passes()) {
    ST_CHECK(pass.run(design));
    if (pass.on_program) ST_CHECK(verify(design.program));
    if (pass.name == last) return {};
  }
  return Diagnostic{"E0901", "there is no pass '" + std::string(last) + "'", "", {}, ""};
}

Status compile_from(int first, const std::string& name, Design& design, const AfterPass& after) {
  const Status status = run_passes(static_cast<size_t>(first), design, after);
  if (!status.ok()) return as_input(status.errors(), name);
  return {};
}

}  // namespace st
