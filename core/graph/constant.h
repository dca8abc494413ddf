// SPDX-License-Identifier: Apache-2.0
/// Constants: where their data come from, and what is done to them before a design uses them.
///
/// A constant of a design is a chain that can be written down and read back:
///   load "h.0.mlp.weight" | transpose | quantised_rows
///   zeros f32[64]
///   dequantised_blocks [load "w.quantised", load "w.scales"] 4 32 64 | transpose
/// It starts with a constant of the model, by name, with zeroes, or with what several constants
/// make; named transforms follow.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/block.h"
#include "core/graph/scale_memo.h"
#include "core/graph/tensor.h"
#include "core/graph/type.h"
#include "core/support/result.h"

namespace st {

/// Where a constant's data comes from. Loading is lazy, so that a model larger than memory can be
/// walked.
class ConstantSource {
 public:
  virtual ~ConstantSource() = default;
  /// The whole tensor. Errors: E02xx, naming file and dataset.
  [[nodiscard]] virtual Result<Tensor> load() const = 0;
  /// How many folded layers have data of their own (core/graph/layers.h); 1: all have the same.
  [[nodiscard]] virtual int64_t layers() const { return 1; }
  /// The tensor of layer number `layer`; load() is that of the first.
  [[nodiscard]] virtual Result<Tensor> load_layer(int64_t /*layer*/) const { return load(); }
  /// What of a block there is in the matrix of a layer. Errors: those of load(), and of all of the
  /// data.
  [[nodiscard]] virtual Result<Tensor> load_block(int64_t layer, const Block& block) const;
  /// Whether a block takes less than the whole matrix, in memory and time.
  [[nodiscard]] virtual bool has_blocks(int64_t /*layer*/) const { return false; }
  /// The chain's text form, which parse_constant reads back; for data that have no name in a
  /// model, what they are: "weights.h5:h.0.ln_1.weight".
  [[nodiscard]] virtual std::string describe() const = 0;

  /// Scales of its rows that have been found, and of its columns.
  [[nodiscard]] virtual ScaleMemo& scales() const { return scales_; }
  [[nodiscard]] virtual ScaleMemo& column_scales() const { return column_scales_; }

 private:
  mutable ScaleMemo scales_, column_scales_;
};

/// Data that are in memory already.
std::shared_ptr<const ConstantSource> constant_of(Tensor tensor,
                                                  std::string description = "inline");
/// The constant that the model calls `name`: load "name".
std::shared_ptr<const ConstantSource> named_constant(std::string name,
                                                     std::shared_ptr<const ConstantSource> data);
/// Zeroes of F32, I8, I32 or I64: zeros f32[64].
std::shared_ptr<const ConstantSource> zeros_constant(DType dtype, std::vector<int64_t> shape);
/// A constant computed from another one when it is loaded: ... | transform parameters.
std::shared_ptr<const ConstantSource> derived_constant(std::shared_ptr<const ConstantSource> base,
                                                       std::string transform,
                                                       std::vector<int64_t> parameters = {});

/// A constant computed from several when it is loaded: combination [..] parameters.
std::shared_ptr<const ConstantSource> combined_constant(
    std::string combination, std::vector<std::shared_ptr<const ConstantSource>> operands,
    std::vector<int64_t> parameters = {});

/// What is another constant in each folded layer: layers [load "a", load "b"]. All have one type.
std::shared_ptr<const ConstantSource> layered_constant(
    std::vector<std::shared_ptr<const ConstantSource>> of_layer);

/// The matrix that a transform is applied to, in a layer.
struct Operand {
  const ConstantSource& source;
  int64_t layer;

  [[nodiscard]] Result<Tensor> load(const Block& block) const {
    return source.load_block(layer, block);
  }
};

/// What may be done to a constant. One record each; a transform is a function of its operand and
/// of integers alone.
struct TransformRecord {
  std::string_view name;
  std::string_view summary;
  size_t parameters;       ///< how many integers it takes; all are positive
  std::string_view takes;  ///< what its operand has to be, for messages
  /// Type of the result; nullopt where the operand is not what it takes.
  std::function<std::optional<TensorType>(const TensorType&, const std::vector<int64_t>&)> type;
  /// The result; the operand has a type that `type` takes.
  std::function<Tensor(const Tensor&, const std::vector<int64_t>&)> apply;
  /// What of a block there is in the result, from no more of the operand than it takes; empty where
  /// it takes all.
  std::function<Result<Tensor>(const Operand&, const std::vector<int64_t>&, const Block&)> block;
};

/// All records, sorted by name.
const std::vector<TransformRecord>& transform_records();
/// The record of that name, or nullptr.
const TransformRecord* find_transform(std::string_view name);

/// What several constants may make. One record each; as TransformRecord.
struct CombinationRecord {
  std::string_view name;
  std::string_view summary;
  size_t least, most;      ///< how many operands it takes
  size_t parameters;       ///< how many integers it takes; all are positive
  std::string_view takes;  ///< what its operands have to be, for messages
  /// Type of the result; nullopt where the operands are not what it takes.
  std::function<std::optional<TensorType>(const std::vector<TensorType>&,
                                          const std::vector<int64_t>&)>
      type;
  /// The result; the operands have types that `type` takes.
  std::function<Tensor(const std::vector<Tensor>&, const std::vector<int64_t>&)> apply;
};

/// All records, sorted by name (core/graph/combinations.cpp).
const std::vector<CombinationRecord>& combination_records();
/// The record of that name, or nullptr.
const CombinationRecord* find_combination(std::string_view name);

/// A constant with its type, which is unknown where data are not looked at.
struct TypedConstant {
  std::shared_ptr<const ConstantSource> source;
  std::optional<TensorType> type;
};

/// Finds a constant of the model by its name.
using ConstantLookup = std::function<std::optional<TypedConstant>(const std::string& name)>;
/// A lookup that takes every name, and gives constants whose loading is an error E0201: for
/// designs whose constants are replaced anyway.
ConstantLookup any_constant();

class TextCursor;
/// Reads a chain. Errors go to the cursor: unknown names and transforms, operands that a transform
/// does not take.
TypedConstant parse_constant(TextCursor& cursor, const ConstantLookup& lookup);

}  // namespace st
