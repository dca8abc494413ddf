// SPDX-License-Identifier: Apache-2.0
/// One record per operator: what it is, which shapes it takes, what it computes, and how it becomes
/// kernels.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"
#include "core/ops/lowering.h"

namespace st {

/// The operands of a node; nullptr stands for one that was left out.
using Operands = std::vector<const Tensor*>;
/// The outputs of a node from concrete operands, of which those that the operator needs are there.
/// Errors: E0306, E0307, E0309 where they are no operands of it, E0604 for an index out of range.
using Reference = std::function<Result<std::vector<Tensor>>(const Node&, const Operands&)>;

struct OpRecord {
  std::string_view name;
  std::string_view domain;  ///< "" for ai.onnx, "streamtensor" for our own
  int since_opset;          ///< first opset of its domain whose meaning is implemented
  std::string_view summary;
  int min_inputs;
  int max_inputs;
  /// Types of the outputs from those of the inputs; none where the compiler does not have the
  /// operator. Errors: E0306 with what was expected.
  std::function<Result<std::vector<TensorType>>(const Graph&, const Node&)> shape;
  Reference reference;  ///< what it computes, by ONNX
  /// Adds the kernels of the node; none where `shape` is. Errors: E0309 for a use without kernel.
  std::function<Status(Lowering&, const Node&)> lower;
  std::string_view kernels;  ///< kinds of kernels that `lower` adds
  /// Zeroes behind the rows of operands change nothing, and leave zeroes behind those of results
  /// (core/ops/padding.h).
  bool keeps_zeroes = false;
  /// Of our own operators: a model may ask for it. The others are made by passes.
  bool in_models = false;

  /// Whether a design may have it: if not, only the graph's interpreter does.
  [[nodiscard]] bool compiled() const { return shape != nullptr; }
};

/// All records, sorted by name.
const std::vector<OpRecord>& op_records();
/// The record of an operator, or nullptr.
const OpRecord* find_op(std::string_view name, std::string_view domain);

// One function per file of core/ops/.
void add_elementwise_ops(std::vector<OpRecord>& records);
void add_row_ops(std::vector<OpRecord>& records);
void add_matmul_ops(std::vector<OpRecord>& records);
void add_data_ops(std::vector<OpRecord>& records);
void add_reshape_ops(std::vector<OpRecord>& records);
void add_attention_ops(std::vector<OpRecord>& records);
void add_quantised_ops(std::vector<OpRecord>& records);
void add_grouped_ops(std::vector<OpRecord>& records);
void add_scaled_group_ops(std::vector<OpRecord>& records);
void add_arithmetic_ops(std::vector<OpRecord>& records);
void add_unary_ops(std::vector<OpRecord>& records);
void add_compare_ops(std::vector<OpRecord>& records);
void add_cast_ops(std::vector<OpRecord>& records);
void add_reduce_ops(std::vector<OpRecord>& records);
void add_group_ops(std::vector<OpRecord>& records);
void add_normalise_ops(std::vector<OpRecord>& records);
void add_shape_ops(std::vector<OpRecord>& records);
void add_move_ops(std::vector<OpRecord>& records);
void add_index_ops(std::vector<OpRecord>& records);
void add_product_ops(std::vector<OpRecord>& records);
void add_quantize_linear_ops(std::vector<OpRecord>& records);
void add_layer_ops(std::vector<OpRecord>& records);
void add_sample_ops(std::vector<OpRecord>& records);

/// An E0306 at `node`: `what` is wrong, with the types of its inputs as details.
Diagnostic shape_error(const Graph& graph, const Node& node, const std::string& what);
/// An E0309 at `node`.
Diagnostic unsupported(const Node& node, const std::string& what, const std::string& help = "");

}  // namespace st
