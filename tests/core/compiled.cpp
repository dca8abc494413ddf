// SPDX-License-Identifier: Apache-2.0
#include "tests/core/compiled.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/graph/sample.h"
#include "core/ops/lowering.h"
#include "core/passes/canonicalise.h"
#include "core/passes/quantise.h"
#include "core/passes/quantise_caches.h"
#include "core/passes/sample.h"
#include "core/resources/allocate.h"
#include "core/streams/streams.h"

namespace st::test {

namespace {

TensorId streamed(const Program& program, const std::string& name) {
  // Copies of a tensor come after it.
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    if (program.tensors[t].name == name && !program.tensors[t].constant)
      return static_cast<TensorId>(t);
  }
  return -1;
}

std::set<TensorId> outputs_of(const Program& program) {
  std::set<TensorId> outputs = {logits_of(program)};
  if (const TensorId ids = streamed(program, NextIdsOutput); ids >= 0) outputs.insert(ids);
  return outputs;
}

}  // namespace

TensorId logits_of(const Program& program) { return streamed(program, "logits"); }

std::vector<ProgramPass> program_passes(const Choices& choices) {
  const int ports = choices.limits.max_ports;
  return {
      {"vectorise", vectorise},
      {"fuse", [=](Program& p) { return fuse(p, choices.limits, choices.fusion); }},
      {"materialise-dmas", [=](Program& p) { return materialise_dmas(p, outputs_of(p), ports); }},
      {"fold", fold},
      {"repair", repair},
      {"materialise-converters", materialise_converters},
      {"insert-forks", insert_forks},
      {"load-parameters",
       [=](Program& p) { return load_parameters(p, choices.parameter_ports, ports); }},
      {"connect", connect},
      {"size-fifos", size_channels}};
}

Result<Compiled> compiled(Graph graph, const Choices& choices, const AfterPass& after) {
  ST_CHECK(prepare(graph));
  ST_CHECK(canonicalise(graph));
  ST_CHECK(quantise(graph, {{choices.precision, choices.weight_group}, {}, choices.scales}));
  quantise_caches(graph, choices.kv_cache);
  ST_TRY(unsampled, find_decoder(graph));
  ST_CHECK(add_sampling(graph, unsampled, choices.top_k));
  ST_TRY(decoder, find_decoder(graph));
  ST_TRY(program, lower(graph));
  program.precision = choices.precision;
  ST_CHECK(verify(program));
  if (after) after("lower", program);
  for (const ProgramPass& pass : program_passes(choices)) {
    ST_CHECK(pass.run(program));
    ST_CHECK(verify(program));
    if (after) after(pass.name, program);
  }
  return Compiled{std::move(graph), decoder, std::move(program)};
}

void group_some(Choices& choices, uint64_t seed) {
  if (choices.precision == "f32" || seed / 2 % 2 == 0) return;
  choices.weight_group = 32;
  choices.scales = ActivationScales::Group;
}

Choices random_choices(Random& random, const std::string& precision) {
  Choices choices;
  choices.precision = precision;
  choices.parameter_ports = static_cast<int>(random.between(1, 5));
  if (random.chance(0.4)) choices.limits.on_chip_bits = random.between(12, 40) * 1000;
  if (random.chance(0.3)) choices.limits.max_ports = static_cast<int>(random.between(11, 16));
  if (random.chance(0.5)) choices.fusion = "greedy";
  if (choices.parameter_ports % 2 == 0) choices.top_k = choices.parameter_ports == 2 ? 1 : 6;
  return choices;
}

void set_inputs(const Program& program, ProgramInterpreter& interpreter,
                const std::vector<int64_t>& ids, int64_t past) {
  const int64_t tokens = static_cast<int64_t>(ids.size());
  auto value_of = [&](TensorId tensor) {
    if (program.tensors[tensor].dtype == DType::F32)  // draws: of temperature 0
      return Tensor::zeros(DType::F32, {tokens, program.tensors[tensor].shape[1].offset()});
    const bool positions = program.tensors[tensor].name == "position_ids";
    Tensor rows = Tensor::zeros(DType::I32, {tokens});
    for (int64_t t = 0; t < tokens; ++t)
      rows.as<int32_t>()[t] = static_cast<int32_t>(positions ? past + t : ids[t]);
    return rows;
  };
  for (MemoryId m = 0; m < static_cast<MemoryId>(program.memories.size()); ++m) {
    if (program.memories[m].role == MemoryRole::Input)
      interpreter.state()[m] = value_of(program.memories[m].tensor);
  }
  if (!program.channels.empty()) return;
  for (TensorId t = 0; t < static_cast<TensorId>(program.tensors.size()); ++t) {
    const std::string& name = program.tensors[t].name;
    if (name == "input_ids" || name == "position_ids" || name == DrawsInput)
      interpreter.tensors()[t] = value_of(t);
  }
}

/// The logits that there are, of rows with zeroes behind them. Others are a fault.
Result<Tensor> without_padding(const Program& program, const Tensor& rows) {
  const int64_t width = rows.shape.back();
  const int64_t vocabulary = program.vocabulary > 0 ? program.vocabulary : width;
  Tensor logits = Tensor::zeros(DType::F32, {rows.shape[0], vocabulary});
  for (int64_t i = 0; i < rows.size(); ++i) {
    const int64_t row = i / width, column = i % width;
    if (column < vocabulary) {
      logits.f32()[row * vocabulary + column] = rows.f32()[i];
    } else if (rows.f32()[i] != 0) {
      return Diagnostic{"E0901", "the logits have no zeroes behind them", "", {}, ""};
    }
  }
  return logits;
}

Result<Tensor> Device::feed(const std::vector<int64_t>& ids) {
  set_inputs(program_, interpreter_, ids, past_);
  ST_CHECK(interpreter_.launch(static_cast<int64_t>(ids.size()), past_));
  past_ += static_cast<int64_t>(ids.size());
  for (MemoryId m = 0; m < static_cast<MemoryId>(program_.memories.size()); ++m) {
    const Memory& memory = program_.memories[m];
    if (memory.role == MemoryRole::Output && program_.tensors[memory.tensor].name == "logits")
      return without_padding(program_, interpreter_.state().at(m));
  }
  const auto logits = interpreter_.tensors().find(logits_of(program_));
  if (logits != interpreter_.tensors().end()) return without_padding(program_, logits->second);
  return Diagnostic{"E0901", "the program has no output", "", {}, ""};
}

double distance(const Tensor& a, const Tensor& b) {
  constexpr double Infinite = std::numeric_limits<double>::infinity();
  if (a.shape != b.shape || a.dtype() != DType::F32 || b.dtype() != DType::F32) return Infinite;
  double difference = 0, magnitude = 1e-30;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double x = a.f32()[i], y = b.f32()[i];
    if (!std::isfinite(x) || !std::isfinite(y)) return Infinite;
    difference = std::max(difference, std::fabs(x - y));
    magnitude = std::max(magnitude, std::fabs(y));
  }
  return difference / magnitude;
}

std::vector<std::vector<int64_t>> random_launches(Random& random, const Graph& graph,
                                                  const Decoder& decoder) {
  const int64_t vocabulary = graph.type(decoder.logits).shape.back().offset();
  std::vector<std::vector<int64_t>> launches;
  int64_t past = 0;
  for (const int64_t wanted : {random.between(1, 4), int64_t{1}, random.between(1, 3)}) {
    // A graph without caches sees one launch only.
    const int64_t room = decoder.past.empty() && past > 0 ? 0 : decoder.max_positions - past;
    std::vector<int64_t> ids(std::min({wanted, room, decoder.max_sequence}));
    if (ids.empty()) break;
    for (int64_t& id : ids) id = random.below(vocabulary);
    past += static_cast<int64_t>(ids.size());
    launches.push_back(ids);
  }
  return launches;
}

}  // namespace st::test
