// SPDX-License-Identifier: Apache-2.0
// The JSON documents of a build directory, and the script that builds it again.
#include <nlohmann/json.hpp>

#include "backends/host/launch_plan.h"
#include "backends/project/project.h"
#include "core/compiler/quantisation_file.h"
#include "core/dataflow/kernel_record.h"
#include "core/packing/layout.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/place.h"
#include "core/resources/storage.h"
#include "core/resources/streamed.h"
#include "core/streams/conversions.h"

namespace st {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of_json(const Json& json) {
  // Names come from untrusted files; what is no UTF-8 is replaced.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json predicted(double value, const char* unit) {
  return {{"value", value}, {"unit", unit}, {"source", "predicted"}};
}
Json predicted_bits(int64_t bits) { return predicted(static_cast<double>(bits), "bits"); }

Json counts_json(const ResourceCounts& counts) {
  Json json;
  for (const ResourceKind& kind : ResourceKinds) json[kind.key] = counts.*kind.count;
  return json;
}
Json predicted(const ResourceCounts& counts) {
  Json json = counts_json(counts);
  json["source"] = "predicted";
  return json;
}

/// What each die takes, of its budget; empty before kernels are placed.
Json dies_json(const Design& design, int group) {
  Json dies = Json::array();
  if (dies_of(design.program, group).empty()) return dies;
  const DieUse use = use_of_dies(design.program, group, design.target);
  for (size_t slr = 0; slr < design.target.slrs.size(); ++slr) {
    Json described = {{"name", printable(design.target.slrs[slr].name)},
                      {"resources", predicted(use.used[slr])},
                      {"budget", counts_json(design.target.slr_budget(slr))}};
    if (slr < use.crossing.size())
      described["wires_to_next"] = predicted(static_cast<double>(use.crossing[slr]), "wires");
    dies.push_back(std::move(described));
  }
  return dies;
}

/// The arrays of a kernel; what is partitioned completely has no memory.
Json arrays_of(const Program& program, const Kernel& kernel) {
  Json arrays = Json::array();
  for (const Buffer& buffer : buffers_of(program, kernel)) {
    Json array = {{"name", std::string(buffer.name)},
                  {"width_bits", buffer.width_bits},
                  {"words", buffer.words},
                  {"banks", buffer.banks},
                  {"copies", buffer.copies}};
    const auto chosen = kernel.storage.find(std::string(buffer.name));
    array["memory"] =
        chosen == kernel.storage.end() ? "registers" : std::string(name_of(chosen->second));
    arrays.push_back(std::move(array));
  }
  return arrays;
}

/// Per kind of memory: the bits of its blocks, and those that hold nothing.
Json bits_of_blocks(const MemoryPlan& storage) {
  Json kinds = Json::object();
  for (const MemoryKind kind : AllMemoryKinds) {
    const BitsUse& bits = storage.bits[static_cast<size_t>(kind)];
    kinds[std::string(name_of(kind))] = {{"provided", predicted_bits(bits.provided)},
                                         {"wasted", predicted_bits(bits.wasted())}};
  }
  return kinds;
}

}  // namespace

std::string parameter_map(const Program& program, const std::vector<std::string>& checksums) {
  Json files = Json::array();
  for (size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = program.memories[m];
    if (parameter_file(memory).empty()) continue;
    Json segments = Json::array();
    for (const Segment& segment : memory.segments) {
      Json described = {{"tensor", printable(program.tensors[segment.tensor].name)},
                        {"first_word", segment.first_word},
                        {"words", segment.words},
                        {"stream", text_of(segment.type.itensor)},
                        {"lanes", segment.type.lanes}};
      if (segment.layered) described["layered"] = true;
      if (const auto layout = layout_of(program.tensors[segment.tensor], segment.type))
        described["layout"] = text_of(*layout);
      segments.push_back(std::move(described));
    }
    Json file = {{"file", parameter_file(memory)},
                 {"bytes", memory.bytes},
                 {"checksum", checksums[m]},
                 {"channel", memory.channel}};
    if (memory.copies > 1) {
      file["layers"] = memory.copies;
      file["layer_words"] = layer_words(memory);
    }
    if (memory.role == MemoryRole::Table) {
      file["tensor"] = printable(program.tensors[memory.tensor].name);
      file["rows"] = memory.rows;
      file["words_per_row"] = memory.words_per_row();
      if (const auto layout = layout_of(program, memory)) file["layout"] = text_of(*layout);
    } else {
      file["segments"] = std::move(segments);
    }
    files.push_back(std::move(file));
  }
  return text_of_json(
      {{"schema", "streamtensor.params/1"}, {"word_bits", WordBits}, {"files", std::move(files)}});
}

std::string report_json(const Design& design) {
  const Program& program = design.program;
  const ResourceCounts budget = design.target.budget();
  Json groups = Json::array();
  for (int group = 0; group < program.groups; ++group) {
    Json kernels = Json::array();
    int converters = 0;
    for (KernelId k : program.kernels_of(group)) {
      const Kernel& kernel = program.kernels[k];
      const KernelCost cost = cost_of(program, kernel);
      converters += kernel.kind == "convert";
      kernels.push_back({{"name", kernel.name},
                         {"kind", kernel.kind},
                         {"node", printable(kernel.origin)},
                         {"row_cycles", predicted(static_cast<double>(cost.row_cycles), "cycles")},
                         {"buffer", predicted_bits(cost.local_bits)},
                         {"resources", predicted(resources_of(program, kernel))},
                         {"slr", kernel.slr < 0 ? Json() : Json(kernel.slr)},
                         {"arrays", arrays_of(program, kernel)}});
    }
    Json channels = Json::array();
    for (ChannelId c : program.channels_of(group)) {
      const Channel& channel = program.channels[c];
      channels.push_back({{"name", channel.name},
                          {"type", text_of(channel.type.itensor)},
                          {"lanes", channel.type.lanes},
                          {"depth", channel.depth},
                          {"memory", std::string(name_of(channel.memory))},
                          {"why", channel.why}});
    }
    Json conversions = Json::array();
    for (const ConversionUse& use : conversions_of(program, group)) {
      conversions.push_back({{"kernel", program.kernels[use.kernel].name},
                             {"form", std::string(name_of(use.form))},
                             {"readers", use.readers},
                             {"buffer", predicted_bits(use.bits)},
                             {"paper_rule", predicted_bits(use.paper_bits)}});
    }
    const MemoryPlan storage = storage_of(program, group);
    int64_t fifo_bits = 0;
    for (ChannelId c : program.channels_of(group))
      fifo_bits += program.channels[c].depth * program.channels[c].type.beat_bits();
    groups.push_back({{"name", group_name(group)},
                      {"runs", runs_of(program, group)},
                      {"converters", converters},
                      {"ports", program.memories_of(group).size()},
                      {"storage",
                       {{"lut", predicted(static_cast<double>(storage.cost.lut), "LUT")},
                        {"ff", predicted(static_cast<double>(storage.cost.ff), "FF")},
                        {"bram18", predicted(static_cast<double>(storage.cost.bram18), "BRAM18")},
                        {"uram", predicted(static_cast<double>(storage.cost.uram), "URAM")},
                        {"bits", bits_of_blocks(storage)}}},
                      {"resources", predicted(resources_of(program, group))},
                      {"budget", counts_json(budget)},
                      {"slrs", dies_json(design, group)},
                      {"kernels", std::move(kernels)},
                      {"conversions", std::move(conversions)},
                      {"fifos", predicted_bits(fifo_bits)},
                      {"channels", std::move(channels)}});
  }
  // What is synthesised and implemented; `streamtensor report` sets the results beside it.
  Json units = Json::array();
  for (const Unit& unit : units_of(program)) {
    Json names = Json::array();
    for (const int group : unit.groups) names.push_back(group_name(group));
    units.push_back({{"name", unit.name},
                     {"groups", std::move(names)},
                     {"predicted", predicted(resources_of(program, unit))}});
  }
  return text_of_json({{"schema", "streamtensor.report/1"},
                       {"model", printable(program.model)},
                       {"precision", program.precision},
                       {"target", design.target.name},
                       {"frequency_mhz", design.target.frequency_mhz()},
                       {"not_done", {"csynth", "link", "place and route"}},
                       {"units", std::move(units)},
                       {"groups", std::move(groups)}});
}

std::string config_json(const Design& design, const ProjectInputs& inputs) {
  Json dims = Json::object();
  for (const auto& [name, range] : inputs.dims) dims[name] = {range.low, range.high};
  Json config = {{"schema", "streamtensor.build/1"},
                 {"model", printable(design.program.model)},
                 {"target", design.target.name},
                 {"precision", design.options.precision},
                 {"quantisation", Json::parse(text_of(design.options.quantisation()))},
                 {"parameter_ports", design.options.parameter_ports},
                 {"fusion", design.options.fusion},
                 {"fold_layers", design.options.fold_layers},
                 {"kernel_per_slr", design.options.unit_per_slr},
                 {"binding", design.options.binding},
                 {"top_k", design.options.top_k},
                 {"fifo", design.options.fifo},
                 {"dims", std::move(dims)},
                 {"groups", design.program.groups},
                 {"layers", design.program.layers.count},
                 {"max_sequence", design.program.max_sequence},
                 {"max_positions", design.program.max_positions}};
  if (const std::string cache = kv_cache_of(design.program); cache != "f32")
    config["kv_cache"] = cache;
  if (auto found = design.graph.metadata.find("streamtensor.tokenizer");
      found != design.graph.metadata.end())
    config["tokenizer"] = found->second;
  if (inputs.tokenizer) config["tokenizer_file"] = inputs.tokenizer->first;
  if (!inputs.start.empty()) config["started_from"] = inputs.start;
  return text_of_json(config);
}

std::string command_script(const Design& design, const ProjectInputs& inputs) {
  std::string out =
      "#!/bin/sh\n# Builds this directory again from its own copy of the model.\n"
      "# usage: cmd.sh WEIGHTS.h5 OUTPUT\nset -eu\nhere=$(dirname -- \"$0\")\nexec streamtensor "
      "build \"$here/model.json\" "
      "--target \"$here/target.json\" --design \"$here/design.json\" --weights \"$1\" --output "
      "\"$2\"";
  if (design.options.layers.empty()) {
    out += " --precision " + design.options.precision + " --weight-group " +
           std::to_string(design.options.weight_group);
    if (design.options.activation_scales != "token")
      out += " --activation-scales " + design.options.activation_scales;
  } else {
    out += " --quantisation \"$here/" + std::string(QuantisationFile) + "\"";
  }
  if (design.options.kv_cache != "f32") out += " --kv-cache " + design.options.kv_cache;
  if (!design.rounded.empty()) out += " --rounded \"$here/" + std::string(RoundedFile) + "\"";
  if (inputs.tokenizer) out += " --tokenizer \"$here/tokenizer/" + inputs.tokenizer->first + "\"";
  if (design.options.fold_layers) out += " --fold-layers";
  if (design.options.unit_per_slr) out += " --kernel-per-slr";
  if (design.options.binding != "spatial") {
    out += " --binding " + design.options.binding;
    out += " --engine-ports " + std::to_string(design.options.engine_ports);
    out += " --engine-slices " + std::to_string(design.options.engine_slices);
    out += " --token-lanes " + std::to_string(design.options.lanes());
    out += " --token-tiles " + std::to_string(design.options.tiles());
  }
  if (design.options.top_k > 0) out += " --top-k " + std::to_string(design.options.top_k);
  out += " --parameter-ports " + std::to_string(design.options.parameter_ports) + " --fusion " +
         design.options.fusion + " --fifo " + design.options.fifo;
  for (const auto& [name, range] : inputs.dims) {
    // A symbol's name is the model's own; in single quotes a shell takes all but that quote as it
    // is.
    if (name.find('\'') != std::string::npos || printable(name) != name) continue;
    out += " --dim '" + name + "=" + std::to_string(range.low) + ".." + std::to_string(range.high) +
           "'";
  }
  if (!inputs.start.empty()) out += " --start-from \"$here/ir/" + inputs.start + ".txt\"";
  return out + "\n";
}

}  // namespace st
