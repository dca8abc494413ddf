// SPDX-License-Identifier: Apache-2.0
#include "core/ops/interpreter.h"

#include "core/graph/layers.h"
#include "core/graph/sample.h"
#include "core/ops/check.h"
#include "core/ops/record.h"
#include "core/ops/reference.h"

namespace st {

Result<const Tensor*> GraphInterpreter::constant(ValueId id, int64_t layer) {
  return constants_.get(id, *graph_.values[id].constant, layer);
}

Status GraphInterpreter::run_node(const Node& node, int64_t layer, Values& values) {
  Operands operands;
  for (ValueId id : node.inputs) {
    if (id == NoValue) {
      operands.push_back(nullptr);
    } else if (graph_.values[id].constant) {
      ST_TRY(loaded, constant(id, layer));
      operands.push_back(loaded);
    } else {
      operands.push_back(&values.at(id));
    }
  }
  if (observer_) observer_(node, operands);
  ST_TRY(results, find_op(node.op, node.domain)->reference(node, operands));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == NoValue) continue;
    if (i >= results.size())
      return operand_error(node, operands,
                           "it has " + std::to_string(node.outputs.size()) +
                               " outputs, but makes " + std::to_string(results.size()));
    values[node.outputs[i]] = std::move(results[i]);
  }
  return {};
}

namespace {

/// The input of that name. Errors: E0901.
Result<const Tensor*> input_named(const std::map<std::string, Tensor>& inputs,
                                  const std::string& name) {
  const auto found = inputs.find(name);
  if (found == inputs.end())
    return Diagnostic{"E0901", "no value for graph input '" + printable(name) + "'", "", {}, ""};
  return &found->second;
}

}  // namespace

Status GraphInterpreter::run_layers(const std::map<std::string, Tensor>& inputs, Values& values,
                                    std::map<std::string, Tensor>& outputs) {
  const Layers layers = layers_of(graph_);
  for (int64_t layer = 0; layer < layers.count; ++layer) {
    for (ValueId id : graph_.inputs) {
      const auto& names = graph_.values[id].layer_names;
      if (names.empty()) continue;
      ST_TRY(cache, input_named(inputs, names.at(static_cast<size_t>(layer))));
      values[id] = *cache;
    }
    if (layer > 0) values[layers.carried] = std::move(values.at(layers.next));
    for (const Node& node : graph_.nodes)
      if (node.layered) ST_CHECK(run_node(node, layer, values));
    for (ValueId id : graph_.outputs) {
      const auto& names = graph_.values[id].layer_names;
      if (!names.empty()) outputs[names.at(static_cast<size_t>(layer))] = values.at(id);
    }
  }
  return {};
}

Result<std::map<std::string, Tensor>> GraphInterpreter::run(
    const std::map<std::string, Tensor>& inputs) {
  if (!checked_) ST_CHECK(check_references(graph_));
  checked_ = true;
  Values values;
  for (ValueId id : graph_.inputs) {
    if (graph_.values[id].constant || !graph_.values[id].layer_names.empty()) continue;
    ST_TRY(given, input_named(inputs, graph_.values[id].name));
    values[id] = *given;
  }
  // A value goes with its last use, but one that layers read stays for all of them.
  std::map<ValueId, int> uses;
  for (const Node& node : graph_.nodes) {
    for (ValueId id : node.inputs) uses[id] += node.layered ? 2 : 1;
  }
  for (ValueId id : graph_.outputs) ++uses[id];
  std::map<std::string, Tensor> outputs;
  const std::vector<Section> sections = sections_of(graph_);
  for (const Section section : {Section::Before, Section::Layered, Section::Behind}) {
    if (section == Section::Layered) {
      ST_CHECK(run_layers(inputs, values, outputs));
      continue;
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (sections[n] != section) continue;
      ST_CHECK(run_node(graph_.nodes[n], 0, values));
      for (ValueId id : graph_.nodes[n].inputs) {
        if (id != NoValue && --uses[id] == 0) values.erase(id);
      }
    }
  }
  for (ValueId id : graph_.outputs) {
    if (id == NoValue || !graph_.values[id].layer_names.empty()) continue;
    const std::string& name = graph_.values[id].name;
    if (graph_.values[id].constant) {
      ST_TRY(loaded, constant(id, 0));
      outputs[name] = *loaded;
    } else if (--uses[id] > 0) {
      outputs[name] = values.at(id);
    } else {
      outputs[name] = std::move(values.at(id));
    }
  }
  return outputs;
}

Result<Tensor> ReferenceDecoder::feed(const std::vector<int64_t>& ids) {
  const int64_t tokens = static_cast<int64_t>(ids.size());
  std::map<std::string, Tensor> inputs;
  Tensor& input = inputs["input_ids"] = Tensor::zeros(DType::I64, {1, tokens});
  input.as<int64_t>() = ids;
  if (decoder_.position_ids != NoValue) {
    Tensor& positions = inputs["position_ids"] = Tensor::zeros(DType::I64, {1, tokens});
    for (int64_t t = 0; t < tokens; ++t) positions.as<int64_t>()[t] = past_ + t;
  }
  if (decoder_.draws != NoValue)  // temperature 0: the largest logit
    inputs[graph_.values[decoder_.draws].name] = Tensor::zeros(DType::F32, {1, tokens, DrawWidth});
  for (ValueId id : decoder_.past_inputs) {
    const Value& value = graph_.values[id];
    for (const std::string& name :
         value.layer_names.empty() ? std::vector{value.name} : value.layer_names) {
      if (past_ == 0) {
        const auto& shape = graph_.type(id).shape;
        caches_[name] = Tensor::zeros(DType::F32, {1, shape[1].offset(), 0, shape[3].offset()});
      }
      inputs[name] = std::move(caches_[name]);
    }
  }
  ST_TRY(outputs, interpreter_.run(inputs));
  for (const auto& [name, tensor] : caches_) {
    const std::string present = "present" + name.substr(std::string("past_key_values").size());
    caches_[name] = std::move(outputs.at(present));
  }
  past_ += tokens;
  Tensor logits = std::move(outputs.at("logits"));
  logits.shape.erase(logits.shape.begin());
  return logits;
}

}  // namespace st
