// SPDX-License-Identifier: Apache-2.0
/// The tensor-level IR: a decoder as a graph of ONNX operators with bounded symbolic shapes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/graph/constant.h"
#include "core/graph/type.h"
#include "core/support/result.h"

namespace st {

using ValueId = int;
inline constexpr ValueId NoValue = -1;  ///< an optional operand that was left out

/// The domain of our own operators.
inline constexpr const char* OwnDomain = "streamtensor";

struct Value {
  std::string name;                                ///< the user's name, untrusted
  std::optional<TensorType> type;                  ///< declared or inferred
  std::shared_ptr<const ConstantSource> constant;  ///< set for initializers
  std::string where;                               ///< "model.json /graph/initializer/3"
  /// Of an input or output that each folded layer has for itself, a cache: the model's names, by
  /// layer.
  std::vector<std::string> layer_names;
};

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>,
                               std::vector<float>, std::vector<std::string>>;

struct Node {
  std::string name;             ///< the user's name, untrusted; never empty after reading
  std::string op;               ///< ONNX operator name
  std::string domain;           ///< "" for ai.onnx, OwnDomain for operators made by passes
  std::vector<ValueId> inputs;  ///< NoValue where an optional operand is absent
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;
  std::string where;     ///< "model.json /graph/node/41"
  bool layered = false;  ///< runs once for each folded layer (core/graph/layers.h)

  [[nodiscard]] int64_t integer(const std::string& attribute, int64_t otherwise) const;
  [[nodiscard]] float real(const std::string& attribute, float otherwise) const;
  [[nodiscard]] std::string string(const std::string& attribute,
                                   const std::string& otherwise) const;
  [[nodiscard]] std::vector<int64_t> integers(const std::string& attribute) const;
  [[nodiscard]] bool has(const std::string& attribute) const {
    return attributes.count(attribute) != 0;
  }
  /// Input `i`, or NoValue.
  [[nodiscard]] ValueId input(size_t i) const { return i < inputs.size() ? inputs[i] : NoValue; }
};

/// Inclusive range of a symbolic dimension.
struct Range {
  int64_t low = 1;
  int64_t high = 1;
  friend bool operator==(const Range&, const Range&) = default;
};

/// A model. Values and nodes keep the order of the file; after `check` nodes are in topological
/// order.
struct Graph {
  std::string name;
  int64_t opset = 0;  ///< of the default domain
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::map<std::string, Range> symbols;         ///< bounds of every symbolic dimension
  std::map<std::string, std::string> metadata;  ///< metadataProps

  /// Adds a value of that type and returns its id.
  ValueId add_value(std::string name, std::optional<TensorType> type = std::nullopt);
  [[nodiscard]] const TensorType& type(ValueId id) const { return *values[id].type; }
  /// Node that produces `id`, or -1 for inputs and constants.
  [[nodiscard]] int producer(ValueId id) const;
  /// Nodes that read `id`, in order, each once.
  [[nodiscard]] std::vector<int> consumers(ValueId id) const;

  /// Sorts nodes topologically (stable), and checks that each value has one producer, that nothing
  /// dangles and no cycle exists. Errors: E0301 dangling input, E0302 cycle, E0303 two producers.
  Status check_and_sort();
  /// Drops nodes and values that no output needs; ids change.
  void remove_dead();
};

/// Makes every constant of a graph, as it was read, one that is loaded by its value's name, and
/// returns the lookup of these names.
ConstantLookup name_constants(Graph& graph);

/// The text form of a graph: one line per input, constant and node, with types. Reads back by
/// parse_graph (core/graph/parse.h). Deterministic.
std::string text_of(const Graph& graph);

}  // namespace st
