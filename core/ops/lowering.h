// SPDX-License-Identifier: Apache-2.0
/// From graph nodes to kernels with typed ports (StreamTensor §4.1). Streams are joined later
/// (core/fusion/fuse.h).
#pragma once

#include <map>
#include <string>

#include "core/dataflow/program.h"
#include "core/graph/graph.h"
#include "core/ops/padding.h"
#include "core/ops/tiling.h"

namespace st {

/// Elements that a beat carries along a dimension of `extent` elements: the largest divisor of it
/// up to `limit`. 16 floats fill the 512-bit port of a memory channel.
int lanes_for(int64_t extent, int limit = WidestRow);

/// State of the lowering of one graph.
class Lowering {
 public:
  Lowering(const Graph& graph, Program& program, std::string sequence_symbol,
           std::string past_symbol, Tiling tiling);

  [[nodiscard]] const Graph& graph() const { return graph_; }
  Program& program() { return program_; }

  /// Width in which rows of an activation [1, sequence, D] are carried (core/ops/padding.h), or an
  /// error E0309 at `node`.
  Result<int64_t> row_width(const Node& node, ValueId value);
  /// Type of a row stream [sequence, width], 1 x lanes tiles.
  StreamType row_stream(int64_t width, DType dtype = DType::F32, int lanes = 0) const;
  /// Type of a parameter row [width] that is streamed again for each row.
  StreamType repeated_row_stream(int64_t width, int lanes = 0) const;
  /// Type of one value per row [sequence].
  StreamType per_row_stream(DType dtype) const;
  /// Trip counts of the loops over rows, and over the positions that a row may look at; the row
  /// loop is d0.
  Trip rows() const;
  Trip visible_positions() const;

  /// The streamed tensor of a graph value, made on first use with the given shape.
  TensorId tensor(ValueId value, DType dtype, std::vector<Extent> shape);
  /// The row tensor [sequence, width] of a graph value.
  TensorId row_tensor(ValueId value, int64_t width, DType dtype = DType::F32);
  /// A tensor that no graph value names.
  TensorId new_tensor(const std::string& name, DType dtype, std::vector<Extent> shape);
  /// A transform of a constant (core/graph/constant.h).
  struct Step {
    std::string transform;
    std::vector<int64_t> parameters;
  };
  /// A parameter tensor made from the constant of `value` by `steps`.
  TensorId parameter(ValueId value, const std::string& role, DType dtype,
                     std::vector<int64_t> shape, const std::vector<Step>& steps = {});
  /// Width in which rows of `width` are carried.
  [[nodiscard]] int64_t padded(int64_t width) const { return padded_(width); }
  /// Lanes of a row of `extent` elements: lanes_for() with what was chosen.
  [[nodiscard]] int lanes(int64_t extent) const { return lanes_for(extent, tiling_.lanes()); }
  [[nodiscard]] const Tiling& tiling() const { return tiling_; }
  /// What was chosen for a linear layer.
  LinearTiling tiling_of(const Node& node) const;
  /// A scale, bias or the like of `width` elements; a scalar constant is repeated. Errors: E0309 at
  /// `node`.
  Result<Port> parameter_row(const Node& node, ValueId value, int64_t width, int lanes);

  /// Adds a kernel for `node` and returns it; the reference lives until the next call.
  Kernel& add_kernel(const std::string& kind, const Node& node, const std::string& suffix = "");
  /// Adds a memory and returns its id; bytes follow from the other fields.
  MemoryId add_memory(Memory memory);

 private:
  const Graph& graph_;
  const Tiling tiling_;
  const PaddedWidths padded_;
  std::vector<std::string> keys_;  ///< of the graph's nodes
  Program& program_;
  std::string sequence_, past_;
  std::map<std::pair<ValueId, std::string>, TensorId> tensors_;
};

/// Lowers every node. The graph is canonical, typed, and its decoder inputs are known. Errors:
/// E0308, E0309; E0314 for a tiling that does not suit the model.
Result<Program> lower(const Graph& graph, const Tiling& tiling = {});

}  // namespace st
