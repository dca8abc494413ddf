// SPDX-License-Identifier: Apache-2.0
/// Graphs that tests write node by node, and run on noise.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace st::test {

/// A graph that grows. Its inputs have noise as values, the same in every run.
class GraphSketch {
 public:
  explicit GraphSketch(int64_t opset = 17) { graph_.opset = opset; }

  [[nodiscard]] Graph& graph() { return graph_; }
  [[nodiscard]] const std::map<std::string, Tensor>& inputs() const { return inputs_; }

  /// An input of float noise in [-1, 1), or of the given numbers.
  ValueId input(const std::string& name, const std::vector<int64_t>& shape);
  ValueId input(const std::string& name, Tensor value);
  /// An input whose type has symbols; they have bounds.
  ValueId input(const std::string& name, const TensorType& type);
  /// A constant likewise. `type`: what the model declares, where that is not what is in memory.
  ValueId constant(const std::string& name, const std::vector<int64_t>& shape);
  ValueId constant(const std::string& name, Tensor value);
  ValueId constant(const std::string& name, Tensor value, DType type);
  ValueId scalar(float value);
  ValueId integers(const std::vector<int64_t>& values);
  /// A node of one output.
  ValueId node(const std::string& op, const std::vector<ValueId>& inputs,
               const std::map<std::string, Attribute>& attributes = {},
               const std::string& domain = "");
  std::vector<ValueId> node(size_t outputs, const std::string& op,
                            const std::vector<ValueId>& inputs,
                            const std::map<std::string, Attribute>& attributes = {},
                            const std::string& domain = "");
  void output(ValueId id) { graph_.outputs.push_back(id); }

  /// The tensor of an input or constant.
  [[nodiscard]] const std::vector<float>& values(ValueId id) const;
  Tensor noise(const std::vector<int64_t>& shape);

 private:
  Graph graph_;
  std::map<std::string, Tensor> inputs_, constants_;
  std::mt19937 random_{7};
};

Tensor tensor_of_integers(const std::vector<int64_t>& shape, const std::vector<int64_t>& values);

/// Runs the graph; fails the test if that fails.
std::map<std::string, Tensor> run(const Graph& graph, const std::map<std::string, Tensor>& inputs);

/// "Add Gelu com.microsoft.Foo": the operators of the nodes, sorted.
std::string operators_of(const Graph& graph);

/// Raises the sketch, and expects the same outputs from both sides, up to rounding. Returns the
/// raised graph's operators.
std::string raised(GraphSketch& sketch);

void expect_close(const std::vector<float>& actual, const std::vector<float>& expected,
                  float tolerance = 2e-5f);

}  // namespace st::test
