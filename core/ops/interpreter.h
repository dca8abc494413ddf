// SPDX-License-Identifier: Apache-2.0
/// The reference: runs a graph on concrete tensors, node by node.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/graph/constant_cache.h"
#include "core/graph/decoder.h"
#include "core/graph/graph.h"

namespace st {

/// Runs a sorted graph of any operators that have a reference. The types of values need not be
/// known: shapes are what the tensors have. Constants are loaded once and kept.
class GraphInterpreter {
 public:
  explicit GraphInterpreter(const Graph& graph) : graph_(graph) {}

  /// Sees each node and its operands before it is computed.
  using Observer = std::function<void(const Node&, const std::vector<const Tensor*>&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  /// Outputs by name from inputs by name. Errors: E0305 for operators without a reference, those of
  /// constants (E02xx) and of references (E0306, E0307, E0309, E0604).
  Result<std::map<std::string, Tensor>> run(const std::map<std::string, Tensor>& inputs);

 private:
  using Values = std::map<ValueId, Tensor>;
  Result<const Tensor*> constant(ValueId id, int64_t layer);
  Status run_node(const Node& node, int64_t layer, Values& values);
  /// Runs the layered nodes once for each layer, with the caches of that layer.
  Status run_layers(const std::map<std::string, Tensor>& inputs, Values& values,
                    std::map<std::string, Tensor>& outputs);

  const Graph& graph_;
  Observer observer_;
  bool checked_ = false;  ///< the operators are known
  ConstantCache constants_;
};

/// A decoder that keeps its cache between calls: the reference's way to generate.
class ReferenceDecoder {
 public:
  ReferenceDecoder(const Graph& graph, const Decoder& decoder)
      : graph_(graph), decoder_(decoder), interpreter_(graph) {}

  void observe(GraphInterpreter::Observer observer) { interpreter_.observe(std::move(observer)); }
  /// Forgets all earlier tokens.
  void restart() {
    caches_.clear();
    past_ = 0;
  }
  /// Feeds tokens and returns their logits [tokens, vocabulary].
  Result<Tensor> feed(const std::vector<int64_t>& ids);
  [[nodiscard]] int64_t past() const { return past_; }

 private:
  const Graph& graph_;
  const Decoder& decoder_;
  GraphInterpreter interpreter_;
  std::map<std::string, Tensor> caches_;  ///< by name of the past input
  int64_t past_ = 0;
};

}  // namespace st
