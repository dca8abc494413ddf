// SPDX-License-Identifier: Apache-2.0
#include "core/graph/decoder.h"

#include <algorithm>
#include <charconv>

#include "core/graph/sample.h"

namespace st {
namespace {

/// The one symbol of `extent`, or "" if it is anything else.
std::string lone_symbol(const Extent& extent) {
  if (extent.terms().size() != 1 || extent.offset() != 0 || extent.terms().begin()->second != 1)
    return "";
  return extent.terms().begin()->first;
}

/// A declared range has both ends below this; sizes of buffers are products of few such numbers.
constexpr int64_t MostPositions = int64_t{1} << 22;

bool samples(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.op == SampleOp && node.domain == OwnDomain;
  });
}

}  // namespace

Result<Decoder> find_decoder(const Graph& graph) {
  Decoder decoder;
  Diagnostics problems;
  auto report = [&](const std::string& message, const std::string& where, const std::string& help) {
    problems.push_back({"E0308", message, where, {}, help});
  };
  for (ValueId id : graph.inputs) {
    const Value& value = graph.values[id];
    const auto& shape = graph.type(id).shape;
    if (value.name == "input_ids" || value.name == "position_ids") {
      (value.name == "input_ids" ? decoder.input_ids : decoder.position_ids) = id;
      if (shape.size() != 2 || graph.type(id).dtype != DType::I64) {
        report("graph input '" + value.name + "' is " + text_of(graph.type(id)), value.where,
               "declare it as int64 [1, sequence_length]");
      }
    } else if (value.name.starts_with("past_key_values.")) {
      decoder.past_inputs.push_back(id);
      if (shape.size() != 4 || lone_symbol(shape[2]).empty()) {
        report("cache input '" + printable(value.name) + "' is " + text_of(graph.type(id)),
               value.where, "declare it as [1, kv_heads, past_sequence_length, head_dim]");
      } else {
        const std::string symbol = lone_symbol(shape[2]);
        if (!decoder.past.empty() && decoder.past != symbol) {
          report("cache inputs have two different lengths, '" + printable(decoder.past) +
                     "' and '" + printable(symbol) + "'",
                 value.where, "use one symbol for all of them");
        }
        decoder.past = symbol;
      }
      const std::string present =
          "present" + value.name.substr(std::string("past_key_values").size());
      const bool paired = std::any_of(graph.outputs.begin(), graph.outputs.end(), [&](ValueId out) {
        return graph.values[out].name == present;
      });
      if (!paired) {
        report("cache input '" + printable(value.name) + "' has no graph output '" +
                   printable(present) + "'",
               value.where,
               "export the model with its cache (Optimum: task text-generation-with-past)");
      }
    } else if (value.name == DrawsInput && samples(graph)) {
      decoder.draws = id;
    } else {
      report("graph input '" + printable(value.name) + "' has no known role", value.where,
             "a decoder takes input_ids, position_ids and past_key_values.N.key|value");
    }
  }
  for (ValueId id : graph.outputs) {
    if (graph.values[id].name == "logits") decoder.logits = id;
    if (graph.values[id].name == NextIdsOutput && samples(graph)) decoder.next_ids = id;
  }
  if (decoder.input_ids == NoValue)
    report("there is no graph input 'input_ids'", "graph.input", "name the token ids 'input_ids'");
  if (decoder.logits == NoValue)
    report("there is no graph output 'logits'", "graph.output",
           "name the scores of the vocabulary 'logits'");
  if (!problems.empty()) return problems;

  const auto& ids = graph.type(decoder.input_ids).shape;
  decoder.sequence = lone_symbol(ids[1]);
  if (decoder.sequence.empty()) {
    report("the length of 'input_ids' is '" + ids[1].text() + "', not a symbol",
           graph.values[decoder.input_ids].where,
           "declare it as [1, sequence_length], so that one design serves prefill and decode");
    return problems;
  }
  if (ids[0] != Extent(1)) {
    const std::string batch = lone_symbol(ids[0]);
    if (batch.empty() || graph.symbols.at(batch).high != 1) {
      report("the batch of 'input_ids' is '" + ids[0].text() + "'",
             graph.values[decoder.input_ids].where,
             "designs serve one sequence at a time: use 1, or --dim " +
                 (batch.empty() ? "BATCH" : printable(batch)) + "=1..1");
    }
  }
  decoder.max_sequence = graph.symbols.at(decoder.sequence).high;
  decoder.max_positions =
      decoder.max_sequence + (decoder.past.empty() ? 0 : graph.symbols.at(decoder.past).high);
  if (auto found = graph.metadata.find("streamtensor.context"); found != graph.metadata.end()) {
    int64_t context = 0;
    const std::string& text = found->second;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), context);
    if (error != std::errc() || end != text.data() + text.size() || context < 1) {
      report("metadata 'streamtensor.context' is '" + printable(text) + "'", "metadataProps",
             "give the model's number of positions, such as 1024");
    } else {
      decoder.max_positions = std::min(decoder.max_positions, context);
    }
  }
  const std::string positions =
      "the bounds give " + std::to_string(decoder.max_positions) + " positions";
  const std::string choose =
      "choose other bounds, with --dim " + printable(decoder.sequence) + "=1..128" +
      (decoder.past.empty() ? "" : " --dim " + printable(decoder.past) + "=0..127");
  if (decoder.max_sequence < 1) report(positions, "graph.input", choose);
  if (decoder.max_positions > MostPositions) {
    problems.push_back({"E0403",
                        positions,
                        "graph.input",
                        {"the largest design has " + std::to_string(MostPositions)},
                        choose});
  }
  decoder.max_sequence = std::min(decoder.max_sequence, decoder.max_positions);
  if (!problems.empty()) return problems;
  return decoder;
}

}  // namespace st
