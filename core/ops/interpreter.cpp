// SPDX-License-Identifier: Apache-2.0
#include "core/ops/interpreter.h"

#include "core/ops/check.h"
#include "core/ops/record.h"
#include "core/ops/reference.h"

namespace st {

Result<const Tensor*> GraphInterpreter::constant(ValueId id) {
  auto [entry, fresh] = constants_.try_emplace(id);
  if (fresh) {
    auto loaded = graph_.values[id].constant->load();
    if (!loaded.ok()) {
      constants_.erase(entry);
      return loaded.errors();
    }
    entry->second = std::move(*loaded);
  }
  return &entry->second;
}

Result<std::map<std::string, Tensor>> GraphInterpreter::run(
    const std::map<std::string, Tensor>& inputs) {
  if (!checked_) ST_CHECK(check_references(graph_));
  checked_ = true;
  std::map<ValueId, Tensor> values;
  for (ValueId id : graph_.inputs) {
    if (graph_.values[id].constant) continue;
    auto found = inputs.find(graph_.values[id].name);
    if (found == inputs.end()) {
      return Diagnostic{"E0901",
                        "no value for graph input '" + printable(graph_.values[id].name) + "'",
                        "",
                        {},
                        ""};
    }
    values[id] = found->second;
  }
  std::map<ValueId, int> uses;
  for (const Node& node : graph_.nodes) {
    for (ValueId id : node.inputs) ++uses[id];
  }
  for (ValueId id : graph_.outputs) ++uses[id];
  for (const Node& node : graph_.nodes) {
    Operands operands;
    for (ValueId id : node.inputs) {
      if (id == NoValue) {
        operands.push_back(nullptr);
      } else if (graph_.values[id].constant) {
        ST_TRY(loaded, constant(id));
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
    for (ValueId id : node.inputs) {
      if (id != NoValue && --uses[id] == 0) values.erase(id);
    }
  }
  std::map<std::string, Tensor> outputs;
  for (ValueId id : graph_.outputs) {
    if (id == NoValue) continue;
    const std::string& name = graph_.values[id].name;
    if (graph_.values[id].constant) {
      ST_TRY(loaded, constant(id));
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
  for (ValueId id : decoder_.past_inputs) {
    const std::string& name = graph_.values[id].name;
    if (past_ == 0) {
      const auto& shape = graph_.type(id).shape;
      caches_[name] = Tensor::zeros(DType::F32, {1, shape[1].offset(), 0, shape[3].offset()});
    }
    inputs[name] = std::move(caches_[name]);
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
