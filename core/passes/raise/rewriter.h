// SPDX-License-Identifier: Apache-2.0
/// What rewrites share: who makes a value, what constants hold, and new nodes.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/graph/graph.h"

namespace st {

/// The domain of ONNX Runtime's own operators.
inline constexpr std::string_view MicrosoftDomain = "com.microsoft";

/// A graph that is being rewritten. Node numbers stay valid until finish(): nodes are replaced in
/// their place or appended, and those that nobody reads any more go at the end.
class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  [[nodiscard]] Graph& graph() { return graph_; }
  [[nodiscard]] const Graph& graph() const { return graph_; }

  /// The node that makes `id` if it is `op` of ONNX's domain; nullptr otherwise. Valid until a node
  /// is added.
  [[nodiscard]] const Node* made_by(ValueId id, std::string_view op) const;
  /// The number of the node that makes `id`, or -1.
  [[nodiscard]] int maker(ValueId id) const;
  /// The type of `id` where it is known: declared, or inferred as far as that goes.
  [[nodiscard]] const TensorType* type(ValueId id) const;
  /// The extent of the last dimension, if it is constant and follows from what is known: the type
  /// may be unknown otherwise.
  [[nodiscard]] std::optional<int64_t> width(ValueId id) const;

  /// The value of what is computed from constants alone, if it has at most MostElements elements.
  const Tensor* constant(ValueId id);
  /// The one element of such a value, of any shape.
  std::optional<double> scalar(ValueId id);
  /// Its elements, if they are integers.
  std::optional<std::vector<int64_t>> integers(ValueId id);
  /// Of the two operands of a commutative node the one that is not a constant scalar, and the value
  /// of the other.
  std::optional<std::pair<ValueId, double>> with_scalar(const Node& node);

  /// Appends a node of one output, and returns that. Its name is that of `root` with a suffix.
  ValueId add(const Node& root, const std::string& suffix, std::string op,
              std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes = {});
  /// The same for a node of `count` outputs.
  std::vector<ValueId> add_several(const Node& root, const std::string& suffix, size_t count,
                                   std::string op, std::vector<ValueId> inputs,
                                   std::map<std::string, Attribute> attributes = {});
  /// A constant of that source beside `root`, under the root's name with a suffix.
  ValueId add_constant(const Node& root, const std::string& suffix, TensorType type,
                       std::shared_ptr<const ConstantSource> source);
  /// Makes node `n` another operator of ONNX's domain, or of `domain`. Its name and outputs stay.
  void replace(size_t n, std::string op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute> attributes = {}, std::string domain = "");
  /// Lets the node of one output that makes `made` make `id` in its place, another node's output.
  void move_output(ValueId made, ValueId id);
  /// Lets node `n` make `id` as its next output, in the place of the node that does.
  void take_output(size_t n, ValueId id);

  /// Fills in the types of node `n`'s outputs, if they follow from those of its inputs.
  void infer(size_t n);
  /// Removes what is dead, sorts, and sets the opset to the newest operator's. Errors: none for a
  /// graph that was sorted.
  Status finish();

 private:
  static constexpr int64_t MostElements = 1 << 16;
  static constexpr int MostDepth = 200;  ///< nodes between a value and constants

  [[nodiscard]] std::optional<int64_t> width(ValueId id, int depth) const;
  void note(int node);
  /// Whether the type is known, and there may be elements.
  [[nodiscard]] bool is_typed(ValueId id) const;
  /// Fills in the types of the outputs if they follow from those of the inputs.
  void infer_node(const Node& node);

  Graph& graph_;
  std::vector<int> makers_;                             ///< by value
  std::map<ValueId, std::optional<Tensor>> constants_;  ///< those looked at; nullopt: none
  std::set<std::string> made_ops_;  ///< operators of new nodes; empty: nothing has changed
  int depth_ = 0;                   ///< of constant()
};

}  // namespace st
